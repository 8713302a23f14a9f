// What is read off one face: the graph's answers and every number, with their errors. As facialis.detection.reading.
import { rounded } from "./format.js";
import { deviation, spread } from "./numerics.js";
import { interval, percentile } from "./reference.js";

/**
 * Return the log odds of palsy of each row.
 * @param {Record<string, number[][]>} answers
 */
export function logOdds(answers) {
  return answers.logits.map(([none, palsy]) => palsy - none);
}

/**
 * Return the standard deviation of the log odds over the noisy copies, widened.
 * @param {Record<string, number[][]>} answers
 * @param {number} widened
 */
export function logitError(answers, widened) {
  return widened * deviation(logOdds(answers).slice(1), 1);
}

/**
 * Return the mean of two looks' answers.
 * @param {Record<string, number[][]>} one
 * @param {Record<string, number[][]>} other
 */
export function meanAnswers(one, other) {
  const both = (name, row, column, value) => (value + other[name][row][column]) / 2;
  return Object.fromEntries(
    Object.entries(one).map(([name, rows]) => [name, rows.map((row, r) => row.map((value, c) => both(name, r, c, value)))]),
  );
}

/**
 * Return every number of a face with its error, healthy range and percentile, as Finding.row() has them.
 * @param {{answers: object, millimetres: number[][]}} reading
 * @param {object} facts engine/facts.json
 */
export function numbers(reading, facts) {
  const { measures, differences } = facts.numbers;
  const lengths = reading.millimetres[0];
  const iris = facts.millimetres.iris_spread;
  const errors = spread(reading.millimetres).map((error, k) => Math.hypot(error, iris * Math.abs(lengths[k])));
  const told = (entries, values, spreads, known, size) =>
    Object.fromEntries(entries.map((entry, k) => [entry.name, number(values[k], spreads[k], entry.unit, known(entry), size(entry, values[k]))]));
  const number = (value, error, unit, name, size) => {
    const [column, levels] = [facts.numbers.quantiles[name], facts.numbers.levels];
    return {
      value: rounded(value, 5),
      error: rounded(error, 5),
      unit,
      reference: column ? interval(column, levels).map((end) => rounded(end, 5)) : null,
      percentile: column ? percentile(size, column, levels) : null,
    };
  };
  const { answers } = reading;
  const unsigned = (entry, value) => (entry.symmetric === null ? value : Math.abs(value - entry.symmetric));
  return {
    measures: told(measures, answers.measures[0], spread(answers.measures), (entry) => entry.name, unsigned),
    differences: told(differences, answers.signed[0], spread(answers.signed), (entry) => `difference ${entry.name}`, (_, value) => Math.abs(value)),
    millimetres: told(facts.millimetres.names.map((name) => ({ name, unit: "mm" })), lengths, errors, (entry) => entry.name, (_, value) => Math.abs(value)),
    outside: outside(lengths, errors, facts),
  };
}

/** Return the lengths that lie outside the healthy range by more than their error. */
function outside(lengths, errors, facts) {
  const { quantiles, levels } = facts.numbers;
  return facts.millimetres.names.filter((name, k) => {
    const column = quantiles[name];
    return column && Math.abs(lengths[k]) > interval(column, levels)[1] + errors[k];
  });
}
