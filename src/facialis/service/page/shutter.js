// When to take the picture: the frame is fit, and the face has been held still for as long as asked.

import { Stillness } from "./stillness.js";

/** Takes looks, and says how far the hold has come; with 1 it is time. */
export class Shutter {
  /**
   * @param {Object<string, number[]>} regions landmarks by region
   * @param {number} hold ms for which a fit face must be held
   */
  constructor(regions, hold) {
    this.stillness = new Stillness(regions);
    this.hold = hold;
  }

  /** Begin anew. */
  reset() {
    this.stillness.reset();
  }

  /**
   * Take a look and its hints; returns how far the hold has come, 0 to 1.
   * @param {{points: ?number[][], at: number}} look
   * @param {string[]} hints
   */
  take(look, hints) {
    if (hints.length || look.points === null) {
      this.reset();
      return 0;
    }
    return Math.min(1, this.stillness.take(look.points, look.at) / this.hold);
  }
}
