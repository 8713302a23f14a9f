// The answer in plain words, and how probable it is; or why a picture was not judged, and what to do better.
import { el, svg } from "./dom.js";
import { atPrevalence, withRange } from "./numbers.js";

/** Where the model's probability of the weak side is smaller, the side is not told (as on the command line). */
const SIDE_TOLD = 0.75;

/** Return the weaker side of a row where it is told, else null: everything that shows a side asks here. */
export function toldSide(row) {
  return row?.side && (row.side_probability ?? 1) >= SIDE_TOLD ? row.side : null;
}

/** Return the answer to a row in the report's words: "Signs of a facial palsy, subject's left". */
export function answerText(say, row) {
  if (row.status === "error") return say("page.app.answer.error");
  if (row.status !== "judged") return say("page.app.answer.abstained");
  const palsy = row.label === "palsy";
  const answer = say(`report.${row.uncertain ? "uncertain" : "answer"}_${palsy ? "palsy" : "none"}`);
  const side = palsy && toldSide(row);
  return side ? say("report.answer_side", { answer, side: say(`side.${side}`) }) : answer;
}

/** Return the class of an answer, for its mark: palsy, none, uncertain, abstained, error. */
export function answerKind(row) {
  if (row.status !== "judged") return row.status === "error" ? "error" : "abstained";
  return row.uncertain ? "uncertain" : row.label === "palsy" ? "palsy" : "none";
}

/**
 * Return the answer's elements.
 * @param {object} row the finding
 * @param {?object} before the finding before landmarks were moved
 * @param {HTMLElement} heading stays, so that it keeps the focus: gets the answer's text
 */
export function answer(context, row, before, heading) {
  const { say, known } = context;
  heading.className = `answer ${answerKind(row)}`;
  heading.textContent = answerText(say, row);
  if (row.status !== "judged") return unfit(context, row);
  const parts = [];
  if (before && answerText(say, before) !== answerText(say, row)) parts.push(el("p", { class: "before", text: say("page.app.before", { value: answerText(say, before) }) }));
  if (row.forced) parts.push(el("p", { class: "warning" }, el("strong", { text: say("report.forced", { reasons: row.reasons.map(known.translated).join("; ") }) })));
  parts.push(...probability(context, row, before));
  parts.push(...lines(context, row).map((text) => el("p", { text })));
  return parts;
}

function unfit({ say, known }, row) {
  const advice = row.status === "abstained" ? known.advice(row.reasons) : [];
  return [
    el("ul", { class: "reasons" }, row.reasons.map((reason) => el("li", { text: known.translated(reason) }))),
    advice.length > 0 && el("div", { class: "advice" }, el("h4", { text: say("page.app.better") }), el("ul", {}, advice.map((text) => el("li", { text })))),
    el("p", { class: "soft", text: say("report.gap") }),
  ];
}

function probability({ say, facts }, row, before) {
  const prior = row.prevalence;
  const [low, high] = row.probability_interval ?? [row.probability, row.probability];
  const threshold = atPrevalence(facts.model.threshold, prior);
  const zone = facts.model.uncertain.map((share) => atPrevalence(share, prior));
  const between = { low: say.share(zone[0]), high: say.share(zone[1]) };
  const was = before ? say.share(before.probability ?? 0) : null;
  const changed = before?.probability !== undefined && before?.probability !== null && was !== say.share(row.probability);
  return [
    el("p", { class: "probability", "data-probability": row.probability }, el("strong", { text: say.share(row.probability) }), ` ${say("page.app.of_palsy")} `,
      say.share(low) !== say.share(high) && el("span", { class: "soft", text: say("page.app.interval", { low: say.share(low), high: say.share(high) }) }),
      changed && el("span", { class: "before", text: ` ${say("page.app.before", { value: was })}` })),
    bar(say, row.probability, [low, high], threshold, zone),
    el("p", { class: "soft", text: say("report.scale_called", { threshold: say.share(threshold), ...between }) }),
    row.uncertain && el("p", { text: say("report.uncertain_note", between) }),
    el("p", { class: "soft" }, say("page.app.prior", { prior: priorText(say, prior) }), " ", say("report.ratio", { ratio: ratioText(say, row) })),
    Math.abs(prior - 0.5) > 1e-9 && el("p", { class: "at-even-odds", text: say("page.app.at_even_odds", { prior: priorText(say, prior) }) }),
  ];
}

const priorText = (say, prior) => say.percent(prior, prior < 0.1 ? 1 : 0);

function ratioText(say, row) {
  const odds = (share) => share / (1 - share) / (row.prevalence / (1 - row.prevalence));
  const ends = row.probability_interval ?? [row.probability, row.probability];
  return withRange(say, [row.likelihood_ratio, ...ends.map(odds)].map(say.ratio));
}

function bar(say, share, ends, threshold, zone) {
  const x = (value) => 1.5 + 97 * value;
  const label = say("report.alt_probability", { share: say.share(share), threshold: say.share(threshold) });
  return svg("svg", { class: "scale", viewBox: "0 0 100 9", role: "img", "aria-label": label },
    svg("defs", {}, svg("pattern", { id: "uncertain", width: 1.6, height: 1.6, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" },
      svg("rect", { class: "hatch", width: 0.5, height: 1.6 }))),
    svg("rect", { class: "track", x: x(0), y: 2, width: 97, height: 5, rx: 1 }),
    svg("rect", { class: "filled", x: x(0), y: 2, width: 97 * share, height: 5, rx: 1 }),
    svg("rect", { x: x(zone[0]), y: 2, width: 97 * (zone[1] - zone[0]), height: 5, fill: "url(#uncertain)" }),
    svg("line", { class: "threshold", x1: x(threshold), x2: x(threshold), y1: 0.5, y2: 8.5 }),
    svg("line", { class: "interval", x1: x(ends[0]), x2: x(ends[1]), y1: 4.5, y2: 4.5 }),
    svg("circle", { class: "mark", cx: x(share), cy: 4.5, r: 1.7 }));
}

function lines({ say }, row) {
  const made = [];
  if (row.side) made.push(sideLine(say, row));
  else if (row.label === "palsy") made.push(say("report.no_side"));
  if (row.side && row.severity !== null) made.push(say("page.app.severity", { value: say.number(row.severity, 2) }));
  if (row.label !== "palsy" || row.uncertain) made.push(seen(say, row), say("report.more_views"));
  return made;
}

/** Return the line on the weaker side, told or not. */
export function sideLine(say, row) {
  return say(toldSide(row) ? "report.side" : "report.side_open", { side: say(`side.${row.side}`), share: say.share(row.side_probability ?? 1) });
}

function seen(say, row) {
  const outside = Object.entries(row.millimetres ?? {})
    .filter(([name, number]) => number.reference && !/_subject_(right|left)$/.test(name) && Math.abs(number.value) > number.reference[1] + number.error)
    .map(([name]) => say(`report.length_name.${name.replace(/_difference$/, "")}`));
  return outside.length ? say("page.app.seen_outside", { names: outside.join(", ") }) : say("page.app.seen_nothing");
}
