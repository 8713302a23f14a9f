// Small sums over plain arrays.

/**
 * Return the mean.
 * @param {ArrayLike<number>} values
 * @returns {number}
 */
export function average(values) {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i];
  return sum / values.length;
}

/**
 * Return the standard deviation, divided by n - less.
 * @param {ArrayLike<number>} values
 * @param {number} [less]
 * @returns {number}
 */
export function deviation(values, less = 0) {
  return Math.sqrt(squares(values) / (values.length - less));
}

function squares(values) {
  const middle = average(values);
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += (values[i] - middle) ** 2;
  return sum;
}

/**
 * Return the standard deviation over the noisy copies (rows 1 and on) of each column of rows.
 * @param {number[][]} rows
 * @returns {number[]}
 */
export function spread(rows) {
  return rows[0].map((_, column) =>
    deviation(
      rows.slice(1).map((row) => row[column]),
      1,
    ),
  );
}

/**
 * Return the quantile of values, linear between them, as NumPy's.
 * @param {number[]} values
 * @param {number} level
 * @returns {number}
 */
export function quantile(values, level) {
  const sorted = Float64Array.from(values).sort();
  const at = level * (sorted.length - 1);
  const below = Math.min(Math.floor(at), sorted.length - 2);
  return sorted.length === 1 ? sorted[0] : sorted[below] + (at - below) * (sorted[below + 1] - sorted[below]);
}

/**
 * Return the middle value, of an even number the mean of both.
 * @param {number[]} values
 * @returns {number}
 */
export function median(values) {
  return quantile(values, 0.5);
}

/**
 * Return y at x on a line through points of increasing xs; flat beyond the ends.
 * @param {number} x
 * @param {number[]} xs
 * @param {number[]} ys
 * @returns {number}
 */
export function interpolate(x, xs, ys) {
  const last = xs.length - 1;
  if (x <= xs[0]) return ys[0];
  if (x >= xs[last]) return ys[last];
  const above = xs.findIndex((edge) => edge > x);
  const share = (x - xs[above - 1]) / (xs[above] - xs[above - 1]);
  return ys[above - 1] + share * (ys[above] - ys[above - 1]);
}

/**
 * Return the probability of log odds.
 * @param {number} logit
 * @returns {number}
 */
export function sigmoid(logit) {
  return 1 / (1 + Math.exp(-Math.max(-700, Math.min(700, logit))));
}

/**
 * Return the log odds of a probability.
 * @param {number} probability
 * @returns {number}
 */
export function logitOf(probability) {
  return Math.log(probability / (1 - probability));
}

/**
 * Return float32 numbers that were packed as base64, little-endian.
 * @param {string} text
 * @returns {Float32Array}
 */
export function unpacked(text) {
  return new Float32Array(Uint8Array.from(atob(text), (character) => character.charCodeAt(0)).buffer);
}
