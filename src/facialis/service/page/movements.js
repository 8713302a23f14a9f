// A video's movements: a table with both sides' excursions, and the same as CSV.

import { field } from "./csv.js";
import { button, el } from "./dom.js";

const SIDES = ["subject_right", "subject_left"];
const COLUMNS = ["movement", "when", "right", "left", "ratio", "less", "besides"];

/** Return a movement's name in the page's language. */
export function movementName(say, event) {
  const key = `view.${event.movement}`;
  return say.has(key) ? say(key) : event.movement.replaceAll("_", " ");
}

/**
 * Return the table of movements.
 * @param {object} context the page's
 * @param {object[]} events of the row's `video`
 * @param {(seconds: number) => void} seek
 */
export function movementTable(context, events, seek) {
  const { say } = context;
  const caption = el("caption", { text: say("page.video.movements_note") });
  const head = el("tr", {}, COLUMNS.map((name) => el("th", { scope: "col", text: say(`page.video.column.${name}`) })));
  const rows = events.map((event, i) => el("tr", {}, cells(context, event, i, seek)));
  const table = el("table", { class: "movements" }, caption, el("thead", {}, head), el("tbody", {}, rows));
  return el("div", { class: "wide", tabindex: "0", role: "region", "aria-label": say("page.video.movements") }, table);
}

function cells(context, event, i, seek) {
  const { say } = context;
  const name = movementName(say, event);
  const at = event.apex ?? event.start;
  const press = button(`${i + 1}. ${name}`, () => seek(at), { class: "link", "aria-label": say("page.video.show_movement", { movement: `${i + 1}. ${name}`, time: say.number(at, 1) }) });
  const when = say("page.video.from_to", { start: say.number(event.start, 1), end: say.number(event.end, 1) });
  const [right, left] = SIDES.map((side) => withError(say, event.excursion_mm?.[side], 1));
  const ratio = [withError(say, event.ratio, 2)];
  if (event.ratio?.reference) ratio.push(el("small", { text: say("page.video.healthy_from", { value: say.number(event.ratio.reference[0], 2) }) }));
  const less = event.moves_less ? say(`side.${event.moves_less}`) : "–";
  const values = [press, when, right, left, ratio, less, besides(context, event).join("; ") || "–"];
  return values.map((value, column) => el(column ? "td" : "th", { scope: column ? null : "row", "data-column": say(`page.video.column.${COLUMNS[column]}`) }, value));
}

function withError(say, value, decimals) {
  if (!value || typeof value.value !== "number") return "–";
  return say("page.video.value", { value: say.number(value.value, decimals), error: say.number(value.error, decimals) });
}

function besides({ say, known }, event) {
  const told = [];
  if (event.synkinesis_sign) told.push(say(event.eye_narrowing ? "page.video.eye_along" : "page.video.mouth_along"));
  if (typeof event.lag_s?.value === "number") told.push(lag(say, event.lag_s));
  if (event.note) told.push(known.translated(event.note));
  return told;
}

/** Above 0 the subject's right is later. */
function lag(say, { value, error }) {
  const side = say(`side.subject_${value < 0 ? "left" : "right"}`);
  return say("page.video.lag", { side, value: withError(say, { value: Math.abs(value), error }, 2) });
}

const SIDED = ["excursion_mm", "top_speed_mm_s", "eye_narrowing", "commissure_shift_mm", "eye_opening_mm"];

/** Return movements as CSV text, with the columns of the command line's `--events`. */
export function movementCsv(source, events) {
  const ends = ["", "_error"];
  const sided = SIDED.flatMap((name) => SIDES.flatMap((side) => ends.map((end) => `${name}_${side}${end}`)));
  const single = ["ratio", "lag_s"].flatMap((name) => ends.map((end) => name + end));
  const columns = ["source", "movement", "by", "name_probability", "start", "end", "apex", "frame", "seen", ...sided, ...single, "moves_less", "synkinesis_sign", "note"];
  const lines = events.map((event) => {
    const flat = { source, ...event };
    for (const name of SIDED) for (const side of SIDES) put(flat, `${name}_${side}`, event[name]?.[side]);
    for (const name of ["ratio", "lag_s"]) put(flat, name, event[name]);
    return columns.map((column) => field(flat[column])).join(",");
  });
  return `${[columns.join(","), ...lines].join("\n")}\n`;
}

function put(flat, name, number) {
  flat[name] = number?.value ?? null;
  flat[`${name}_error`] = number?.error ?? null;
}
