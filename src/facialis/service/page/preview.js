// The camera's preview: mirrored as people know it from mirrors, with the sides named, an outline over it, and a line of
// hints below. It looks at the frames while it runs, and lets go of the camera when it is left.

import { checkbox } from "./controls.js";
import { el, put, svg } from "./dom.js";
import { lineOf } from "./errors.js";
import { hintsOf } from "./hints.js";
import { drawOutline, outlinePlace } from "./outline.js";
import { politely } from "./politely.js";
import { closeCamera, facesUser, openCamera, photoOf, problemOf } from "./stream.js";
import { watch } from "./watch.js";

const CHECK = 400; // ms between looks at whether the preview is still to be seen

/** A camera's preview. `stage` (the picture), `status` (hints), `mirror` and `note` go into the page; `open` starts it, `close` lets go of the camera. */
export class Preview {
  /**
   * @param {object} context the page's
   * @param {object} on
   * @param {(look: object, hints: string[]) => void} on.look after each frame that was looked at
   * @param {(why: string) => void} on.closed the camera was let go of: "hidden", "left", "ended"
   */
  constructor(context, on) {
    const { say } = context;
    this.context = context;
    this.on = on;
    this.view = null; // the standard view whose hints are given
    this.outline = null;
    this.stream = null;
    this.look = null;
    this.hints = []; // of the last look
    this.fit = "page.camera.fit"; // what is said where there is nothing to better
    this.polite = politely(context.announce);
    this.video = el("video", { playsinline: true, muted: true, autoplay: true, "aria-label": say("page.camera.alt_preview") });
    this.video.muted = true;
    this.over = el("div", { class: "over" });
    this.sides = [el("span", { class: "side first" }), el("span", { class: "side second" })];
    this.count = el("span", { class: "count", "aria-hidden": "true" });
    this.held = el("progress", { class: "held", max: 1, value: 0, "aria-hidden": "true" });
    this.hint = el("p", { class: "hint" });
    this.note = el("p", { class: "note" });
    this.stage = el("div", { class: "stage" }, this.video, this.over, this.sides, this.count);
    this.mirror = checkbox(say("page.camera.mirror"), true);
    this.mirror.box.addEventListener("change", () => { this.asked = true; this.orient(); });
    this.asked = false; // whether the person said how the preview is to be
    this.status = el("div", { class: "status" }, this.hint, this.held);
    this.stopWhenHidden = () => document.hidden && this.close("hidden");
    this.stopWhenGone = () => this.close("left");
  }

  get running() {
    return this.stream !== null;
  }

  /** Open a camera; throws an error whose `problem` is a key of page.camera. */
  async open(deviceId) {
    this.close();
    const opening = (this.opening = new AbortController());
    try {
      const stream = await openCamera({ deviceId });
      if (opening.signal.aborted) return closeCamera(stream);
      this.stream = stream;
      this.video.srcObject = stream;
      await this.video.play();
    } catch (error) {
      if (opening.signal.aborted) return undefined;
      this.close();
      throw Object.assign(error, { problem: problemOf(error) });
    }
    this.begin();
    return undefined;
  }

  begin() {
    const { say } = this.context;
    if (!this.asked) this.mirror.box.checked = facesUser(this.stream);
    this.orient();
    const { videoWidth: width, videoHeight: height } = this.video;
    this.stage.style.setProperty("--shape", width / height);
    this.showOutline();
    this.stream.getVideoTracks()[0].addEventListener("ended", () => this.close("ended"));
    document.addEventListener("visibilitychange", this.stopWhenHidden);
    window.addEventListener("pagehide", this.stopWhenGone);
    this.timer = setInterval(() => this.seen() || this.close("left"), CHECK);
    const watching = (this.watching = new AbortController());
    watch(this.video, () => this.context.engine, {
      signal: watching.signal,
      seen: (look) => this.saw(look),
      held: () => this.say([], say("page.app.answer.held")),
      failed: (error) => this.say([], say("page.camera.look_failed", { reason: lineOf(error, this.context) })),
    });
  }

  /** Mirror the preview or not, and name the sides: a mirror shows the right side on the right, a picture on the left. */
  orient() {
    const { say } = this.context;
    const mirrored = this.mirror.box.checked;
    this.stage.classList.toggle("mirrored", mirrored);
    const names = ["right", "left"].map((side) => say(mirrored ? `page.camera.your_${side}` : `side.subject_${side}`));
    if (mirrored) names.reverse();
    this.sides.forEach((place, i) => { place.textContent = names[i]; });
    this.note.textContent = say(mirrored ? "page.camera.mirrored" : "page.camera.as_seen");
  }

  /** Bring the preview to where people see it. */
  bringUp() {
    // on narrow screens the hints are below it: up to the top, so that both are seen
    this.stage.scrollIntoView({ block: matchMedia("(max-width: 56rem)").matches ? "start" : "nearest" });
  }

  /** Whether the preview is where people can see it. */
  seen() {
    return this.stage.isConnected && (this.stage.checkVisibility?.() ?? true);
  }

  /** Let go of the camera. `why` goes to `on.closed`; without it nobody is told. */
  close(why) {
    const running = this.running;
    this.opening?.abort();
    this.watching?.abort();
    clearInterval(this.timer);
    this.polite.stop();
    document.removeEventListener("visibilitychange", this.stopWhenHidden);
    window.removeEventListener("pagehide", this.stopWhenGone);
    closeCamera(this.stream);
    this.stream = null;
    this.look = null;
    this.video.srcObject = null;
    this.progress(0);
    if (running && why) this.on.closed(why);
  }

  /** Return the present frame at full size, {blob, look}; it is never mirrored. */
  async photo() {
    const look = this.look;
    return { blob: await photoOf(this.video), look };
  }

  saw(look) {
    this.look = look;
    const { limits } = this.context.facts;
    const like = this.outline && this.view !== "nasal_base" ? outlinePlace(this.outline, look.size) : null;
    const hints = hintsOf(look.row, { limits, scale: look.scale, view: this.view, like });
    this.hints = hints;
    this.say(hints);
    this.on.look(look, hints);
  }

  say(hints, text) {
    const { say } = this.context;
    const line = text ?? say(hints.length ? `page.camera.hint.${hints[0]}` : this.fit);
    this.stage.dataset.hint = hints[0] ?? "";
    this.hint.classList.toggle("fit", !hints.length && !text);
    if (this.hint.textContent !== line) this.hint.textContent = line;
    this.polite(line);
  }

  /** Show how far a hold has come (0 to 1), and a number that counts down over the picture. */
  progress(share, count = "") {
    this.held.value = share;
    this.count.textContent = count;
  }

  /** Lay an outline over the preview; null takes it off. */
  setOutline(outline) {
    this.outline = outline;
    this.showOutline();
  }

  showOutline() {
    const size = [this.video.videoHeight || 3, this.video.videoWidth || 4];
    const drawn = this.outline ? drawOutline(this.outline, this.context.facts.contours, size) : guide(size);
    put(this.over, drawn);
  }
}

/** An oval where the face should be. */
function guide([height, width]) {
  const oval = { cx: width / 2, cy: 0.5 * height, rx: 0.27 * height, ry: 0.38 * height, class: "guide" };
  return svg("svg", { viewBox: `0 0 ${width} ${height}`, "aria-hidden": "true", focusable: "false" }, svg("ellipse", oval));
}
