// Judging on this computer: the engine that the page asks where nothing may leave the machine. All work is done in
// worker.js; here are its interface, and the frames of videos, which only a page can read.
import { framesOf } from "./frames.js";

let videos = 0;

/**
 * Start the engine.
 * @param {object} _facts page/facts.json
 * @param {(share: number) => void} [onProgress] told how much of what it needs has come, 0 to 1
 */
export async function localEngine(_facts, onProgress = () => {}) {
  // by way of a blob the worker is under the page's policy, whatever headers the host sends for the worker's own file
  const start = new Blob([`import ${JSON.stringify(new URL("worker.js", import.meta.url).href)};`], {
    type: "text/javascript",
  });
  const address = URL.createObjectURL(start);
  const worker = new Worker(address, { type: "module", name: "facialis" });
  const call = caller(worker, onProgress);
  const known = await call("start")
    .catch((error) => {
      worker.terminate();
      throw error;
    })
    .finally(() => URL.revokeObjectURL(address));

  async function ofVideo(blob, options, { signal, onProgress: advance = () => {} }) {
    const video = (videos += 1);
    const findings = [];
    try {
      for await (const { picture, time, share } of framesOf(blob, known.judged_rate, known.texts, signal)) {
        findings.push(await call("frame", { video, picture, time, options }, { signal, hand: [picture] }));
        advance(share);
      }
      return { findings: [...findings, await call("whole", { video, options }, { signal })] };
    } finally {
      call("drop", { video });
    }
  }

  return {
    name: "local",
    can: { video: "frames", explain: known.explains, report: false, photoSet: false },

    async detect(
      blob,
      { name = "picture", signal, face, prevalence, force, careful, video = false, onProgress: advance } = {},
    ) {
      const options = { source: name, face, prevalence, force, careful };
      if (video) return ofVideo(blob, options, { signal, onProgress: advance });
      return { findings: await call("detect", { picture: blob, options }, { signal }) };
    },

    rejudge: (points, { prevalence, force, signal } = {}) =>
      call("rejudge", { points, options: { prevalence, force } }, { signal }),

    async explain(given, { language = "en", prevalence, force, face, signal } = {}) {
      const what = given instanceof Blob ? { picture: given } : { points: given };
      return call("explain", { ...what, language, options: { prevalence, force, face } }, { signal });
    },

    async look(frame, { signal } = {}) {
      const picture = await createImageBitmap(frame);
      return call("look", { picture }, { signal, hand: [picture] });
    },

    /** Let go of the model and its memory. */
    async close() {
      await call("close");
      worker.terminate();
    },
  };

  function caller(thread, progressed) {
    const waiting = new Map();
    let [next, texts] = [0, null];
    thread.onmessage = ({ data: { id, found, error, progress } }) => {
      if (progress !== undefined) return progressed(progress);
      const [resolve, reject] = waiting.get(id) ?? [];
      waiting.delete(id);
      if (found?.texts) texts = found.texts;
      if (error) reject?.(refusal(error, texts));
      else resolve?.(found);
    };
    thread.onerror = (event) => {
      event.preventDefault();
      for (const [, reject] of waiting.values()) reject(refusal({ status: 500, message: event.message }, texts));
      waiting.clear();
    };
    return (work, given = {}, { signal, hand = [] } = {}) =>
      new Promise((resolve, reject) => {
        const id = (next += 1);
        signal?.throwIfAborted();
        signal?.addEventListener(
          "abort",
          () => {
            if (waiting.delete(id)) thread.postMessage({ work: "cancel", of: id });
            reject(signal.reason);
          },
          { once: true },
        );
        waiting.set(id, [resolve, reject]);
        thread.postMessage({ id, work, ...given }, hand);
      });
  }
}

/** Return what an engine throws: `status` as of HTTP, and one line for the reader. */
function refusal({ status, message, width, height }, texts) {
  const known = { 413: texts?.large, 422: texts?.undecodable }[status];
  const detail = known ? known.replace("{width}", width).replace("{height}", height) : message;
  return Object.assign(new Error(detail), { name: "EngineError", status, detail });
}
