// A video judged frame by frame, and the finding on the whole: the mean of its frames' answers, as
// facialis.detection.video_finding where no movement is read.
import { labelled, nothing } from "./finding.js";
import { average, deviation } from "./numerics.js";
import { reason } from "./quality.js";

/** Keep what is needed of a frame's finding: its answers and error, not its landmarks and numbers. */
export function slim(finding, time) {
  return { ...finding, time, face: null, second: null, numbers: null };
}

/**
 * Return the finding on a whole video.
 * @param {object[]} frames findings
 * @param {object} facts engine/facts.json
 * @param {{source?: string, prevalence?: number}} options
 */
export function whole(frames, facts, options) {
  const base = { ...nothing(facts, options), advice: null };
  const times = frames.map(({ time }) => time);
  const video = {
    frames: frames.length,
    seconds: times.length ? times.at(-1) - times[0] : 0,
    person: null,
    finding_from: null,
    threshold: null,
    people: [],
    gaps: [],
    turned: null,
    mm_per_interocular_distance: null,
    events: [],
    trajectories: null,
  };
  const judged = frames.filter(({ logit }) => logit !== null);
  if (!judged.length) {
    const seen = new Set(frames.flatMap(({ reasons }) => reasons.map((why) => why.split(":")[0])));
    return { ...base, reasons: [reason(facts, "no_frame"), ...seen], video };
  }
  const varying = deviation(judged.map(({ logit }) => logit)) / Math.sqrt(judged.length);
  const error = Math.hypot(average(judged.map((frame) => frame.error)), varying);
  const finding = labelled({ ...base, status: "judged" }, meanOf(judged.map(({ answers }) => answers)), error, facts);
  const { frames_only: only, more } = facts.texts;
  const advice = finding.label === "palsy" && !finding.uncertain ? only : `${only} ${more}`;
  return { ...finding, advice, video: { ...video, finding_from: "frames", threshold: facts.threshold } };
}

function meanOf(answers) {
  const column = (name, k) => average(answers.map((frame) => frame[name][k]));
  return Object.fromEntries(
    Object.entries(answers[0]).map(([name, row]) => [name, row.map((_, k) => column(name, k))]),
  );
}
