// Geometry of 478 landmarks in a picture: px, x to image right, y down. The subject's right lies on image left.

const IRISES = { subject_right: [468, 469, 470, 471, 472], subject_left: [473, 474, 475, 476, 477] };

/** Landmarks of the subject's right, and of the middle, that have a name; the left ones are their mirror images. */
export const NAMED = {
  46: "brow_outer", 105: "brow_middle", 107: "brow_inner", 33: "outer_canthus", 133: "inner_canthus", 159: "upper_lid", 145: "lower_lid",
  468: "iris", 98: "ala", 61: "oral_commissure", 1: "nose_tip", 0: "upper_lip", 13: "upper_lip_inner", 14: "lower_lip_inner", 17: "lower_lip", 152: "chin",
};

function mean(points, indices) {
  const sum = indices.reduce(([x, y], index) => [x + points[index][0], y + points[index][1]], [0, 0]);
  return [sum[0] / indices.length, sum[1] / indices.length];
}

/** Return the centres of both irises: {subject_right: [x, y], subject_left: [x, y]}. */
export function irises(points) {
  return { subject_right: mean(points, IRISES.subject_right), subject_left: mean(points, IRISES.subject_left) };
}

/** Return the face's middle: a point between the irises, and the direction down the face (length 1). */
export function midline(points) {
  const { subject_right: right, subject_left: left } = irises(points);
  const along = [left[0] - right[0], left[1] - right[1]];
  const length = Math.hypot(...along) || 1;
  return { at: [(right[0] + left[0]) / 2, (right[1] + left[1]) / 2], down: [-along[1] / length, along[0] / length], apart: length };
}

/** Return the ends of the midline where it leaves the face: [[x, y], [x, y]]. */
export function midlineEnds(points, contours) {
  const { at, down } = midline(points);
  const reach = ovalOf(points, contours).map(([x, y]) => (x - at[0]) * down[0] + (y - at[1]) * down[1]);
  const margin = 0.06 * (Math.max(...reach) - Math.min(...reach));
  return [Math.min(...reach) - margin, Math.max(...reach) + margin].map((far) => [at[0] + far * down[0], at[1] + far * down[1]]);
}

function ovalOf(points, contours) {
  return contours.face_oval.map(([start]) => points[start]);
}

/** Return the outline of one half of the face, cut at the midline: [[x, y], ...]. */
export function halfOutline(points, contours, side) {
  const { at, down } = midline(points);
  const sign = side === "subject_left" ? 1 : -1;
  const beside = ([x, y]) => sign * ((x - at[0]) * down[1] - (y - at[1]) * down[0]);
  const oval = ovalOf(points, contours);
  const kept = [];
  oval.forEach((point, number) => {
    const next = oval[(number + 1) % oval.length];
    const [here, there] = [beside(point), beside(next)];
    if (here >= 0) kept.push([point[0], point[1]]);
    if (here >= 0 !== there >= 0) {
      const share = here / (here - there);
      kept.push([point[0] + share * (next[0] - point[0]), point[1] + share * (next[1] - point[1])]);
    }
  });
  return kept;
}

/** Return the data of an SVG path of contour lines; `only`: those with an end among these landmarks. */
export function contourPath(points, contours, only = null) {
  const spot = (index) => `${points[index][0].toFixed(1)} ${points[index][1].toFixed(1)}`;
  return Object.values(contours).flat()
    .filter(([a, b]) => !only || only.has(a) || only.has(b))
    .map(([a, b]) => `M${spot(a)}L${spot(b)}`).join("");
}

/** Return the box about a face that is shown at first: {x, y, width, height} px, within the picture of `size` [height, width]. */
export function faceBox(points, [height, width]) {
  const xs = points.map((point) => point[0]);
  const ys = points.map((point) => point[1]);
  const [left, right, top, bottom] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
  const tall = Math.min(height, 1.5 * Math.max(bottom - top, (right - left) * 1.15));
  const wide = Math.min(width, tall * 0.86);
  const within = (at, size, end) => Math.max(0, Math.min(at, end - size));
  return { x: within((left + right - wide) / 2, wide, width), y: within((top + bottom) / 2 - 0.53 * tall, tall, height), width: wide, height: tall };
}

/** Return what a landmark is called: its name and side where it has one, else its region; always with its number. */
export function landmarkName(index, facts, say) {
  const mirrored = facts.mirror[index];
  const key = NAMED[index] ?? NAMED[mirrored];
  if (key) {
    const name = say(`page.app.point.${key}`);
    return mirrored === index ? name : `${name}, ${say(NAMED[index] ? "side.subject_right" : "side.subject_left")}`;
  }
  const group = Object.keys(facts.contours).find((one) => facts.contours[one].some((edge) => edge.includes(index)));
  return `${group ? say(`page.app.contour.${group}`) : say("page.app.contour.face")} ${index}`;
}

/** Return the landmarks that can be moved, in groups by contour: {name: [index, ...]}, each once; irises first. */
export function movable(facts) {
  const seen = new Set();
  const groups = { irises: [468, 473] };
  for (const [name, edges] of Object.entries(facts.contours)) {
    groups[name] = [...new Set(edges.flat())].filter((index) => !seen.has(index));
    groups[name].forEach((index) => seen.add(index));
  }
  const others = Object.values(facts.region_landmarks).flat().filter((index) => !seen.has(index) && index < 468);
  if (others.length) groups.face = [...new Set(others)];
  return groups;
}
