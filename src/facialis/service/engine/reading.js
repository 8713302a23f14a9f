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
    Object.entries(one).map(([name, rows]) => [
      name,
      rows.map((row, r) => row.map((value, c) => both(name, r, c, value))),
    ]),
  );
}

/**
 * Return every number of a face with its error, healthy range and percentile, as Finding.row() has them.
 * @param {{answers: object, millimetres: number[][]}} reading
 * @param {object} facts engine/facts.json
 */
export function numbers({ answers, millimetres }, facts) {
  const { measures, differences } = facts.numbers;
  const lengths = millimetres[0];
  const iris = facts.millimetres.iris_spread;
  const errors = spread(millimetres).map((error, k) => Math.hypot(error, iris * Math.abs(lengths[k])));
  const told = (entries, values, spreads) =>
    Object.fromEntries(entries.map((entry, k) => [entry.name, number(entry, values[k], spreads[k], facts.numbers)]));
  const signed = differences.map((entry) => ({ ...entry, known: `difference ${entry.name}`, symmetric: 0 }));
  const inMm = facts.millimetres.names.map((name) => ({ name, unit: "mm", known: name, symmetric: 0 }));
  return {
    measures: told(
      measures.map((entry) => ({ ...entry, known: entry.name })),
      answers.measures[0],
      spread(answers.measures),
    ),
    differences: told(signed, answers.signed[0], spread(answers.signed)),
    millimetres: told(inMm, lengths, errors),
    outside: outside(lengths, errors, facts),
  };
}

/** Return a number as it is told; one with a symmetric value is held against the reference by its distance from it. */
function number({ unit, known, symmetric }, value, error, { quantiles, levels }) {
  const column = quantiles[known];
  const size = symmetric === null ? value : Math.abs(value - symmetric);
  return {
    value: rounded(value, 5),
    error: rounded(error, 5),
    unit,
    reference: column ? interval(column, levels).map((end) => rounded(end, 5)) : null,
    percentile: column ? percentile(size, column, levels) : null,
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
