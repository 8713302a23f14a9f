// A page that the engine made, shown inside this one: no script in it runs, and it reaches nothing.
//
// The page's own policy holds in the frame as well and forbids styles written in a document. So they are taken out and
// given to the frame as a style sheet object, which the policy allows. That needs allow-same-origin; scripts stay off.

import { el } from "./dom.js";

/**
 * Return a frame that shows an HTML page.
 * @param {Blob} html
 * @param {string} title what the frame is called for screen readers
 * @returns {Promise<HTMLIFrameElement>}
 */
export async function framed(html, title) {
  const styles = [];
  const bare = (await html.text()).replace(/<style[^>]*>([\s\S]*?)<\/style>/gi, (_, css) => styles.push(css) && "");
  const frame = el("iframe", { class: "sheet", title, sandbox: "allow-same-origin" });
  frame.srcdoc = bare;
  frame.addEventListener("load", () => dress(frame, styles.join("\n")));
  return frame;
}

function dress(frame, css) {
  const page = frame.contentDocument;
  const sheet = new frame.contentWindow.CSSStyleSheet();
  sheet.replaceSync(css);
  page.adoptedStyleSheets = [sheet];
  new ResizeObserver(() => (frame.style.height = `${page.documentElement.scrollHeight + 2}px`)).observe(page.body);
}
