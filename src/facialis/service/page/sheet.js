// A page that the engine made, shown inside this one: no script in it runs, and it reaches nothing.
//
// The page's policy holds in the frame as well; it knows the style sheets of the package's own pages by their hash.

import { el } from "./dom.js";

/**
 * Return a frame that shows an HTML page at its full height.
 * @param {Blob} html
 * @param {string} title what the frame is called for screen readers
 * @returns {Promise<HTMLIFrameElement>}
 */
export async function framed(html, title) {
  // the same origin, so that its height can be read; scripts stay off
  const frame = el("iframe", { class: "sheet", title, sandbox: "allow-same-origin" });
  frame.addEventListener("load", () => {
    const { body, documentElement } = frame.contentDocument;
    new ResizeObserver(() => { frame.style.height = `${documentElement.scrollHeight + 2}px`; }).observe(body);
  });
  frame.srcdoc = await html.text();
  return frame;
}
