// Landmarks: 478 x (x, y, z) in one Float32Array, px, x to image right, y down, z away from the viewer.
// Head transforms: 16 numbers, row by row. As facialis.faces.geometry.

/** How many landmarks a face has. */
export const N_LANDMARKS = 478;

/**
 * Return the centres of the subject's right iris and of the left one, each [x, y, z].
 * @param {Float32Array} points
 * @param {number[][]} irises
 * @returns {number[][]}
 */
export function irisCentres(points, irises) {
  return irises.map((group) => mean(points, group));
}

/**
 * Return the mean [x, y, z] of some landmarks.
 * @param {Float32Array} points
 * @param {number[]} group
 * @returns {number[]}
 */
export function mean(points, group, from = 0) {
  const sum = [0, 0, 0];
  for (const i of group) for (let axis = 0; axis < 3; axis++) sum[axis] += points[from + 3 * i + axis];
  return sum.map((value) => value / group.length);
}

/**
 * Return the distance of the iris centres in the picture plane.
 * @param {Float32Array} points
 * @param {number[][]} irises
 * @returns {number}
 */
export function interocularDistance(points, irises) {
  const [right, left] = irisCentres(points, irises);
  return Math.hypot(left[0] - right[0], left[1] - right[1]);
}

/**
 * Return the landmarks of the mirrored face: x becomes width - x, and left and right change places.
 * @param {Float32Array} points
 * @param {number} width
 * @param {number[]} permutation
 * @returns {Float32Array}
 */
export function mirror(points, width, permutation) {
  const mirrored = new Float32Array(points.length);
  permutation.forEach((from, to) => {
    mirrored[3 * to] = width - points[3 * from];
    mirrored[3 * to + 1] = points[3 * from + 1];
    mirrored[3 * to + 2] = points[3 * from + 2];
  });
  return mirrored;
}

/**
 * Return yaw, pitch and roll in degrees: yaw > 0 turns the nose to image right, pitch > 0 lifts the chin, roll > 0
 * turns the head anticlockwise as seen in the picture.
 * @param {ArrayLike<number>} transform
 * @returns {number[]}
 */
export function headPose(transform) {
  const at = (row, column) => transform[4 * row + column];
  const degrees = (radians) => (radians * 180) / Math.PI;
  const yaw = Math.atan2(-at(2, 0), Math.hypot(at(2, 1), at(2, 2)));
  const pitch = Math.atan2(-at(2, 1), at(2, 2));
  return [yaw, pitch, Math.atan2(at(1, 0), at(0, 0))].map(degrees);
}

/**
 * Return the middle of the landmarks [x, y].
 * @param {Float32Array} points
 * @returns {number[]}
 */
export function centre(points) {
  let [x, y] = [0, 0];
  for (let i = 0; i < points.length; i += 3) {
    x += points[i];
    y += points[i + 1];
  }
  return [(3 * x) / points.length, (3 * y) / points.length];
}

/**
 * Return the box of some landmarks, by default of all: lowest [x, y] and highest.
 * @param {Float32Array} points
 * @param {Iterable<number>} [chosen]
 * @returns {{low: number[], high: number[]}}
 */
export function box(points, chosen = Array(points.length / 3).keys()) {
  const [low, high] = [
    [Infinity, Infinity],
    [-Infinity, -Infinity],
  ];
  for (const i of chosen) {
    for (const axis of [0, 1]) {
      low[axis] = Math.min(low[axis], points[3 * i + axis]);
      high[axis] = Math.max(high[axis], points[3 * i + axis]);
    }
  }
  return { low, high };
}
