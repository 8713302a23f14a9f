// node page.mjs TASK.json: uses the page of a running service as a person would, and prints what it saw as JSON.
// TASK.json: {"browser": PROGRAM, "sandbox": false, "url": ADDRESS, "guarded": ADDRESS that asks for the token and lets the browser judge,
// "token": TEXT, "photos": FOLDER, "shots": FOLDER or null}
import { copyFile, readFile, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import { chromium } from "playwright-core";

const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const task = JSON.parse(await readFile(process.argv[2], "utf8"));
const browser = await chromium.launch({ executablePath: task.browser, chromiumSandbox: task.sandbox, args: ["--disable-gpu", "--disable-background-networking"] });
const seen = { asked: [], errors: [], failed: {} };
const photo = (name) => path.join(task.photos, name);

/** Open the page in a fresh window; what it asks for and complains of is kept. */
async function open(options = {}, address = task.url, hash = "", facts = null) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, locale: "en-GB", acceptDownloads: true, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  page.on("request", (request) => seen.asked.push(request.url().slice(0, 200)));
  page.on("pageerror", (error) => seen.errors.push(`${error.message} ${error.stack}`));
  page.on("console", (message) => {
    const text = message.text(); // Chromium itself writes a line for each answer of 4xx and 5xx, and for no answer
    if (["error", "warning"].includes(message.type()) && !text.startsWith("Failed to load resource")) seen.errors.push(text);
  });
  await page.addInitScript(() => addEventListener("securitypolicyviolation", (event) => console.error(`CSP: ${event.violatedDirective} ${event.blockedURI}`)));
  if (facts) { // as Python may add them
    await page.route("**/page/facts.json", async (route) => {
      const answer = await route.fetch();
      await route.fulfill({ response: answer, json: { ...(await answer.json()), ...facts } });
    });
  }
  await page.goto(address + hash);
  return page;
}

const give = (page, ...names) => page.setInputFiles("input[type=file]", names.map(photo));
const judged = (page) => page.waitForSelector(".result .probability");
const through = (page) => page.waitForFunction(() => document.querySelector(".many:not([hidden])") && document.querySelector(".progress").hidden);
const probability = (page) => page.getAttribute(".probability", "data-probability").then(Number);
const texts = (page, selector) => page.$$eval(selector, (found) => found.map((one) => one.innerText.trim().replace(/\s+/g, " ")));
const shot = (page, name) => task.shots && page.screenshot({ path: path.join(task.shots, `test-${name}.png`), fullPage: true });

/** Pictures of a state, wide and narrow. */
async function narrow(page, name) {
  if (!task.shots) return;
  for (const width of [390, 1280]) {
    await page.setViewportSize({ width, height: 900 });
    await shot(page, `${name}-${width}`);
  }
}

async function step(name, act) {
  try {
    seen[name] = await act();
  } catch (error) {
    seen.failed[name] = error.stack ?? String(error);
  }
}

async function saved(page, press) {
  const [download] = await Promise.all([page.waitForEvent("download"), press()]);
  return { name: download.suggestedFilename(), text: await readFile(await download.path(), "utf8") };
}

await step("first", async () => {
  let bytes = 0;
  const context = await browser.newContext();
  const page = await context.newPage();
  const network = await context.newCDPSession(page);
  await network.send("Network.enable");
  network.on("Network.loadingFinished", ({ encodedDataLength }) => { bytes += encodedDataLength; });
  await page.goto(task.url, { waitUntil: "networkidle" });
  const notice = await page.textContent(".notice");
  const policy = await page.getAttribute("meta[http-equiv=Content-Security-Policy]", "content");
  await context.close();
  return { bytes, notice, policy };
});

