// The smallest symmetric correction of a face after which a bundle would call it free of palsy.
// As facialis.detection.symmetry.
import { rounded } from "./format.js";
import { average, sigmoid } from "./numerics.js";

/**
 * Return a face made mirror-symmetric in 3D, about the plane that moves it least.
 * @param {Float32Array} points
 * @param {number[]} permutation
 * @returns {Float64Array}
 */
export function symmetrised(points, permutation) {
  const middle = [0, 1, 2].map((axis) => average(points.filter((_, k) => k % 3 === axis)));
  const centred = Float64Array.from(points, (value, k) => value - middle[k % 3]);
  const other = Float64Array.from(centred, (_, k) => centred[3 * permutation[Math.floor(k / 3)] + (k % 3)]);
  const sums = [0, 1, 2].map((row) =>
    [0, 1, 2].map((column) => permutation.reduce((sum, _, i) => sum + centred[3 * i + row] * other[3 * i + column], 0)),
  );
  const normal = lowest(sums.map((row, a) => row.map((value, b) => value + sums[b][a])));
  return Float64Array.from(centred, (value, k) => {
    const at = 3 * Math.floor(k / 3);
    const along = normal.reduce((sum, part, axis) => sum + part * other[at + axis], 0);
    return (value + other[k] - 2 * along * normal[k % 3]) / 2 + middle[k % 3];
  });
}

/** Return the eigenvector of a symmetric 3 x 3 matrix of the smallest eigenvalue, by Jacobi's turns. */
function lowest(matrix) {
  const a = matrix.map((row) => [...row]);
  const v = [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ];
  for (let sweep = 0; sweep < 30; sweep++) {
    for (const [p, q] of [
      [0, 1],
      [0, 2],
      [1, 2],
    ]) {
      if (Math.abs(a[p][q]) < 1e-300) continue;
      const angle = Math.atan2(2 * a[p][q], a[q][q] - a[p][p]) / 2;
      const [c, s] = [Math.cos(angle), Math.sin(angle)];
      for (const rows of [a, v])
        for (const row of rows) [row[p], row[q]] = [c * row[p] - s * row[q], s * row[p] + c * row[q]];
      [a[p], a[q]] = [a[p].map((x, k) => c * x - s * a[q][k]), a[q].map((x, k) => s * a[p][k] + c * x)];
    }
  }
  const least = [0, 1, 2].reduce((best, k) => (a[k][k] < a[best][best] ? k : best), 0);
  return v.map((row) => row[least]);
}

/**
 * Return the smallest correction after which the log odds lie below the threshold, as Counterfactual.as_dict(); null if
 * even the whole is not enough.
 * @param {Float32Array[]} looks
 * @param {(faces: Float32Array[]) => Promise<number[]>} odds takes k faces of each look
 * @param {number} threshold log odds
 * @param {object} facts engine/facts.json
 */
export async function smallestCorrection(looks, odds, threshold, facts) {
  const { choices, steps, halvings, region_of_landmarks: member } = facts.explanation.correction;
  const ways = looks.map((look) => symmetrised(look, facts.mirror).map((value, k) => value - look[k]));
  const corrected = (look, way, choice, share) =>
    Float64Array.from(look, (value, k) =>
      choices[choice].includes(member[Math.floor(k / 3)]) ? value + share * way[k] : value,
    );
  const at = (tries) =>
    odds(
      looks.map((look, l) =>
        Float32Array.from(tries.flatMap(([choice, share]) => [...corrected(look, ways[l], choice, share)])),
      ),
    );
  const grid = Array.from({ length: steps }, (_, k) => (k + 1) / steps);
  const found = await at(choices.flatMap((_, choice) => grid.map((share) => [choice, share])));
  const able = choices.flatMap((_, choice) => {
    const first = grid.findIndex((_, k) => found[choice * steps + k] < threshold);
    return first < 0 ? [] : [{ choice, high: grid[first], low: grid[first] - 1 / steps }];
  });
  if (!able.length) return null;
  for (let k = 0; k < halvings; k++) {
    const middles = able.map(({ choice, low, high }) => [choice, (low + high) / 2]);
    (await at(middles)).forEach((value, n) => (able[n][value < threshold ? "high" : "low"] = middles[n][1]));
  }
  const scale = facts.millimetres.iris_mm / irisWidth(looks[0], facts);
  const lengths = able.map(({ choice, high }) =>
    member.map((region, i) =>
      choices[choice].includes(region) ? scale * high * Math.hypot(ways[0][3 * i], ways[0][3 * i + 1]) : 0,
    ),
  );
  const means = lengths.map(average);
  const best = means.indexOf(Math.min(...means));
  const { choice, high } = able[best];
  const [logit] = await at([[choice, high]]);
  const points = corrected(looks[0], ways[0], choice, high);
  const inRegion = (number) => Math.max(...lengths[best].filter((_, i) => member[i] === number));
  return {
    share: rounded(high, 4),
    regions: choices[choice].map((number) => facts.regions[number]),
    largest_mm: rounded(Math.max(...lengths[best]), 3),
    mean_mm: rounded(means[best], 4),
    regions_mm: Object.fromEntries(facts.regions.map((name, number) => [name, rounded(inRegion(number), 3)])),
    logit: rounded(logit, 6),
    probability: rounded(sigmoid(logit), 6),
    landmarks: member.map((_, i) => [...points.slice(3 * i, 3 * i + 3)].map((value) => rounded(value, 2))),
  };
}

/** Return the mean width of the irises in the picture. */
function irisWidth(points, { millimetres }) {
  const edges = millimetres.groups.slice(-6, -2).map(([i]) => [points[3 * i], points[3 * i + 1]]);
  const wide = (a, b) => Math.hypot(a[0] - b[0], a[1] - b[1]);
  return (wide(edges[0], edges[1]) + wide(edges[2], edges[3])) / 2;
}
