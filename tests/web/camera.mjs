// node camera.mjs TASK.json: the page's camera, guided sequence and video in a browser of Chromium's family, with files
// as the camera's picture; prints what it saw as JSON.
// TASK.json: {"browser", "sandbox", "address", "palsy": Y4M, "hints": Y4M, "rest": Y4M, "video": FILE, "wall": FILE, "folder": for downloads, "shots": FOLDER or null}
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import { chromium } from "playwright-core";

const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const task = JSON.parse(await readFile(process.argv[2], "utf8"));
const WIDTHS = [390, 1280];
const errors = [];
const unfit = [];

const launch = (media) => chromium.launch({
  executablePath: task.browser,
  chromiumSandbox: task.sandbox,
  args: ["--disable-gpu", ...(media ? ["--use-fake-device-for-media-stream", `--use-file-for-fake-video-capture=${media}`] : [])],
});

async function open(browser, { hash = "", permissions = ["camera"], ...options } = {}) {
  const context = await browser.newContext({ baseURL: task.address, locale: "en-GB", viewport: { width: 1280, height: 900 }, ...options });
  await context.grantPermissions(permissions, { origin: task.address });
  const page = await context.newPage();
  page.on("pageerror", (error) => errors.push(error.stack));
  page.on("console", (message) => /Content Security Policy/.test(message.text()) && errors.push(message.text()));
  // the page's streams and what it sends are watched, not replaced
  await page.addInitScript(() => {
    const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
    window.streams = [];
    window.sent = new Map();
    window.asked = [];
    const send = window.fetch.bind(window);
    window.fetch = (address, options) => {
      if (options?.body instanceof FormData) for (const file of options.body.getAll("file")) window.sent.set(file.name, file);
      if (String(address).startsWith("v1/detect")) window.asked.push(performance.now());
      return send(address, options);
    };
    navigator.mediaDevices.getUserMedia = async (wanted) => {
      const stream = await ask(wanted);
      window.streams.push(stream);
      return stream;
    };
  });
  const failed = [];
  page.on("requestfailed", (request) => failed.push(`${request.url()}: ${request.failure()?.errorText}`));
  page.on("response", (response) => response.status() >= 400 && failed.push(`${response.url()}: ${response.status()}`));
  await page.goto(`/${hash}`);
  await page.waitForSelector("main button, main label").catch(async (error) => {
    throw new Error(`${error.message}\n${await page.locator("body").innerText()}\n${[...failed, ...errors].join("\n")}`);
  });
  return page;
}

const live = (page) => page.evaluate(() => window.streams.flatMap((stream) => stream.getTracks()).filter((track) => track.readyState === "live").length);
const text = (page, selector) => page.locator(selector).first().innerText();

/** Look at the page's state at both widths: a picture of it, what axe finds, what overflows. */
async function check(page, name) {
  for (const width of WIDTHS) {
    await page.setViewportSize({ width, height: width < 600 ? 844 : 900 });
    await page.waitForTimeout(120);
    if (task.shots) await page.screenshot({ path: path.join(task.shots, `${name}-${width}.png`), fullPage: true });
    await page.evaluate(axe);
    const found = await page.evaluate(() => axe.run(document, { resultTypes: ["violations"] }));
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    for (const { id, impact, nodes } of found.violations) {
      if (impact === "serious" || impact === "critical") unfit.push({ name, width, id, nodes: nodes.slice(0, 2).map((node) => node.html.slice(0, 200)) });
    }
    if (wide > 0) unfit.push({ name, width, wide });
  }
}

/** Go on with the Tab key until what has the focus says so; fails after 60. */
async function tabTo(page, wanted) {
  for (let i = 0; i < 60; i += 1) {
    const now = await page.evaluate(() => { const { activeElement: at } = document; return at.getAttribute("aria-label") ?? at.textContent; });
    if (now.startsWith(wanted)) return;
    await page.keyboard.press("Tab");
  }
  throw new Error(`no way to "${wanted}" with the Tab key`);
}

