// Looks at the camera's frames one after the other, and passes on what the engine saw.

import { frameOf } from "./stream.js";

const LONGEST = 640; // px of the frames that are looked at
const PAUSE = { server: 250, local: 10, held: 250, problem: 2000 }; // ms after an answer: less than four a second go to a server

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
 * @param {{signal: AbortSignal, seen: (look: Look) => void, failed: (error: Error) => void, held: () => void}} options
 *   `held` while the engine is still being made ready
 */
export async function watch(video, engine, { signal, seen, failed, held }) {
  const canvas = document.createElement("canvas");
  while (!signal.aborted) {
    const judge = engine();
    let pause = judge.name;
    try {
      if (judge.settled === false) {
        held();
        pause = "held"; // looked after again, for another may be chosen meanwhile
      } else if (video.videoWidth && !document.hidden) {
        const frame = frameOf(video, LONGEST, canvas);
        const row = await judge.look(frame, { signal });
        if (signal.aborted) return;
        seen(new Look(row, frame, video.videoWidth / frame.width, performance.now()));
      }
    } catch (error) {
      if (signal.aborted) return;
      failed(error);
      pause = "problem";
    }
    await waited(PAUSE[pause], signal);
  }
}

function waited(ms, signal) {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const timer = setTimeout(done, ms);
    function done() {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    }
    signal.addEventListener("abort", done);
    return undefined;
  });
}
