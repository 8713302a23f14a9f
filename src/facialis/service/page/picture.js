// The photo with what was found drawn over it: contours, midline, weak side, landmarks; zoom and the subject's sides.
import { toldSide } from "./answer.js";
import { bitmapOf } from "./bitmap.js";
import { button, el, newId, put, svg } from "./dom.js";
import { contourPath, faceBox, halfOutline, midlineEnds } from "./landmarks.js";

const LAYERS = ["contours", "midline", "weak_side", "landmarks"];
const shownLayers = { contours: true, midline: true, weak_side: true, landmarks: false, correction: true };
const MOST_ZOOM = 12;
/** Keys and where they lead: [x, y] of the picture. */
export const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/**
 * Show an item's picture with its overlay.
 * @returns {{root: HTMLElement, stage: HTMLElement, drawing: SVGElement, view: object, update: function(object, number[][]), setGhost: function(?string), onView: function}}
 *   `update(row, points)` draws a finding; points (478, [x, y, z]) px, or null where no face was found
 */
export function picture(context, item) {
  const { say, facts } = context;
  const canvas = el("canvas", { "aria-hidden": "true" });
  const drawing = svg("svg", { role: "img", "aria-label": say("page.app.alt_picture") });
  const sides = el("div", { class: "sides", "aria-hidden": "true" });
  const stage = el("div", { class: "stage", tabindex: "0", role: "group", "aria-label": say("page.app.view") }, canvas, drawing, sides);
  const zoom = el("div", { class: "tools zoom", role: "group", "aria-label": say("page.app.zoom") });
  const layers = el("fieldset", { class: "chips" });
  const caption = el("figcaption", { class: "soft" });
  const root = el("figure", { class: "picture" }, stage, zoom, layers, caption);
  const made = { root, stage, drawing, view: null, extra: svg("g"), update, setGhost, onView: () => {}, look, pan, place };
  let bitmap = null;
  let size = null; // [height, width] of the picture, px
  let home = null; // the view at first
  let ghost = null;
  let last = [null, null];

  bitmapOf(item).then((found) => {
    bitmap = found;
    if (!size && found) size = [found.height, found.width];
    update(...last);
    if (!found) caption.append(` ${say("page.app.not_decoded")}`);
  });
  new ResizeObserver(draw).observe(stage);
  moving(stage, made);

  function update(row, points) {
    last = [row, points];
    const face = row?.face_points;
    if (face) size = face.size;
    if (!size) return;
    const whole = { x: 0, y: 0, width: size[1], height: size[0] };
    const first = points && !home;
    if (first || !made.view) {
      home = points ? faceBox(points, size) : null;
      made.view = { ...(home ?? whole) };
      const ratio = made.view.width / made.view.height;
      stage.style.setProperty("aspect-ratio", String(Math.min(1.6, Math.max(0.6, ratio))));
    }
    showSides(row);
    showTools(whole, points);
    put(drawing, points ? overlay(row, points) : null, made.extra);
    draw();
  }

  function overlay(row, points) {
    const parts = [];
    const side = toldSide(row);
    if (side && shownLayers.weak_side) {
      const outline = halfOutline(points, facts.contours, side).map(([x, y]) => `${x.toFixed(1)} ${y.toFixed(1)}`).join("L");
      const hatch = newId("hatch");
      const gap = made.view.width / 45;
      parts.push(
        svg("defs", {}, svg("pattern", { id: hatch, width: gap, height: gap, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" },
          svg("rect", { class: "weak-fill", width: gap, height: gap }), svg("rect", { class: "weak-line", width: gap * 0.16, height: gap }))),
        svg("path", { class: "weak", d: `M${outline}Z`, fill: `url(#${hatch})` }),
      );
    }
    if (shownLayers.contours) {
      const path = contourPath(points, facts.contours);
      parts.push(svg("path", { class: "line under", d: path }), svg("path", { class: "line", d: path }));
    }
    if (shownLayers.midline) {
      const [[x1, y1], [x2, y2]] = midlineEnds(points, facts.contours);
      parts.push(svg("line", { class: "line under", x1, y1, x2, y2 }), svg("line", { class: "line middle", x1, y1, x2, y2 }));
    }
    if (shownLayers.landmarks) {
      const r = made.view.width / 260;
      parts.push(svg("g", { class: "dots" }, points.map(([x, y]) => svg("circle", { cx: x.toFixed(1), cy: y.toFixed(1), r }))));
    }
    if (ghost && shownLayers.correction) {
      parts.push(svg("path", { class: "line halo", d: ghost }), svg("path", { class: "line ghost", d: ghost }));
    }
    return parts;
  }

  function setGhost(path) {
    ghost = path;
    update(...last);
  }

  function showSides(row) {
    const weaker = toldSide(row);
    const label = (side, arrow) => {
      const weak = weaker === side;
      return el("span", { class: weak ? "weak-label" : "" }, arrow(say(`side.${side}`)), weak && el("b", { text: say("page.app.weaker") }));
    };
    if (!row?.face_points) put(sides);
    else put(sides, label("subject_right", (name) => `◂ ${name}`), label("subject_left", (name) => `${name} ▸`));
    caption.textContent = row?.face_points ? say("page.app.not_mirrored") : "";
    const weak = weaker ? ` ${say("page.app.alt_weak", { side: say(`side.${weaker}`) })}` : "";
    drawing.setAttribute("aria-label", say("page.app.alt_picture") + weak);
  }

  function showTools(whole, points) {
    if (zoom.childElementCount) return refreshLayers(points);
    put(zoom,
      button("−", () => look(1 / 1.5), { "aria-label": say("page.app.zoom_out"), title: say("page.app.zoom_out") }),
      button("+", () => look(1.5), { "aria-label": say("page.app.zoom_in"), title: say("page.app.zoom_in") }),
      home && button(say("page.app.zoom_face"), () => show(home)),
      button(say("page.app.zoom_whole"), () => show(whole)));
    return refreshLayers(points);
  }

  function refreshLayers(points) {
    const names = [...LAYERS.filter((name) => name !== "weak_side" || toldSide(last[0])), ...(ghost ? ["correction"] : [])];
    if (layers.dataset.names === names.join() || !points) {
      layers.hidden = !points;
      return;
    }
    layers.hidden = false;
    layers.dataset.names = names.join();
    put(layers, el("legend", { class: "unseen", text: say("page.app.show") }), names.map((name) => {
      const box = el("input", { type: "checkbox", on: { change: () => { shownLayers[name] = box.checked; update(...last); } } });
      box.checked = shownLayers[name];
      return el("label", {}, box, say(`page.app.layer.${name}`));
    }));
  }

  /** Zoom by a factor about the view's middle, or about a point of the picture. */
  function look(factor, about = null) {
    const { x, y, width, height } = made.view;
    const [atX, atY] = about ?? [x + width / 2, y + height / 2];
    const least = (home ?? { width: size[1] }).width / MOST_ZOOM;
    const ratio = height / width;
    const wide = Math.min(Math.max(width / factor, least), Math.max(size[1], size[0] / ratio));
    const by = wide / width;
    show({ x: atX - (atX - x) * by, y: atY - (atY - y) * by, width: wide, height: wide * ratio });
  }

  function pan(x, y) {
    show({ ...made.view, x: made.view.x + x, y: made.view.y + y });
  }

  /** Return where a pointer is in the picture, and how many of its px one px of the screen is. */
  function place(event) {
    const box = stage.getBoundingClientRect();
    const { x, y, width, height } = made.view;
    const scale = Math.max(width / box.width, height / box.height);
    return { x: x + width / 2 + (event.clientX - box.left - box.width / 2) * scale, y: y + height / 2 + (event.clientY - box.top - box.height / 2) * scale, scale };
  }

  function show(view) {
    const ratio = parseFloat(stage.style.getPropertyValue("aspect-ratio")) || view.width / view.height;
    const width = Math.max(view.width, view.height * ratio);
    const height = width / ratio;
    const within = (at, span, end) => (span >= end ? (end - span) / 2 : Math.max(0, Math.min(at, end - span)));
    const x = within(view.x - (width - view.width) / 2, width, size[1]);
    const y = within(view.y - (height - view.height) / 2, height, size[0]);
    made.view = { x, y, width, height };
    const first = home ?? { width: size[1], height: size[0] };
    stage.classList.toggle("near", width < 0.98 * first.width && height < 0.98 * first.height); // then a finger moves the picture, not the page
    update(...last);
    made.onView();
  }

  function draw() {
    if (!made.view || !stage.clientWidth) return;
    const { x, y, width, height } = made.view;
    drawing.setAttribute("viewBox", `${x} ${y} ${width} ${height}`);
    const dense = Math.min(2, devicePixelRatio || 1);
    canvas.width = Math.round(stage.clientWidth * dense);
    canvas.height = Math.round(stage.clientHeight * dense);
    if (!bitmap?.width) return;
    const brush = canvas.getContext("2d");
    brush.imageSmoothingQuality = "high";
    const scale = Math.min(canvas.width / width, canvas.height / height); // as the SVG's own viewBox fits
    const left = (canvas.width - width * scale) / 2 - x * scale;
    const top = (canvas.height - height * scale) / 2 - y * scale;
    brush.drawImage(bitmap, left, top, size[1] * scale, size[0] * scale);
  }

  return made;
}

/** Let the picture be moved and zoomed: by mouse, finger, keys, and the wheel with Ctrl, as touch pads pinch. */
function moving(stage, made) {
  let held = null;
  stage.addEventListener("pointerdown", (event) => {
    if (event.button > 0 || !made.view || (event.pointerType === "touch" && !stage.classList.contains("near"))) return;
    held = { id: event.pointerId, at: made.place(event) };
    stage.setPointerCapture(event.pointerId);
  });
  stage.addEventListener("pointermove", (event) => {
    if (held?.id !== event.pointerId) return;
    const at = made.place(event);
    made.pan(held.at.x - at.x, held.at.y - at.y);
  });
  for (const name of ["pointerup", "pointercancel"]) stage.addEventListener(name, () => { held = null; });
  stage.addEventListener("wheel", (event) => {
    if (!event.ctrlKey || !made.view) return;
    event.preventDefault();
    const at = made.place(event);
    made.look(Math.exp(-event.deltaY / 200), [at.x, at.y]);
  }, { passive: false });
  stage.addEventListener("keydown", (event) => {
    const [x, y] = ARROWS[event.key] ?? [0, 0];
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || !made.view) return;
    if (event.key === "+" || event.key === "-") made.look(event.key === "+" ? 1.5 : 1 / 1.5);
    else if ((x || y) && stage.classList.contains("near")) made.pan(0.1 * x * made.view.width, 0.1 * y * made.view.height);
    else return;
    event.preventDefault();
  });
}
