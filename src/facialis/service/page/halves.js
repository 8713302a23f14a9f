// Half-face composites: each half with its own mirror image, level by the irises. See reports/composites.py.
import { bitmapOf } from "./bitmap.js";
import { el } from "./dom.js";
import { midline } from "./landmarks.js";

const SIZE = [300, 370];
const EYES_APART = 0.31; // share of the width
const EYES_AT = 0.4; // share of the height

/** Return the four composites of a judged face; null where its photo cannot be shown. */
export function halves({ say }, item, points, size) {
  const canvases = ["as_seen", "subject_right_twice", "subject_left_twice", "mirrored"].map((name) => [name, el("canvas", {
    width: SIZE[0], height: SIZE[1], role: "img", "aria-label": `${say("report.composites")}: ${called(say, name)}`,
  })]);
  const root = el("section", { hidden: true }, el("h3", { text: say("report.composites") }), el("p", { class: "soft", text: say("page.app.composites_note") }),
    el("div", { class: "halves" }, canvases.map(([name, canvas]) => el("figure", {}, canvas, el("figcaption", { text: called(say, name) })))));
  bitmapOf(item).then((bitmap) => {
    if (!bitmap?.width) return; // let go of: the page has moved on
    root.hidden = false;
    const seen = level(bitmap, points, size);
    for (const [name, canvas] of canvases) compose(canvas.getContext("2d"), seen, name);
  });
  return root;
}

function called(say, name) {
  return say(`page.app.half.${name}`);
}

/** Draw the picture so that the irises lie level, their middle at half of the width. */
function level(bitmap, points, [height, width]) {
  const { at, down, apart } = midline(points);
  const scale = (EYES_APART * SIZE[0]) / apart;
  const canvas = el("canvas", { width: SIZE[0], height: SIZE[1] });
  const brush = canvas.getContext("2d");
  brush.fillStyle = "#fff";
  brush.fillRect(0, 0, ...SIZE);
  brush.imageSmoothingQuality = "high";
  brush.translate(SIZE[0] / 2, EYES_AT * SIZE[1]);
  brush.transform(scale * down[1], scale * down[0], -scale * down[0], scale * down[1], 0, 0);
  brush.translate(-at[0], -at[1]);
  brush.drawImage(bitmap, 0, 0, width, height);
  return canvas;
}

function compose(brush, seen, name) {
  const [width, height] = SIZE;
  const half = width / 2;
  const flipped = (x) => {
    brush.save();
    brush.beginPath();
    brush.rect(x, 0, half, height);
    brush.clip();
    brush.translate(width, 0);
    brush.scale(-1, 1);
    brush.drawImage(seen, 0, 0);
    brush.restore();
  };
  if (name !== "mirrored") brush.drawImage(seen, 0, 0);
  if (name === "subject_right_twice" || name === "mirrored") flipped(half); // the subject's right lies on image left
  if (name === "subject_left_twice" || name === "mirrored") flipped(0);
}
