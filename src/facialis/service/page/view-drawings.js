// A line drawing of each standard view: the canonical face, bent by a few pulls, drawn by code so that all look alike.

import { chain, smooth } from "./curves.js";
import { svg } from "./dom.js";

// Landmarks that pulls and lines start from: of the subject's left; the right side mirrors them.
const AT = {
  brow_inner: 285, brow_middle: 282, brow_outer: 276, corner: 291, ala: 327, cheek: 425, upper_lip: 267, lower_lip: 314,
  upper_middle: 0, lower_middle: 17, chin: 152, tip: 4, eye_outer: 263, eye_inner: 362,
};
const UPPER_LID = [466, 388, 387, 386, 385, 384, 398];
const LOWER_LID = [249, 390, 373, 374, 380, 381, 382];
const EYE_ENDS = [263, 362];
const LIPS_INNER = { upper: [78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308], lower: [78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308] };
const LIPS_OUTER = { upper: [61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291], lower: [61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291] };
const WING = [360, 279, 358, 327, 326]; // outline of a wing of the nose
const IRIS = { centre: 473, radius: 0.585 };

/**
 * What each view does to the face. `pulls`: [landmark, cm outwards, cm up, reach in cm]; `lids`: share of the eye that
 * is left open; `lips`: cm between the lips; `marks`: lines that the movement folds.
 */
const VIEWS = {
  rest: {},
  small_closed_smile: { pulls: [["corner", 0.55, 0.45, 1.2], ["cheek", 0.15, 0.2, 1.2]], marks: ["smile"] },
  large_smile: {
    pulls: [["corner", 0.95, 0.75, 1.4], ["cheek", 0.3, 0.35, 1.4], ["lower_lip", 0.1, -0.35, 1], ["upper_lip", 0.1, 0.2, 0.9]],
    lids: 0.75, lips: 0.55, teeth: "upper", marks: ["smile"],
  },
  brow_raise: { pulls: [["brow_inner", 0, 0.85, 1.1], ["brow_middle", 0, 1.05, 1.3], ["brow_outer", 0, 0.75, 1.1]], lids: 1.2, marks: ["forehead"] },
  gentle_closure: { lids: 0 },
  tight_closure: {
    pulls: [["brow_inner", -0.12, -0.4, 1], ["brow_middle", 0, -0.45, 1.2], ["brow_outer", 0, -0.3, 1], ["cheek", 0, 0.35, 1.5], ["corner", 0.15, 0.15, 1]],
    lids: 0, marks: ["crow", "frown"],
  },
  pucker: { pulls: [["corner", -1.05, 0, 1.25], ["upper_middle", 0, 0.2, 0.8], ["lower_middle", 0, -0.2, 0.8]], marks: ["pucker"] },
  lower_teeth: { pulls: [["corner", 0.25, -0.4, 1], ["lower_lip", 0.3, -0.6, 1.1], ["chin", 0, -0.1, 1.2]], lips: 0.6, teeth: "lower", marks: ["neck"] },
  nose_wrinkle: {
    pulls: [["ala", 0.15, 0.5, 0.9], ["upper_lip", 0.1, 0.4, 1], ["brow_inner", -0.15, -0.35, 0.9], ["cheek", 0, 0.25, 1.2]],
    lids: 0.7, lips: 0.25, teeth: "upper", marks: ["nose", "frown"],
  },
  nasal_base: { back: 38 },
};

const AWAKE = 1.3; // the canonical eyes look sleepy
const CROWN = 0.9; // cm by which the forehead is rounded above the mesh's edge
const GAP = 0.55; // cm by which the canonical mouth stands open
const EYE_LEVEL = 2.6; // cm, about which the head turns back
const BOX = [-8.6, -9.6, 17.2, 19.8];

/** Return the canonical face in this view: (478) [x, y] with y down, cm. */
export function bent(view, canonical, mirror) {
  const { pulls = [], lids = 1, lips = 0, back = 0 } = VIEWS[view];
  const points = canonical.map((point) => [...point]);
  const each = pulls.flatMap(([name, out, up, reach]) => {
    const left = AT[name];
    const middle = mirror[left] === left;
    return (middle ? [[left, 1]] : [[left, 1], [mirror[left], -1]]).map(([i, side]) => ({ from: canonical[i], move: [side * out, up], reach }));
  });
  closeLips(points, canonical, lips);
  canonical.forEach((point, i) => {
    for (const { from, move, reach } of each) {
      const near = Math.exp(-((point[0] - from[0]) ** 2 + (point[1] - from[1]) ** 2) / (2 * reach ** 2));
      points[i][0] += near * move[0];
      points[i][1] += near * move[1];
    }
  });
  for (const side of [(i) => i, (i) => mirror[i]]) closeLids(points, side, lids);
  return points.map((point) => seen(point, back));
}

