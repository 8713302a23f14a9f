// Why the model said so: sentences, what pulled for and against, and the smallest correction that would change it.
import { pullBar } from "./bars.js";
import { button, el, put } from "./dom.js";
import { lineOf } from "./errors.js";
import { contourPath } from "./landmarks.js";

const MOST = 5;
const SEEN_TO_MOVE = 0.3; // share of the largest move from which a landmark is drawn as moved

/**
 * The explanation's section: asked for with a button, for it takes a moment.
 * @param {function(): object} given returns {photo, points}: the photo, or the points where landmarks were moved (else null)
 * @param {object} shown what `picture` returned: gets the correction as a dashed outline
 * @returns {{root: HTMLElement, stale: function()}} `stale()` where the numbers have changed since
 */
export function explanation(context, item, given, shown) {
  const { say } = context;
  const body = el("div", {});
  const ask = button(say("page.app.explain"), load, { class: "main" });
  const root = el("section", { class: "explanation" }, el("h3", { text: say("page.app.explanation") }), body);
  put(body, el("p", { class: "soft", text: say("page.app.explain_note") }), ask);
  let asked = 0;

  async function load() {
    asked += 1;
    const mine = asked;
    ask.disabled = true;
    ask.textContent = say("page.app.explaining");
    const { photo, points } = given();
    try {
      const found = await item.engine.explain(points ?? photo ?? item.findings[item.shown].face_points, { language: say.language, ...item.options });
      if (mine !== asked) return;
      if (!found.shares) throw Object.assign(new Error(), { status: 422, detail: (found.reasons ?? []).join("; ") });
      show(found, points ?? item.findings[item.shown].face_points);
    } catch (error) {
      if (mine === asked) put(body, el("p", { class: "warning", role: "alert", text: lineOf(error, context) }), ask);
    }
    ask.disabled = false;
    ask.textContent = say("page.app.explain");
  }

  function show(found, points) {
    const ghost = outline(found.counterfactual, points);
    shown.setGhost(ghost);
    put(body,
      el("ul", {}, found.sentences.map((text) => el("li", { text }))),
      correction(found.counterfactual, Boolean(ghost)),
      el("div", { class: "two" },
        pulls(say("page.app.by_region"), found, "regions", (name) => (say.has(`region.${name}`) ? say(`region.${name}`) : say(`explain.${name}`))),
        pulls(say("page.app.by_measure"), found, "measures", (name) => (say.has(`report.measure_name.${name}`) ? say(`report.measure_name.${name}`) : say(`explain.${name}`)))),
      el("p", { class: "soft", text: `${say("page.app.pull_note", { reference: found.reference })} ${found.notes.join(" ")}` }));
    context.announce(found.sentences[0] ?? "");
  }

  function correction(change, drawn) {
    if (!change) return null;
    const moves = Object.entries(change.regions_mm).filter(([, value]) => value >= 0.05)
      .map(([name, value]) => say("report.mm", { name: say(`region.${name}`), value: say.number(value, 1) })).join(", ");
    const text = say("report.change_text", { share: say.percent(change.share), moves, mean: say.number(change.mean_mm, 1) });
    return el("p", { text: drawn ? `${text} ${say("page.app.ghost_note")}` : text });
  }

  function outline(change, points) {
    if (!change?.landmarks || !points) return null;
    const far = change.landmarks.map(([x, y], index) => Math.hypot(x - points.points[index][0], y - points.points[index][1]));
    const most = Math.max(...far);
    const moved = new Set(far.flatMap((distance, index) => (distance > SEEN_TO_MOVE * most ? [index] : [])));
    return contourPath(change.landmarks, context.facts.contours, moved);
  }

  function pulls(title, found, kind, name) {
    const shares = Object.entries(found.shares[kind]).filter(([, share]) => share !== 0).sort((a, b) => Math.abs(b[1]) - Math.abs(a[1])).slice(0, MOST);
    const largest = Math.max(...shares.map(([, share]) => Math.abs(share)), 1e-9);
    return el("div", {}, el("h4", { text: title }), el("p", { class: "ways soft" }, el("span", { text: `◂ ${say("page.app.against_palsy")}` }), el("span", { text: `${say("page.app.for_palsy")} ▸` })),
      el("dl", { class: "bars pulls" }, shares.map(([key, share]) => {
        let text = (share > 0 ? "+" : "") + say.number(share, 2);
        if (found.errors) text += ` ±\u00a0${say.number(found.errors[kind][key], 2)}`;
        if (found.within_noise?.[kind]?.includes(key)) text = `(${text})`;
        return [el("dt", { text: name(key) }), el("dd", {}, pullBar(share / largest, say("report.alt_pull", { name: name(key), value: text })), el("span", { class: "n", text }))];
      })));
  }

  function stale() {
    if (!asked) return;
    asked += 1;
    shown.setGhost(null);
    ask.disabled = false;
    ask.textContent = say("page.app.explain");
    put(body, el("p", { class: "soft", text: say("page.app.explain_stale") }), ask);
  }

  return { root, stale };
}
