// Files to keep: the report, the rows as JSON or CSV. Made when asked for, and let go of at once.
import { field } from "./csv.js";
import { button, el, put } from "./dom.js";
import { lineOf } from "./errors.js";
import { rowOf } from "./items.js";

/** As the command line's CSV (reports/tables.py). */
const COLUMNS = [
  "source", "frame", "time", "face", "status", "probability", "probability_low", "probability_high", "prevalence", "likelihood_ratio", "label", "uncertain",
  "side", "side_probability", "brow", "eye", "nose_cheek", "mouth", "severity", "reasons", "forced", "looked_twice", "interocular_px", "yaw", "pitch", "roll", "model", "version",
];

/** Hand a file to the person. */
export function save(blob, name) {
  const address = URL.createObjectURL(blob);
  const link = el("a", { href: address, download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

/** Return the rows of items as they are shown, without their landmarks; moved points are named. */
export function rowsOf(items, lineFor) {
  return items.flatMap((item) => {
    if (item.state === "failed") return [{ source: item.name, status: "error", reasons: [lineFor(item)] }];
    const shown = rowOf(item);
    return item.findings.map((row) => {
      const { face_points: _, ...kept } = row === item.findings[item.shown] ? shown : row;
      return { ...kept, source: item.name, ...(item.edits?.moved.length && row === item.findings[item.shown] ? { moved_by_hand: item.edits.moved } : {}) };
    });
  });
}

/** Save rows as one JSON array. */
export function saveJson(rows, name) {
  save(new Blob([`${JSON.stringify(rows, null, 1)}\n`], { type: "application/json" }), `${name}.json`);
}

/** Save rows as CSV with the command line's columns. */
export function saveCsv(rows, name) {
  save(new Blob([csvText(rows)], { type: "text/csv" }), `${name}.csv`);
}

/** Return rows as CSV text; what is missing becomes an empty field. */
export function csvText(rows) {
  const columns = rows.some((row) => row.moved_by_hand) ? [...COLUMNS, "moved_by_hand"] : COLUMNS;
  const lines = rows.map((row) => {
    const [low, high] = row.probability_interval ?? [];
    const flat = { ...row, ...row.quality, ...row.regions, probability_low: low, probability_high: high, reasons: (row.reasons ?? []).join("; ") };
    return columns.map((column) => field(flat[column])).join(",");
  });
  return `${[columns.join(","), ...lines].join("\n")}\n`;
}

let reports = 0; // made on this page

/** The buttons under one result. */
export function downloads(context, item) {
  const { say } = context;
  const name = item.name.replace(/\.\w{2,5}$/, "");
  const noPhoto = el("input", { type: "checkbox" });
  const said = el("p", { class: "soft", role: "status" });
  const report = button(say("page.app.save_report"), make, { class: "main" });
  const canReport = item.engine.can.report && item.blob && !item.video && rowOf(item)?.status !== "error";
  const rows = () => rowsOf([item], (one) => lineOf(one.error, context));

  async function make() {
    report.disabled = true;
    put(said, say("page.app.making_report"));
    try {
      const moved = item.edits?.moved ?? [];
      const points = moved.length ? item.edits.points : undefined;
      const page = await item.engine.report(item.blob, { language: say.language, noPhoto: noPhoto.checked, points, moved: points && moved, ...item.options });
      reports += 1;
      save(page, `facialis-report${reports > 1 ? `-${reports}` : ""}.html`); // no file's name, in it or on it
      put(said, say("page.app.saved"));
    } catch (error) {
      put(said, lineOf(error, context));
    }
    report.disabled = false;
  }

  return el("section", { class: "downloads" }, el("h3", { text: say("page.app.downloads") }),
    el("div", { class: "tools" }, canReport && report,
      button("JSON", () => saveJson(rows(), name)), button("CSV", () => saveCsv(rows(), name)),
      canReport && el("label", { class: "check" }, noPhoto, say("page.app.no_photo"))),
    said, el("p", { class: "soft", text: say(canReport ? "page.app.downloads_note" : "page.app.downloads_note_alone") }));
}
