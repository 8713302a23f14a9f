// The ten steps of the sequence as a list: where one is, what is taken and what was skipped; each can be gone to.

import { button, el } from "./dom.js";

const MARKS = { taken: "✓", skipped: "–", open: "" };

/**
 * Return the list of steps of a visit.
 * @param {object} visit
 * @param {function} say
 * @param {(at: number) => void} go
 */
export function stepList(visit, say, go) {
  const items = visit.views.map((view, i) => {
    const state = visit.stateOf(view);
    const name = say("page.sequence.step", { number: i + 1, view: say(`view.${view}`), state: say(`page.sequence.${state}`) });
    const press = button("", () => go(i), { class: state, "aria-label": name, title: name, "aria-current": i === visit.at ? "step" : null });
    press.append(el("span", { "aria-hidden": "true", text: MARKS[state] || String(i + 1) }));
    return el("li", {}, press);
  });
  return el("ol", { class: "steps", "aria-label": say("page.sequence.steps") }, items);
}
