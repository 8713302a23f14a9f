// A video: judged, then shown with a timeline of its frames' findings, its movements as a table, and the whole's finding.

import { answerKind, answerText, sideLine } from "./answer.js";
import { fileButton } from "./controls.js";
import { button, el, put } from "./dom.js";
import { csvText, save, saveJson } from "./download.js";
import { lineOf } from "./errors.js";
import { movementCsv, movementName, movementTable } from "./movements.js";
import { withRange } from "./numbers.js";
import { Timeline } from "./timeline.js";

/**
 * Mount the view of one video.
 * @param {HTMLElement} root
 * @param {object} context the page's: engine, say, known, facts, announce
 * @param {?(File|{name: string, blob: ?Blob, findings: object[]})} given the video, or one that was judged already, under
 *   a heading of the page's; without it a file is asked for
 * @returns {() => void} to call when the view is left
 */
export function video(root, context, given = null) {
  const { say } = context;
  let controller = null;
  let shown = null;

  if (given?.findings?.length) show(given);
  else if (given) judge(given);
  else ask();

  function ask(text = "") {
    put(root, el("div", { class: "video" }, el("p", { text: say("page.video.about") }),
      el("div", { class: "tools" }, fileButton(say("page.video.choose"), "video/*,.mkv,.avi", judge)), text && el("p", { role: "status", text })));
  }

  async function judge(file) {
    const { engine } = context;
    if (!engine.can.video) return ask(say("page.video.server_only"));
    const own = (controller = new AbortController());
    const clock = el("span", { "aria-hidden": "true" });
    const bar = el("progress", { "aria-label": say("page.video.judging", { name: file.name }) });
    const began = performance.now();
    const timer = setInterval(() => (clock.textContent = say("page.video.seconds", { seconds: Math.round((performance.now() - began) / 1000) })), 500);
    const onProgress = (share) => (bar.value = share);
    const cancel = button(say("page.video.cancel"), () => own.abort());
    put(root, el("div", { class: "video" }, el("p", { role: "status", text: say("page.video.judging", { name: file.name }) }),
      el("div", { class: "tools" }, bar, clock, cancel)));
    cancel.focus();
    try {
      const { findings } = await engine.detect(file, { name: file.name, signal: own.signal, video: true, face: "only", onProgress });
      if (!own.signal.aborted) show({ name: file.name, blob: file, findings, engine });
    } catch (error) {
      if (own === controller) failed(file, own.signal.aborted ? say("page.video.cancelled") : lineOf(error, context));
    } finally {
      clearInterval(timer);
    }
    return undefined;
  }

  function failed(file, text) {
    put(root, el("div", { class: "video" }, el("p", { role: "alert", text }),
      el("div", { class: "tools" }, button(say("page.video.again"), () => judge(file)), fileButton(say("page.video.other"), "video/*,.mkv,.avi", judge))));
  }

  function show(judged) {
    shown?.leave();
    shown = new Shown(context, judged);
    put(root, judged !== given && el("h2", { tabindex: "-1", text: judged.name }), shown.root);
    context.announce(`${judged.name}: ${answerText(say, shown.whole)}`);
  }

  return () => {
    controller?.abort();
    controller = null;
    shown?.leave();
  };
}

/** A judged video on the page. */
class Shown {
  constructor(context, { name, blob, findings, engine }) {
    this.context = context;
    this.engine = engine;
    this.name = name;
    this.findings = findings;
    this.whole = findings.find((row) => row.video) ?? findings.at(-1);
    this.frames = findings.filter((row) => row !== this.whole && !row.video && typeof row.time === "number");
    const { say } = context;
    this.player = el("video", { controls: true, playsinline: true, muted: true, preload: "auto", "aria-label": say("page.video.player", { name }) });
    this.frame = el("section", { class: "frame-finding", "aria-label": say("page.video.frame_finding") });
    this.blocked = el("p", { class: "note", hidden: true, text: say("page.video.not_playable") });
    this.address = blob ? URL.createObjectURL(blob) : null;
    this.root = el("div", { class: "video" }, this.answer());
    if (this.whole.video) this.root.append(...this.body());
    this.root.append(this.downloads());
    this.play();
  }

  play() {
    const follow = () => this.at(this.player.currentTime);
    this.player.addEventListener("timeupdate", follow);
    this.player.addEventListener("seeked", follow);
    this.player.addEventListener("error", () => {
      this.player.hidden = true;
      this.blocked.hidden = false;
    });
    const each = () => {
      follow();
      this.player.requestVideoFrameCallback?.(each);
    };
    this.player.requestVideoFrameCallback?.(each);
    if (this.address) this.player.src = this.address;
    this.at(0);
  }

