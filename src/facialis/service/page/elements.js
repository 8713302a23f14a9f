// Small helpers to make elements and to write numbers; text always goes in as text, never as markup.

const SVG = "http://www.w3.org/2000/svg";

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "on") for (const [event, act] of Object.entries(value)) element.addEventListener(event, act);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, String(value));
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/**
 * Make an HTML element. `attributes.on` holds listeners by event; true, false and null attributes are set bare or left out.
 * @param {string} tag
 * @param {object} attributes
 * @param {...(Node|string|null|Array)} children
 * @returns {HTMLElement}
 */
export function make(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

/** Make an SVG element; as `make`. */
export function draw(tag, attributes = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}

/** Make a button. `options.kind`: "main" for the one that is meant to be pressed next. */
export function button(text, act, options = {}) {
  const { kind = "", ...attributes } = options;
  return make("button", { type: "button", class: kind || null, on: { click: act }, ...attributes }, text);
}

/** Make a checkbox with its label; returns {label, box}. */
export function checkbox(text, checked) {
  const box = make("input", { type: "checkbox", checked });
  return { box, label: make("label", { class: "check" }, box, " ", text) };
}

/** Show or hide an element. */
export function show(element, visible = true) {
  element.hidden = !visible;
}

/** Write a number with the language's decimal mark; null is a dash. */
export function number(say, value, decimals = 0) {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  return value.toFixed(decimals).replace("-", "−").replace(".", say("format.decimal_mark"));
}

/** Write a share between 0 and 1 as a percentage. */
export function percent(say, share) {
  return share === null || share === undefined ? "–" : `${number(say, 100 * share)} %`;
}

/** Hand a file to the person, under a name; nothing leaves the computer. */
export function download(blob, name) {
  const address = URL.createObjectURL(blob);
  const link = make("a", { href: address, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

/**
 * Return a function that announces texts to screen readers at most once in `every` ms, always the latest, and never
 * the same twice in a row.
 */
export function politely(announce, every = 3000) {
  let last = -Infinity;
  let said = "";
  let timer = null;
  let next = "";
  const speak = () => {
    timer = null;
    if (next === said) return;
    last = performance.now();
    said = next;
    announce(next);
  };
  const say = (text) => {
    next = text;
    if (timer === null) timer = setTimeout(speak, Math.max(0, last + every - performance.now()));
  };
  say.stop = () => {
    clearTimeout(timer);
    timer = null;
  };
  return say;
}
