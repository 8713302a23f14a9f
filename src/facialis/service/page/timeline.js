// The probability of a video's frames over time, with its movements and gaps; click, drag or arrow keys go to a frame.

import { el, put, svg } from "./dom.js";
import { movementName } from "./movements.js";

const PLOT = 130; // px high
const LANE = 22; // px: the movements' numbers above the plot
const AXIS = 24; // px: seconds below it
const LEFT = 44;
const RIGHT = 10;
const STEPS = [0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300, 600];

/** A timeline. `root` goes into the page; `setTime` moves the line that stands where the video is. */
export class Timeline {
  /**
   * @param {object} context the page's
   * @param {object} shown
   * @param {object[]} shown.frames rows of the judged frames, in order of time
   * @param {object} shown.video the whole's `video`
   * @param {number} shown.threshold from which a frame is called palsy
   * @param {(row: object) => string} shown.told a frame's finding in words
   * @param {(seconds: number) => void} shown.seek
   */
  constructor({ say }, { frames, video, threshold, told, seek }) {
    Object.assign(this, { say, frames, video, threshold, told, seek });
    this.end = Math.max(video.seconds, frames.at(-1)?.time ?? 0, 0.1);
    this.time = 0;
    this.line = svg("line", { class: "playhead" });
    this.root = el("div", {
      class: "timeline", role: "slider", tabindex: "0", "aria-label": say("page.video.timeline"), "aria-valuemin": 0, "aria-valuemax": this.end.toFixed(2),
      on: { keydown: (event) => this.key(event), pointerdown: (event) => this.grab(event), pointermove: (event) => this.held && this.point(event), pointerup: () => (this.held = false), pointercancel: () => (this.held = false) },
    });
    this.observer = new ResizeObserver(() => this.draw());
    this.observer.observe(this.root);
    this.setTime(0);
  }

  /** Stop watching the size. */
  leave() {
    this.observer.disconnect();
  }

  x(time) {
    return LEFT + ((this.width - LEFT - RIGHT) * time) / this.end;
  }

  y(share) {
    return LANE + PLOT * (1 - share);
  }

  /** Return the judged frame nearest to a time; null where there is none. */
  nearest(time) {
    const far = (row) => Math.abs(row.time - time);
    return this.frames.reduce((best, row) => (best === null || far(row) < far(best) ? row : best), null);
  }

  setTime(time) {
    this.time = time;
    const row = this.nearest(time);
    this.root.setAttribute("aria-valuenow", time.toFixed(2));
    this.root.setAttribute("aria-valuetext", this.say("page.video.at", { time: this.say.number(time, 2), finding: row ? this.told(row) : "–" }));
    this.place();
  }

  place() {
    const x = this.width ? this.x(Math.min(this.time, this.end)) : 0;
    for (const [name, value] of Object.entries({ x1: x, x2: x, y1: 0, y2: LANE + PLOT })) this.line.setAttribute(name, value);
  }

  draw() {
    const width = Math.round(this.root.clientWidth);
    if (!width || width === this.width) return;
    this.width = width;
    const height = LANE + PLOT + AXIS;
    const parts = [hatch(), ...this.gaps(), ...this.movements(), ...this.axes(), ...this.course(), this.line];
    put(this.root, svg("svg", { width, height, viewBox: `0 0 ${width} ${height}`, "aria-hidden": "true", focusable: "false" }, parts));
    this.place();
  }

  gaps() {
    return this.video.gaps.map(([from, to]) =>
      svg("rect", { class: "gap", x: this.x(from), y: LANE, width: this.x(to) - this.x(from), height: PLOT, fill: "url(#gap)" }));
  }

  movements() {
    return this.video.events.flatMap((event, i) => {
      const [from, to] = [this.x(event.start), this.x(event.end)];
      const name = `${movementName(this.say, event)} (${this.say.number(event.start, 1)}–${this.say.number(event.end, 1)} s)`;
      return [
        svg("rect", { class: "movement", x: from, y: 2, width: Math.max(2, to - from), height: LANE + PLOT - 2 }, svg("title", { text: name })),
        svg("text", { class: "number", x: (from + to) / 2, y: 16, "text-anchor": "middle", text: i + 1 }),
      ];
    });
  }

  axes() {
    const percent = [0, 0.5, 1].flatMap((share) => [
      svg("line", { class: "grid", x1: LEFT, x2: this.width - RIGHT, y1: this.y(share), y2: this.y(share) }),
      svg("text", { x: LEFT - 5, y: this.y(share) + 4, "text-anchor": "end", text: this.say.percent(share) }),
    ]);
    const step = STEPS.find((seconds) => (this.width - LEFT) / (this.end / seconds) > 48) ?? STEPS.at(-1);
    const ticks = Array.from({ length: Math.floor(this.end / step + 1e-6) + 1 }, (_, i) => i * step);
    const seconds = ticks.flatMap((time, i) => [
      svg("line", { class: "tick", x1: this.x(time), x2: this.x(time), y1: this.y(0), y2: this.y(0) + 5 }),
      svg("text", { x: this.x(time), y: this.y(0) + 19, "text-anchor": "middle", text: this.say.number(time, step < 1 ? 1 : 0) + (i === ticks.length - 1 ? " s" : "") }),
    ]);
    const at = this.y(this.threshold);
    return [...percent, ...seconds, svg("line", { class: "threshold", x1: LEFT, x2: this.width - RIGHT, y1: at, y2: at })];
  }

  course() {
    const known = (row) => typeof row.probability === "number";
    let path = "";
    let before = null;
    for (const row of this.frames) {
      if (known(row)) path += `${before && known(before) ? "L" : "M"}${this.x(row.time).toFixed(1)} ${this.y(row.probability).toFixed(1)}`;
      before = row;
    }
    const marks = this.frames.map((row) => {
      const x = this.x(row.time);
      if (known(row)) return svg("circle", { class: "judged", cx: x, cy: this.y(row.probability), r: 3 });
      return svg("path", { class: "unjudged", d: `M${x - 3} ${this.y(0) - 8}l6 6m0 -6l-6 6` });
    });
    return [svg("path", { class: "course", d: path }), ...marks];
  }

  key(event) {
    const i = this.frames.indexOf(this.nearest(this.time));
    const frame = (step) => this.frames[Math.min(this.frames.length - 1, Math.max(0, i + step))]?.time ?? 0;
    const times = {
      ArrowRight: () => frame(1), ArrowUp: () => frame(1), ArrowLeft: () => frame(-1), ArrowDown: () => frame(-1),
      PageUp: () => this.time + 1, PageDown: () => this.time - 1, Home: () => 0, End: () => this.end,
    };
    const time = times[event.key]?.();
    if (time === undefined) return;
    event.preventDefault();
    this.seek(Math.min(this.end, Math.max(0, time)));
  }

  grab(event) {
    this.held = true;
    this.root.setPointerCapture(event.pointerId);
    this.point(event);
  }

  /** Go to the judged frame under the pointer, or to the time where none is near. */
  point(event) {
    const place = event.clientX - this.root.getBoundingClientRect().left;
    const time = ((place - LEFT) / (this.width - LEFT - RIGHT)) * this.end;
    const row = this.nearest(time);
    const near = row && Math.abs(this.x(row.time) - place) < 12;
    this.seek(near ? row.time : Math.min(this.end, Math.max(0, time)));
  }
}

function hatch() {
  const pattern = { id: "gap", width: 6, height: 6, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" };
  return svg("defs", {}, svg("pattern", pattern, svg("rect", { class: "hatch", width: 2, height: 6 })));
}
