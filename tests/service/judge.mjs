// node judge.mjs TASK.json: judges landmarks, and faces in pictures, with the page's own engine; prints rows as JSON.
// TASK.json: {"engine": FOLDER, "modules": FOLDER, "facts": FILE, "graph": FILE, "landmarks": [{points, options}, ...],
//   "pictures": [{"rgba": FILE, "width", "height", "points", "mirrored": [points, ...], "options"}, ...],
//   "explained": [{points, options, texts}, ...]}; any of the three may be empty
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";

const task = JSON.parse(await readFile(process.argv[2], "utf8"));
const ours = (name) => import(pathToFileURL(path.join(task.engine, name)).href);
const require = createRequire(path.join(task.modules, "x"));
const ort = await import(pathToFileURL(require.resolve("onnxruntime-web/wasm").replace(/\.js$/, ".mjs")).href);
ort.env.wasm.numThreads = 1;
const [{ loadGraph, loadHead }, { Detector }, { rowOf }, { explain }] = await Promise.all(
  ["graph.js", "detector.js", "finding.js", "explain.js"].map(ours),
);
const facts = JSON.parse(await readFile(task.facts, "utf8"));
const ask = await loadGraph(ort, new Uint8Array(await readFile(task.graph)));
const head = await loadHead(ort, new Uint8Array(await readFile(task.head)));
const rows = { landmarks: [], pictures: [], explanations: [] };

const detector = new Detector(facts, ask, () => []);
for (const { points, options } of task.landmarks)
  rows.landmarks.push(rowOf(await detector.judgeLandmarks(points, options), facts));

for (const { rgba, width, height, points, mirrored, options } of task.pictures) {
  const faceOf = (given) => detector.faceOf(given, [height, width]);
  const looks = [[faceOf(points)], mirrored.map(faceOf)];
  const data = new Uint8ClampedArray(await readFile(rgba));
  const one = new Detector(facts, ask, () => looks.shift());
  const [finding] = await one.detectFaces({ data, width, height }, options);
  rows.pictures.push(rowOf(finding, facts));
}
for (const { points, options, texts } of task.explained) {
  rows.explanations.push(await explain(await detector.judgeLandmarks(points, options), detector, head, texts));
}
console.log(JSON.stringify(rows));
