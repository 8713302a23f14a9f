// The result of one photo: the answer first, then the picture, then what was measured.
import { answer, answerText } from "./answer.js";
import { card } from "./card.js";
import { dragging } from "./drag.js";
import { button, el, put } from "./dom.js";
import { downloads } from "./download.js";
import { Edits } from "./edits.js";
import { lineOf } from "./errors.js";
import { explanation } from "./explanation.js";
import { halves } from "./halves.js";
import { answerOf, rowOf } from "./items.js";
import { picture } from "./picture.js";
import { lengths, measures, regions } from "./rows.js";

/**
 * Show an item's result.
 * @param {object} item done or failed
 * @returns {{root: HTMLElement, heading: HTMLElement}} the heading takes the focus when the result is opened
 */
export function result(context, item, items) {
  const { say } = context;
  const name = el("h2", { tabindex: "-1", text: item.name });
  if (item.state === "failed" || !item.findings.length) return { root: el("article", { class: "result" }, name, failed(context, item, items)), heading: name };
  const found = item.findings[item.shown];
  const face = found.face_points ?? null;
  const editable = face && found.status === "judged";
  if (editable && item.edits?.original !== found) item.edits = new Edits(found, () => item.engine, { prevalence: item.options.prevalence, force: item.options.force });
  const { edits } = item;
  item.watch?.abort(); // what showed it before listens no longer
  item.watch = new AbortController();
  const { signal } = item.watch;
  const shown = picture(context, item);
  const heading = el("h3", {});
  const [told, told2, numbers, note] = [el("div", {}), el("div", {}), el("div", { class: "numbers" }), el("p", { class: "warning", role: "alert", hidden: true })];
  const drag = editable ? dragging(context, shown, edits, signal) : null;
  const why = found.status === "judged" && item.engine.can.explain && !item.video ? explanation(context, item, () => ({ photo: item.blob, points: edits?.moved.length ? edits.points : null }), shown) : null;

  const root = el("article", { class: "result" }, name, item.findings.length > 1 && !item.video && faces(context, item, items),
    el("div", { class: "top" },
      el("div", { class: "told" }, heading, note, told, told2),
      el("div", { class: "seen" }, shown.root, drag?.root)),
    numbers, editable && halves(context, item, face.points, face.size), why?.root, downloads(context, item), card(context), model(context, found));

  function update() {
    const row = rowOf(item);
    const before = row === found ? null : found;
    note.hidden = !edits?.error;
    note.textContent = edits?.error ? lineOf(edits.error, context) : "";
    put(told, answer(context, row, before, heading));
    put(told2, regions(context, row, before), row.status === "abstained" && again(context, item, items, row), quality(context, row, found));
    const open = numbers.querySelector("details")?.open;
    put(numbers, row.status === "judged" && [measures(context, row, before), lengths(context, row, before)]);
    if (open && numbers.querySelector("details")) numbers.querySelector("details").open = true;
    shown.update(row, edits ? edits.points.points : (face?.points ?? null));
  }

  update();
  if (edits) {
    let timer = null;
    edits.addEventListener("move", () => shown.update(rowOf(item), edits.points.points), { signal });
    edits.addEventListener("change", () => {
      update();
      why?.stale();
      clearTimeout(timer);
      timer = setTimeout(() => context.announce(`${answerText(say, rowOf(item))}, ${say.share(rowOf(item).probability ?? 0)}`), 500);
    }, { signal });
  }
  return { root, heading: name };
}

function failed(context, item, items) {
  return el("div", { class: "trouble", role: "alert" }, el("p", {}, el("strong", { text: context.say(`page.app.answer.${answerOf(item)}`) }), ` ${lineOf(item.error, context)}`),
    item.blob && button(context.say("page.app.try_again"), () => items.again(item)));
}

function again({ say }, item, items, row) {
  if (!item.blob) return null;
  const several = row.reasons.some((reason) => reason === "several faces");
  return el("div", { class: "tools" }, several
    ? ["largest", "all"].map((face) => button(say(`page.app.judge_${face}`), () => items.again(item, { face })))
    : row.face_points && !item.options.force && button(say("page.app.judge_forced"), () => items.again(item, { force: true })));
}

function faces({ say }, item, items) {
  return el("div", { class: "tools faces", role: "group", "aria-label": say("page.app.faces") }, item.findings.map((row, number) => button(
    `${say("report.face", { number: row.face ?? number + 1 })}: ${answerText(say, row)}`,
    () => { item.shown = number; item.edits = null; items.dispatchEvent(new CustomEvent("show", { detail: item })); },
    { "aria-pressed": String(number === item.shown) })));
}

function quality({ say, facts }, row, found) {
  const seen = row.quality?.interocular_px ? row.quality : found.quality;
  if (!seen) return null;
  const { limits } = facts;
  const whole = (value) => say.number(value, 0);
  const text = say("report.quality", {
    iod: whole(seen.interocular_px), least: whole(limits.interocular_px), yaw: whole(seen.yaw), pitch: whole(seen.pitch), roll: whole(seen.roll),
    limit: whole(Math.max(limits.yaw, limits.pitch)),
  });
  return el("p", { class: "soft", text: found.looked_twice ? `${text} ${say("report.looked_twice")}` : text });
}

function model({ say }, row) {
  const [name, hash = ""] = String(row.model ?? "").split("@");
  return el("p", { class: "soft model" }, say("page.app.model", { name, version: row.version ?? "" }), " ", el("code", { text: hash }));
}