/** The camera: the photo is taken by itself. */
async function automatic(browser) {
  const page = await open(browser, { hash: "#camera" });
  await check(page, "camera-idle");
  await page.locator(".camera input[type=checkbox]").first().evaluate((box) => { box.checked = false; });
  await page.getByRole("button", { name: "Start camera" }).click();
  await page.waitForSelector(".hint.fit");
  await check(page, "camera-running");
  const mirrored = await page.evaluate(() => getComputedStyle(document.querySelector(".stage video")).transform);
  const sides = await page.evaluate(() => [...document.querySelectorAll(".stage .side")].map((side) => [side.textContent, side.getBoundingClientRect().left]));
  await page.getByLabel("Take the photo by itself").check();
  await page.waitForSelector(".result .answer");
  const answer = await text(page, ".result .answer");
  const photo = await page.evaluate(async () => Array.from(new Uint8Array(await window.sent.get("camera.jpg").arrayBuffer())));
  const found = { answer, mirrored, sides, live: await live(page), photo: Buffer.from(photo).toString("base64") };
  await page.context().close();
  return found;
}

/** The camera is let go of: view left, page hidden, stopped by hand. */
async function released(browser) {
  const page = await open(browser, { hash: "#camera" });
  const began = async () => {
    await page.getByRole("button", { name: "Start camera" }).click();
    await page.waitForSelector(".hint:not(:empty)");
    await page.getByLabel("Take the photo by itself").uncheck();
    return live(page);
  };
  const seen = { before: await live(page), running: await began() };
  await page.getByRole("button", { name: "Stop camera" }).click();
  seen.stopped = await live(page);
  await began();
  await page.evaluate(() => {
    Object.defineProperty(document, "hidden", { value: true, configurable: true });
    document.dispatchEvent(new Event("visibilitychange"));
    delete document.hidden;
  });
  seen.hidden = await live(page);
  seen.message = await text(page, ".camera .message");
  await began();
  await page.evaluate(() => { location.hash = "photos"; });
  await page.waitForSelector(".drop");
  seen.left = await live(page);
  await page.context().close();
  return seen;
}

/** The camera refused, and none there. */
async function refused(browser, without) {
  const told = {};
  for (const [name, used, permissions] of [["refused", browser, ["geolocation"]], ["missing", without, ["camera"]]]) {
    const page = await open(used, { hash: "#camera", permissions });
    await page.getByRole("button", { name: "Start camera" }).click();
    await page.waitForFunction(() => /not allowed|No camera/.test(document.querySelector(".camera .message").textContent));
    told[name] = await text(page, ".camera .message");
    if (name === "refused") await check(page, "camera-refused");
    await page.context().close();
  }
  return told;
}

/** Hints while the camera's picture goes through its faults; how often the server is asked; what is read out. */
async function hints(browser) {
  const page = await open(browser, { hash: "#camera" });
  let underWay = 0;
  let most = 0;
  page.on("request", (request) => {
    if (!request.url().includes("v1/detect")) return;
    underWay += 1;
    most = Math.max(most, underWay);
  });
  const done = (request) => { if (request.url().includes("v1/detect")) underWay -= 1; };
  page.on("requestfinished", done);
  page.on("requestfailed", done);
  await page.evaluate(() => {
    window.said = [];
    const announcer = document.getElementById("announcer");
    const note = () => announcer.textContent && window.said.push([performance.now(), announcer.textContent]);
    new MutationObserver(note).observe(announcer, { childList: true, characterData: true, subtree: true });
    window.seen = new Set();
  });
  await page.locator(".camera input[type=checkbox]").first().evaluate((box) => { box.checked = false; });
  await page.getByRole("button", { name: "Start camera" }).click();
  await page.waitForSelector(".hint:not(:empty)");
  const wanted = ["dark", "closer", "turn_right", "tilt_left", "several", "no_face"];
  const all = page.waitForFunction((names) => {
    window.seen.add(document.querySelector(".stage").dataset.hint);
    return names.every((name) => window.seen.has(name));
  }, wanted, { timeout: 20_000, polling: 50 });
  await all.catch(() => {});
  const found = await page.evaluate(() => ({ seen: [...window.seen], said: window.said, looks: window.asked }));
  await page.context().close();
  return { ...found, wanted, most };
}

