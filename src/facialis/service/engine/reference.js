// What healthy faces measure. As facialis.detection.reference.
import { rounded } from "./format.js";

/**
 * Return the range of the middle 95 % of healthy faces.
 * @param {number[]} column quantiles
 * @param {number[]} levels
 */
export function interval(column, levels) {
  return [column[levels.indexOf(0.025)], column[levels.indexOf(0.975)]];
}

/**
 * Return which share of healthy faces lies below a value, %: between 1 and 99, the outermost levels.
 * @param {number} value
 * @param {number[]} column quantiles
 * @param {number[]} levels
 */
export function percentile(value, column, levels) {
  return rounded(100 * between(value, column, levels), 1);
}

function between(value, column, levels) {
  const found = column.findIndex((edge) => edge > value);
  if (found === 0) return levels[0];
  if (found === -1) return levels.at(-1);
  const below = found - 1;
  const slope = (levels[found] - levels[below]) / (column[found] - column[below]);
  return slope * (value - column[below]) + levels[below];
}
