// Numbers as the reports place them: probabilities at a prevalence, bars against a healthy range. See reports/drawing.py.

/** A range bar's axis reaches from the middle of the healthy range to this many times its half width, either way. */
const WIDE = 3;

/** Return the log odds of a share strictly between 0 and 1. */
export function logOdds(share) {
  return Math.log(share / (1 - share));
}

/** Return a probability at even odds as it is where palsy is as probable beforehand as `prevalence`. */
export function atPrevalence(share, prevalence) {
  if (share <= 0 || share >= 1) return share;
  return 1 / (1 + Math.exp(-(logOdds(share) + logOdds(prevalence))));
}

/**
 * Place a number with its error (one standard deviation) against a healthy range.
 * @returns {{at: number, error: number[], beyond: number, reading: string, unusual: number}} in 0 to 100, the range from 33.3 to 66.7;
 *   `unusual`: distance from the middle in half widths of the range
 */
export function rangeBar(value, error, low, high) {
  const middle = (low + high) / 2;
  const half = Math.max((high - low) / 2, 1e-12);
  const place = (number) => 50 + (50 * (number - middle)) / (half * WIDE);
  const away = Math.abs(value - middle) - half;
  const reading = away > error ? "outside" : away > -error ? "borderline" : "within";
  const at = place(value);
  const inside = (end) => Math.min(100, Math.max(0, end));
  return {
    at: Math.min(98, Math.max(2, at)),
    error: [inside(place(value - error)), inside(place(value + error))],
    beyond: at < 4 ? -1 : at > 96 ? 1 : 0,
    reading,
    unusual: Math.abs(value - middle) / half,
  };
}

/** Return a number's text; where the ends read otherwise, with them: "98 % (93 % to > 99 %)". */
export function withRange(say, texts, key = "report.with_range") {
  const [value, low, high] = texts;
  return value === low && value === high ? value : say(key, { value, low, high });
}
