// Bars that read without colour: a number against its healthy range, a share of 100 %, a pull for or against.
import { svg } from "./dom.js";

/** Draw what `rangeBar` placed: grey box: healthy; circle: within; open diamond: borderline; full one: outside; arrow: off the scale. */
export function rangeMark(bar, label) {
  const x = 1.2 * bar.at;
  const diamond = `M${x} 1.200l4.600 4.800l-4.600 4.800l-4.600-4.800z`;
  let mark = svg("path", { class: bar.reading === "outside" ? "full" : "open", d: diamond });
  if (bar.beyond) mark = svg("path", { class: "full", d: `M${x + 2.4 * bar.beyond} 6l${-6 * bar.beyond}-4.500v9z` });
  else if (bar.reading === "within") mark = svg("circle", { class: "open", cx: x, cy: 6, r: 3.3 });
  return svg("svg", { class: "range", viewBox: "0 0 120 12", role: "img", "aria-label": label },
    svg("rect", { class: "box", x: 40, y: 1, width: 40, height: 10 }),
    svg("path", { class: "thin", d: "M0 6H120M60 1V11" }),
    svg("path", { class: "error", d: `M${1.2 * bar.error[0]} 6H${1.2 * bar.error[1]}` }),
    mark);
}

/** Draw a share between 0 and 1; `at`: a threshold. */
export function shareBar(share, label, at = null) {
  return svg("svg", { class: "share", viewBox: "0 0 100 10", preserveAspectRatio: "none", role: "img", "aria-label": label },
    svg("rect", { class: "box", x: 0, y: 1, width: 100, height: 8 }),
    svg("rect", { class: "filled", x: 0, y: 1, width: 100 * share, height: 8 }),
    at !== null && svg("line", { class: "axis", x1: 100 * at, x2: 100 * at, y1: 0, y2: 10 }));
}

/** Draw a pull, `to` between -1 (against palsy, outlined) and 1 (for it, full). */
export function pullBar(to, label) {
  return svg("svg", { class: "pull", viewBox: "-50 0 100 12", preserveAspectRatio: "none", role: "img", "aria-label": label },
    svg("rect", { class: to > 0 ? "plus" : "minus", x: Math.min(0, 48 * to), y: 2, width: Math.abs(48 * to), height: 8 }),
    svg("line", { class: "axis", x1: 0, x2: 0, y1: 0, y2: 12 }));
}