await step("palsy", async () => {
  const page = await open();
  await page.waitForSelector(".drop");
  const data = (await readFile(photo("palsy.png"))).toString("base64");
  await page.evaluate((given) => {
    const bytes = Uint8Array.from(atob(given), (letter) => letter.charCodeAt(0));
    const files = new DataTransfer();
    files.items.add(new File([bytes], "palsy.png", { type: "image/png" }));
    for (const type of ["dragenter", "dragover", "drop"]) document.querySelector(".drop").dispatchEvent(new DragEvent(type, { bubbles: true, cancelable: true, dataTransfer: files }));
  }, data);
  await judged(page);
  const found = {
    probability: await probability(page), answer: await page.textContent("h3.answer"), said: "",
    sides: await texts(page, ".sides span"), regions: await texts(page, ".told .bars"), most: (await texts(page, "details .measures tbody tr")).length,
    first: (await texts(page, ".numbers > section > .wide > .measures tbody tr")).length, lengths: await texts(page, ".lengths tbody th"), model: await page.textContent("p.model"),
  };
  await page.waitForFunction(() => document.getElementById("announcer").textContent);
  found.said = await page.textContent("#announcer");
  await page.click(".explanation button");
  await page.waitForSelector(".explanation .pulls");
  found.explained = await texts(page, ".explanation li");
  found.ghost = await page.locator(".line.ghost").count();
  found.halves = await page.$$eval(".halves canvas", (canvases) => canvases.map((canvas) => {
    const { data: pixels } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    let apart = 0;
    for (let y = 0; y < canvas.height; y += 7) for (let x = 0; x < canvas.width / 2; x += 7) {
      const [one, other] = [4 * (y * canvas.width + x), 4 * (y * canvas.width + canvas.width - 1 - x)];
      apart = Math.max(apart, Math.abs(pixels[one] - pixels[other]));
    }
    return apart;
  }));
  found.report = await saved(page, () => page.click(".downloads button.main"));
  found.json = await saved(page, () => page.click(".downloads button:text-is('JSON')"));
  found.kept = await page.evaluate(async () => ({ local: Object.keys(localStorage), session: Object.keys(sessionStorage), bases: (await indexedDB.databases()).length, cookies: document.cookie }));
  await page.context().close();
  return found;
});

await step("side", async () => {
  const page = await open();
  await give(page, "open.png");
  await judged(page);
  const found = { told: await texts(page, ".told p"), sides: await texts(page, ".sides span"), hatched: await page.locator(".stage path.weak").count(), layers: await texts(page, ".chips label") };
  found.label = await page.getAttribute(".stage svg[role=img]", "aria-label");
  await narrow(page, "side-open");
  await give(page, "palsy.png");
  await through(page);
  found.column = await texts(page, ".photos tbody .c-side");
  await page.context().close();
  return found;
});

await step("many", async () => {
  const page = await open();
  await give(page, "palsy.png", "broken.jpg", "healthy.png", "empty.jpg", "small.png", "mild.png");
  await through(page);
  const names = () => texts(page, ".photos tbody .c-name");
  const found = { card: await texts(page, ".many .card li"), given: await names(), answers: await texts(page, ".photos tbody .c-answer"), reasons: await texts(page, ".photos tbody .c-reasons") };
  await page.click(".c-probability button");
  found.falling = await names();
  await page.click(".c-probability button");
  found.rising = await names();
  found.sorted = await page.getAttribute("th.c-probability", "aria-sort");
  await page.selectOption(".many select", "palsy");
  found.palsies = await names();
  await page.selectOption(".many select", "");
  await page.fill(".many input[type=search]", "heal");
  found.found = await names();
  await page.fill(".many input[type=search]", "");
  found.csv = await saved(page, () => page.click(".many button:text-is('CSV')"));
  await page.focus(".photos tbody button:text-is('healthy.png')");
  await page.keyboard.press("Enter");
  await judged(page);
  found.opened = { name: await page.textContent(".result h2"), focus: await page.evaluate(() => document.activeElement.textContent), probability: await probability(page) };
  found.cardBelow = await texts(page, ".result .card li");
  await page.click(".back button");
  found.back = await page.evaluate(() => document.activeElement.textContent);
  await page.click(".photos tbody button:text-is('mild.png')");
  await judged(page);
  await page.click(".back button:text-is('Previous')");
  await page.waitForFunction(() => document.querySelector(".result h2").textContent === "small.png");
  await page.goBack();
  await page.waitForSelector(".many:not([hidden])");
  found.travelled = { there: page.url() === task.url, focus: await page.evaluate(() => document.activeElement.textContent), results: await page.locator(".result").count() };
  await page.click(".photos tbody tr:has-text('broken.jpg') .c-answer");
  found.broken = await page.textContent(".result .trouble");
  await page.context().close();
  return found;
});

