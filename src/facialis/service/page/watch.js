// Looks at the camera's frames one after the other, and passes on what the engine saw.

import { frameOf } from "./stream.js";

const LONGEST = 640; // px of the frames that are looked at
const SERVER_INTERVAL = 280; // ms: at most four a second go to a server, also where they come a little unevenly
const LOCAL_INTERVAL = 30;
const AFTER_PROBLEM = 2000;

/** What one look saw: the engine's row, px of the whole frame in one px of the small one, size of the small one, ms. */
class Look {
  constructor(row, frame, scale, at) {
    this.row = row;
    this.size = [frame.height, frame.width];
    this.scale = scale;
    this.at = at;
  }

  /** Landmarks in the small frame, [[x, y, z] x478], or null. */
  get points() {
    return this.row.face_points?.points ?? null;
  }
}

/**
 * Look at a playing video until `signal` is aborted, never at two frames at once.
 * @param {HTMLVideoElement} video
 * @param {() => object} engine gives the engine of the moment
 * @param {{signal: AbortSignal, seen: (look: Look) => void, failed: (error: Error) => void}} options
 */
export async function watch(video, engine, { signal, seen, failed }) {
  const canvas = document.createElement("canvas");
  while (!signal.aborted) {
    const began = performance.now();
    let pause = 0;
    try {
      if (video.videoWidth && !document.hidden) {
        const frame = frameOf(video, LONGEST, canvas);
        const row = await engine().look(frame, { signal });
        if (signal.aborted) return;
        seen(new Look(row, frame, video.videoWidth / frame.width, performance.now()));
      }
    } catch (error) {
      if (signal.aborted) return;
      failed(error);
      pause = AFTER_PROBLEM;
    }
    const interval = engine().name === "local" ? LOCAL_INTERVAL : SERVER_INTERVAL;
    await waited(Math.max(pause, began + interval - performance.now()), signal);
  }
}

function waited(ms, signal) {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const timer = setTimeout(done, Math.max(0, ms));
    function done() {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    }
    signal.addEventListener("abort", done);
    return undefined;
  });
}
