// Numbers and texts as Python writes them: rounding is of the exact binary value, halves go to the even digit.

/**
 * Return a number with so many decimals, as Python's `f"{value:.2f}"`.
 * @param {number} value
 * @param {number} digits
 * @returns {string}
 */
export function fixed(value, digits) {
  const size = Math.abs(value);
  const exact = size.toFixed(Math.min(100, digits + 60));
  const end = exact.indexOf(".") + (digits ? 1 + digits : 0);
  const [head, tail] = [exact.slice(0, end), exact.slice(end)];
  const half = /^\.?50*$/.test(tail);
  const text = half && Number(head.at(-1)) % 2 === 0 ? head : size.toFixed(digits);
  return value < 0 ? `-${text}` : text;
}

/**
 * Return a number rounded as Python's `round(value, digits)`; null stays null.
 * @param {number | null | undefined} value
 * @param {number} digits
 * @returns {number | null}
 */
export function rounded(value, digits) {
  return value === null || value === undefined ? null : Number(fixed(value, digits));
}

/**
 * Fill in a text as Python's `str.format`, for places `{name}`, `{name:.1f}` and `{name:.0%}`.
 * @param {string} text
 * @param {Record<string, unknown>} values
 * @returns {string}
 */
export function fill(text, values) {
  return text.replace(/\{(\w+)(?::\.(\d+)([f%]))?\}/g, (_, name, digits, kind) => {
    const value = values[name];
    if (!kind) return String(value);
    return kind === "%" ? `${fixed(100 * value, Number(digits))}%` : fixed(value, Number(digits));
  });
}
