// The ten standard views, one after the other, with a drawing and words for each; any may be skipped or taken again.

import { pressesShutter, shutterButton } from "./camera.js";
import { checkbox, fileButton } from "./controls.js";
import { button, el, put } from "./dom.js";
import { expressed } from "./expressed.js";
import { outlineOf, readOutline } from "./outline.js";
import { Preview } from "./preview.js";
import { review } from "./review.js";
import { Shutter } from "./shutter.js";
import { stepList } from "./steps.js";
import { drawView } from "./view-drawings.js";
import { Visit } from "./visit.js";

const HOLD = 2400; // ms for which an expression is held, while three is counted down
const COUNT = 3;

let visit = null; // outlives a change of language or view, not the page

/**
 * Mount the guided sequence.
 * @param {HTMLElement} root
 * @param {object} context the page's: engine, say, facts, language, announce
 * @returns {() => void} to call when the view is left: lets go of the camera, keeps the pictures
 */
export function sequence(root, context) {
  const { say, announce, facts } = context;
  visit ??= new Visit(facts.views);
  const preview = new Preview(context, { look: onLook, closed: onClosed });
  const shutter = new Shutter(facts.region_landmarks, HOLD);
  const message = el("p", { class: "message", role: "status" });
  const body = el("div", { class: "sequence-body" });
  const task = el("div", { class: "task" });
  const steps = el("div");
  const automatic = checkbox(say("page.sequence.automatic"), true);
  const ghost = checkbox(say("page.sequence.ghost"), true);
  const take = shutterButton(say, () => capture());
  const resume = button(say("page.sequence.resume"), () => begin(), { class: "main" });
  const back = button(say("page.sequence.back"), () => go(visit.at - 1));
  const skip = button(say("page.sequence.skip"), () => { visit.skip(); onwards(); });
  const finish = button(say("page.sequence.finish"), () => showReview());
  const stop = button(say("page.camera.stop"), () => { preview.close(); showGuide(); resume.focus(); });
  const actions = el("div", { class: "tools" }, take, resume, back, skip, finish, stop);
  const side = el("div", { class: "side-panel" }, task, preview.status, actions, automatic.label, ghost.label, preview.mirror.label, preview.note);
  const guide = el("div", { class: "running guided" }, preview.stage, side);
  let asked = 0; // when the present view was asked for, ms
  let busy = false;

  put(root, el("div", { class: "sequence" }, message, body));
  const keys = (event) => pressesShutter(event) && preview.running && (event.preventDefault(), capture());
  document.addEventListener("keydown", keys);
  ghost.box.addEventListener("change", () => layOutline());
  if (visit.shots.size) showReview();
  else showStart();

  function showStart() {
    const drawings = el("div", { class: "drawings" }, visit.views.map((view, i) =>
      el("figure", {}, drawView(view, facts), el("figcaption", { text: `${i + 1}. ${say(`view.${view}`)}` }))));
    const start = button(say("page.sequence.start"), () => begin(), { class: "main" });
    const load = fileButton(say("page.sequence.load_outline"), "application/json,.json", loadOutline);
    put(body, el("p", { text: say("page.sequence.about") }), el("div", { class: "tools" }, start, load),
      el("p", { class: "note", text: say("page.sequence.outline_about") }), drawings);
  }

  async function loadOutline(file) {
    const outline = readOutline(await file.text(), facts.contours);
    if (outline) visit.frameBy(outline, "file");
    tell(say(outline ? "page.sequence.outline_loaded" : "page.sequence.outline_bad", { name: file.name }));
  }

  async function begin() {
    tell(say("page.camera.opening"));
    showGuide();
    try {
      await preview.open();
      if (!preview.running) return;
      tell("");
      showGuide();
      ask();
      take.focus({ preventScroll: true });
      preview.bringUp();
    } catch (error) {
      tell(say(`page.camera.${error.problem ?? "other"}`, { reason: error.message }));
      showGuide();
    }
  }

  function showGuide() {
    const { running } = preview;
    for (const control of [preview.stage, preview.status, preview.note, take, stop, automatic.label, ghost.label, preview.mirror.label]) control.hidden = !running;
    resume.hidden = running;
    if (guide.parentNode !== body) put(body, steps, guide);
    showTask();
  }

  function showTask() {
    const { view, at, views } = visit;
    put(steps, stepList(visit, say, go));
    put(task, el("p", { class: "step-of", text: say("page.sequence.progress", { number: at + 1, all: views.length }) }),
      el("h3", { text: say(`view.${view}`) }), drawView(view, facts), el("p", { class: "instruction", text: say(`page.sequence.do.${view}`) }));
    back.disabled = at === 0;
  }

  /** Ask for the present view: from now on its picture may be taken. */
  function ask() {
    const { view, at, views } = visit;
    preview.view = view;
    layOutline();
    shutter.reset();
    preview.progress(0);
    asked = performance.now();
    const progress = say("page.sequence.progress", { number: at + 1, all: views.length });
    announce(`${progress}: ${say(`view.${view}`)}. ${say(`page.sequence.do.${view}`)}`);
  }

  function layOutline() {
    const framedHere = visit.outlineFrom === visit.view; // a picture is not framed by itself when it is taken again
    preview.setOutline(ghost.box.checked && !framedHere ? visit.outline : null);
  }

  function go(at) {
    visit.go(at);
    showGuide();
    if (preview.running) ask();
  }

  /** Go on to the next open view, or to the review. */
  function onwards() {
    if (visit.next()) go(visit.at);
    else showReview();
  }

  function onLook(look, hints) {
    preview.fit = "page.camera.fit";
    if (busy || !automatic.box.checked) return preview.progress(0);
    const may = look.points !== null && expressed(visit.view, look.points, visit.rest, performance.now() - asked, facts.region_landmarks);
    if (!may) {
      preview.fit = "page.sequence.now";
      shutter.reset();
    }
    const share = may ? shutter.take(look, hints) : 0;
    preview.progress(share, share > 0 && share < 1 ? String(Math.ceil((1 - share) * COUNT)) : "");
    return share === 1 ? capture() : undefined;
  }

  async function capture() {
    if (busy || !preview.running) return;
    busy = true;
    try {
      const hints = preview.hints;
      const { blob, look } = await preview.photo();
      visit.take({ blob, hints });
      remember(look);
      announce(say("page.camera.taken"));
      onwards();
    } catch (error) {
      tell(say("page.camera.other", { reason: error.message }));
    } finally {
      busy = false;
    }
  }

  /** Keep what later pictures are held against: the face at rest, and the first picture's outline. */
  function remember(look) {
    if (!look?.points) return;
    if (visit.view === "rest") visit.rest = look.points;
    if (visit.framesHere && visit.view !== "nasal_base") visit.frameBy(outlineOf(look.points, look.size, facts.contours), visit.view);
  }

  function showReview() {
    preview.close();
    tell("");
    const made = review(visit, context, { retake: (at) => { visit.go(at); begin(); }, cleared: showStart });
    put(body, made);
    made.querySelector("h3").focus();
  }

  function onClosed(why) {
    tell(say(`page.camera.closed_${why}`));
    showGuide();
  }

  function tell(text) {
    message.textContent = text;
  }

  return () => {
    document.removeEventListener("keydown", keys);
    preview.close();
  };
}