/** The guided sequence by keyboard alone, two views skipped, to the sheet; the outline saved. */
async function sequence(browser) {
  const page = await open(browser, { hash: "#sequence" });
  await check(page, "sequence-start");
  const drawings = await page.locator(".drawings .view-drawing").count();
  await tabTo(page, "Start with the camera");
  await page.keyboard.press("Enter");
  await page.waitForSelector(".hint:text-matches('lips')"); // she smiles: not taken by itself, but by the key
  const smiling = { hint: await page.evaluate(() => document.querySelector(".stage").dataset.hint), taken: await page.locator(".steps .taken").count() };
  await tabTo(page, "Take photo");
  await page.keyboard.press("Space");
  await page.waitForSelector(".steps .taken");
  const ghost = await page.locator(".over .ghost").count();
  const at = () => text(page, ".step-of");
  const second = await at();
  const step = async (key) => {
    const before = await at();
    await page.keyboard.press(key);
    await page.waitForFunction((old) => document.querySelector(".step-of")?.textContent !== old || document.querySelector(".review"), before);
  };
  await tabTo(page, "Take photo");
  for (let i = 0; i < 5; i += 1) await step("Space");
  await tabTo(page, "Skip");
  await step("Enter");
  await step("Enter");
  const ninth = await at();
  await page.getByLabel("Take pictures by itself").uncheck();
  await check(page, "sequence-running");
  await page.evaluate(() => document.activeElement.blur());
  await step("Space");
  await tabTo(page, "Take photo");
  await step("Space");
  await page.waitForSelector(".review");
  const let_go = await live(page);
  const review = await page.evaluate(() => ({ taken: document.querySelectorAll(".review .taken").length, missing: document.querySelectorAll(".review .missing").length }));
  const [dialog] = await Promise.all([page.waitForEvent("dialog"), page.close({ runBeforeUnload: true })]);
  const warned = dialog.type() === "beforeunload";
  await dialog.dismiss();
  await tabTo(page, "Make the sheet");
  await page.keyboard.press("Enter");
  await page.waitForSelector("iframe.sheet");
  await page.waitForFunction(() => document.querySelector("iframe.sheet").contentDocument?.querySelector("h1"));
  const sheet = await page.evaluate(() => {
    const { contentDocument: inside, contentWindow: view } = document.querySelector("iframe.sheet");
    return { text: inside.body.textContent, columns: view.getComputedStyle(inside.querySelector(".chart")).display, sandbox: document.querySelector("iframe.sheet").getAttribute("sandbox") };
  });
  await check(page, "sequence-sheet");
  const saved = {};
  for (const name of ["Save outline", "Save sheet", "Save picture: rest"]) {
    const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name }).click()]);
    saved[name] = path.join(task.folder, download.suggestedFilename());
    await download.saveAs(saved[name]);
  }
  await page.getByRole("button", { name: "Retake: rest" }).click();
  await page.waitForSelector(".hint:not(:empty)");
  const again = await at();
  await page.context().close();
  return { smiling, drawings, ghost, second, ninth, let_go, review, warned, sheet, saved, again };
}

/** A face at rest, its lips closed: taken by itself. */
async function atRest(browser) {
  const page = await open(browser, { hash: "#sequence" });
  await page.getByRole("button", { name: "Start with the camera" }).click();
  await page.waitForSelector(".steps .taken");
  const step = await text(page, ".step-of");
  await page.context().close();
  return { step };
}

