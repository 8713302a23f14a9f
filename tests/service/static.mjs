// node static.mjs TASK.json: opens a static site in a browser and prints what the engine said, and what was asked.
// TASK.json: {"browser": PROGRAM, "sandbox": false, "modules": FOLDER, "args": [FLAG, ...], "page": ADDRESS, "steps": [STEP, ...]}
// STEP: [FUNCTION, ...ARGUMENTS] of the page, or ["upload", SELECTOR, FILE, SELECTOR of what then comes]
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";

const task = JSON.parse(await readFile(process.argv[2], "utf8"));
const { chromium } = createRequire(path.join(task.modules, "x"))("playwright-core");
const browser = await chromium.launch({ executablePath: task.browser, chromiumSandbox: task.sandbox, args: task.args });
const page = await browser.newPage();
const seen = { requests: [], bytes: 0, console: [], steps: [] };
const sizes = [];
page.on("request", (request) => seen.requests.push(request.url()));
page.on("requestfinished", (request) =>
  sizes.push(
    request
      .sizes()
      .then((size) => size.responseBodySize)
      .catch(() => 0),
  ),
);
page.on("console", (message) => seen.console.push(`${message.type()}: ${message.text()}`));
page.on("pageerror", (error) => seen.console.push(`error: ${error.message}`));
await page.addInitScript(() => {
  globalThis.violations = [];
  addEventListener("securitypolicyviolation", (event) =>
    globalThis.violations.push(`${event.violatedDirective} ${event.blockedURI}`),
  );
});
await page.goto(task.page, { waitUntil: "load" });
for (const [name, ...given] of task.steps) {
  if (name === "upload") {
    await page.setInputFiles(given[0], given[1]);
    await page.waitForSelector(given[2], { timeout: 60_000 });
    seen.steps.push(await page.innerText(given[2]));
  } else {
    seen.steps.push(await page.evaluate(([f, arguments_]) => globalThis[f](...arguments_), [name, given]));
  }
  if (seen.steps.length === 1) seen.bytes = (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}
seen.violations = await page.evaluate(() => globalThis.violations);
await browser.close();
console.log(JSON.stringify(seen));
