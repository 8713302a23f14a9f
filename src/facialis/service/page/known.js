// What the program says in English of a picture, recognised word for word: translated, and answered with advice.

/** What to do about each reason; the rest of the reasons say it themselves. */
const ADVICE = {
  no_face: "face", several_faces: "alone", no_such_face: "alone", too_small: "closer", turned: "turn", tilted_up: "down",
  tilted_down: "up", border: "whole", half_hidden: "uncover", half_unlike: "uncover", brow_hidden: "uncover",
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
  const patterns = Object.entries(english.texts)
    .filter(([key]) => key.startsWith("known."))
    .map(([key, text]) => [key, new RegExp(`^${pattern(text)}$`, "s")]);
  const recognised = (text) => {
    for (const [key, known] of patterns) {
      const found = known.exec(text);
      if (found) return [key, found.groups ?? {}];
    }
    return null;
  };
  const asSaid = (value) => (/^\d+\.\d+$/.test(value) ? value.replace(".", say.texts["format.decimal_mark"]) : value);
  return {
    translated(text) {
      const found = recognised(text);
      if (!found) return text;
      return say(found[0], Object.fromEntries(Object.entries(found[1]).map(([name, value]) => [name, asSaid(value)])));
    },
    advice(reasons) {
      const keys = reasons.map((reason) => ADVICE[recognised(reason)?.[0].slice("known.".length)]).filter(Boolean);
      return [...new Set(keys)].map((key) => say(`page.app.advice.${key}`));
    },
  };
}

function pattern(text) {
  return text.split(/(\{\w+\})/).map((part) => {
    const name = /^\{(\w+)\}$/.exec(part)?.[1];
    return name ? `(?<${name}>.+?)` : part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  }).join("");
}
