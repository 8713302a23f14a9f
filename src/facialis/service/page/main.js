// The page: makes the context that every view gets, and mounts the view that is asked for.
import { button, el, put } from "./dom.js";
import { HeldEngine } from "./held-engine.js";
import { Items } from "./items.js";
import { knownTexts } from "./known.js";
import { photos } from "./photos.js";
import { place } from "./place.js";
import { loadWords } from "./say.js";
import { serverEngine } from "./server-engine.js";
import { applyTheme, firstLanguage, isDark, remember, remembered } from "./settings.js";
import { askToken } from "./token.js";

/** Views by the address's part after #; each is `(root, context) => leave`. The camera's are fetched when asked for. */
const VIEWS = {
  photos: async () => photos,
  camera: async () => (await import("./camera.js")).camera,
  sequence: async () => (await import("./sequence.js")).sequence,
};

const root = document.getElementById("page");
const announcer = document.getElementById("announcer");
const context = { facts: null, say: null, known: null, model: undefined, engine: null, opened: null, announce, showResult };
Object.defineProperty(context, "language", { get: () => context.say.language });
context.items = new Items(() => context.engine, () => context.model?.limits);
let leave = () => {};
let english = null;
let local = null;

function announce(text) {
  announcer.textContent = "";
  setTimeout(() => { announcer.textContent = text; }, 50);
}

/** Show what a view has judged: {blob, name, findings, engine}, or {name, row}. */
function showResult(result) {
  context.opened = context.items.addResult(result);
  if (view() === "photos") mount();
  else location.hash = "photos";
  announce(context.opened.name);
}

function view() {
  const asked = location.hash.slice(1);
  return asked in VIEWS ? asked : "photos";
}

async function setLanguage(language) {
  english ??= await loadWords("en");
  context.say = language === "en" ? english : await loadWords(language);
  context.known = knownTexts(english, context.say);
  document.documentElement.lang = language;
}

/** Take an engine from now on. The one on this computer may still have to be fetched: until then it holds what it is given. */
function chooseEngine(name) {
  if (name === "local") {
    if (!local || local.failed) {
      local = new HeldEngine("local", { video: "frames", explain: true, report: false, photoSet: false }, loadLocal);
      local.addEventListener("change", () => local.settled && context.items.resume());
    }
    context.engine = local;
  } else context.engine = server;
}

async function loadLocal(progress) {
  const { localEngine } = await import(new URL("engine/local.js", document.baseURI).href);
  return localEngine(context.facts, progress);
}

const server = serverEngine(async (wrong) => {
  if (!root.querySelector("main")) await redraw(); // asked as the page opens: not before an empty window
  return askToken(context.say, wrong);
});

function draw() {
  const { say } = context;
  document.title = say("page.app.title");
  put(root,
    el("a", { class: "skip", href: "#main", text: say("page.app.skip"), on: { click: (event) => { event.preventDefault(); document.getElementById("main").focus(); } } }),
    el("p", { class: "notice" }, el("strong", { text: say("notice.research") }), el("span", { class: "wide-only", text: ` ${say("notice.no_diagnosis")}` })),
    el("header", { class: "head" }, el("div", { class: "brand" }, el("img", { src: "page/icon.svg", alt: "", width: 36, height: 36 }), el("div", {}, el("h1", { text: "facialis" }), el("p", { class: "soft", text: say("page.app.title") }))), settings()),
    el("nav", { class: "tabs", "aria-label": say("page.app.ways") }, Object.keys(VIEWS).map((name) => el("a", { href: `#${name}`, "data-view": name, text: say(`page.app.tab.${name}`) }))),
    place(context, chooseEngine),
    el("main", { id: "main", tabindex: "-1" }),
    el("footer", {}, el("p", { class: "soft narrow-only", text: say("notice.no_diagnosis") }), el("p", { class: "soft", text: say("page.app.kept") })));
}

function drawPlace() {
  root.querySelector(".place").replaceWith(place(context, chooseEngine));
}

function settings() {
  const { say, facts } = context;
  const languages = el("select", { "aria-label": say("page.app.language"), on: { change: async () => { remember("language", languages.value); await setLanguage(languages.value); await redraw(); root.querySelector(".settings select").focus(); } } },
    facts.languages.map((code) => el("option", { value: code, lang: code, text: new Intl.DisplayNames([code], { type: "language" }).of(code), selected: code === say.language })));
  const dark = button(say("page.app.dark"), () => {
    const theme = isDark() ? "light" : "dark";
    applyTheme(theme);
    remember("theme", theme);
    dark.setAttribute("aria-pressed", String(theme === "dark"));
  }, { "aria-pressed": String(isDark()) });
  return el("div", { class: "tools settings" }, languages, dark);
}

async function redraw() {
  leave();
  leave = () => {};
  draw();
  await mount();
}

async function mount() {
  leave();
  leave = () => {};
  const name = view();
  const main = document.getElementById("main");
  for (const link of root.querySelectorAll(".tabs a")) {
    if (link.dataset.view === name) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  try {
    const show = await VIEWS[name]();
    if (name !== view()) return;
    put(main, context.model === null && context.engine === server && el("div", { class: "trouble", role: "alert" }, el("p", { text: context.say("page.app.error.offline") })));
    const place = el("div", {});
    main.append(place);
    leave = show(place, context) ?? (() => {});
  } catch (error) {
    put(main, el("div", { class: "trouble", role: "alert" }, el("p", { text: context.say("page.app.error.view") })));
    console.info(error.message);
  }
}

async function start() {
  applyTheme(remembered("theme"));
  const answer = await fetch("page/facts.json");
  context.facts = await answer.json();
  await setLanguage(firstLanguage(context.facts.languages));
  await connect();
  if (!root.querySelector("main")) await redraw();
  else drawPlace(); // drawn while the token was asked for
  context.items.addEventListener("done", async () => { // the token came with the first photo
    if (context.model !== undefined || !context.items.all.some((item) => item.state === "done")) return;
    await connect();
    drawPlace();
  });
  const warn = (event) => event.preventDefault();
  context.items.addEventListener("change", () => { // asked before the page is left, where there is something to lose
    removeEventListener("beforeunload", warn);
    if (context.items.all.length) addEventListener("beforeunload", warn);
  });
  for (const name of ["dragover", "drop"]) addEventListener(name, (event) => event.preventDefault()); // a file beside its place does not replace the page
  addEventListener("hashchange", (event) => { if (new URL(event.newURL).hash !== "#main") mount(); });
}

/** Ask the server what it has; where there is none, judge on this computer; where neither goes, say what to do. */
async function connect() {
  if (context.facts.server === false) { // a static site: there is none to ask
    context.model = null;
    chooseEngine("local");
    return;
  }
  context.engine ??= server;
  try {
    context.model = await server.model();
  } catch (error) {
    if (error.status === 401) return; // without the token: asked again with the first photo
    context.model = null;
    chooseEngine("local");
    await local.ready().catch(() => { context.engine = server; }); // neither goes: what to do is said
  }
}

start();
