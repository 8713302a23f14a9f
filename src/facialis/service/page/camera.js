// One photo with the camera: hints while it runs, taken by itself or by hand, then judged.

import { checkbox } from "./controls.js";
import { button, el, put } from "./dom.js";
import { lineOf } from "./errors.js";
import { Preview } from "./preview.js";
import { Shutter } from "./shutter.js";
import { cameras } from "./stream.js";

const HOLD = 1000; // ms of fit and still before the photo is taken

/**
 * Mount the camera view. The photo goes to `context.showResult({blob, name, findings, engine})`.
 * @param {HTMLElement} root
 * @param {object} context the page's: engine, say, facts, announce, showResult
 * @returns {() => void} to call when the view is left: lets go of the camera
 */
export function camera(root, context) {
  const { say, announce, facts } = context;
  const shutter = new Shutter(facts.region_landmarks, HOLD);
  const preview = new Preview(context, { look: onLook, closed: onClosed });
  const automatic = checkbox(say("page.camera.automatic"), true);
  const message = el("p", { class: "message", role: "status" });
  const start = button(say("page.camera.start"), () => open(), { class: "main" });
  const take = shutterButton(say, () => capture());
  const stop = button(say("page.camera.stop"), () => close(""));
  const choice = el("select", { on: { change: () => open(choice.value) } });
  const chooser = el("label", { class: "choice" }, say("page.camera.choose"), " ", choice);
  const side = el("div", { class: "side-panel" }, preview.status, el("div", { class: "tools" }, take, stop), automatic.label, preview.mirror.label, chooser, preview.note);
  const running = el("div", { class: "running", hidden: true }, preview.stage, side);
  const idle = el("div", { class: "idle" }, el("p", { text: say("page.camera.about") }), start);
  put(root, el("div", { class: "camera" }, idle, message, running));
  chooser.hidden = true;

  let busy = false;
  const keys = (event) => pressesShutter(event) && preview.running && (event.preventDefault(), capture());
  document.addEventListener("keydown", keys);

  async function open(deviceId) {
    tell(say("page.camera.opening"));
    start.disabled = true;
    shutter.reset();
    try {
      await preview.open(deviceId);
      if (!preview.running) return;
      tell("");
      state(true);
      if (!deviceId) take.focus({ preventScroll: true });
      preview.bringUp();
      await listCameras();
    } catch (error) {
      tell(say(`page.camera.${error.problem ?? "other"}`, { reason: error.message }));
      state(false);
    } finally {
      start.disabled = false;
      if (!preview.running) start.focus({ preventScroll: true });
    }
  }

  async function listCameras() {
    const found = await cameras();
    const now = preview.stream?.getVideoTracks()[0].getSettings().deviceId;
    put(choice, found.map(({ id, name }, i) =>
      el("option", { value: id, selected: id === now }, name || say("page.camera.unnamed", { number: i + 1 }))));
    chooser.hidden = found.length < 2;
  }

  function state(on) {
    running.hidden = !on;
    idle.hidden = on;
  }

  function tell(text) {
    message.textContent = text;
  }

  function close(text) {
    const within = running.contains(document.activeElement);
    preview.close();
    state(false);
    tell(text);
    if (within) start.focus();
  }

  function onClosed(why) {
    close(say(`page.camera.closed_${why}`));
  }

  function onLook(look, hints) {
    if (busy) return;
    const share = automatic.box.checked ? shutter.take(look, hints) : 0;
    preview.progress(share);
    if (share === 1) capture();
  }

  async function capture() {
    if (busy || !preview.running) return;
    busy = true;
    const { engine } = context;
    try {
      const { blob } = await preview.photo();
      announce(say("page.camera.taken"));
      close(say(engine.settled === false ? "page.app.answer.held" : "page.camera.judging"));
      start.disabled = true;
      const name = "camera.jpg";
      const { findings } = await engine.detect(blob, { name, face: "only" });
      tell("");
      context.showResult({ blob, name, findings, engine });
    } catch (error) {
      close(say("page.camera.failed", { reason: lineOf(error, context) }));
    } finally {
      busy = false;
      start.disabled = false;
    }
  }

  return () => {
    document.removeEventListener("keydown", keys);
    preview.close();
    state(false);
  };
}

/** Make the button that takes the photo, with its key beside its name where there are keys. */
export function shutterButton(say, press) {
  const made = button(say("page.camera.take"), press, { class: "main" });
  made.append(el("span", { class: "key", text: `\u00a0(${say("page.camera.space_bar")})` }));
  return made;
}

/** Whether a key press is meant for the shutter: the space bar, unless it belongs to what has the focus. */
export function pressesShutter(event) {
  if (event.code !== "Space" || event.repeat || event.ctrlKey || event.metaKey || event.altKey) return false;
  return !event.target.closest?.("button, input, select, textarea, a, summary, video, [role=slider]");
}
