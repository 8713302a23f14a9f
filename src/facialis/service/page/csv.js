// A cell of a CSV file, as the command line writes it (facialis.files.plain_cell).

/**
 * @param {unknown} value null and undefined become an empty cell, a list its parts with spaces between
 * @returns {string} quoted where need be; a text is no formula
 */
export function field(value) {
  if (value === null || value === undefined) return "";
  const text = value === true ? "True" : value === false ? "False" : Array.isArray(value) ? value.join(" ") : String(value);
  const safe = /^[=+\-@]/.test(text) && Number.isNaN(Number(text)) ? `'${text}` : text;
  return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