await step("cancel", async () => {
  const page = await open();
  await copyFile(photo("healthy.png"), photo("gone.png"));
  const aborted = [];
  page.on("requestfailed", (request) => aborted.push(request.failure().errorText));
  await page.route("**/v1/detect?*", async (route) => { await new Promise((done) => setTimeout(done, 1500)); await route.continue().catch(() => {}); });
  let most = 0;
  let open_ = 0;
  page.on("request", (request) => { if (request.url().includes("v1/detect")) { open_ += 1; most = Math.max(most, open_); } });
  for (const event of ["requestfinished", "requestfailed"]) page.on(event, (request) => { if (request.url().includes("v1/detect")) open_ -= 1; });
  await give(page, "palsy.png", "healthy.png", "mild.png", "small.png", "wall.png", "gone.png");
  await rm(photo("gone.png"));
  await page.waitForTimeout(300);
  await page.click(".progress button");
  await page.waitForTimeout(200);
  const states = await texts(page, ".photos tbody .c-answer");
  await narrow(page, "rest");
  await page.unroute("**/v1/detect?*");
  await page.selectOption(".many select", "open");
  const left = (await texts(page, ".photos tbody .c-name")).length;
  await page.selectOption(".many select", "");
  const rest = await page.textContent(".rest button");
  await page.click(".rest button");
  await through(page);
  const again = await texts(page, ".photos tbody .c-answer");
  const gone = await page.textContent(".photos tbody tr:has-text('gone.png') .c-reasons");
  const done = await page.locator(".rest button").count();
  await page.click(".photos tbody button:text-is('palsy.png')");
  await judged(page);
  const after = await probability(page);
  await page.context().close();
  return { states, aborted, most, after, left, rest, again, gone, done };
});

await step("busy", async () => {
  const page = await open();
  let refused = 0;
  await page.route("**/v1/detect?*", (route) => {
    refused += 1;
    if (refused > 2) return route.continue();
    return route.fulfill({ status: 503, headers: { "Retry-After": "0.3" }, contentType: "application/problem+json", body: '{"detail": "busy"}' });
  });
  await give(page, "healthy.png");
  await judged(page);
  const found = { refused, probability: await probability(page) };
  await page.route("**/v1/detect?*", (route) => route.abort("connectionrefused"));
  await give(page, "palsy.png");
  await through(page);
  found.offline = await texts(page, ".photos tbody tr:has-text('palsy.png') .c-reasons");
  found.unjudged = await texts(page, ".photos tbody tr:has-text('palsy.png') .c-answer");
  await page.context().close();
  return found;
});

await step("language", async () => {
  const page = await open();
  await give(page, "palsy.png");
  await judged(page);
  await page.selectOption(".settings select", "de");
  await page.waitForFunction(() => document.documentElement.lang === "de");
  const found = { answer: await page.textContent("h3.answer"), title: await page.title(), notice: await page.textContent(".notice"), english: [] };
  const body = await page.innerText("#page");
  found.english = ["subject's", "palsy", "Judge", "Photo:", "outside", "within", "page.app", "undefined", "{"].filter((word) => body.replace("palsy.png", "").includes(word));
  const light = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  await page.click(".settings button");
  found.colours = [light, await page.evaluate(() => getComputedStyle(document.body).backgroundColor)];
  page.once("dialog", (dialog) => { found.asked = dialog.type(); dialog.accept(); });
  await page.reload();
  await page.waitForSelector(".drop");
  found.again = [await page.getAttribute("html", "lang"), await page.evaluate(() => getComputedStyle(document.body).backgroundColor)];
  await page.context().close();
  return found;
});

