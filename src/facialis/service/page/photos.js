// The view of photos and videos: what comes in, how far it is, one result or the table of many.
import { answerText } from "./answer.js";
import { release } from "./bitmap.js";
import { card } from "./card.js";
import { button, el, put } from "./dom.js";
import { answerOf, rowOf } from "./items.js";
import { result } from "./result.js";
import { table } from "./table.js";
import { upload } from "./upload.js";

/** Mount the view; returns what to call when it is left. */
export function photos(root, context) {
  const { say, items } = context;
  const intake = upload(context, items, take);
  const list = table(context, items, (item) => open(item, true));
  const progress = el("div", { class: "progress" });
  const rest = el("div", { class: "tools rest" });
  const back = el("div", { class: "tools back" });
  const one = el("div", {});
  let leaveVideo = () => {};
  let opened = context.opened ?? null; // the item whose result is shown; null: the table

  function take(files) {
    const made = items.add(files);
    if (items.all.length === 1) open(made[0], false);
    else open(null, false);
  }

  /** Show an item, or null for the list. From the list it is a step on, which the browser's Back takes back. */
  function open(item, focus, travelled = false) {
    if (opened !== item) release(opened);
    if (!travelled) note(item);
    opened = context.opened = item;
    arrange();
    if (!focus) return;
    one.querySelector("h2")?.focus({ preventScroll: true });
    if (item) scrollTo(one);
  }

  function note(item) {
    const { state } = history;
    if (item && items.all.length > 1 && !state?.opened && !state?.left) history.pushState({ opened: item.id }, "");
    else if (item && state) history.replaceState({ opened: item.id }, "");
    else if (!item && state?.opened) history.replaceState({ left: true }, ""); // to be used again
  }

  function travelled() {
    if (!["", "#photos"].includes(location.hash) || items.all.length < 2) return;
    const left = opened;
    const item = items.all.find((one) => one.id === history.state?.opened) ?? null;
    open(item, true, true);
    if (!item && left) list.focus(left);
  }

  function arrange() {
    leaveVideo();
    leaveVideo = () => {};
    const { all } = items;
    const many = all.length > 1;
    intake.small(all.length > 0);
    list.root.hidden = !many || Boolean(opened);
    showBack(many);
    if (opened && (opened.state === "done" || opened.state === "failed")) put(one, body(opened), opened.video && opened.state === "done" && card(context));
    else if (opened) put(one, waiting(opened));
    else put(one);
    showProgress();
  }

  function body(item) {
    if (!item.video || item.state !== "done") return result(context, item, items).root;
    const place = el("article", { class: "result" }, el("h2", { tabindex: "-1", text: item.name }));
    const inside = el("div", {});
    place.append(inside);
    import("./video.js").then(({ video }) => {
      if (opened === item) leaveVideo = video(inside, context, item);
    }, () => put(inside, el("p", { class: "trouble", role: "alert", text: say("page.app.error.view") })));
    return place;
  }

  function waiting(item) {
    const cancelled = item.state === "cancelled";
    return el("article", { class: "result" }, el("h2", { tabindex: "-1", text: item.name }),
      el("p", { class: cancelled ? "" : "busy", text: say(`page.app.answer.${answerOf(item)}`) }),
      el("div", { class: "tools" }, cancelled ? button(say("page.app.try_again"), () => items.again(item)) : button(say("page.app.cancel"), () => items.cancel(item))));
  }

  function showBack(many) {
    const { all } = items;
    const at = all.indexOf(opened);
    put(back, many && opened && [
      button(say("page.app.back"), () => { const left = opened; open(null, false); list.focus(left); }),
      button(say("page.app.previous"), () => open(all[at - 1], true), { disabled: at === 0 }),
      button(say("page.app.next"), () => open(all[at + 1], true), { disabled: at === all.length - 1 })],
    all.length > 0 && button(say("page.app.clear"), clear, { class: "quiet" }));
  }

  function clear() {
    items.clear();
    list.update(null);
    open(null, false);
    root.querySelector("input[type=file]").focus();
  }

  function showRest() {
    const count = items.busy === 0 && !opened && items.all.length > 1 ? items.unjudged.length : 0;
    rest.hidden = count === 0;
    put(rest, count > 0 && button(say("page.app.try_rest", { count }), () => items.againAll(), { class: "main" }));
  }

  function showProgress() {
    const { all, busy } = items;
    showRest();
    progress.hidden = all.length < 2 || busy === 0;
    if (progress.hidden) return;
    const done = all.length - busy;
    put(progress, el("progress", { max: all.length, value: done, "aria-label": say("page.app.progress", { done, all: all.length }) }),
      el("span", { text: say("page.app.progress", { done, all: all.length }) }), button(say("page.app.cancel_all"), () => items.cancelAll()));
  }

  function changed({ detail: item }) {
    list.update(item);
    if (!item || item === opened) arrange();
    else showProgress();
    if (item && item === opened && item.state === "done") {
      context.announce(`${item.name}: ${answerText(say, rowOf(item))}`);
      if (one.getBoundingClientRect().top > innerHeight / 2) scrollTo(one);
    }
    if (item && item === opened && item.state === "failed") context.announce(`${item.name}: ${say(`page.app.answer.${answerOf(item)}`)}`);
  }
  const finished = () => { if (items.all.length > 1) context.announce(say("page.app.all_done", { all: items.all.length })); };
  const shown = ({ detail: item }) => open(item, true);

  addEventListener("popstate", travelled);
  items.addEventListener("change", changed);
  items.addEventListener("done", finished);
  items.addEventListener("show", shown);
  put(root, intake.root, progress, rest, back, list.root, one);
  list.update(null);
  arrange();
  return () => {
    intake.leave();
    leaveVideo();
    removeEventListener("popstate", travelled);
    items.removeEventListener("change", changed);
    items.removeEventListener("done", finished);
    items.removeEventListener("show", shown);
  };
}

function scrollTo(place) {
  place.scrollIntoView({ block: "start", behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth" });
}
