// node camera_parts.mjs PAGE FACTS.json: what the camera's parts say of made-up looks, as JSON. PAGE: the folder of the page's modules.
import { readFile } from "node:fs/promises";
import path from "node:path";
import { pathToFileURL } from "node:url";

const [folder, file] = process.argv.slice(2);
const part = (name) => import(pathToFileURL(path.join(folder, name)).href);
const [{ hintsOf }, { expressed }, { Shutter }, outlines, { Visit }, { movementCsv }, { HeldEngine }, { watch }] = await Promise.all(
  ["hints.js", "expressed.js", "shutter.js", "outline.js", "visit.js", "movements.js", "held-engine.js", "watch.js"].map(part));
const { contours, limits, regions, face, fit, views, event } = JSON.parse(await readFile(file, "utf8"));

const row = (change = {}, points = face) => ({ status: "judged", reasons: [], quality: { ...fit, ...change }, face_points: { points } });
const hint = (change, options = {}) => hintsOf(row(change), { limits, ...options })[0] ?? "";
const moved = (x, y, scale = 1) => face.map(([a, b, c]) => [320 + scale * (a - 320) + x, 240 + scale * (b - 240) + y, c]);
const smile = face.map(([x, y, z], i) => (regions.mouth.includes(i) ? [x, y - 8, z] : [x, y, z]));

const lips = (gap, width = 50) => { // at rest the face's mouth: px between the lips, px between the corners
  const spots = { 13: [320, 300], 14: [320, 300 + gap], 61: [320 - width / 2, 302], 291: [320 + width / 2, 302] };
  const points = face.map(([x, y, z], i) => [...(spots[i] ?? [x, y]), z]);
  return (view) => hintsOf(row({}, points), { limits, view });
};

const outline = outlines.outlineOf(face, [480, 640], contours);
const like = outlines.outlinePlace(outline, [480, 640]);
const framed = (points) => hintsOf(row({}, points), { limits, like })[0] ?? "";
const read = (change) => outlines.readOutline(JSON.stringify({ ...outline, ...change }), contours) !== null;

const shutter = new Shutter(regions, 1000);
const held = (looks) => {
  shutter.reset();
  return looks.map(([at, points, hints = []]) => shutter.take({ points, at }, hints));
};

globalThis.window = new EventTarget();
const visit = new Visit(views);
const walk = [];
visit.take({ blob: new Blob(["a"]) });
visit.next();
visit.skip();
visit.next();
walk.push(visit.view, visit.unsaved);
visit.saved([views[0]]);
walk.push(visit.unsaved, visit.stateOf(views[0]), visit.stateOf(views[1]), visit.stateOf(views[2]));
visit.go(99);
walk.push(visit.view, visit.pictures.length);
visit.next();
walk.push(visit.view);
visit.clear();
walk.push(visit.view, visit.pictures.length, visit.next());

/** An engine that comes late, and one that never comes: what is asked of them meanwhile, and what a camera's frames do. */
async function late() {
  let come;
  const asked = [];
  const work = async (...given) => { asked.push(given); return "judged"; };
  const engine = new HeldEngine("local", { report: false }, () => new Promise((resolve) => { come = resolve; }));
  const first = engine.detect("photo", { name: "a" });
  const leaving = new AbortController();
  const second = engine.detect("other", { signal: leaving.signal }).catch((error) => error.name);
  const ends = new AbortController();
  const told = { held: 0, seen: 0, failed: 0 };
  const note = (name) => () => { told[name] += 1; };
  globalThis.document = { hidden: false, createElement: () => ({}) };
  const watching = watch({ videoWidth: 640, videoHeight: 480 }, () => engine, { signal: ends.signal, seen: note("seen"), failed: note("failed"), held: note("held") });
  await new Promise((resolve) => setTimeout(resolve, 20));
  leaving.abort();
  ends.abort();
  await watching;
  const before = [engine.settled, asked.length, await second];
  come({ can: { report: true }, detect: work });
  const after = [await first, engine.settled, engine.can.report, asked.length];
  const broken = new HeldEngine("local", {}, async () => { throw new Error("gone"); });
  const refused = await broken.explain("photo", {}).catch((error) => error.status);
  return { before, after, refused, failed: broken.failed, told };
}

console.log(JSON.stringify({
  late: await late(),
  hints: {
    fit: hint({}), left: hint({ yaw: -14 }), right: hint({ yaw: 14 }), up: hint({ pitch: -22 }), down: hint({ pitch: 15 }),
    anticlockwise: hint({ roll: 15 }), clockwise: hint({ roll: -15 }), dark: hint({ brightness: 20 }), bright: hint({ brightness: 250 }),
    flat: hint({ contrast: 4 }), cut: hint({ outside: 0.1 }), small: hint({ interocular_px: 30 }), full: hint({ interocular_px: 30 }, { scale: 2 }),
    hidden: hint({ eyes: 0.05 }), mask: hint({ lip_redness: -0.3 }), blurred: hint({ sharpness: 0.0001 }), below: hint({}, { view: "nasal_base" }),
    back: hint({ pitch: 24 }, { view: "nasal_base" }),
    several: hintsOf({ quality: null, reasons: ["several faces"] }, { limits }), none: hintsOf({ quality: null, reasons: ["no face"] }, { limits }),
  },
  mouth: [lips(3)("rest"), lips(8)("rest"), lips(3, 84)("rest"), lips(8, 84)("large_smile"), lips(8)(null)],
  framed: [framed(face), framed(moved(-60, 0)), framed(moved(60, 0)), framed(moved(0, 60)), framed(moved(0, -60)), framed(moved(0, 0, 0.7)), framed(moved(0, 0, 1.3))],
  outline: [read({}), read({ kind: "x" }), read({ size: [0, 1] }), read({ points: {} }), outlines.readOutline("{", contours) !== null],
  placed: outlines.outlinePlace(outline, [240, 400]),
  held: {
    still: held([[0, face], [500, face], [1000, face]]), drift: held([[0, face], [500, moved(30, 0)], [1000, moved(60, 0)]]),
    expression: held([[0, face], [600, smile], [1200, smile]]), unfit: held([[0, face], [500, face, ["dark"]], [1000, face]]), gap: held([[0, face], [3000, face]]),
  },
  expressed: [
    expressed("rest", face, null, 500, regions), expressed("rest", face, null, 2000, regions), expressed("large_smile", face, face, 2000, regions),
    expressed("large_smile", smile, face, 2000, regions), expressed("large_smile", face, face, 7000, regions),
  ],
  walk, views,
  csv: movementCsv("=evil.mp4", [event]),
}));
