// A page that only asks the engine, for the test beside it.
import { localEngine } from "./engine/local.js";

const began = performance.now();
const shares = [];
const ticks = [];
setInterval(() => ticks.push(performance.now()), 10);

const engine = localEngine({}, (share) => shares.push(share));
const ready = engine.then(
  () => performance.now() - began,
  () => null,
);

/** Judge a file of this site; says how long that took, and how long the page stood still for it. */
globalThis.judge = async (address, options) => {
  const blob = await (await fetch(address)).blob();
  try {
    const made = await engine;
    const start = performance.now();
    const found = await made.detect(blob, { name: address, ...options });
    return { ms: performance.now() - start, stood: longest(start), ready: await ready, shares, ...found };
  } catch (error) {
    return { name: error.name, status: error.status, detail: error.detail };
  }
};

globalThis.again = async (address) => {
  const { findings } = await globalThis.judge(address, {});
  return [findings[0], await (await engine).rejudge(findings[0].face_points)];
};

globalThis.explain = async (address) => {
  const blob = await (await fetch(address)).blob();
  const made = await engine;
  const start = performance.now();
  const found = await made.explain(blob, { language: "de" });
  return { ms: performance.now() - start, can: made.can, found };
};

globalThis.look = async (address) => {
  const bitmap = await createImageBitmap(await (await fetch(address)).blob());
  const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
  canvas.getContext("2d").drawImage(bitmap, 0, 0);
  return (await engine).look(canvas);
};

globalThis.abort = async (address) => {
  const blob = await (await fetch(address)).blob();
  const controller = new AbortController();
  const judged = (await engine).detect(blob, { signal: controller.signal });
  controller.abort();
  return judged.then(
    () => "judged",
    (error) => error.name,
  );
};

/** Let go of the engine; MediaPipe would send what it counted now. */
globalThis.close = async () => (await engine).close();

/** What MediaPipe does where nobody holds it back. */
globalThis.unguarded = () =>
  new Promise((resolve) => {
    const worker = new Worker("unguarded.js", { type: "module" });
    worker.onmessage = ({ data }) => resolve(data);
  });

function longest(since) {
  const seen = [since, ...ticks.filter((at) => at > since), performance.now()];
  return Math.max(...seen.slice(1).map((at, k) => at - seen[k]));
}
