// Where a face lies in a frame, and how far its parts have moved; px, x to image right, y down.

const IRISES = [
  [468, 473],
  [473, 478],
];

function mean(points, from, to) {
  let [x, y] = [0, 0];
  for (let i = from; i < to; i += 1) {
    x += points[i][0];
    y += points[i][1];
  }
  return [x / (to - from), y / (to - from)];
}

/**
 * Return a face's place: `centre` between the irises, `along` (unit vector to the subject's left iris), `iod` their distance.
 * @param {number[][]} points 478 landmarks
 */
export function placeOf(points) {
  const [right, left] = IRISES.map(([from, to]) => mean(points, from, to));
  const [dx, dy] = [left[0] - right[0], left[1] - right[1]];
  const iod = Math.hypot(dx, dy) || 1;
  return { centre: [(left[0] + right[0]) / 2, (left[1] + right[1]) / 2], along: [dx / iod, dy / iod], iod };
}

/** Return how far the lips are apart, `gap`, and the mouth's corners, `width`; interocular distances. */
export function mouthOf(points) {
  const { iod } = placeOf(points);
  const apart = (a, b) => Math.hypot(points[a][0] - points[b][0], points[a][1] - points[b][1]) / iod;
  return { gap: apart(13, 14), width: apart(61, 291) };
}

/** Return landmarks levelled and centred between the irises, in interocular distances. */
export function levelled(points) {
  const { centre, along, iod } = placeOf(points);
  return points.map(([x, y]) => {
    const [dx, dy] = [(x - centre[0]) / iod, (y - centre[1]) / iod];
    return [along[0] * dx + along[1] * dy, along[0] * dy - along[1] * dx];
  });
}

/**
 * Return how far the face's expression differs between two sets of levelled landmarks: the mean distance in the region
 * where it is largest, interocular distances.
 * @param {Object<string, number[]>} regions landmarks by region
 */
export function expressionMove(one, other, regions) {
  const moved = Object.values(regions).map((landmarks) => {
    const sum = landmarks.reduce((all, i) => all + Math.hypot(one[i][0] - other[i][0], one[i][1] - other[i][1]), 0);
    return sum / Math.max(1, landmarks.length);
  });
  return Math.max(0, ...moved);
}
