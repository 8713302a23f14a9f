// Is the face held still? Against the first look of the present hold, so that slow drift ends it too.

import { expressionMove, levelled, placeOf } from "./geometry.js";

const DRIFT = 0.15; // interocular distances that the whole face may wander
const EXPRESSION = 0.05; // that the region which moves most may move
const LONGEST_GAP = 1500; // ms without a look that end a hold

/** Counts for how long a face has been held still. */
export class Stillness {
  /** @param {Object<string, number[]>} regions landmarks by region */
  constructor(regions) {
    this.regions = regions;
    this.reset();
  }

  /** Begin anew. */
  reset() {
    this.first = null;
    this.last = 0;
  }

  /** Take a look's landmarks at a time in ms; returns for how many ms the face has been held. */
  take(points, at) {
    const now = { place: placeOf(points), shape: levelled(points), at };
    const gap = this.first !== null && at - this.last > LONGEST_GAP;
    if (this.first === null || gap || this.moved(now)) this.first = now;
    this.last = at;
    return at - this.first.at;
  }

  moved(now) {
    const { place, shape } = this.first;
    const drift = Math.hypot(now.place.centre[0] - place.centre[0], now.place.centre[1] - place.centre[1]) / place.iod;
    const size = Math.abs(now.place.iod / place.iod - 1);
    return drift > DRIFT || size > DRIFT / 2 || expressionMove(now.shape, shape, this.regions) > EXPRESSION;
  }
}
