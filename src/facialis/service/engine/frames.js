// The frames of a video file, some a second, through a <video> that nobody sees.

const PATIENCE = 20_000; // ms for one frame
const SHOWN = 300; // ms after a seek within which the frame is shown

/**
 * Yield {picture, time, share} of a video: a bitmap, seconds, and how far that is of the whole, 0 to 1.
 * @param {Blob} blob
 * @param {number} rate frames a second
 * @param {{unplayable: string}} texts
 * @param {AbortSignal} [signal]
 */
export async function* framesOf(blob, rate, texts, signal) {
  const video = document.createElement("video");
  Object.assign(video, { muted: true, playsInline: true, preload: "auto" });
  const address = URL.createObjectURL(blob);
  const unplayable = () =>
    Object.assign(new Error(texts.unplayable), { name: "EngineError", status: 422, detail: texts.unplayable });
  const happened = (event, start) => once(video, event, start, unplayable, signal);
  try {
    await happened("loadeddata", () => (video.src = address));
    if (!video.videoWidth) throw unplayable();
    // a recording may not know how long it is before its end was looked at
    if (!Number.isFinite(video.duration)) await happened("durationchange", () => (video.currentTime = 1e9));
    const count = Math.max(1, Math.ceil(video.duration * rate - 1e-6));
    for (let k = 0; k < count; k++) {
      const time = await shown(video, k / rate, happened);
      yield { picture: await createImageBitmap(video), time, share: (k + 1) / count };
    }
  } finally {
    video.removeAttribute("src");
    video.load();
    URL.revokeObjectURL(address);
  }
}

/** Go to a time and wait until the frame there is the one to be had; returns when in the video that frame is. */
async function shown(video, time, happened) {
  const drawn = new Promise((resolve) => video.requestVideoFrameCallback?.((_, { mediaTime }) => resolve(mediaTime)));
  // a hair later, so that rounding does not show the frame before
  await happened("seeked", () => (video.currentTime = Math.min(time + 1e-3, video.duration)));
  return Promise.race([drawn, new Promise((resolve) => setTimeout(resolve, SHOWN, time))]);
}

function once(video, event, start, refusal, signal) {
  return new Promise((resolve, reject) => {
    const all = new AbortController();
    const done = (settle) => (value) => {
      clearTimeout(timer);
      all.abort();
      settle(value);
    };
    const fail = done(reject);
    const timer = setTimeout(() => fail(refusal()), PATIENCE);
    const options = { once: true, signal: all.signal };
    video.addEventListener(event, done(resolve), options);
    video.addEventListener("error", () => fail(refusal()), options);
    signal?.addEventListener("abort", () => fail(signal.reason), options);
    if (signal?.aborted) fail(signal.reason);
    else start();
  });
}
