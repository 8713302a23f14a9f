// Plain words from measured numbers. As facialis.detection.explanation_words and facialis.words.
import { fill, fixed, rounded } from "./format.js";
import { irisScale } from "./millimetres.js";

/**
 * Return what says texts of a language.
 * @param {Record<string, string>} texts page/words/LANGUAGE.json
 */
export function wordsOf(texts) {
  const say = (key, values = {}) => fill(texts[key], values);
  say.number = (value, digits) => fixed(rounded(value, digits) + 0, digits).replace(".", texts["format.decimal_mark"]);
  say.percent = (share, digits = 0) => `${say.number(100 * share, digits)} %`;
  return say;
}

/**
 * Return a sentence for each difference beyond the healthy range and its error, the most unusual first.
 * @param {object} finding
 * @param {object} facts engine/facts.json
 * @param {function} say of `wordsOf`
 */
export function sentences(finding, facts, say) {
  const every = differences(finding, facts);
  if (!every.length) return [say("explain.no_ranges")];
  const told = every.filter(({ value, error, limit }) => Math.abs(value) > limit + error);
  const unusual = ({ value, limit }) => Math.abs(value) / Math.max(limit, 1e-9);
  told.sort((a, b) => unusual(b) - unusual(a));
  if (!told.length) return [say("explain.nothing_measured")];
  const { kind, n } = facts.explanation.reference;
  const share = say.percent(facts.explanation.sentences.level, 1);
  const healthy = say(`explain.healthy_${kind}`, { share, n });
  return told.map((one) => sentence(one, healthy, facts, say));
}

function differences(finding, facts) {
  const { lengths, deviations, by_eye_distance: byDistance } = facts.explanation.sentences;
  const { millimetres, differences: signed } = finding.numbers;
  const found = [];
  for (const name of [...lengths, ...deviations]) {
    const number = millimetres[deviations.includes(name) ? name : `${name}_difference`];
    if (number?.reference) found.push({ name, value: number.value, error: number.error, limit: number.reference[1] });
  }
  const scale = irisScale(finding.face.landmarks, finding.face.transform, facts.millimetres);
  for (const name of byDistance) {
    const number = signed[name];
    if (!number?.reference) continue;
    const value = scale * number.value;
    const error = Math.hypot(scale * number.error, facts.millimetres.iris_spread * value);
    found.push({ name, value, error, limit: scale * number.reference[1] });
  }
  return found;
}

function sentence({ name, value, error, limit }, healthy, facts, say) {
  const off = facts.explanation.sentences.deviations.includes(name);
  const right = value > 0 === off; // off the midline towards it; or the side that has less
  const shared = {
    what: say(`explain.what.${name}`),
    value: say.number(Math.abs(value), 1),
    error: say.number(error, 1),
    limit: say.number(limit, 1),
    healthy,
    side: say(`side.${right ? "subject_right" : "subject_left"}`),
  };
  return off ? say("explain.off", shared) : say("explain.less", { ...shared, how: say(`explain.how.${name}`) });
}
