// The engine's own thread: the page does not freeze while a face is looked for. One request after the other.
import "./guard.js";
import { Detector } from "./detector.js";
import { explain } from "./explain.js";
import { rowOf } from "./finding.js";
import { decode } from "./picture.js";
import { answered, start } from "./runtimes.js";
import { sized } from "./search.js";
import { slim, whole } from "./video.js";

const base = new URL("./", import.meta.url);
const videos = new Map();
let engine = null;
let last = Promise.resolve();

const WORK = {
  async start() {
    const { facts, ask, head, landmarker } = await start(base, (progress) => self.postMessage({ progress }));
    engine = { facts, landmarker, head, detector: new Detector(facts, ask, landmarker.run) };
    return { judged_rate: facts.judged_rate, texts: facts.texts.browser, explains: head !== null };
  },

  async detect({ picture, options }) {
    const { detector, facts } = engine;
    const findings = await detector.detectFaces(await decode(picture, facts.max_pixels), options);
    return findings.map((finding) => rowOf(finding, facts));
  },

  async rejudge({ points, options }) {
    const finding = await engine.detector.judgeLandmarks(points, options);
    return { ...rowOf(finding, engine.facts), face_points: points };
  },

  /** Explain the first of the chosen faces of a photo, or landmarks. */
  async explain({ picture, points, language, options }) {
    const { detector, facts, head } = engine;
    const texts = await (await answered(new URL(`../page/words/${language}.json`, base))).json();
    const finding = points
      ? await detector.judgeLandmarks(points, options)
      : (await detector.detectFaces(await decode(picture, facts.max_pixels), options))[0];
    return explain(finding, detector, head, texts);
  },

  /** One camera frame: looked for in the whole of it alone, and once. */
  async look({ picture }) {
    const { detector, facts, landmarker } = engine;
    const find = (frame) => sized(landmarker.run(frame), facts);
    const [finding] = await detector.detectFaces(await decode(picture, facts.max_pixels), { twice: false, find });
    return rowOf(finding, facts);
  },

  async frame({ video, picture, time, options }) {
    const { detector, facts } = engine;
    const twice = Boolean(options.careful);
    const [finding] = await detector.detectFaces(await decode(picture, facts.max_pixels), { ...options, twice });
    if (!videos.has(video)) videos.set(video, []);
    const kept = slim(finding, time);
    videos.get(video).push(kept);
    return rowOf(kept, facts);
  },

  async whole({ video, options }) {
    const frames = videos.get(video) ?? [];
    videos.delete(video);
    return rowOf(whole(frames, engine.facts, options), engine.facts);
  },

  async drop({ video }) {
    videos.delete(video);
  },

  async close() {
    engine?.landmarker.close();
  },
};

const cancelled = new Set();

self.onmessage = ({ data: { id, work, ...given } }) => {
  if (work === "cancel") {
    cancelled.add(given.of);
    return;
  }
  last = last.then(async () => {
    if (cancelled.delete(id)) return;
    try {
      self.postMessage({ id, found: await WORK[work](given) });
    } catch (error) {
      const { status = 500, width, height } = error;
      self.postMessage({ id, error: { status, width, height, message: String(error.message ?? error) } });
    }
  });
};
