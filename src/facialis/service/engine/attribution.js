// How a number that depends on who takes part is shared out among those who do: Shapley values.
// As facialis.attribution.
// A coalition is a list of booleans, one a player: true where the player takes part as found.

/**
 * Return every subset of k groups of n players, the first group's turn changing last.
 * @param {number[][]} groups
 * @param {number} n
 * @returns {boolean[][]}
 */
export function exactCoalitions(groups, n) {
  return Array.from({ length: 2 ** groups.length }, (_, subset) => {
    const row = Array(n).fill(false);
    groups.forEach((group, k) => group.forEach((player) => (row[player] = isIn(subset, k, groups.length))));
    return row;
  });
}

const isIn = (subset, k, count) => Boolean((subset >> (count - 1 - k)) & 1);

/**
 * Return the Shapley values of k groups from the values of `exactCoalitions`.
 * @param {number[]} values
 * @returns {number[]}
 */
export function exactShares(values) {
  const k = Math.log2(values.length);
  const sizeOf = (subset) => Array.from({ length: k }, (_, one) => isIn(subset, one, k)).filter(Boolean).length;
  return Array.from({ length: k }, (_, player) => {
    let share = 0;
    values.forEach((value, subset) => {
      if (isIn(subset, player, k)) return;
      share += (values[subset + 2 ** (k - 1 - player)] - value) / (k * choose(k - 1, sizeOf(subset)));
    });
    return share;
  });
}

function choose(n, k) {
  let count = 1;
  for (let i = 0; i < k; i++) count = (count * (n - i)) / (i + 1);
  return count;
}

/**
 * Return who has joined after 1 .. n - 1 steps of each order.
 * @param {number[][]} orders
 * @returns {boolean[][]}
 */
export function orderCoalitions(orders) {
  return orders.flatMap((order) => {
    const joined = Array(order.length).fill(false);
    return order.slice(0, -1).map((player) => {
      joined[player] = true;
      return [...joined];
    });
  });
}

/**
 * Return shares and their standard errors of sampling: what each player brings when it joins.
 * @param {number[]} values of `orderCoalitions`
 * @param {number} nobody
 * @param {number} everybody
 * @param {number[][]} orders each followed by its reverse
 */
export function orderShares(values, nobody, everybody, orders) {
  const [n, pairs] = [orders[0].length, orders.length / 2];
  const ofPairs = Array.from({ length: n }, () => new Float64Array(pairs));
  orders.forEach((order, m) => {
    let before = nobody;
    order.forEach((player, step) => {
      const now = step === n - 1 ? everybody : values[m * (n - 1) + step];
      ofPairs[player][m >> 1] += (now - before) / 2;
      before = now;
    });
  });
  const means = ofPairs.map((column) => column.reduce((sum, value) => sum + value, 0) / pairs);
  const errors = ofPairs.map((column, k) =>
    Math.sqrt(column.reduce((sum, value) => sum + (value - means[k]) ** 2, 0) / (pairs - 1) / pairs),
  );
  return { shares: means, errors };
}
