// Why a bundle said what it said of a face. As facialis.detection.explain, for a label that follows from the measures.
import { countShares } from "./coalitions.js";
import { sentences, wordsOf } from "./explanation_words.js";
import { rounded } from "./format.js";
import { average, logitOf, sigmoid } from "./numerics.js";
import { logOdds } from "./reading.js";
import { smallestCorrection } from "./symmetry.js";

/**
 * Return a finding's explanation, as `facialis explain --format json` gives it, or why there is none.
 * @param {object} finding
 * @param {object} judge that judged it
 * @param {(rows: Float32Array) => Promise<Float32Array>} head log odds of rows of measures
 * @param {Record<string, string>} texts page/words/LANGUAGE.json
 */
export async function explain(finding, judge, head, texts) {
  const { facts } = judge;
  const about = {
    source: finding.source,
    face: finding.number,
    status: finding.status,
    label: finding.label,
    probability: finding.logit === null ? null : rounded(sigmoid(finding.logit + logitOf(finding.prevalence)), 6),
    model: finding.model,
  };
  if (finding.status !== "judged") {
    const why = `was not judged, so there is nothing to explain: ${finding.reasons.join("; ") || "no reason is given"}`;
    return { ...about, explained: false, reason: `${finding.source}: ${why}`, reasons: finding.reasons };
  }
  return { ...about, explained: true, reason: null, ...(await explanation(finding, judge, head, wordsOf(texts))) };
}

async function explanation(finding, judge, head, say) {
  const { facts } = judge;
  const { branches, reference, checks, unchecked, tolerance } = facts.explanation;
  const looks = [finding.face, finding.second].filter(Boolean);
  const measures = [];
  for (const look of looks) measures.push((await judge.read(look, finding.quality.yaw)).answers.measures);
  const counted = await countShares(head, measures, facts);
  if (Math.abs(counted.all - finding.logit) > tolerance)
    throw new Error(`counted anew the log odds are ${counted.all}, the finding says ${finding.logit}`);
  const others = branches.slice(1);
  for (const table of [counted.shares, counted.errors]) others.forEach((name) => (table.branches[name] = 0));
  const notes = finding.forced ? [say("explain.forced", { reasons: finding.reasons.join("; ") })] : [];
  others.forEach((name) => notes.push(say("explain.label_by_measures", { branch: say(`explain.${name}`) })));
  let counterfactual = null;
  if (finding.label === "palsy") {
    counterfactual = await smallestCorrection(
      looks.map(({ landmarks }) => landmarks),
      (faces) => oddsOf(faces, looks, judge),
      logitOf(facts.threshold),
      facts,
    );
    if (!counterfactual) notes.push(say("explain.none_found"));
  } else {
    notes.push(say("explain.none_needed"));
  }
  if (unchecked) notes.push(say("explain.unchecked"));
  return {
    logit: rounded(finding.logit, 6),
    reference_logit: rounded(finding.logit - (counted.all - counted.none), 6),
    reference: say(`explain.reference_${reference.kind}`, { n: reference.n }),
    shares: inDecimals(counted.shares),
    errors: inDecimals(counted.errors),
    within_noise: withinNoise(counted),
    sampling_error: rounded(counted.sampling, 6),
    sentences: sentences(finding, facts, say),
    counterfactual,
    notes,
    checks,
  };
}

/** Return the log odds of faces through the whole graph, the mean over the looks. */
async function oddsOf(faces, looks, judge) {
  const every = [];
  for (const [k, points] of faces.entries()) every.push(logOdds(await judge.ask(points, looks[k].transform)));
  return every[0].map((_, row) => average(every.map((odds) => odds[row])));
}

function inDecimals(tables) {
  const each = (table, change) =>
    Object.fromEntries(Object.entries(table).map(([name, value]) => [name, change(value)]));
  return each(tables, (part) => each(part, (value) => rounded(value, 6)));
}

function withinNoise({ shares, errors }) {
  const small =
    (kind) =>
    ([name, share]) =>
      share !== 0 && Math.abs(share) < 2 * errors[kind][name];
  return Object.fromEntries(
    Object.keys(shares).map((kind) => [
      kind,
      Object.entries(shares[kind])
        .filter(small(kind))
        .map(([name]) => name),
    ]),
  );
}
