// Landmarks that a person moved, and the numbers that follow.

/** Landmarks that move as one: an iris with its rim. */
const TOGETHER = { 468: [468, 469, 470, 471, 472], 473: [473, 474, 475, 476, 477] };

/** Moved landmarks of one judged face; fires "change" with every new row, "error" where an engine refuses. */
export class Edits extends EventTarget {
  /**
   * @param {object} row the finding with its `face_points`
   * @param {function(): object} engine returns the engine that judged the face
   * @param {object} options prevalence and force
   */
  constructor(row, engine, options) {
    super();
    this.original = row;
    this.engine = engine;
    this.options = options;
    this.steps = []; // [landmark, x, y] px, in order
    this.row = row;
    this.asking = false;
    this.stale = false;
    this.error = null;
  }

  /** Return how far each moved landmark lies from where it was found: Map of landmark to [x, y] px. */
  get moves() {
    const sums = new Map();
    for (const [chosen, x, y] of this.steps) {
      for (const index of TOGETHER[chosen] ?? [chosen]) {
        const [atX, atY] = sums.get(index) ?? [0, 0];
        sums.set(index, [atX + x, atY + y]);
      }
    }
    for (const [index, [x, y]] of sums) if (Math.hypot(x, y) < 1e-6) sums.delete(index);
    return sums;
  }

  /** Return the numbers of the moved landmarks, in order. */
  get moved() {
    return [...this.moves.keys()].sort((a, b) => a - b);
  }

  /** Return POINTS with the moves in them, of both looks at the face. */
  get points() {
    const found = this.original.face_points;
    const moves = this.moves;
    if (moves.size === 0) return found;
    const shifted = (points) => points.map((point, index) => {
      const [x, y] = moves.get(index) ?? [0, 0];
      return x || y ? [point[0] + x, point[1] + y, point[2]] : point;
    });
    const second = found.second && { ...found.second, points: shifted(found.second.points) };
    return { ...found, points: shifted(found.points), second };
  }

  /** Move a landmark; `more`: as a part of the step before, as while it is dragged. */
  move(index, x, y, more = false) {
    const last = this.steps.at(-1);
    if (more && last?.[0] === index) this.steps[this.steps.length - 1] = [index, last[1] + x, last[2] + y];
    else this.steps.push([index, x, y]);
    this.#follow();
  }

  undo() {
    this.steps.pop();
    this.#follow();
  }

  reset() {
    this.steps = [];
    this.#follow();
  }

  async #follow() {
    this.dispatchEvent(new CustomEvent("move"));
    this.stale = true;
    if (this.asking) return;
    this.asking = true;
    while (this.stale) {
      this.stale = false;
      this.error = null;
      if (this.moves.size === 0) this.row = this.original;
      else {
        try {
          const row = await this.engine().rejudge(this.points, this.options);
          if (this.moves.size > 0) this.row = { ...row, source: this.original.source, face: this.original.face };
        } catch (error) {
          this.error = error;
        }
      }
      if (this.moves.size === 0) this.row = this.original;
      this.dispatchEvent(new CustomEvent("change"));
    }
    this.asking = false;
  }
}
