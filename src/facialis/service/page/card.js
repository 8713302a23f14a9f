// What the model is, in the lines that Python made of its card.
import { el } from "./dom.js";

/** Return a block about the model, its heading of a level; null where the page's facts hold none. */
export function card({ say, facts }, level = "h3") {
  const lines = facts.card?.[say.language] ?? [];
  if (!lines.length) return null;
  return el("section", { class: "card" }, el(level, { text: say("page.app.about_model") }), el("ul", {}, lines.map((text) => el("li", { text }))));
}