function closeLips(points, canonical, gap) {
  LIPS_INNER.upper.slice(1, -1).forEach((upper, i) => {
    const lower = LIPS_INNER.lower[i + 1];
    const open = (canonical[upper][1] - canonical[lower][1]) * (1 - gap / GAP) * 0.5;
    for (const lip of [LIPS_INNER.upper, LIPS_OUTER.upper]) points[lip[i + 1]][1] -= open;
    for (const lip of [LIPS_INNER.lower, LIPS_OUTER.lower]) points[lip[i + 1]][1] += open;
  });
}

/** The upper lid comes down to the lower one; a wide eye (above 1) lifts it. */
function closeLids(points, side, open) {
  UPPER_LID.forEach((upper, i) => {
    const [above, below] = [points[side(upper)], points[side(LOWER_LID[i])]];
    const height = above[1] - below[1];
    below[1] += open < 1 ? 0.12 * height * (1 - open) : 0;
    above[1] = below[1] + Math.max(height, 0) * open * AWAKE;
  });
}

function seen([x, y, z], back) {
  const angle = (back * Math.PI) / 180;
  const up = y - EYE_LEVEL;
  return [x, -(EYE_LEVEL + up * Math.cos(angle) + (z - 4) * Math.sin(angle))];
}

/**
 * Return a drawing of a standard view as an SVG element without a name of its own: the words beside it say what it is.
 * @param {string} view
 * @param {{canonical: number[][], contours: object, mirror: number[]}} facts
 */
export function drawView(view, facts) {
  const points = bent(view, facts.canonical, facts.mirror);
  const to = (i) => points[i];
  const lines = (kind, ...paths) => svg("g", { class: kind }, paths.map((d) => svg("path", { d })));
  const box = { viewBox: BOX.join(" "), class: "view-drawing", "aria-hidden": "true", focusable: "false" };
  const sides = [(i) => i, (i) => facts.mirror[i]];
  return svg(
    "svg", box,
    lines("skin", smooth(chain(facts.contours.face_oval).map((i) => rounded(to(i), VIEWS[view])), true)),
    ...sides.map((side) => eye(points, side, VIEWS[view])),
    lines("hair", ...sides.map((side) => brow(side, to))),
    lines("nose", ...sides.map((side) => smooth(WING.map(side).map(to))), ...nose(to, VIEWS[view])),
    ...mouth(to, VIEWS[view]),
    lines("fold", ...(VIEWS[view].marks ?? []).flatMap((mark) => MARKS[mark](points, facts.mirror))),
  );
}

function rounded([x, y], { back = 0 }) {
  const high = back === 0 ? Math.max(0, (-y - 3) / 5) : 0;
  return [x, y - CROWN * high * Math.max(0, 1 - (x / 6) ** 2)];
}

function brow(side, to) {
  const upper = [276, 283, 282, 295, 285].map(side).map(to);
  const lower = [300, 293, 334, 296, 336].map(side).map(to).reverse();
  return smooth([...upper, ...lower], true);
}

function eye(points, side, { lids = 1, back = 0 }) {
  const [outer, inner] = EYE_ENDS.map((i) => points[side(i)]);
  const upper = [outer, ...UPPER_LID.map((i) => points[side(i)]), inner];
  const lower = [outer, ...LOWER_LID.map((i) => points[side(i)]), inner];
  const group = svg("g", { class: "eye" });
  if (lids === 0) {
    const lashes = [2, 3, 4, 5].map((i) => {
      const [x, y] = lower[i];
      return `M${x.toFixed(2)} ${y.toFixed(2)}l${((x - (outer[0] + inner[0]) / 2) * 0.22).toFixed(2)} 0.32`;
    });
    group.append(svg("path", { d: smooth(lower), class: "lid" }), svg("path", { d: lashes.join("") }));
    return group;
  }
  const opening = smooth([...upper, ...[...lower].reverse().slice(1, -1)], true);
  const [x, y] = points[side(IRIS.centre)];
  const name = `eye-${Math.random().toString(36).slice(2)}`;
  group.append(
    svg("clipPath", { id: name }, svg("path", { d: opening })),
    svg("path", { d: opening, class: "white" }),
    svg("g", { "clip-path": `url(#${name})` },
      svg("ellipse", { cx: x, cy: y, rx: IRIS.radius, ry: IRIS.radius * Math.cos((back * Math.PI) / 180), class: "iris" })),
    svg("path", { d: smooth(upper), class: "lid" }),
  );
  return group;
}

