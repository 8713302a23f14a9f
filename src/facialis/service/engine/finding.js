// What is said of a picture: one finding, and its row. As facialis.detection.finding.
import { fill, rounded } from "./format.js";
import { sigmoid } from "./numerics.js";
import { qualityRow } from "./quality.js";

/**
 * Return a finding that says nothing yet.
 * @param {object} facts engine/facts.json
 * @param {{source?: string, prevalence?: number}} said
 */
export function nothing(facts, { source = "picture", prevalence = 0.5 } = {}) {
  return {
    source,
    status: "abstained",
    prevalence,
    frame: null,
    time: null,
    number: null,
    logit: null,
    error: null,
    label: null,
    uncertain: null,
    side: null,
    sure: null,
    regions: null,
    severity: null,
    reasons: [],
    forced: false,
    twice: false,
    face: null,
    second: null,
    quality: null,
    numbers: null,
    video: null,
    advice: undefined,
    answers: null,
    model: facts.model,
    version: facts.version,
  };
}

/**
 * Fill in what the model says.
 * @param {object} finding
 * @param {Record<string, number[]>} answers of one face or of a whole video
 * @param {number} error standard deviation of the log odds
 * @param {object} facts engine/facts.json
 */
export function labelled(finding, answers, error, facts) {
  const logit = answers.logits[1] - answers.logits[0];
  const even = sigmoid(logit);
  const label = even >= facts.threshold ? "palsy" : "no palsy";
  const uncertain = facts.uncertain[0] <= even && even < facts.uncertain[1];
  const sided = answers.side && (label === "palsy" || uncertain);
  const regions = answers.regions && facts.regions.map((name, k) => [name, sigmoid(answers.regions[k])]);
  return {
    ...finding,
    logit,
    error,
    label,
    uncertain,
    side: sided ? (answers.side[0] > 0 ? "subject_right" : "subject_left") : null,
    sure: sided ? sigmoid(Math.abs(answers.side[0])) : null,
    regions: regions ? Object.fromEntries(regions) : null,
    severity: answers.severity ? answers.severity[0] : null,
    answers,
  };
}

/**
 * Return the finding as Finding.row(), with its landmarks as `face_points`.
 * @param {object} finding
 * @param {object} facts engine/facts.json
 */
export function rowOf(finding, facts) {
  const judged = finding.logit !== null;
  const middle = finding.logit + Math.log(finding.prevalence / (1 - finding.prevalence));
  const half = 1.96 * finding.error;
  const { outside, ...tables } = finding.numbers ?? {};
  return {
    source: finding.source,
    frame: finding.frame,
    time: rounded(finding.time, 3),
    face: finding.number,
    status: finding.status,
    probability: judged ? rounded(sigmoid(middle), 6) : null,
    probability_interval: judged ? [middle - half, middle + half].map((end) => rounded(sigmoid(end), 6)) : null,
    prevalence: finding.prevalence,
    likelihood_ratio: judged ? rounded(Math.exp(Math.max(-30, Math.min(30, finding.logit))), 6) : null,
    label: finding.label,
    uncertain: finding.uncertain,
    side: finding.side,
    side_probability: rounded(finding.sure, 6),
    regions:
      finding.regions && Object.fromEntries(Object.entries(finding.regions).map(([name, p]) => [name, rounded(p, 6)])),
    severity: rounded(finding.severity, 6),
    reasons: finding.reasons,
    forced: finding.forced,
    looked_twice: finding.twice,
    advice: finding.advice === undefined ? advice(finding, outside, facts) : finding.advice,
    quality: finding.quality && qualityRow(finding.quality),
    measures: tables.measures ?? null,
    differences: tables.differences ?? null,
    millimetres: tables.millimetres ?? null,
    video: finding.video,
    model: finding.model,
    version: finding.version,
    face_points: pointsOf(finding.face, finding.second),
  };
}

/** What was seen and what would tell more, where no palsy is called or the finding is uncertain. */
function advice(finding, outside, { texts }) {
  if (finding.label === null || (finding.label === "palsy" && !finding.uncertain)) return null;
  const seen = outside?.length ? fill(texts.outside, { names: outside.join(", ") }) : texts.within;
  return fill(texts.advice, { seen, more: texts.more });
}

/** Return the landmarks of a face, and of its second look, as the page and the server give them. */
function pointsOf(face, second) {
  if (!face) return null;
  const told = ({ landmarks, transform }) => ({ points: inRows(landmarks, 3), transform: inRows(transform, 4) });
  return { size: face.size, ...told(face), second: second ? told(second) : null };
}

function inRows(values, wide) {
  return Array.from({ length: values.length / wide }, (_, row) =>
    Array.from(values.slice(row * wide, (row + 1) * wide)),
  );
}
