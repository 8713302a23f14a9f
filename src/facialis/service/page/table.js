// Many photos: a table to sort and to look through. A row opens its result.
import { answerText, toldSide } from "./answer.js";
import { thumbnail } from "./bitmap.js";
import { shareBar } from "./bars.js";
import { card } from "./card.js";
import { button, el, put } from "./dom.js";
import { saveCsv, saveJson, rowsOf } from "./download.js";
import { lineOf } from "./errors.js";
import { answerOf, rowOf } from "./items.js";

const ORDER = ["palsy", "uncertain", "none", "abstained", "error", "unjudged", "judging", "waiting", "held", "cancelled"];
const KINDS = ["palsy", "uncertain", "none", "abstained", "error", "open"];
const OPEN = ["unjudged", "cancelled", "judging", "waiting", "held"]; // not judged, or not yet

/**
 * The table of all items.
 * @param {function(object)} open shows an item's result
 * @returns {{root: HTMLElement, update: function(?object), focus: function(object)}} `update(item)` after that item changed; null: the list did
 */
export function table(context, items, open) {
  const { say, known } = context;
  const lines = new Map(); // item id: its row
  const sorted = { by: "number", down: false };
  const find = el("input", { type: "search", "aria-label": say("page.app.find"), placeholder: say("page.app.find"), on: { input: arrange } });
  const kind = el("select", { "aria-label": say("page.app.filter"), on: { change: arrange } }, el("option", { value: "", text: say("page.app.all") }),
    KINDS.map((name) => el("option", { value: name, text: say(`page.app.kind.${name}`) })));
  const count = el("span", { class: "soft" });
  const keys = {
    number: (item) => item.id,
    name: (item) => item.name.toLowerCase(),
    answer: (item) => ORDER.indexOf(answerOf(item)),
    probability: (item) => rowOf(item)?.probability ?? -1,
    side: (item) => toldSide(rowOf(item)) ?? "~",
    reasons: (item) => reasonsOf(item) || "~",
  };
  const heads = ["name", "answer", "probability", "side", "reasons"].map((name) => el("th", { scope: "col", "aria-sort": "none", class: `c-${name}` },
    button(say(`page.app.column.${name}`), () => sort(name))));
  const body = el("tbody");
  const root = el("section", { class: "many" },
    el("div", { class: "tools" }, find, kind, count, el("span", { class: "grow" }),
      button("CSV", () => saveCsv(rows(), "facialis")), button("JSON", () => saveJson(rows(), "facialis"))),
    el("table", { class: "photos" }, el("thead", {}, el("tr", {}, el("td", { class: "c-picture" }), heads)), body), card(context, "h2"));

  const rows = () => rowsOf(items.all.filter((item) => item.state === "done" || item.state === "failed"), (item) => lineOf(item.error, context));

  function reasonsOf(item) {
    if (item.state === "failed") return lineOf(item.error, context);
    return (rowOf(item)?.reasons ?? []).map(known.translated).join("; ");
  }

  function sort(name) {
    sorted.down = sorted.by === name ? !sorted.down : name === "probability";
    sorted.by = name;
    heads.forEach((head) => head.setAttribute("aria-sort", "none"));
    const head = heads.find((one) => one.classList.contains(`c-${name}`));
    head.setAttribute("aria-sort", sorted.down ? "descending" : "ascending");
    arrange();
  }

  function update(item) {
    if (!item) for (const one of items.all) if (!lines.has(one.id)) lines.set(one.id, line(one));
    if (item && lines.has(item.id)) refresh(item);
    arrange();
  }

  function line(item) {
    const cells = ["name", "answer", "probability", "side", "reasons"].map((name) => el("td", { class: `c-${name}` }));
    const opener = button(item.name, (event) => { event.stopPropagation(); open(item); }, { class: "link" });
    const made = el("tr", { on: { click: (event) => { if (!event.target.closest("button")) open(item); } } }, el("td", { class: "c-picture" }, thumbnail(item)), cells);
    put(cells[0], opener);
    made.cells_ = cells;
    made.opener = opener;
    lines.set(item.id, made);
    refresh(item);
    return made;
  }

  function refresh(item) {
    const { cells_: cells } = lines.get(item.id);
    const answer = answerOf(item);
    const row = rowOf(item);
    const text = item.state === "done" && row ? answerText(say, { ...row, side: null }) : say(`page.app.answer.${answer}`);
    lines.get(item.id).className = `of-${answer}`;
    put(cells[1], el("span", { class: `tag ${answer}`, text }),
      (item.state === "waiting" || item.state === "judging") && button(say("page.app.cancel"), () => items.cancel(item), { class: "link" }));
    const share = row?.probability;
    put(cells[2], share !== null && share !== undefined && el("span", { class: "n", text: say.share(share) }), share !== null && share !== undefined && shareBar(share, say.share(share), context.facts.model.threshold));
    cells[3].textContent = toldSide(row) ? say(`side.${toldSide(row)}`) : "";
    cells[4].textContent = reasonsOf(item);
  }

  const kindOf = (item) => (OPEN.includes(answerOf(item)) ? "open" : answerOf(item));

  function arrange() {
    for (const id of lines.keys()) if (!items.all.some((item) => item.id === id)) lines.delete(id);
    const wanted = find.value.trim().toLowerCase();
    const shown = items.all.filter((item) => (!kind.value || kindOf(item) === kind.value) && item.name.toLowerCase().includes(wanted));
    const key = keys[sorted.by];
    shown.sort((a, b) => (key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : a.id - b.id) * (sorted.down ? -1 : 1));
    const nodes = shown.map((item) => lines.get(item.id));
    if (nodes.length !== body.children.length || nodes.some((node, number) => body.children[number] !== node)) {
      const focused = document.activeElement;
      put(body, nodes);
      if (body.contains(focused)) focused.focus();
    }
    count.textContent = say("page.app.count", { shown: shown.length, all: items.all.length });
  }

  return { root, update, focus: (item) => lines.get(item.id)?.opener.focus() };
}
