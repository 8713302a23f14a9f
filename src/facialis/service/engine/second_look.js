// A second look at a face: the landmarker on the mirrored picture. As facialis.detection.second_look.
import { centre, mirror } from "./geometry.js";
import { median, quantile } from "./numerics.js";
import { mirrored } from "./picture.js";

const TURN = [-1, 1, 1, 1];

/**
 * Find the same face in the mirrored picture, mirrored back; null if it is not found there.
 * @param {(picture: object) => Promise<object[]>} find finds faces
 * @param {object} picture
 * @param {object} face
 * @param {object} facts engine/facts.json
 */
export async function lookAgain(find, picture, face, facts) {
  const found = (await find(mirrored(picture))).map((other) => back(other, picture.width, facts));
  const here = centre(face.landmarks);
  const away = found.map((other) => {
    const there = centre(other.landmarks);
    return Math.hypot(there[0] - here[0], there[1] - here[1]);
  });
  const least = Math.min(...away);
  return least <= face.iodPx / 2 ? found[away.indexOf(least)] : null;
}

/**
 * Return how far apart two findings of one face lie, in interocular distances: the 90 % quantile over the contours
 * inside the face, a common shift removed.
 */
export function disagreement(face, other, facts) {
  const apart = [0, 1].map((axis) =>
    facts.second_look.telling.map((i) => other.landmarks[3 * i + axis] - face.landmarks[3 * i + axis]),
  );
  const shift = apart.map(median);
  const sizes = apart[0].map((x, k) => Math.hypot(x - shift[0], apart[1][k] - shift[1]));
  return quantile(sizes, 0.9) / Math.max(face.iodPx, 1e-6);
}

function back(face, width, facts) {
  return {
    ...face,
    landmarks: mirror(face.landmarks, width, facts.mirror),
    transform: face.transform.map((value, k) => TURN[k >> 2] * value * TURN[k & 3]),
  };
}
