// node run.mjs GRAPH.onnx INPUTS.json: runs a graph on onnxruntime-web (WebAssembly) and prints its outputs as JSON.
// INPUTS.json: {"name": {"shape": [...], "data": [...]}}, float32.
import { readFile } from "node:fs/promises";
import * as ort from "onnxruntime-web/wasm";

ort.env.wasm.numThreads = 1;
const [graph, inputs] = process.argv.slice(2);
const session = await ort.InferenceSession.create(await readFile(graph), { executionProviders: ["wasm"] });
const feeds = {};
for (const [name, { shape, data }] of Object.entries(JSON.parse(await readFile(inputs, "utf8")))) {
  feeds[name] = new ort.Tensor("float32", Float32Array.from(data), shape);
}
const answers = {};
for (const [name, tensor] of Object.entries(await session.run(feeds))) {
  answers[name] = { shape: tensor.dims, data: Array.from(tensor.data) };
}
console.log(JSON.stringify(answers));
