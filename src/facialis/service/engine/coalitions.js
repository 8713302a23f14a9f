// What a bundle would say of a face of which only some measures were as found; the others stand at their healthy
// median, on the side of symmetry that they were found on. As facialis.detection.coalitions, for a label by measures.
import { exactCoalitions, exactShares, orderCoalitions, orderShares } from "./attribution.js";
import { spread } from "./numerics.js";

/**
 * Return the shares of one or two looks: their mean, as the finding is the looks' mean.
 * @param {(rows: Float32Array) => Promise<Float32Array>} odds log odds of rows of measures
 * @param {number[][][]} looks of each the measures of the face and of its noisy copies
 * @param {object} facts engine/facts.json
 */
export async function countShares(odds, looks, facts) {
  const { regions, region_of_measures: regionOf, orders: drawn, branches } = facts.explanation;
  const names = facts.numbers.measures.map(({ name }) => name);
  const n = names.length;
  const orders = drawn.flatMap((order) => [order, order.toReversed()]);
  const groups = regions.map((_, region) => [...regionOf.keys()].filter((measure) => regionOf[measure] === region));
  const parts = [exactCoalitions(groups, n), exactCoalitions([[...names.keys()]], n), orderCoalitions(orders)];
  const every = parts.flat();
  const copies = looks[0].length;
  const valued = Array.from({ length: copies }, () => new Float64Array(every.length));
  for (const look of looks) {
    const found = await odds(rowsOf(look, every, facts));
    valued.forEach((row, copy) => row.forEach((_, k) => (row[k] += found[copy * every.length + k] / looks.length)));
  }
  const [first, second] = [parts[0].length, parts[0].length + parts[1].length];
  const counted = valued.map((row) => {
    const byRegions = [...row.slice(0, first)];
    const measures = orderShares(row.slice(second), byRegions[0], byRegions.at(-1), orders);
    return {
      none: byRegions[0],
      all: byRegions.at(-1),
      sampling: Math.max(...measures.errors),
      regions: exactShares(byRegions),
      branches: exactShares([...row.slice(first, second)]),
      measures: measures.shares,
    };
  });
  const named = { regions, branches: branches.slice(0, 1), measures: names };
  const tables = (values) =>
    Object.fromEntries(
      Object.entries(named).map(([kind, of]) => [
        kind,
        Object.fromEntries(of.map((name, k) => [name, values(kind)[k]])),
      ]),
    );
  const errors = (kind) => spread(counted.map((one) => one[kind])).map((error) => error * facts.copies.widened);
  return { ...counted[0], shares: tables((kind) => counted[0][kind]), errors: tables(errors) };
}

/** Return the measures of each copy in each coalition, as rows. */
function rowsOf(look, coalitions, facts) {
  const entries = facts.numbers.measures;
  const middle = facts.numbers.levels.indexOf(0.5);
  const rows = new Float32Array(look.length * coalitions.length * entries.length);
  let at = 0;
  for (const measures of look) {
    const healthy = entries.map(({ name, symmetric }, k) => {
      const median = facts.numbers.quantiles[name][middle];
      return symmetric === null ? median : symmetric + (measures[k] < symmetric ? -median : median);
    });
    for (const joined of coalitions) {
      for (let k = 0; k < entries.length; k++) rows[at++] = joined[k] ? measures[k] : healthy[k];
    }
  }
  return rows;
}