await step("keyboard", async () => {
  const page = await open();
  const chosen = new Promise((done) => page.on("filechooser", done)); // listened for from the start: telling Chromium takes a moment
  await page.waitForSelector(".drop");
  const focus = () => page.evaluate(() => { const at = document.activeElement; return `${at.tagName.toLowerCase()}${at.type ? `:${at.type}` : ""} ${(at.getAttribute("aria-label") ?? at.textContent).trim().slice(0, 40)}`; });
  const until = async (wanted) => {
    const passed = [];
    for (let presses = 0; presses < 120; presses += 1) {
      await page.keyboard.press("Tab");
      passed.push(await focus());
      if (passed.at(-1).includes(wanted)) return passed;
    }
    throw new Error(`${wanted}: not reached by Tab; ${passed.join(" | ")}`);
  };
  const start = await until("input:file");
  await page.keyboard.press("Enter");
  const chooser = await Promise.race([chosen, new Promise((_, refuse) => setTimeout(() => refuse(new Error("no file chooser")), 10_000))]);
  await chooser.setFiles([photo("palsy.png")]);
  await judged(page);
  await until("Correct landmarks");
  await page.keyboard.press("Enter");
  const outline = await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle);
  await page.keyboard.press("Shift+Tab");
  while (!(await focus()).startsWith("figure") && !(await focus()).includes("arrow keys")) await page.keyboard.press("Shift+Tab");
  const before = await probability(page);
  for (let presses = 0; presses < 3; presses += 1) await page.keyboard.press("ArrowUp");
  await page.keyboard.press("Shift+ArrowLeft");
  await page.waitForSelector(".probability .before, .lengths .before");
  const moved = await page.textContent(".moved");
  const after = await probability(page);
  await page.keyboard.press("Escape");
  const left = await focus();
  const rest = [];
  for (let presses = 0; presses < 150; presses += 1) {
    await page.keyboard.press("Tab");
    rest.push(await focus());
    if (rest.at(-1).startsWith("body") || rest.at(-1).includes("Skip")) break;
  }
  await page.context().close();
  return { start, outline, before, after, moved, left, end: rest.at(-1) };
});

await step("drag", async () => {
  const page = await open();
  await give(page, "palsy.png");
  await judged(page);
  const all = () => page.$$eval(".told, .numbers", (parts) => parts.map((part) => part.innerText).join("\n"));
  const first = await all();
  await page.click(".edit button");
  await page.locator(".handle").nth(38).scrollIntoViewIfNeeded();
  const box = await page.locator(".handle").nth(38).boundingBox();
  const at = [box.x + box.width / 2, box.y + box.height / 2];
  await page.mouse.move(...at);
  await page.mouse.down();
  await page.mouse.move(at[0] + 4, at[1] - 8, { steps: 3 });
  await page.mouse.move(at[0] + 5, at[1] - 16, { steps: 3 });
  await page.mouse.up();
  await page.waitForSelector(".numbers .before");
  await page.waitForTimeout(600);
  const found = { moved: await page.textContent(".moved"), marked: (await texts(page, ".before")).length, changed: (await all()) !== first };
  const report = await saved(page, () => page.click(".downloads button.main"));
  found.share = await page.textContent(".probability strong");
  found.index = JSON.parse((await saved(page, () => page.click(".downloads button:text-is('JSON')"))).text)[0].moved_by_hand;
  found.report = report.text;
  await shot(page, "dragged");
  await page.click(".edit button:text-is('Undo')");
  await page.waitForFunction(() => !document.querySelector(".before"));
  found.undone = (await all()) === first;
  await page.selectOption(".edit select", "291");
  await page.click(".nudges button:nth-child(2)");
  await page.waitForSelector(".numbers .before");
  await page.click(".edit button:text-is('Reset')");
  await page.waitForFunction(() => !document.querySelector(".before"));
  found.reset = (await all()) === first;
  await page.context().close();
  return found;
});

await step("upright", async () => {
  const page = await open();
  const look = async (name) => {
    await give(page, name);
    await judged(page);
    await page.click(".zoom button:last-child");
    await page.waitForTimeout(150);
    const pixels = await page.$eval(".stage canvas", (canvas) => [...canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data.filter((_, index) => index % 97 === 0)]);
    const drawn = await page.getAttribute(".line.under", "d");
    await page.click(".back button:last-child");
    return { pixels, drawn };
  };
  const [plain, turned] = [await look("plain.jpg"), await look("turned.jpg")];
  const apart = plain.pixels.reduce((sum, value, index) => sum + Math.abs(value - turned.pixels[index]), 0) / plain.pixels.length;
  await page.context().close();
  return { apart, same: plain.drawn === turned.drawn, sizes: [plain.pixels.length, turned.pixels.length] };
});

