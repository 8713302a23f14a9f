// node tools/docs/page_pictures.mjs URL FOLDER: pictures of the page that `facialis serve` answers at URL, for the docs.
// FOLDER gets page-start.png, page-finding.png, page-explanation.png and page-phone.png. The photo is the palsy twin that `facialis demo`
// writes into facialis-demo/ (nobody's palsy: simulated). Needs tests/web/node_modules; see tests/web/install.py.
import { createRequire } from "node:module";
import path from "node:path";

const require = createRequire(new URL("../../tests/web/", import.meta.url));
const { chromium } = require("playwright-core");
const [url, folder] = process.argv.slice(2);
const photo = "facialis-demo/astronaut-simulated-severe-palsy-subject-left.png";
const browser = await chromium.launch({ executablePath: process.env.FACIALIS_BROWSER, chromiumSandbox: false });

async function open(width, height) {
  const context = await browser.newContext({ viewport: { width, height }, colorScheme: "light", locale: "en-GB" });
  const page = await context.newPage();
  await page.goto(url);
  await page.waitForSelector(".drop");
  return page;
}

async function judged(page) {
  await page.setInputFiles("input[type=file]", photo);
  await page.waitForSelector(".probability", { timeout: 60000 });
  await page.waitForTimeout(1000);
}

const desk = await open(1280, 860);
await desk.screenshot({ path: path.join(folder, "page-start.png") });
await judged(desk);
await desk.screenshot({ path: path.join(folder, "page-finding.png") });
await desk.click(".explanation button");
await desk.waitForSelector(".explanation .pulls", { timeout: 60000 });
await desk.locator(".explanation").screenshot({ path: path.join(folder, "page-explanation.png") });
const phone = await open(390, 844);
await judged(phone);
await phone.screenshot({ path: path.join(folder, "page-phone.png") });
await browser.close();
