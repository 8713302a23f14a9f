// An engine that takes a while to be made ready. It can be chosen at once: what is given to it is held until it is there,
// and no other engine takes its place.

import { EngineError } from "./engine-error.js";

const WORKS = ["detect", "rejudge", "explain", "report", "photoSet", "look"];

/** Has an engine's interface from the start; fires "change" with more of it fetched, and once it is `settled`. */
export class HeldEngine extends EventTarget {
  /**
   * @param {string} name of the engine
   * @param {object} can what it will be able to do
   * @param {function(function(number)): Promise<object>} load makes the engine; told how much has come
   */
  constructor(name, can, load) {
    super();
    Object.assign(this, { name, can, settled: false, failed: false, share: 0 });
    this.loading = load((share) => this.#changed({ share })).then(
      (engine) => { this.#changed({ settled: true, can: engine.can }); return engine; },
      () => { this.#changed({ settled: true, failed: true }); throw new EngineError(501, ""); });
    this.loading.catch(() => {}); // told to whoever gives it work
  }

  /** Return the engine once it is there; a signal ends the waiting. */
  ready(signal) {
    signal?.throwIfAborted();
    return new Promise((resolve, reject) => {
      signal?.addEventListener("abort", () => reject(signal.reason), { once: true });
      this.loading.then(resolve, reject);
    });
  }

  #changed(values) {
    Object.assign(this, values);
    this.dispatchEvent(new CustomEvent("change"));
  }
}

for (const work of WORKS) {
  HeldEngine.prototype[work] = async function held(...given) {
    return (await this.ready(given.at(-1)?.signal))[work](...given);
  };
}
