// Elements made in one call. Data goes in as text, never as markup.

const SVG = "http://www.w3.org/2000/svg";

/**
 * Make an element.
 * @param {string} tag
 * @param {object} [props] attributes; `class`, `text`, `on` ({event: listener}), `style` ({name: value}); null and false are left out.
 * @param {...(Node|string|null|false)} children
 * @returns {HTMLElement}
 */
export function el(tag, props = {}, ...children) {
  return fill(document.createElement(tag), props, children);
}

/** Make an SVG element; parameters as of `el`. */
export function svg(tag, props = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), props, children);
}

function fill(node, props, children) {
  for (const [name, value] of Object.entries(props)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "text") node.textContent = value;
    else if (name === "on") for (const [event, listener] of Object.entries(value)) node.addEventListener(event, listener);
    else if (name === "style") for (const [key, wanted] of Object.entries(value)) node.style.setProperty(key, wanted);
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

/** Make a button that does something. */
export function button(text, press, props = {}) {
  return el("button", { type: "button", text, on: { click: press }, ...props });
}

/** Put new children into an element in place of the old ones. */
export function put(root, ...children) {
  root.replaceChildren(...children.flat(Infinity).filter(Boolean));
  return root;
}

let made = 0;
/** Return an id that no other element has. */
export function newId(prefix = "n") {
  made += 1;
  return `${prefix}${made}`;
}
