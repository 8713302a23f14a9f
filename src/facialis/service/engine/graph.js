// The bundle's graph on ONNX Runtime's WebAssembly build.
import { N_LANDMARKS } from "./geometry.js";

const N_MEASURES = 29;

/**
 * Return a function that asks the graph about n faces of one head transform.
 * @param {object} ort onnxruntime-web
 * @param {Uint8Array} model
 */
export async function loadGraph(ort, model) {
  const session = await ort.InferenceSession.create(model, { executionProviders: ["wasm"], logSeverityLevel: 3 });
  return (landmarks, transform) => ask(ort, session, landmarks, transform);
}

/**
 * Return a function that asks the part of the graph from the measures on: log odds of rows of measures.
 * @param {object} ort onnxruntime-web
 * @param {Uint8Array} model
 */
export async function loadHead(ort, model) {
  const session = await ort.InferenceSession.create(model, { executionProviders: ["wasm"], logSeverityLevel: 3 });
  return async (rows) => {
    const { logits } = await session.run({
      measures: new ort.Tensor("float32", rows, [rows.length / N_MEASURES, N_MEASURES]),
    });
    return Float32Array.from(
      { length: logits.data.length / 2 },
      (_, row) => logits.data[2 * row + 1] - logits.data[2 * row],
    );
  };
}

/** Return each answer as rows of numbers, one row for each face: {logits: [[..], ..], ...}. */
async function ask(ort, session, landmarks, transform) {
  const n = landmarks.length / (3 * N_LANDMARKS);
  const transforms = new Float32Array(16 * n);
  for (let row = 0; row < n; row++) transforms.set(transform, 16 * row);
  const given = {
    landmarks: new ort.Tensor("float32", landmarks, [n, N_LANDMARKS, 3]),
    transform: new ort.Tensor("float32", transforms, [n, 4, 4]),
  };
  const feeds = Object.fromEntries(session.inputNames.map((name) => [name, given[name]]));
  const answers = {};
  for (const [name, tensor] of Object.entries(await session.run(feeds))) {
    const wide = tensor.data.length / n;
    answers[name] = Array.from({ length: n }, (_, row) =>
      Array.from(tensor.data.subarray(row * wide, (row + 1) * wide)),
    );
    if (!answers[name].flat().every(Number.isFinite))
      throw new Error(`the model gave numbers as ${name} that are not finite`);
  }
  return answers;
}
