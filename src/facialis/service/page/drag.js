// Landmarks that sit wrong are put right: by mouse or finger, or chosen and moved with the keys.
import { button, el, newId, put, svg } from "./dom.js";
import { landmarkName, movable } from "./landmarks.js";
import { ARROWS } from "./picture.js";

const REACH = { mouse: 14, pen: 18, touch: 26 }; // px of the screen within which a landmark is picked up

/**
 * Make the tools that move landmarks in a picture.
 * @param {object} shown what `picture` returned
 * @param {Edits} edits
 * @param {AbortSignal} signal aborted when the picture is no longer shown
 * @returns {{root: HTMLElement, update: function()}}
 */
export function dragging(context, shown, edits, signal) {
  const { say, facts } = context;
  const groups = movable(facts);
  const every = Object.values(groups).flat();
  const help = newId("help");
  let on = false;
  let chosen = 61;
  let held = null; // what is dragged: {index, at, id, moved}

  const toggle = button("", () => switchTo(!on), { "aria-expanded": "false" });
  const choice = el("select", { on: { change: () => choose(Number(choice.value)) } }, Object.entries(groups).map(([name, indices]) => el("optgroup",
    { label: say(`page.app.contour.${name}`) }, indices.map((index) => el("option", { value: index, text: landmarkName(index, facts, say) })))));
  const arrow = (text, key, label) => button(text, (event) => nudge(ARROWS[key], event.shiftKey), { "aria-label": say(label), title: say(label) });
  const nudges = el("span", { class: "nudges", role: "group", "aria-label": say("page.app.nudge") },
    arrow("←", "ArrowLeft", "page.app.nudge_left"), arrow("↑", "ArrowUp", "page.app.nudge_up"),
    arrow("↓", "ArrowDown", "page.app.nudge_down"), arrow("→", "ArrowRight", "page.app.nudge_right"));
  const undo = button(say("page.app.undo"), () => edits.undo());
  const reset = button(say("page.app.reset"), () => { edits.reset(); context.announce(say("page.app.was_reset")); });
  const count = el("p", { class: "moved" });
  const pad = el("div", { class: "pad" },
    el("p", { class: "soft", id: help, text: say("page.app.drag_help") }),
    el("div", { class: "tools" }, el("label", { class: "field" }, say("page.app.landmark"), choice), nudges));
  const root = el("div", { class: "edit" }, el("div", { class: "tools" }, toggle, undo, reset), count, pad);

  shown.stage.addEventListener("pointerdown", down, true);
  shown.stage.addEventListener("pointermove", along);
  shown.stage.addEventListener("pointerup", up);
  shown.stage.addEventListener("pointercancel", up);
  shown.stage.addEventListener("keydown", press, true);
  shown.onView = drawHandles;
  edits.addEventListener("move", update, { signal });
  switchTo(false);

  function switchTo(wanted) {
    on = wanted;
    toggle.textContent = say(on ? "page.app.edit_done" : "page.app.edit");
    toggle.setAttribute("aria-expanded", String(on));
    pad.hidden = !on;
    shown.stage.classList.toggle("editing", on);
    const attributes = on
      ? { role: "application", "aria-label": say("page.app.stage"), "aria-describedby": help }
      : { role: "group", "aria-label": say("page.app.view") };
    shown.stage.removeAttribute("aria-describedby");
    for (const [name, value] of Object.entries(attributes)) shown.stage.setAttribute(name, value);
    if (on) choose(chosen);
    update();
  }

  function choose(index) {
    chosen = index;
    choice.value = String(index);
    drawHandles();
  }

  function nudge([x, y], far) {
    const step = far ? 5 : 1;
    edits.move(chosen, x * step, y * step);
  }

  function press(event) {
    if (!on || event.ctrlKey || event.metaKey || event.altKey) return;
    if (ARROWS[event.key]) nudge(ARROWS[event.key], event.shiftKey);
    else if (event.key === "n" || event.key === "p") {
      choose(every[(every.indexOf(chosen) + (event.key === "n" ? 1 : every.length - 1)) % every.length]);
      context.announce(landmarkName(chosen, facts, say));
    } else if (event.key === "Escape") {
      switchTo(false);
      toggle.focus();
    } else return;
    event.preventDefault();
  }

  function down(event) {
    if (!on || event.button > 0) return;
    const at = shown.place(event);
    const points = edits.points.points;
    const far = (index) => Math.hypot(points[index][0] - at.x, points[index][1] - at.y);
    const nearest = every.reduce((best, index) => (far(index) < far(best) ? index : best));
    if (far(nearest) > (REACH[event.pointerType] ?? REACH.mouse) * at.scale) return;
    event.stopPropagation(); // the picture stays where it is
    choose(nearest);
    held = { index: nearest, at, id: event.pointerId, moved: false };
    shown.stage.setPointerCapture(event.pointerId);
  }

  function along(event) {
    if (held?.id !== event.pointerId) return;
    const at = shown.place(event);
    const [x, y] = [at.x - held.at.x, at.y - held.at.y];
    if (!held.moved && Math.hypot(x, y) < 2 * at.scale) return;
    edits.move(held.index, x, y, held.moved);
    Object.assign(held, { at, moved: true });
  }

  function up(event) {
    if (held?.id === event.pointerId) held = null;
  }

  function update() {
    const moved = edits.moved;
    undo.hidden = reset.hidden = edits.steps.length === 0;
    count.hidden = moved.length === 0;
    count.textContent = say(moved.length === 1 ? "page.app.moved_one" : "page.app.moved", { count: moved.length });
    drawHandles();
  }

  function drawHandles() {
    if (!shown.view) return;
    const unit = shown.view.width / Math.max(200, shown.stage.clientWidth || 400);
    const points = edits.points.points;
    const found = edits.original.face_points.points;
    const moved = edits.moved;
    const square = (index, r) => svg("rect", { class: "handle moved-handle", x: points[index][0] - r, y: points[index][1] - r, width: 2 * r, height: 2 * r });
    put(shown.extra,
      moved.map((index) => svg("line", { class: "line way", x1: found[index][0], y1: found[index][1], x2: points[index][0], y2: points[index][1] })),
      on && every.filter((index) => !moved.includes(index)).map((index) => svg("circle", { class: "handle", cx: points[index][0], cy: points[index][1], r: 2.6 * unit })),
      moved.map((index) => square(index, 3 * unit)),
      on && svg("circle", { class: "chosen", cx: points[chosen][0], cy: points[chosen][1], r: 8 * unit }));
  }

  return { root, update };
}
