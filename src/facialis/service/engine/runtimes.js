// Fetches what judging needs, once, and starts it: MediaPipe's landmarker and ONNX Runtime, both WebAssembly.
import { loadGraph, loadHead } from "./graph.js";
import { largestTexture, loadLandmarker } from "./landmarker.js";

const VISION = "vision/vision_wasm_module_internal";
const ORT = "ort/ort-wasm-simd-threaded";

/**
 * Fetch and start everything.
 * @param {URL} base the folder engine/
 * @param {(share: number) => void} onProgress told how much of it has come, 0 to 1
 */
export async function start(base, onProgress) {
  const facts = await (await answered(new URL("facts.json", base))).json();
  if (!largestTexture()) throw Object.assign(new Error(facts.texts.browser.unsupported), { status: 501 });
  const total = Object.values(facts.downloads).reduce((sum, size) => sum + size, 0);
  let come = 0;
  const load = (name) => fetched(new URL(name, base), (size) => onProgress(Math.min((come += size) / total, 1)));
  const names = [
    `${VISION}.wasm`,
    "face_landmarker.task",
    `${ORT}.wasm`,
    "model.onnx",
    ...(facts.explanation ? ["head.onnx"] : []),
  ];
  const [vision, task, wasm, graph, part] = await Promise.all(names.map(load));
  const ort = await import(new URL("ort/ort.wasm.min.mjs", base).href);
  Object.assign(ort.env.wasm, {
    numThreads: 1,
    proxy: false,
    wasmBinary: wasm.buffer,
    wasmPaths: new URL("ort/", base).href,
  });
  ort.env.logLevel = "error";
  const ask = await loadGraph(ort, graph);
  const head = part ? await loadHead(ort, part) : null;
  return { facts, ask, head, landmarker: await loadLandmarker(base, VISION, vision, task) };
}

async function fetched(address, advance) {
  const answer = await answered(address);
  const [parts, reader] = [[], answer.body.getReader()];
  for (let { done, value } = await reader.read(); !done; { done, value } = await reader.read()) {
    parts.push(value);
    advance(value.length);
  }
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}

/** Return the answer to a request; throws where there is no good one. */
export async function answered(address) {
  const answer = await fetch(address);
  if (!answer.ok) throw Object.assign(new Error(`${address.pathname}: ${answer.status}`), { status: answer.status });
  return answer;
}
