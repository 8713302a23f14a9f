// Photos and videos come in: dropped, chosen, or pasted.
import { el, newId } from "./dom.js";

const ACCEPTED = "image/*,video/*,.heic,.heif,.tif,.tiff,.mkv,.avi";

/**
 * The place for files, with what they are judged with.
 * @param {function(File[])} take
 * @returns {{root: HTMLElement, small: function(boolean), leave: function()}} `small` once there is something below; `leave` stops listening
 */
export function upload(context, items, take) {
  const { say } = context;
  const input = el("input", { type: "file", multiple: true, accept: ACCEPTED, class: "unseen", id: newId("files"), on: { change: () => { give(input.files); input.value = ""; } } });
  const label = el("label", { class: "choose", for: input.id, text: say("page.app.choose") });
  const zone = el("div", { class: "drop" }, el("p", { class: "drop-title", text: say("page.app.drop") }), input, label, el("p", { class: "soft hint", text: say("page.app.drop_hint") }));
  const root = el("section", { class: "upload", "aria-label": say("page.app.tab.photos") }, zone, options(context, items));
  let depth = 0;

  function give(files) {
    const list = [...files];
    if (list.length) take(list);
  }

  const listeners = {
    dragenter: (event) => { if (holdsFiles(event)) { depth += 1; zone.classList.add("over"); } },
    dragleave: () => { depth = Math.max(0, depth - 1); if (depth === 0) zone.classList.remove("over"); },
    dragover: (event) => { if (holdsFiles(event)) event.preventDefault(); },
    drop: (event) => {
      depth = 0;
      zone.classList.remove("over");
      if (!holdsFiles(event)) return;
      event.preventDefault();
      give(event.dataTransfer.files);
    },
    paste: (event) => give([...(event.clipboardData?.files ?? [])]),
  };
  for (const [name, listener] of Object.entries(listeners)) document.addEventListener(name, listener);

  return {
    root,
    small: (wanted) => root.classList.toggle("small", wanted),
    leave: () => { for (const [name, listener] of Object.entries(listeners)) document.removeEventListener(name, listener); },
  };
}

function holdsFiles(event) {
  return [...(event.dataTransfer?.types ?? [])].includes("Files");
}

function options({ say }, items) {
  const { options: chosen } = items;
  const prevalence = el("input", { type: "number", min: 0.1, max: 99.9, step: 0.1, value: 100 * chosen.prevalence, inputmode: "decimal" });
  prevalence.addEventListener("change", () => {
    const share = Number(prevalence.value) / 100;
    if (share > 0 && share < 1) chosen.prevalence = share;
    else prevalence.value = String(100 * chosen.prevalence);
  });
  const face = el("select", { on: { change: () => { chosen.face = face.value; } } },
    ["only", "largest", "all"].map((name) => el("option", { value: name, text: say(`page.app.face.${name}`), selected: name === chosen.face })));
  return el("details", { class: "options" }, el("summary", { text: say("page.app.options") }),
    el("div", { class: "tools" },
      el("label", { class: "field" }, say("page.app.prevalence"), el("span", {}, prevalence, " %")),
      el("label", { class: "field" }, say("page.app.faces"), face)),
    el("p", { class: "soft", text: say("page.app.options_note") }));
}
