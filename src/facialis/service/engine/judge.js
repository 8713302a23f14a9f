// Judging a face that was found: landmarks in, a finding out. As facialis.detection.judge.
import { copyFields, noisyCopies } from "./errors.js";
import { labelled, nothing } from "./finding.js";
import { interocularDistance } from "./geometry.js";
import { millimetresOf } from "./millimetres.js";
import { logitOf } from "./numerics.js";
import { assessLandmarks, reason } from "./quality.js";
import { logitError, logOdds, meanAnswers, numbers } from "./reading.js";
import { disagreement } from "./second_look.js";

/** Judges faces with one bundle; `ask` is of `loadGraph`, `facts` engine/facts.json. */
export class Judge {
  constructor(facts, ask) {
    this.facts = facts;
    this.ask = ask;
    this.fields = copyFields(facts.copies);
  }

  /**
   * Judge a face by its landmarks alone: what only the picture tells of its fitness is not looked at.
   * @param {object} points {size, points, transform, second} of a row's `face_points`
   * @param {{source?: string, prevalence?: number, force?: boolean}} [options]
   */
  async judgeLandmarks(points, options = {}) {
    const face = this.faceOf(points, points.size);
    const second = points.second ? this.faceOf(points.second, points.size) : null;
    const quality = assessLandmarks(face, this.facts);
    const base = this.found(face, quality, options);
    if (quality.reasons.length && !options.force) return base;
    const reading = await this.read(face, quality.yaw);
    const again = second && (await this.read(second, quality.yaw));
    return this.decide(base, reading, options, { mirrored: second, again });
  }

  /** Return a face of landmarks in rows. */
  faceOf({ points, transform }, size) {
    const landmarks = Float32Array.from(points.flat());
    return {
      landmarks,
      transform: Float32Array.from(transform.flat()),
      size,
      iodPx: interocularDistance(landmarks, this.facts.irises),
    };
  }

  /** Return the finding on a face that is not judged, yet or at all. */
  found(face, quality, options) {
    return { ...nothing(this.facts, options), number: options.number ?? null, reasons: quality.reasons, face, quality };
  }

  /** Return what the graph and the lengths say of a face, and of its noisy copies. */
  async read(face, yaw) {
    const copies = noisyCopies(face.landmarks, face.iodPx, yaw, this.fields);
    const answers = await this.ask(copies, face.transform);
    return { answers, millimetres: millimetresOf(copies, face.transform, this.facts.millimetres) };
  }

  /** Whether the error bar of the log odds touches a threshold. */
  hangsOnNoise(reading) {
    const { facts } = this;
    const odds = logOdds(reading.answers)[0];
    const reach = 1.96 * logitError(reading.answers, facts.copies.widened);
    const edges = [...facts.uncertain, facts.threshold].filter((p) => p > 0 && p < 1).map(logitOf);
    return edges.some((edge) => Math.abs(odds - edge) < reach);
  }

  /**
   * Return the finding on a face that was read.
   * @param {object} found of `found`
   * @param {object} reading
   * @param {{force?: boolean}} options
   * @param {{mirrored?: object | null, again?: object | null, doubts?: string[]}} [looks] the second look, what was
   *   read of it, and more reasons why it may not be judged
   */
  decide(found, reading, options, { mirrored = null, again = null, doubts = [] } = {}) {
    const { facts } = this;
    const reasons = [...found.reasons, ...doubts];
    if (mirrored) {
      const [value, limit] = [disagreement(found.face, mirrored, facts), facts.second_look.disagreement];
      if (value > limit) reasons.push(reason(facts, "disagree", { value, limit }));
    }
    const answers = again ? meanAnswers(reading.answers, again.answers) : reading.answers;
    const [value, limit] = [answers.novelty?.[0][0], facts.novelty_limit];
    if (limit !== null && value > limit) reasons.push(reason(facts, "unlike", { value, limit }));
    const twice = again !== null;
    if (reasons.length && !options.force) return { ...found, reasons, twice };
    const told = numbers(reading, facts);
    const finding = {
      ...found,
      status: "judged",
      reasons,
      forced: reasons.length > 0,
      twice,
      second: mirrored,
      numbers: told,
    };
    const first = Object.fromEntries(Object.entries(answers).map(([name, rows]) => [name, rows[0]]));
    return labelled(finding, first, logitError(answers, facts.copies.widened), facts);
  }
}
