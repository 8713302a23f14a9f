// The outline of a face that was photographed, to lay over the preview so that later photos are framed alike.
// It holds points of the contour lines only, no picture; it can be saved and loaded for later visits.

import { svg } from "./dom.js";

const KIND = "facialis outline";
const IRISES = Array.from({ length: 10 }, (_, i) => 468 + i);

/**
 * Return the outline of a face: its contours' landmarks and irises, by number.
 * @param {number[][]} points 478 landmarks, px
 * @param {[number, number]} size height and width of their picture, px
 * @param {object} contours facts.contours
 */
export function outlineOf(points, size, contours) {
  const wanted = [...new Set([...Object.values(contours).flat(2), ...IRISES])].sort((a, b) => a - b);
  const kept = wanted.map((i) => [i, [Math.round(points[i][0] * 10) / 10, Math.round(points[i][1] * 10) / 10]]);
  return { kind: KIND, version: 1, size: [...size], points: Object.fromEntries(kept) };
}

/** Return an outline as a JSON file. */
export function outlineFile(outline) {
  return new Blob([`${JSON.stringify(outline)}\n`], { type: "application/json" });
}

/** Read an outline from a file's text; null where it is none, or lacks a landmark of the contours. */
export function readOutline(text, contours) {
  let read = null;
  try {
    read = JSON.parse(text);
  } catch {
    return null;
  }
  const finite = (pair) => Array.isArray(pair) && pair.length === 2 && pair.every(Number.isFinite);
  if (read?.kind !== KIND || !finite(read.size) || Math.min(...read.size) < 1) return null;
  const needed = [...Object.values(contours).flat(2), ...IRISES];
  return needed.every((i) => finite(read.points?.[i])) ? read : null;
}

/** Return the outline's points in a frame of another size (height, width): its height fits, its middle stays. */
function placed(outline, [height, width]) {
  const scale = height / outline.size[0];
  const shift = (width - scale * outline.size[1]) / 2;
  return (i) => [scale * outline.points[i][0] + shift, scale * outline.points[i][1]];
}

/** Return where the outline's face lies in a frame of a size: {centre, iod}, px. */
export function outlinePlace(outline, size) {
  const at = placed(outline, size);
  const [right, left] = [0, 5].map((first) => {
    const iris = IRISES.slice(first, first + 5).map(at);
    return [0, 1].map((axis) => iris.reduce((sum, point) => sum + point[axis], 0) / iris.length);
  });
  return {
    centre: [(right[0] + left[0]) / 2, (right[1] + left[1]) / 2],
    iod: Math.hypot(left[0] - right[0], left[1] - right[1]),
  };
}

/** Return the outline's contour lines as an SVG element that covers a frame of a size (height, width). */
export function drawOutline(outline, contours, size) {
  const at = placed(outline, size);
  const line = ([a, b]) => `M${at(a).map(Math.round).join(" ")}L${at(b).map(Math.round).join(" ")}`;
  const path = Object.values(contours).flat().map(line).join("");
  const box = { viewBox: `0 0 ${size[1]} ${size[0]}`, class: "ghost", "aria-hidden": "true", focusable: "false" };
  return svg("svg", box, svg("path", { d: path, class: "under" }), svg("path", { d: path }));
}
