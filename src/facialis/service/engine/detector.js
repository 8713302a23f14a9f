// A picture in, findings out. As facialis.detection.detector.
import { nothing } from "./finding.js";
import { Judge } from "./judge.js";
import { assess, reason } from "./quality.js";
import { findFaces } from "./search.js";
import { lookAgain } from "./second_look.js";

/** Judges pictures with one bundle and one landmarker; `run` finds faces in one picture. */
export class Detector extends Judge {
  constructor(facts, ask, run) {
    super(facts, ask);
    this.find = (picture) => findFaces(run, picture, facts);
  }

  /**
   * Judge the chosen faces of a picture: one finding each, or one that says why there is none.
   * @param {object} picture
   * @param {{source?: string, face?: string | number, prevalence?: number, force?: boolean, careful?: boolean,
   *   twice?: boolean, find?: function}} [options] as Python's; `find` looks for faces in another way
   */
  async detectFaces(picture, options = {}) {
    const faces = (options.find ?? this.find)(picture);
    const none = (name, values) => [{ ...nothing(this.facts, options), reasons: [reason(this.facts, name, values)] }];
    const choice = options.face ?? "only";
    if (!faces.length) return none("no_face");
    if (choice === "all") {
      const findings = [];
      for (const [k, face] of faces.entries())
        findings.push(await this.judge(face, picture, { ...options, number: k + 1 }));
      return findings;
    }
    if (choice === "only" && faces.length > 1) return none("several_faces");
    const number = ["only", "largest"].includes(choice) ? 1 : Number(choice);
    if (!(number <= faces.length)) return none("no_such_face", { number, count: faces.length });
    return [await this.judge(faces[number - 1], picture, { ...options, number: choice === "only" ? null : number })];
  }

  /** Judge a face that was found already in a picture. */
  async judge(face, picture, options = {}) {
    const { facts } = this;
    const quality = assess(face, picture, facts);
    const base = this.found(face, quality, options);
    if (quality.reasons.length && !options.force) return base;
    const reading = await this.read(face, quality.yaw);
    const again = options.careful || quality.reasons.length || this.hangsOnNoise(reading);
    if (options.twice === false || !again) return this.decide(base, reading, options);
    const mirrored = await lookAgain(this.find, picture, face, facts);
    if (!mirrored) return this.decide(base, reading, options, { doubts: [reason(facts, "not_mirrored")] });
    return this.decide(base, reading, options, { mirrored, again: await this.read(mirrored, quality.yaw) });
  }
}
