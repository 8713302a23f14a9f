// Lengths in millimetres, by the iris, for each side of the face. As facialis.detection.millimetres.
import { mean, N_LANDMARKS } from "./geometry.js";

// what can be measured on a side, from points [outwards, up]
const QUANTITIES = {
  height: (p) => p[1],
  outwards: (p) => p[0],
  rise: (p, q) => q[1] - p[1],
  length: (p, q) => Math.hypot(q[0] - p[0], q[1] - p[1]),
};

/**
 * Return the lengths in mm of each of n faces of one head transform, in the order of the table's names.
 * @param {Float32Array} landmarks (n, 478, 3) px
 * @param {ArrayLike<number>} transform
 * @param {object} table `millimetres` of engine/facts.json
 * @returns {number[][]}
 */
export function millimetresOf(landmarks, transform, table) {
  const wide = 3 * N_LANDMARKS;
  return Array.from({ length: landmarks.length / wide }, (_, face) => {
    const means = table.groups.map((group) => mean(landmarks, group, face * wide));
    return lengths(framed(means.map((point) => turned(point, transform))), table);
  });
}

/**
 * Return mm in one interocular distance, by the irises' mean width, the pose undone.
 * @param {Float32Array} landmarks (478, 3) px
 * @param {ArrayLike<number>} transform
 * @param {object} table `millimetres` of engine/facts.json
 */
export function irisScale(landmarks, transform, table) {
  const ends = framed(table.groups.slice(-6).map((group) => turned(mean(landmarks, group), transform)));
  const wide = (a, b) => Math.hypot(a[0] - b[0], a[1] - b[1]);
  return (2 * table.iris_mm) / (wide(ends[0], ends[1]) + wide(ends[2], ends[3]));
}

/** Undo the pose: x and y of a point times the rotation, in the picture's axes (y down, z away). */
function turned(point, transform) {
  const flip = [1, -1, -1];
  return [0, 1].map((column) =>
    [0, 1, 2].reduce((sum, row) => sum + point[row] * flip[row] * transform[4 * row + column] * flip[column], 0),
  );
}

/** Put points into the irises' frame: the last two are the irises' centres. */
function framed(points) {
  const [right, left] = points.slice(-2);
  const along = [left[0] - right[0], left[1] - right[1]];
  const square = along[0] ** 2 + along[1] ** 2;
  const [cos, sin] = square > 0 ? along.map((value) => value / square) : [0, 0];
  return points.map(([px, py]) => {
    const [x, y] = [px - (right[0] + left[0]) / 2, py - (right[1] + left[1]) / 2];
    return [cos * x + sin * y, cos * y - sin * x];
  });
}

function lengths(means, table) {
  let next = 0;
  const taken = (sx, sy) => {
    const [x, y] = means[next++];
    return [sx * x, sy * y];
  };
  const values = [];
  for (const { kind, points } of table.lengths) {
    const [right, left] = [[], []];
    for (let k = 0; k < points; k++) {
      right.push(taken(-1, -1));
      left.push(taken(1, -1));
    }
    const sides = [QUANTITIES[kind](...right), QUANTITIES[kind](...left)];
    values.push(...sides, sides[0] - sides[1]);
  }
  for (let k = 0; k < table.deviations; k++) values.push(taken(-1, -1)[0]);
  const iris = [0, 1].map(() => {
    const [a, b] = [taken(1, 1), taken(1, 1)];
    return Math.hypot(a[0] - b[0], a[1] - b[1]);
  });
  const wide = (iris[0] + iris[1]) / 2;
  return values.map((value) => (wide > 0 ? (value * table.iris_mm) / wide : 0));
}