  leave() {
    this.timeline?.leave();
    this.player.pause();
    this.player.removeAttribute("src");
    this.player.load();
    if (this.address) URL.revokeObjectURL(this.address);
  }

  /** The whole's finding. */
  answer() {
    const { say, known } = this.context;
    const { whole } = this;
    const heading = el("h3", { class: `answer ${answerKind(whole)}`, text: answerText(say, whole) });
    if (whole.status !== "judged") return el("div", { class: "whole" }, heading, el("ul", { class: "reasons" }, whole.reasons.map((reason) => el("li", { text: known.translated(reason) }))));
    const lines = [
      say("report.probability", { share: this.share(whole), prior: say.percent(whole.prevalence) }),
      say("page.video.called_from", { threshold: say.share(whole.video.threshold ?? this.context.facts.model.threshold) }),
      whole.side && sideLine(say, whole),
      say(whole.video.finding_from === "frames" ? "page.video.from_frames" : "page.video.from_movements"),
    ];
    return el("div", { class: "whole" }, heading, el("p", { text: lines.filter(Boolean).join(" ") }));
  }

  share(row) {
    const { say } = this.context;
    const [low, high] = row.probability_interval ?? [row.probability, row.probability];
    return withRange(say, [row.probability, low, high].map(say.share));
  }

  body() {
    const { context, whole } = this;
    const { say, facts } = context;
    const seek = (time) => this.seek(time);
    const watch = (time) => {
      seek(time);
      this.player.scrollIntoView({ block: "nearest" });
    };
    this.timeline = new Timeline(context, { frames: this.frames, video: whole.video, threshold: facts.model.threshold, told: (row) => this.told(row), seek });
    const { events, gaps } = whole.video;
    const missing = gaps.map(([from, to]) => say("page.video.from_to", { start: say.number(from, 1), end: say.number(to, 1) })).join(", ");
    return [
      el("div", { class: "watching" }, el("div", { class: "player" }, this.player, this.blocked), this.frame),
      this.timeline.root,
      el("p", { class: "note", text: `${say("page.video.legend")} ${say("page.video.keys")}` }),
      missing && el("p", { text: say("page.video.gaps", { gaps: missing }) }),
      el("h3", { text: say("page.video.movements") }),
      events.length ? movementTable(context, events, watch) : el("p", { text: say(this.engine?.name === "local" ? "page.video.frames_only" : "page.video.no_movements") }),
    ].filter(Boolean);
  }

  told(row) {
    const { say } = this.context;
    const text = answerText(say, row);
    return typeof row.probability === "number" ? say("page.video.told", { answer: text, share: say.share(row.probability) }) : text;
  }

  seek(time) {
    this.player.pause();
    // to the frame's middle: at its very start browsers show the one before
    if (this.player.readyState) this.player.currentTime = Math.min(time + 0.01, this.player.duration || time);
    this.at(time);
  }

  /** Show the finding of the frame that is judged nearest to a time. */
  at(time) {
    const row = this.timeline?.nearest(time);
    this.timeline?.setTime(time);
    if (!row || row === this.row) return;
    this.row = row;
    const { say, known } = this.context;
    const event = this.whole.video.events.find(({ start, end }) => row.time >= start && row.time <= end);
    put(this.frame, el("h3", { text: say("page.video.frame_at", { time: say.number(row.time, 2) }) }),
      el("p", { class: `answer ${answerKind(row)}`, text: answerText(say, row) }),
      typeof row.probability === "number" && el("p", { text: say("page.video.frame_share", { share: this.share(row) }) }),
      row.side && el("p", { text: sideLine(say, row) }),
      row.reasons?.length > 0 && el("ul", { class: "reasons" }, row.reasons.map((reason) => el("li", { text: known.translated(reason) }))),
      event && el("p", { class: "note", text: say("page.video.during", { movement: movementName(say, event) }) }));
  }

  downloads() {
    const { say } = this.context;
    const name = this.name.replace(/\.\w{2,5}$/, "");
    const rows = this.findings.map(({ face_points: _, ...row }) => ({ ...row, source: this.name }));
    const text = (content) => new Blob([content], { type: "text/csv" });
    const events = this.whole.video?.events ?? [];
    return el("div", { class: "tools" },
      button(say("page.video.save_json"), () => saveJson(rows, name)),
      button(say("page.video.save_frames"), () => save(text(csvText(rows)), `${name}-frames.csv`)),
      events.length > 0 && button(say("page.video.save_movements"), () => save(text(movementCsv(this.name, events)), `${name}-movements.csv`)));
  }
}