await step("unfit", async () => {
  const page = await open();
  await give(page, "small.png");
  await page.waitForSelector(".reasons");
  const found = { reasons: await texts(page, ".reasons li"), advice: await texts(page, ".advice li"), numbers: await page.locator(".numbers table").count() };
  await page.click("button:text-is('Judge all the same')");
  await judged(page);
  found.forced = await page.textContent(".told .warning strong");
  await page.click(".back button:last-child");
  await give(page, "two.png");
  await page.click("button:text-is('Judge each face')");
  await page.waitForSelector(".faces");
  found.faces = await texts(page, ".faces button");
  await page.click(".faces button:nth-child(2)");
  await page.waitForSelector(".faces button:nth-child(2)[aria-pressed=true]");
  found.second = [await page.getAttribute(".faces button:nth-child(2)", "aria-pressed"), await page.textContent("h3.answer")];
  await page.click(".back button:last-child");
  await give(page, "huge.jpg");
  found.huge = await page.textContent(".trouble");
  await page.context().close();
  return found;
});

await step("rare", async () => {
  const page = await open();
  await page.waitForSelector(".drop");
  await page.click(".options summary");
  await page.fill(".options input", "2");
  await page.keyboard.press("Tab");
  const data = (await readFile(photo("palsy.png"))).toString("base64");
  await page.evaluate((given) => {
    const files = new DataTransfer();
    files.items.add(new File([Uint8Array.from(atob(given), (letter) => letter.charCodeAt(0))], "pasted.png", { type: "image/png" }));
    document.dispatchEvent(new ClipboardEvent("paste", { clipboardData: files, bubbles: true }));
  }, data);
  await judged(page);
  const found = { name: await page.textContent(".result h2"), probability: await probability(page), answer: await page.textContent("h3.answer"), said: await texts(page, ".told p.soft"), odds: await texts(page, ".at-even-odds") };
  await narrow(page, "rare");
  await page.focus(".stage");
  const view = () => page.getAttribute(".stage svg", "viewBox");
  found.views = [await view()];
  await page.keyboard.press("+");
  found.views.push(await view());
  await page.keyboard.press("ArrowRight");
  found.views.push(await view());
  await page.click(".zoom button:text-is('Face')");
  found.views.push(await view());
  await page.context().close();
  return found;
});

await step("token", async () => {
  const page = await open({}, task.guarded);
  await page.waitForSelector("dialog[open]");
  const found = { title: await page.textContent("dialog h2"), focus: await page.evaluate(() => document.activeElement.type) };
  await page.keyboard.type("not the token");
  await page.keyboard.press("Enter");
  await page.waitForSelector("dialog[open] p:has-text('refused')");
  await page.keyboard.press("Escape"); // rather not: then nothing is judged, and it is not asked for each photo
  await page.waitForSelector(".drop");
  await give(page, "healthy.png", "palsy.png", "mild.png", "small.png", "wall.png");
  await page.waitForSelector("dialog[open]");
  await page.keyboard.press("Escape");
  await through(page);
  found.refused = await texts(page, ".photos tbody .c-reasons");
  await page.click(".back button:last-child");
  await give(page, "wall.png");
  await page.waitForSelector("dialog[open]");
  await page.keyboard.type(task.token);
  await page.keyboard.press("Enter");
  await page.waitForSelector(".reasons");
  await page.click(".back button:last-child");
  await give(page, "healthy.png");
  await judged(page);
  found.probability = await probability(page);
  found.kept = await page.evaluate(() => [Object.keys(localStorage), Object.keys(sessionStorage)]);
  await page.click(".back button:last-child");
  await step("static", async () => {
    const before = seen.asked.length;
    const site = await open({}, task.guarded, "", { server: false });
    await site.waitForSelector(".place input[value=local]:checked");
    const server = await site.isDisabled(".place input[value=server]");
    const asks = await site.locator("dialog[open]").count();
    const asked = seen.asked.slice(before).filter((url) => url.includes("/v1/"));
    await site.context().close();
    return { asked, server, asks };
  });
  await step("local", () => local(page));
  await page.context().close();
  return found;
});