/** An outline of an earlier visit: a wrong file, then the one that was saved. */
async function outline(browser, file) {
  const page = await open(browser, { hash: "#sequence" });
  const load = async (path) => {
    await page.setInputFiles(".sequence input[type=file]", path);
    await page.waitForSelector(".sequence .message:not(:empty)");
    return text(page, ".sequence .message");
  };
  const wrong = await load(process.argv[2]);
  await page.evaluate(() => { document.querySelector(".sequence .message").textContent = ""; });
  const right = await load(file);
  await page.getByRole("button", { name: "Start with the camera" }).click();
  await page.waitForSelector(".over .ghost");
  const step = await text(page, ".step-of");
  await page.waitForSelector(".hint:not(:empty)");
  const hint = await page.evaluate(() => document.querySelector(".stage").dataset.hint);
  await page.context().close();
  return { wrong, right, step, hint };
}

/** A video: judged, its timeline gone through by keys, by the table and by the mouse. */
async function video(browser) {
  const page = await open(browser);
  await page.setInputFiles("input[type=file]", task.video);
  await page.waitForSelector(".timeline svg");
  const told = async () => {
    await page.waitForTimeout(250);
    return page.evaluate(() => ({
      value: Number(document.querySelector(".timeline").getAttribute("aria-valuenow")),
      text: document.querySelector(".timeline").getAttribute("aria-valuetext"),
      playing: document.querySelector(".player video").currentTime,
      frame: document.querySelector(".frame-finding h3").textContent,
    }));
  };
  const seen = { answer: await text(page, ".whole .answer"), marks: await page.locator(".timeline .judged").count(), gaps: await page.locator(".timeline .gap").count(), movements: await page.locator(".timeline .movement").count() };
  await tabTo(page, "Timeline");
  for (let i = 0; i < 3; i += 1) await page.keyboard.press("ArrowRight");
  seen.third = await told();
  await page.keyboard.press("End");
  seen.end = await told();
  await page.locator(".movements tbody button").first().click();
  seen.movement = await told();
  seen.row = await page.locator(".movements tbody tr").first().innerText();
  const box = await page.locator(".timeline").boundingBox();
  await page.mouse.click(box.x + 44 + (box.width - 54) / 2, box.y + 60);
  seen.clicked = await told();
  await check(page, "video");
  seen.saved = {};
  for (const name of ["Save all as JSON", "Save movements as CSV", "Save frames as CSV"]) {
    const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name }).click()]);
    seen.saved[name] = path.join(task.folder, download.suggestedFilename());
    await download.saveAs(seen.saved[name]);
  }
  const empty = await open(browser);
  await empty.setInputFiles("input[type=file]", task.wall); // no face in it
  await empty.waitForSelector(".video h3:text-is('Movements')");
  seen.faceless = await text(empty, ".video h3:text-is('Movements') + p");
  await Promise.all([page.context().close(), empty.context().close()]);
  return seen;
}

const seen = {};
/** Keep what a scenario saw, and how long it took. */
const timed = async (name, what) => {
  const began = Date.now();
  seen[name] = await what();
  seen[name].seconds = (Date.now() - began) / 1000;
};
const [palsy, faults, without, still] = await Promise.all([launch(task.palsy), launch(task.hints), launch(null), launch(task.rest)]);
try {
  // what is mostly waiting goes side by side
  const faulty = timed("hints", () => hints(faults));
  await timed("automatic", () => automatic(palsy));
  await timed("released", () => released(palsy));
  await timed("refused", () => refused(palsy, without));
  await timed("sequence", () => sequence(palsy));
  await timed("rest", () => atRest(still));
  await timed("outline", () => outline(palsy, seen.sequence.saved["Save outline"]));
  await timed("video", () => video(palsy));
  await faulty;
} finally {
  await Promise.all([palsy, faults, without, still].map((browser) => browser.close()));
}
console.log(JSON.stringify({ ...seen, errors, unfit }));
