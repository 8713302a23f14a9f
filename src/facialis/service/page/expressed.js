// Is the movement that was asked for being made? Only then its picture is taken by itself.

import { expressionMove, levelled } from "./geometry.js";

const LEAD = 1500; // ms to read what is asked for
const PATIENCE = 6000; // ms after which whatever is held still counts: a weak face may hardly move
const MOVED = 0.03; // interocular distances from rest, in the region that moves most

/**
 * Whether a view may be taken by itself now.
 * @param {string} view
 * @param {number[][]} points landmarks of the present frame
 * @param {?number[][]} rest those of the picture at rest, where there is one
 * @param {number} waited ms since the view was asked for
 * @param {Object<string, number[]>} regions landmarks by region
 */
export function expressed(view, points, rest, waited, regions) {
  if (waited < LEAD) return false;
  if (view === "rest" || view === "nasal_base" || waited > PATIENCE) return true;
  return rest !== null && expressionMove(levelled(points), levelled(rest), regions) > MOVED;
}