async function local(page) {
  await page.waitForSelector(".place input[value=local]:enabled");
  const found = { held: await held(page) };
  await page.check(".place input[value=local]");
  await page.waitForFunction(() => document.querySelector(".place p").textContent.startsWith("Nothing"), null, { timeout: 30_000 });
  const asked = [];
  page.on("request", (request) => { if (request.url().includes("/v1/")) asked.push(request.url()); });
  Object.assign(found, { said: await page.textContent(".place p"), asked });
  await give(page, "palsy.png");
  await judged(page);
  Object.assign(found, { probability: await probability(page), answer: await page.textContent("h3.answer") });
  await page.click(".explanation button");
  await page.waitForSelector(".explanation .pulls");
  found.explained = await page.locator(".explanation li").count();
  await page.click(".edit button");
  await page.focus(".stage");
  await page.keyboard.press("Shift+ArrowUp");
  await page.waitForSelector(".numbers .before");
  found.moved = await probability(page);
  found.report = await page.locator(".downloads button.main").count();
  found.note = await page.textContent(".downloads > p.soft:last-child");
  return found;
}

/** "On this computer" is chosen, and photos are given before its models are there: once they cannot be had, once they come late. */
async function held(page) {
  const sent = [];
  const note = (request) => { if (request.method() === "POST") sent.push(request.url()); };
  page.on("request", note);
  await page.route("**/engine/face_landmarker.task", (route) => route.abort());
  await page.check(".place input[value=local]");
  await page.waitForFunction(() => document.querySelector(".place p").textContent.includes("could not be started"));
  const found = { failed: await page.textContent(".place p"), chosen: await page.isChecked(".place input[value=local]") };
  await give(page, "healthy.png");
  await page.waitForSelector(".result .trouble");
  await narrow(page, "not-ready");
  found.refused = await page.textContent(".result .trouble");
  await page.unroute("**/engine/face_landmarker.task");
  let go;
  const late = new Promise((resolve) => { go = resolve; });
  await page.route("**/engine/face_landmarker.task", async (route) => { await late; await route.continue(); });
  await page.click(".place button");
  await page.click(".result .trouble button");
  await page.waitForSelector(".result .busy");
  found.waits = await page.textContent(".result .busy");
  await narrow(page, "held");
  go();
  await judged(page);
  found.probability = await probability(page);
  await page.check(".place input[value=server]"); // what was judged here is explained here all the same
  await page.click(".explanation button");
  await page.waitForSelector(".explanation .pulls");
  found.reports = await page.locator(".downloads button.main").count();
  page.off("request", note);
  await page.unroute("**/engine/face_landmarker.task");
  await page.click(".back button:last-child");
  return { ...found, sent };
}

seen.looks = [];
for (const width of [390, 1280]) {
  for (const colorScheme of ["light", "dark"]) {
    await step(`look-${width}-${colorScheme}`, async () => {
      const page = await open({ viewport: { width, height: 900 }, colorScheme, bypassCSP: true, reducedMotion: "reduce" });
      const look = async (state) => {
        await page.evaluate(() => document.querySelectorAll("details").forEach((details) => (details.open = true)));
        await page.evaluate(() => window.axe?.run ?? 0);
        await page.evaluate(axe);
        const found = await page.evaluate(() => axe.run(document, { resultTypes: ["violations"] }));
        const shape = await page.evaluate(() => ({
          wide: document.documentElement.scrollWidth - document.documentElement.clientWidth,
          headings: [...document.querySelectorAll("h1, h2, h3, h4")].filter((heading) => heading.checkVisibility()).map((heading) => Number(heading.tagName[1])),
        }));
        await shot(page, `${state}-${width}-${colorScheme}`);
        seen.looks.push({ state, width, colorScheme, ...shape, violations: found.violations.map(({ id, impact, nodes }) => ({ id, impact, nodes: nodes.slice(0, 3).map((node) => node.html.slice(0, 300)) })) });
      };
      await page.waitForSelector(".drop");
      await look("start");
      await give(page, "palsy.png");
      await judged(page);
      await page.click(".edit button");
      await page.focus(".stage");
      await page.keyboard.press("Shift+ArrowUp");
      await page.waitForSelector(".numbers .before");
      await page.click(".explanation button");
      await page.waitForSelector(".explanation .pulls");
      await look("result");
      await give(page, "broken.jpg", "small.png");
      await through(page);
      await look("many");
      await page.click(".photos tbody button:text-is('small.png')");
      await page.waitForSelector(".reasons");
      await look("abstained");
      await page.context().close();
    });
  }
}

await browser.close();
console.log(JSON.stringify(seen));
