// node look.mjs TASK.json: opens pages in a browser of Chromium's family and prints what it saw of each as JSON.
// TASK.json: {"browser": PROGRAM, "sandbox": false, "pages": [FILE, ...], "widths": [390, ...], "shots": FOLDER or null}
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const { browser: program, sandbox, pages, widths, shots } = JSON.parse(await readFile(process.argv[2], "utf8"));
const browser = await chromium.launch({ executablePath: program, chromiumSandbox: sandbox });
const seen = [];
for (const file of pages) {
  for (const width of widths) {
    // without the page's own policy, so that what it would ask for is seen, and axe can run
    const context = await browser.newContext({ viewport: { width, height: 900 }, bypassCSP: true });
    const asked = [];
    const address = pathToFileURL(file).href;
    await context.route("**/*", (route) => {
      const url = route.request().url();
      if (url === address) return route.continue();
      asked.push(url.slice(0, 200));
      return route.abort();
    });
    const page = await context.newPage();
    await page.goto(address, { waitUntil: "load" });
    if (shots) await page.screenshot({ path: path.join(shots, `${path.basename(file, ".html")}-${width}.png`), fullPage: true });
    await page.evaluate(() => document.querySelectorAll("details").forEach((details) => (details.open = true)));
    await page.evaluate(axe);
    const found = await page.evaluate(() => axe.run(document, { resultTypes: ["violations"] }));
    const shape = await page.evaluate(() => ({
      wide: document.documentElement.scrollWidth - document.documentElement.clientWidth,
      headings: [...document.querySelectorAll("h1, h2, h3, h4, h5, h6")].map((heading) => Number(heading.tagName[1])),
      language: document.documentElement.lang,
    }));
    const violations = found.violations.map(({ id, impact, nodes }) => ({
      id, impact, nodes: nodes.slice(0, 3).map((node) => node.html.slice(0, 300)),
    }));
    seen.push({ page: path.basename(file), width, asked, violations, ...shape });
    await context.close();
  }
}
await browser.close();
console.log(JSON.stringify(seen));
