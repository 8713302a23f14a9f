// The engine behind the server's addresses (v1/...). Nothing is kept here but the token, for this tab alone.
import { EngineError } from "./engine-error.js";

const TOKEN = "facialis.token";
const TRIES = 20; // of a full queue: with the waits that it asks for

/**
 * Make the server's engine.
 * @param {function(boolean): Promise<?string>} askToken asks the person for the token; given whether the last was wrong
 * @param {function(number)} [onWait] told when a full server asks to wait, seconds
 */
export function serverEngine(askToken, onWait = () => {}) {
  let asking = null;

  async function send(path, options = {}) {
    for (let tries = 0; ; tries += 1) {
      const token = kept();
      const answer = await once(path, options, token);
      if (answer.status === 401) {
        asking ??= askToken(Boolean(token)).finally(() => { asking = null; });
        const given = kept() === token ? await asking : kept();
        if (!given) throw new EngineError(401, (await problem(answer)).detail);
        keep(given);
      } else if (answer.status === 503 && answer.headers.has("Retry-After") && tries < TRIES) {
        const seconds = Math.min(60, Math.max(0.2, Number(answer.headers.get("Retry-After")) || 1));
        onWait(seconds);
        await wait(1000 * seconds, options.signal);
      } else if (!answer.ok) {
        throw await problem(answer);
      } else {
        return answer;
      }
    }
  }

  const json = async (path, options) => (await send(path, options)).json();
  const post = (body, signal, headers) => ({ method: "POST", body, signal, headers });
  const asJson = (body, signal) => post(JSON.stringify(body), signal, { "Content-Type": "application/json" });

  return {
    name: "server",
    can: { video: true, explain: true, report: true, photoSet: true },

    model: () => json("v1/model?card=false"),

    async detect(blob, { name, signal, face, prevalence, force, careful, video = false, prompts } = {}) {
      const query = new URLSearchParams();
      for (const [key, value] of Object.entries({ face, prevalence, force, careful })) if (value !== undefined && value !== null) query.set(key, value);
      if (!video) query.set("landmarks", "true");
      return json(`v1/detect?${query}`, post(form([[blob, name]], { prompts }), signal));
    },

    async rejudge(points, { prevalence, force, signal } = {}) {
      const found = await json("v1/detect/landmarks", asJson({ source: "picture", prevalence, force, ...points }, signal));
      return { face_points: points, ...found.findings[0] };
    },

    async explain(given, { language, prevalence, force, face, signal } = {}) {
      const query = new URLSearchParams({ language, landmarks: "true" }); // no prevalence: what moved the model does not hang on it
      for (const [key, value] of Object.entries({ face, force })) if (value !== undefined && value !== null) query.set(key, value);
      const options = given instanceof Blob ? post(form([[given]]), signal) : asJson({ source: "picture", prevalence, force, ...given }, signal);
      return (await json(`v1/explain?${query}`, options)).explanations[0];
    },

    async report(blob, { language, points, moved, noPhoto = false, prevalence, force, face, signal } = {}) {
      const query = new URLSearchParams({ language, no_photo: noPhoto });
      for (const [key, value] of Object.entries({ face, prevalence, force })) if (value !== undefined && value !== null) query.set(key, value);
      const fields = { points: points && JSON.stringify(points), moved: moved && JSON.stringify(moved) };
      return (await send(`v1/report?${query}`, post(form([[blob]], fields), signal))).blob();
    },

    async photoSet(views, { language, title = "", noPhoto = false, signal } = {}) {
      const files = views.map(({ view, blob }) => [blob, `${view}.${blob.type === "image/png" ? "png" : "jpg"}`]);
      const path = `v1/photo-set?${new URLSearchParams({ language, title, no_photo: noPhoto })}`;
      const html = await (await send(path, post(form(files), signal, { Accept: "text/html" }))).blob();
      const { set } = await json(path, post(form(files), signal, { Accept: "application/json" }));
      return { html, set };
    },

    async look(frame, { signal } = {}) {
      const blob = await asJpeg(frame);
      const found = await json("v1/detect?landmarks=true", post(form([[blob, "frame.jpg"]]), signal));
      return found.findings[0];
    },
  };
}

function form(files, fields = {}) {
  const made = new FormData();
  for (const [blob, name] of files) made.append("file", blob, name ?? blob.name ?? "photo");
  for (const [key, value] of Object.entries(fields)) if (value) made.append(key, value);
  return made;
}

async function once(path, options, token) {
  const headers = { Accept: "application/json, text/html", ...options.headers };
  if (token) headers.Authorization = `Bearer ${token}`;
  try {
    return await fetch(path, { ...options, headers, cache: "no-store" });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new EngineError(0, "");
  }
}

async function problem(answer) {
  const told = await answer.json().catch(() => ({}));
  return new EngineError(answer.status, told.detail ?? told.title ?? "");
}

function wait(ms, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    signal?.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(signal.reason);
    }, { once: true });
  });
}

async function asJpeg(frame) {
  if (frame instanceof Blob) return frame;
  const canvas = new OffscreenCanvas(frame.width, frame.height);
  canvas.getContext("2d").drawImage(frame, 0, 0);
  return canvas.convertToBlob({ type: "image/jpeg", quality: 0.92 });
}

function kept() {
  try {
    return sessionStorage.getItem(TOKEN);
  } catch {
    return null;
  }
}

function keep(token) {
  try {
    sessionStorage.setItem(TOKEN, token);
  } catch {
    // a browser that keeps nothing is asked each time
  }
}
