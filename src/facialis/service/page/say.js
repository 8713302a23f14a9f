// What the page says: the texts of words/*.toml, filled in as Python's str.format does, and numbers as a language has them.

/**
 * Load a language's texts.
 * @param {string} language a code of facts.languages
 * @returns {Promise<function(string, object=): string>} say(key, values), with `language`, `texts`, `number`, `percent`, `share`, `ratio`, `has`
 */
export async function loadWords(language) {
  const answer = await fetch(`page/words/${encodeURIComponent(language)}.json`);
  if (!answer.ok) throw new Error(`page/words/${language}.json: ${answer.status}`);
  return makeSay(language, await answer.json());
}

/** Make `say` of a flat table of texts. */
export function makeSay(language, texts) {
  const say = (key, values = {}) => filled(texts[key] ?? key, values);
  say.language = language;
  say.texts = texts;
  say.has = (key) => key in texts;
  say.number = (value, decimals) => (rounded(value, decimals) + 0).toFixed(decimals).replace(".", texts["format.decimal_mark"] ?? ".");
  say.percent = (share, decimals = 0) => `${say.number(100 * share, decimals)}\u00a0%`;
  say.share = (share) => (share < 0.005 ? `< ${say.percent(0.01)}` : share > 0.995 ? `> ${say.percent(0.99)}` : say.percent(share));
  say.ratio = (ratio) => (ratio < 0.01 ? `< ${say.number(0.01, 2)}` : ratio > 100 ? "> 100" : say.number(ratio, ratio < 1 ? 2 : ratio < 10 ? 1 : 0));
  return say;
}

function filled(text, values) {
  return text.replace(/\{\{|\}\}|\{(\w+)\}/g, (found, name) => (name === undefined ? found[0] : String(values[name] ?? found)));
}

function rounded(value, decimals) {
  const scale = 10 ** decimals;
  const near = Math.round(Math.abs(value) * scale) / scale;
  return near === 0 ? 0 : Math.sign(value) * near;
}
