// One visit's pictures: which of the standard views were taken and skipped, and where the sequence stands. They live in
// this page's memory and nowhere else.

/**
 * @typedef {object} Shot
 * @property {Blob} blob the picture
 * @property {string} address to show it by
 * @property {string[]} hints what could have been better
 * @property {boolean} saved whether the person has it on their own disk
 */

/** The state of a guided sequence; fires "change". */
export class Visit extends EventTarget {
  /** @param {string[]} views names of the standard views, in order */
  constructor(views) {
    super();
    this.views = views;
    this.at = 0;
    this.shots = new Map();
    this.skipped = new Set();
    this.rest = null; // landmarks of the picture at rest
    this.outline = null;
    this.outlineFrom = null; // a view, or "file"
    this.warn = (event) => event.preventDefault();
  }

  get view() {
    return this.views[this.at];
  }

  /** State of a view: "taken", "skipped" or "open". */
  stateOf(view) {
    return this.shots.has(view) ? "taken" : this.skipped.has(view) ? "skipped" : "open";
  }

  /** Keep a picture of the present view, in place of an older one. */
  take({ blob, hints = [] }) {
    this.forget(this.view);
    this.skipped.delete(this.view);
    this.shots.set(this.view, { blob, hints, address: URL.createObjectURL(blob), saved: false });
    this.changed();
  }

  /** Skip the present view; a picture of it that is there already is kept. */
  skip() {
    if (!this.shots.has(this.view)) this.skipped.add(this.view);
    this.changed();
  }

  /** Go on to the next view that is open; without one false is returned. */
  next() {
    const order = [...this.views.keys()].map((step) => (this.at + 1 + step) % this.views.length);
    const open = order.find((i) => this.stateOf(this.views[i]) === "open");
    if (open === undefined) return false;
    this.go(open);
    return true;
  }

  /** Go to a view by its place, kept within the first and the last. */
  go(at) {
    this.at = Math.min(this.views.length - 1, Math.max(0, at));
    this.changed();
  }

  /** Take an outline to frame by, from the first picture or from a file. */
  frameBy(outline, from) {
    this.outline = outline;
    this.outlineFrom = from;
    this.changed();
  }

  /** Whether an outline of the present view's picture should become the one to frame by. */
  get framesHere() {
    return this.outline === null || this.outlineFrom === this.view;
  }

  /** The pictures, in the views' order: [{view, blob}]. */
  get pictures() {
    return this.views.filter((view) => this.shots.has(view)).map((view) => ({ view, blob: this.shots.get(view).blob }));
  }

  /** Note that pictures are on the person's disk; without views: all, as a sheet holds them. */
  saved(views = this.views) {
    for (const view of views) if (this.shots.has(view)) this.shots.get(view).saved = true;
    this.changed();
  }

  get unsaved() {
    return [...this.shots.values()].some((shot) => !shot.saved);
  }

  /** Delete all pictures and begin anew. */
  clear() {
    for (const view of this.views) this.forget(view);
    Object.assign(this, { at: 0, rest: null, outline: null, outlineFrom: null });
    this.skipped.clear();
    this.changed();
  }

  forget(view) {
    const shot = this.shots.get(view);
    if (shot) URL.revokeObjectURL(shot.address);
    this.shots.delete(view);
  }

  changed() {
    // the browser asks before the page is left only where there is something to lose
    window.removeEventListener("beforeunload", this.warn);
    if (this.unsaved) window.addEventListener("beforeunload", this.warn);
    this.dispatchEvent(new Event("change"));
  }
}
