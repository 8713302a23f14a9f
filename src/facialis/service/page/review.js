// All pictures of a visit side by side, to take some again; then the sheet that is made of them.

import { button, el, put } from "./dom.js";
import { save } from "./download.js";
import { lineOf } from "./errors.js";
import { outlineFile } from "./outline.js";
import { framed } from "./sheet.js";
import { drawView } from "./view-drawings.js";

/**
 * Return the review of a visit.
 * @param {object} visit
 * @param {object} context the page's
 * @param {{retake: (at: number) => void, cleared: () => void}} on
 */
export function review(visit, context, on) {
  const { say } = context;
  const status = el("p", { class: "message", role: "status" });
  const place = el("div", { class: "sheet-place" });
  const heading = el("h3", { tabindex: "-1", text: say("page.sequence.review") });
  const make = button(say("page.sequence.make_sheet"), () => makeSheet(), { class: "main" });
  const controls = [
    make,
    button(say("page.sequence.download_all"), () => downloadAll()),
    visit.outline && button(say("page.sequence.save_outline"), () => save(outlineFile(visit.outline), "outline.json")),
    button(say("page.sequence.delete_all"), () => deleteAll()),
  ];
  const summary = say("page.sequence.summary", { taken: visit.shots.size, all: visit.views.length });
  const grid = el("div", { class: "review" }, visit.views.map((view, i) => figure(view, i)));
  make.disabled = visit.shots.size === 0;
  return el("div", { class: "reviewing" }, heading, el("p", { text: summary }), grid,
    el("div", { class: "tools" }, controls), el("p", { class: "note", text: say("page.sequence.privacy") }), status, place);

  function figure(view, i) {
    const shot = visit.shots.get(view);
    const name = say(`view.${view}`);
    const picture = shot
      ? el("img", { src: shot.address, alt: say("page.sequence.alt_picture", { view: name }) })
      : drawView(view, context.facts);
    const hint = shot ? shot.hints[0] && say(`page.camera.hint.${shot.hints[0]}`) : say("page.sequence.no_picture");
    return el("figure", { class: shot ? "taken" : "missing" }, el("div", { class: "frame" }, picture),
      el("figcaption", {}, el("b", { text: `${i + 1}. ${name}` }), hint && el("span", { class: "note", text: hint })),
      el("div", { class: "tools" },
        button(say(shot ? "page.sequence.retake" : "page.sequence.take_now"), () => on.retake(i), { "aria-label": say(shot ? "page.sequence.retake_view" : "page.sequence.take_view", { view: name }) }),
        shot && button(say("page.sequence.download"), () => keep(view), { "aria-label": say("page.sequence.download_view", { view: name }) })));
  }

  function keep(view) {
    save(visit.shots.get(view).blob, `${view}.jpg`);
    visit.saved([view]);
  }

  async function downloadAll() {
    for (const { view } of visit.pictures) {
      keep(view);
      await new Promise((resolve) => setTimeout(resolve, 250)); // browsers drop downloads that come all at once
    }
  }

  function deleteAll() {
    if (visit.unsaved && !window.confirm(say("page.sequence.delete_sure"))) return;
    visit.clear();
    on.cleared();
  }

  async function makeSheet() {
    put(place);
    if (!context.engine.can.photoSet) {
      status.textContent = say("page.sequence.server_only");
      return;
    }
    make.disabled = true;
    status.textContent = say("page.sequence.making");
    try {
      const { html } = await context.engine.photoSet(visit.pictures, { language: context.language, title: "" });
      const frame = await framed(html, say("page.sequence.sheet"));
      const keepSheet = button(say("page.sequence.download_sheet"), () => {
        save(html, "photo-set.html");
        visit.saved();
      });
      put(place, el("div", { class: "tools" }, keepSheet), frame);
      status.textContent = say("page.sequence.made");
      make.disabled = false;
      keepSheet.focus({ preventScroll: true });
    } catch (error) {
      status.textContent = say("page.sequence.failed", { reason: lineOf(error, context) });
      make.disabled = false;
      make.focus({ preventScroll: true });
    }
  }
}