function nose(to, { back = 0 }) {
  if (back === 0) return [smooth([98, 97, 2, 326, 327].map(to))];
  const nostril = (s) => {
    const [x, y] = [s * 0.75, to(2)[1] - 0.35];
    return `M${x - 0.42} ${y}a0.42 0.26 0 1 0 0.84 0a0.42 0.26 0 1 0 -0.84 0Z`;
  };
  return [nostril(1), nostril(-1), smooth([279, 344, 440, 4, 220, 115, 49].map(to))];
}

function mouth(to, { teeth = null }) {
  const ring = (lips) => smooth([...lips.upper.map(to), ...lips.lower.map(to).reverse().slice(1, -1)], true);
  const parts = [svg("path", { d: ring(LIPS_OUTER), class: "lips" }), svg("path", { d: ring(LIPS_INNER), class: "opening" })];
  if (!teeth) return parts;
  const [row, other] = teeth === "upper" ? [LIPS_INNER.upper, LIPS_INNER.lower] : [LIPS_INNER.lower, LIPS_INNER.upper];
  const inner = row.slice(2, -2).map(to);
  const edge = other.slice(2, -2).map(to).map(([x, y], i) => [x, inner[i][1] + 0.62 * (y - inner[i][1])]);
  parts.push(svg("path", { d: smooth([...inner, ...edge.reverse()], true), class: "teeth" }));
  const gaps = inner.slice(1, -1).map(([x, y], i) => `M${x.toFixed(2)} ${y.toFixed(2)}L${x.toFixed(2)} ${edge[edge.length - 2 - i][1].toFixed(2)}`);
  parts.push(svg("path", { d: gaps.join(""), class: "tooth" }));
  return parts;
}

const both = (path) => [path(1), path(-1)];

/** Lines that a movement folds into the face; each gives path data from the bent points. */
const MARKS = {
  smile: (p) => both((s) => smooth([[s * (Math.abs(p[AT.ala][0]) + 0.45), p[AT.ala][1] + 0.1], [s * (p[AT.corner][0] + 0.25), (p[AT.ala][1] + p[AT.corner][1]) / 2], [s * (p[AT.corner][0] + 0.55), p[AT.corner][1] + 0.1]])),
  forehead: (p) => [0.9, 1.7].map((up) => {
    const y = p[AT.brow_middle][1] - up;
    return smooth([[-3.6, y + 0.25], [-1.8, y - 0.1], [0, y + 0.1], [1.8, y - 0.1], [3.6, y + 0.25]]);
  }),
  crow: (p) => both((s) => [-0.45, 0, 0.45].map((turn) => {
    const [x, y] = p[AT.eye_outer];
    return `M${(s * (x + 0.35)).toFixed(2)} ${(y + turn * 0.4).toFixed(2)}l${(s * 0.75).toFixed(2)} ${turn.toFixed(2)}`;
  }).join("")),
  frown: (p) => both((s) => `M${(s * 0.35).toFixed(2)} ${(p[AT.brow_inner][1] - 0.5).toFixed(2)}l${(-s * 0.08).toFixed(2)} 0.9`),
  nose: (p) => [0, 0.55, 1.1].map((down) => {
    const y = p[AT.eye_inner][1] + 0.2 + down;
    return smooth([[-0.75, y + 0.2], [0, y - 0.1], [0.75, y + 0.2]]);
  }),
  pucker: (p) => [-0.5, 0, 0.5].flatMap((x) => [
    `M${(x * 1.5).toFixed(2)} ${(p[AT.upper_middle][1] - 0.55).toFixed(2)}L${x.toFixed(2)} ${(p[AT.upper_middle][1] - 0.18).toFixed(2)}`,
    `M${(x * 1.5).toFixed(2)} ${(p[AT.lower_middle][1] + 0.55).toFixed(2)}L${x.toFixed(2)} ${(p[AT.lower_middle][1] + 0.18).toFixed(2)}`,
  ]),
  neck: (p) => both((s) => smooth([[s * 1.6, p[AT.chin][1] - 0.7], [s * 1.1, p[AT.chin][1] - 0.45], [s * 0.6, p[AT.chin][1] - 0.55]])),
};
