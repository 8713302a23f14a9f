// What the program says in English of a picture, recognised word for word: translated, and answered with advice.

/** What to do about each reason; the rest of the reasons say it themselves. */
const ADVICE = {
  no_face: "face", several_faces: "alone", no_such_face: "alone", too_small: "closer", turned: "turn", tilted_up: "down",
  tilted_down: "up", on_its_side: "upright", border: "whole", half_hidden: "uncover", half_unlike: "uncover", brow_hidden: "uncover",
  eyes_hidden: "glasses", mouth_hidden: "mouth", dark: "light", bright: "shade", flat: "even", blurred: "still",
  no_mirrored_face: "frontal", disagree: "frontal", unlike: "upright",
};

/**
 * Make a translator of the program's English.
 * @param {function} english `say` of English
 * @param {function} say `say` of the page's language
 * @returns {{translated: function(string): string, advice: function(string[]): string[]}}
 */
export function knownTexts(english, say) {
  const texts = Object.entries(english.texts).filter(([key]) => key.startsWith("known."));
  const patternsOf = (entries) => entries.map(([key, text]) => [key, new RegExp(`^${pattern(text)}$`, "s")]);
  const whole = patternsOf(texts);
  const heads = patternsOf(texts.filter(([, text]) => text.includes(":")).map(([key, text]) => [key, headOf(text)])); // as a video's reasons are
  const recognised = (text, patterns = whole) => {
    for (const [key, known] of patterns) {
      const found = known.exec(text);
      if (found) return [key, found.groups ?? {}];
    }
    return null;
  };
  const asSaid = (value) => {
    if (/^\d{1,3}(,\d{3})+$/.test(value)) return value.replaceAll(",", "\u202f");
    return /^\d+\.\d+$/.test(value) ? value.replace(".", say.texts["format.decimal_mark"]) : value;
  };
  return {
    translated(text) {
      if (say.language === "en") return text;
      const found = recognised(text);
      const head = found ? null : recognised(text, heads);
      if (!found && !head) return text;
      const [key, values] = found ?? head;
      const said = say(key, Object.fromEntries(Object.entries(values).map(([name, value]) => [name, asSaid(value)])));
      return head ? headOf(said) : said;
    },
    advice(reasons) {
      const keys = reasons.map((reason) => ADVICE[recognised(reason)?.[0].slice("known.".length)]).filter(Boolean);
      return [...new Set(keys)].map((key) => say(`page.app.advice.${key}`));
    },
  };
}

function headOf(text) {
  return text.split(":")[0];
}

function pattern(text) {
  return text.split(/(\{\w+\})/).map((part) => {
    const name = /^\{(\w+)\}$/.exec(part)?.[1];
    return name ? `(?<${name}>.+?)` : part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  }).join("");
}
