// The error of every number: what it would be had the landmarker erred otherwise. As facialis.detection.number_errors.
import { N_LANDMARKS } from "./geometry.js";
import { interpolate, unpacked } from "./numerics.js";

/**
 * Return the noise fields of engine/facts.json, unpacked once.
 * @param {object} copies
 */
export function copyFields(copies) {
  return {
    ...copies,
    noise: unpacked(copies.noise),
    yaw: unpacked(copies.yaw),
    lids: unpacked(copies.lids),
    scale: unpacked(copies.scale),
  };
}

/**
 * Return the standard deviation of each landmark's x or y on a face of this size, interocular distances.
 * @param {number} iodPx px between the irises
 * @param {object} fields of `copyFields`
 * @returns {Float64Array} (478)
 */
export function noiseScale(iodPx, fields) {
  const sizes = fields.scale_px;
  const at = interpolate(Math.log(iodPx), sizes.map(Math.log), [...sizes.keys()]);
  const below = Math.min(Math.floor(at), sizes.length - 2);
  const small = Math.max(sizes[0] / iodPx, 1);
  const table = (kind, size, landmark) => fields.scale[(kind * sizes.length + size) * N_LANDMARKS + landmark];
  const one = (kind, i) =>
    ((1 - (at - below)) * table(kind, below, i) + (at - below) * table(kind, below + 1, i)) * small;
  return Float64Array.from({ length: N_LANDMARKS }, (_, i) => Math.hypot(one(0, i), one(1, i)));
}

/**
 * Return the landmarks, then as they might have been found: (1 + copies, 478, 3) px.
 * @param {Float32Array} landmarks (478, 3) px
 * @param {number} iodPx px between the irises
 * @param {number} yaw reported degrees
 * @param {object} fields of `copyFields`
 * @returns {Float32Array}
 */
export function noisyCopies(landmarks, iodPx, yaw, fields) {
  const size = landmarks.length;
  const made = new Float32Array((1 + fields.count) * size);
  made.set(landmarks);
  const still = noiseScale(Math.max(iodPx, 1), fields);
  const reach = fields.widening * iodPx;
  const lid = (fields.lids_by / fields.widening) * Math.max(1, fields.lids_px / Math.max(iodPx, 1));
  for (let copy = 0; copy < fields.count; copy++) {
    for (let i = 0; i < N_LANDMARKS; i++) {
      const field = copy * N_LANDMARKS + i;
      for (let axis = 0; axis < 3; axis++) {
        let moved = fields.noise[3 * field + axis] * still[i];
        if (axis === 1) moved += fields.lids[field] * lid - fields.yaw[field] * Math.abs(yaw);
        made[(1 + copy) * size + 3 * i + axis] = landmarks[3 * i + axis] + reach * moved;
      }
    }
  }
  return made;
}
