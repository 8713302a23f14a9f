// Small controls that several views share.

import { el } from "./dom.js";

/** Make a checkbox with its label; returns {label, box}. */
export function checkbox(text, checked) {
  const box = el("input", { type: "checkbox", checked });
  return { box, label: el("label", { class: "check" }, box, ` ${text}`) };
}

/** Make a button that asks for a file, of the types given, and hands it to `take`. */
export function fileButton(text, accept, take) {
  const input = el("input", { type: "file", accept, hidden: true, on: { change: () => {
    if (input.files.length) take(input.files[0]);
    input.value = "";
  } } });
  const press = el("button", { type: "button", text, on: { click: () => input.click() } });
  return el("span", { class: "file-button" }, press, input);
}
