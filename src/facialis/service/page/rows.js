// The numbers of a finding as rows: regions, measures against healthy faces, both sides in mm.
import { el } from "./dom.js";
import { rangeMark, shareBar } from "./bars.js";
import { rangeBar } from "./numbers.js";

/** Measures that are shown at once, the most unusual first. */
const MOST = 5;
const DECIMALS = { deg: 1, slope: 3 };

/** Return the regions with their probabilities; null where the model does not tell. */
export function regions({ say }, row, before) {
  if (!row.regions || !row.side) return null;
  return el("div", {}, el("h4", { text: say("report.regions") }), el("dl", { class: "bars" }, Object.entries(row.regions).map(([name, share]) => {
    const region = say(`region.${name}`);
    const was = before?.regions?.[name];
    return [el("dt", { text: region }), el("dd", {}, shareBar(share, say("report.alt_region", { region, share: say.share(share) })),
      el("span", { class: "n" }, say.share(share), mark(say, was === undefined ? null : say.share(was), say.share(share))))];
  })));
}

function mark(say, was, is) {
  return was !== null && was !== undefined && was !== is ? el("span", { class: "before", text: ` ${say("page.app.before", { value: was })}` }) : null;
}

/** Return the measures: the five most unusual, the rest folded away. */
export function measures(context, row, before) {
  const { say, facts } = context;
  if (!row.measures) return null;
  const made = facts.measures.filter(({ name }) => row.measures[name]).map((measure) => measureRow(context, measure, row, before));
  made.sort((a, b) => b.unusual - a.unusual);
  const head = [say("report.measure"), say("report.here"), say("report.healthy"), say("report.reading"), ""];
  return el("section", {}, el("h3", { text: say("page.app.measures") }), el("p", { class: "soft", text: say("page.app.measures_note", of(context)) }),
    table("measures", say("page.app.measures"), head, made.slice(0, MOST).map((one) => one.cells)),
    el("details", {}, el("summary", { text: say("page.app.all_measures", { count: made.length - MOST }) }),
      table("measures", say("page.app.all_measures", { count: made.length - MOST }), head, made.slice(MOST).map((one) => one.cells))));
}

function measureRow({ say }, measure, row, before) {
  const number = row.measures[measure.name];
  const { symmetric, signed } = measure;
  const size = (value) => (signed ? Math.abs(value - (symmetric ?? 0)) : value); // with a sign: its size is held against healthy sizes
  const decimals = DECIMALS[measure.unit] ?? 2;
  const unit = measure.unit === "deg" ? "°" : "";
  const text = (value) => say.number(value, decimals) + unit;
  const name = say(`report.measure_name.${measure.name}`);
  const value = size(number.value);
  const was = before?.measures?.[measure.name];
  const cells = [name, [`${text(value)} ±\u00a0${text(number.error)}`, mark(say, was ? text(size(was.value)) : null, text(value))], "", "", null];
  if (!number.reference) return { unusual: -1, cells };
  const [low, high] = number.reference;
  const bar = rangeBar(value, number.error, ...aboutSymmetry(low, high, signed ? 0 : symmetric));
  const ends = { low: text(low), high: text(high) };
  const reading = say(`report.${bar.reading}`);
  cells[2] = say("report.range", ends);
  cells[3] = reading;
  cells[4] = rangeMark(bar, say("report.alt_measure", { name, value: text(value), error: text(number.error), reading, ...ends }));
  cells.outside = bar.reading === "outside";
  return { unusual: bar.unusual, cells };
}

/** Lay a healthy range about the value of a symmetric face: nobody is too symmetric. */
function aboutSymmetry(low, high, middle) {
  if (middle === null) return [low, high];
  const half = Math.max(Math.abs(low - middle), Math.abs(high - middle));
  return [middle - half, middle + half];
}

/** Return both sides in mm as a table. */
export function lengths(context, row, before) {
  const { say } = context;
  const found = row.millimetres;
  if (!found) return null;
  const names = Object.keys(found).filter((name) => !/_subject_(right|left)$/.test(name)).map((name) => name.replace(/_difference$/, ""));
  const head = [say("report.length"), say("report.right"), say("report.left"), say("report.difference"), say("report.healthy_up_to"), say("report.reading"), ""];
  return el("section", {}, el("h3", { text: say("report.lengths") }), el("p", { class: "soft", text: say("page.app.lengths_note", of(context)) }),
    table("lengths", say("report.lengths"), head, names.map((name) => lengthRow(say, name, found, before?.millimetres))));
}

function lengthRow(say, name, found, before) {
  const key = name in found ? name : `${name}_difference`;
  const number = found[key];
  const called = say(`report.length_name.${name}`);
  const mm = (value) => say.number(value, 1);
  const plus = (value) => (value > 0 && Number(value.toFixed(1)) ? "+" : "") + mm(value);
  const side = (end) => {
    const one = found[`${name}_${end}`];
    return one ? [`${mm(one.value)} ±\u00a0${mm(one.error)}`, mark(say, before ? mm(before[`${name}_${end}`].value) : null, mm(one.value))] : "";
  };
  const difference = [`${plus(number.value)} ±\u00a0${mm(number.error)}`, mark(say, before?.[key] ? plus(before[key].value) : null, plus(number.value))];
  const cells = [called, side("subject_right"), side("subject_left"), difference, "", "", null];
  const words = { name: called, value: mm(number.value), error: mm(number.error) };
  if (!number.reference) return cells;
  const limit = number.reference[1];
  const bar = rangeBar(-number.value, number.error, -limit, limit); // right is drawn to image left, as in the picture
  const reading = say(`report.${bar.reading}`);
  cells[4] = `±\u00a0${mm(limit)}`;
  cells[5] = reading;
  cells[6] = rangeMark(bar, say("report.alt_length", { ...words, limit: mm(limit), reading }));
  cells.outside = bar.reading === "outside";
  return cells;
}

function of({ facts, say }) {
  return { of: say(facts.model.simulated ? "page.app.of_simulated" : "page.app.of_healthy") };
}

/** A table that scrolls sideways by itself where it must; the first cell names the row, the last is its bar. */
function table(kind, label, head, lines) {
  const cell = (content, number) => {
    const nodes = [content].flat().filter((part) => part !== null && part !== "");
    const unset = head[number] === "";
    return number === 0 ? el("th", { scope: "row" }, nodes) : el("td", { class: unset ? "chart" : "n", "data-head": unset ? null : head[number] }, nodes);
  };
  return el("div", { class: "wide", tabindex: "0", role: "group", "aria-label": label }, el("table", { class: kind },
    el("thead", {}, el("tr", {}, head.map((text, number) => (text ? el("th", { scope: "col", class: number ? "n" : null, text }) : el("td", { class: "chart" }))))),
    el("tbody", {}, lines.map((line) => el("tr", { class: line.outside ? "outside" : null }, line.map(cell))))));
}
