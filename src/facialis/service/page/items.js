// What was given to be judged, and what was found: a list that lives as long as the page, and no longer.

import { release } from "./bitmap.js";
import { EngineError } from "./engine-error.js";

/** Requests at once. */
const AT_ONCE = 3;
/** No answer, no token, no engine, a full server: nothing is said of the file, and another try may go. */
const NOT_TRIED = new Set([0, 401, 501, 503]);
const VIDEO_NAMES = /\.(mp4|m4v|mov|webm|mkv|avi|mpe?g|3gp|wmv|ogv|mts)$/i;

/**
 * @typedef {object} Item
 * @property {number} id
 * @property {string} name the file's name
 * @property {?Blob} blob the photo or video; null where a result came without one
 * @property {boolean} video
 * @property {"waiting"|"judging"|"done"|"failed"|"cancelled"} state
 * @property {object} engine what judges it, and nothing else does: as it was chosen when the photo was given
 * @property {object[]} findings rows; of a video its frames', then the whole's
 * @property {number} shown which of them is shown
 * @property {?Error} error what went wrong, where `state` is "failed"
 * @property {object} options what it was judged with: prevalence, face, force
 * @property {?object} edits moved landmarks, see edits.js
 */

/** The list; fires "change" (detail: the item, or null for the list itself) and "done" (all that waited is through). */
export class Items extends EventTarget {
  /**
   * @param {function(): object} engine returns the engine that is chosen
   * @param {function(): ?object} limits returns the server's, as v1/model tells them
   */
  constructor(engine, limits) {
    super();
    this.engine = engine;
    this.limits = limits;
    this.all = [];
    this.running = 0;
    this.next = 1;
    this.options = { prevalence: 0.5, face: "only", force: false };
  }

  /** Take files in and judge them in order. Returns the new items. */
  add(files) {
    const made = [...files].map((file) => this.#make({ name: file.name || "photo", blob: file, size: file.size, video: isVideo(file) }));
    this.#changed(null);
    this.#pump();
    return made;
  }

  /** Take in what was judged elsewhere on the page (a camera's picture): {name, blob, findings or row}. */
  addResult({ name = "photo", blob = null, findings, row, video = false, ...rest }) {
    const item = this.#make({ name, blob, video, ...rest });
    Object.assign(item, { state: "done", findings: findings ?? [row] });
    item.shown = item.findings.length - 1;
    this.#changed(null);
    return item;
  }

  /** Judge an item again, with other options: one that was judged by its own engine, one that was not by the chosen one. */
  again(item, options = {}) {
    const engine = item.state === "done" ? item.engine : this.engine();
    Object.assign(item, { engine, state: "waiting", findings: [], error: null, edits: null, options: { ...item.options, ...options } });
    this.#changed(item);
    this.#pump();
  }

  /** Stop judging one item; the server frees its place. */
  cancel(item) {
    if (item.state !== "waiting" && item.state !== "judging") return;
    item.state = "cancelled";
    item.controller?.abort();
    this.#changed(item);
  }

  /** Go on with what waited for an engine. */
  resume() {
    for (const item of this.all) if (item.state === "waiting") this.#changed(item);
    this.#pump();
  }

  cancelAll() {
    for (const item of this.all) this.cancel(item);
  }

  /** Judge anew what was not judged: cancelled, or without an answer. */
  againAll() {
    for (const item of this.unjudged) this.again(item);
  }

  /** Items that were not judged, and that nothing is under way for. */
  get unjudged() {
    return this.all.filter((item) => item.state === "cancelled" || (item.state === "failed" && NOT_TRIED.has(item.error?.status)));
  }

  /** Forget all items, and stop what is under way. */
  clear() {
    this.cancelAll();
    this.all.forEach(release);
    this.all = [];
    this.#changed(null);
  }

  get busy() {
    return this.all.filter((item) => item.state === "waiting" || item.state === "judging").length;
  }

  #make(parts) {
    const item = {
      id: this.next, state: "waiting", engine: this.engine(), findings: [], shown: 0, error: null, edits: null, bitmap: null, controller: null,
      options: { ...this.options }, ...parts,
    };
    this.next += 1;
    this.all.push(item);
    return item;
  }

  #pump() {
    while (this.running < AT_ONCE) {
      const item = this.all.find((one) => one.state === "waiting" && one.engine.settled !== false);
      if (!item) return;
      this.#judge(item);
    }
  }

  async #judge(item) {
    this.running += 1;
    item.state = "judging";
    const controller = new AbortController();
    item.controller = controller;
    this.#changed(item);
    try {
      const { name, video, options, engine } = item;
      if (!(await readable(item))) throw new EngineError(410, "");
      if (item.blob.size === 0) throw new EngineError(422, "the file is empty (0 bytes); copy it again from where it came");
      if (engine.name === "server" && item.blob.size > this.limits()?.[video ? "video_bytes" : "photo_bytes"]) {
        throw Object.assign(new EngineError(413, ""), { size: item.blob.size, limit: this.limits()[video ? "video_bytes" : "photo_bytes"] });
      }
      const { findings } = await engine.detect(item.blob, { name, video, signal: controller.signal, ...options });
      if (item.state === "judging" && item.controller === controller) {
        Object.assign(item, { findings, shown: video ? findings.length - 1 : 0, state: "done" });
      }
    } catch (error) {
      if (item.state === "judging" && item.controller === controller) Object.assign(item, { error, state: "failed" });
      if (error.status === 401) this.#refuse(error, item.engine);
    }
    this.running -= 1;
    this.#changed(item);
    this.#pump();
    if (this.busy === 0 && this.running === 0) this.dispatchEvent(new CustomEvent("done"));
  }

  /** Without a token nothing is judged: the rest, under way or not, is not asked for one by one. */
  #refuse(error, engine) {
    for (const item of this.all.filter((one) => one.engine === engine && ["waiting", "judging"].includes(one.state))) {
      Object.assign(item, { error, state: "failed" });
      item.controller?.abort();
      this.#changed(item);
    }
  }

  #changed(item) {
    this.dispatchEvent(new CustomEvent("change", { detail: item }));
  }
}

/** Whether a file can still be read: it may have been deleted or changed since it was chosen. */
async function readable({ blob, size }) {
  if (size && !blob.size) return false; // so browsers say it of a deleted one
  try {
    await blob.slice(0, 1).arrayBuffer();
    return true;
  } catch {
    return false;
  }
}

/** Whether a file is a video, by its type or its name. */
export function isVideo(file) {
  return file.type ? file.type.startsWith("video/") : VIDEO_NAMES.test(file.name ?? "");
}

/** Return the row that an item shows: of moved landmarks, where there are some; null where nothing was judged. */
export function rowOf(item) {
  return item.edits?.row ?? item.findings[item.shown] ?? null;
}

/** Return an item's answer as one word: palsy, none, uncertain, abstained, error, unjudged, waiting, judging, cancelled, held. */
export function answerOf(item) {
  if (item.state === "failed") return NOT_TRIED.has(item.error?.status) || item.error?.status === 413 ? "unjudged" : "error";
  if (item.state === "waiting" && item.engine.settled === false) return "held";
  if (item.state !== "done") return item.state;
  const row = rowOf(item);
  if (!row || row.status === "error") return "error";
  if (row.status !== "judged") return "abstained";
  return row.uncertain ? "uncertain" : row.label === "palsy" ? "palsy" : "none";
}
