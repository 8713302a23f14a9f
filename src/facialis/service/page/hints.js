// What would make a camera's frame better, as names of hints; the words are in page.camera.hint.

import { mouthOf, placeOf } from "./geometry.js";

/** Beyond these a picture is still judged (see the model's own limits), but a better one is easy to take. */
export const COMFORT = {
  yaw: 10, // degrees
  pitch: [-18, 12], // degrees; a level gaze measures some degrees below 0
  roll: 12, // degrees
  interocular: 2, // times the smallest distance that is judged, in the full picture
  darkest: 40, // grey levels
  backwards: 15, // degrees of pitch that show the nasal base
  lips: 0.06, // interocular distances between the lips of a mouth that is closed
  mouth: 0.95, // from corner to corner of a mouth at rest: 0.78 in the canonical face, 0.97 in a smiling portrait
};

const ALIKE = { size: 0.15, centre: 0.45 }; // share of size, interocular distances: framed as the outline is

/**
 * Return names of hints, the one to follow first first; empty where the frame is fit.
 * @param {object} row the engine's row of the frame
 * @param {object} options
 * @param {object} options.limits facts.limits
 * @param {number} [options.scale] px of the full picture in one px of the frame that was looked at
 * @param {string} [options.view] the standard view that is to be taken
 * @param {{centre: number[], iod: number}} [options.like] place of the outline's face, px of the frame
 * @returns {string[]}
 */
export function hintsOf(row, { limits, scale = 1, view = null, like = null }) {
  const quality = row.quality;
  if (!quality) return [row.reasons?.some((reason) => /several faces|^\d+ faces/.test(reason)) ? "several" : "no_face"];
  const hints = [...light(quality, limits), ...distance(quality, limits, scale)];
  if (like && row.face_points) hints.push(...framing(placeOf(row.face_points.points), like));
  hints.push(...(view === "nasal_base" ? fromBelow(quality) : [...pose(quality, limits), ...hidden(quality, limits)]));
  if (quality.contrast >= limits.contrast && quality.sharpness < limits.sharpness) hints.push("blurred");
  if (view === "rest" && row.face_points) hints.push(...mouth(mouthOf(row.face_points.points)));
  if (!hints.length && row.status !== "judged" && view === null) hints.push("unlike");
  return [...new Set(hints)];
}

function light({ brightness, contrast }, limits) {
  if (brightness < Math.max(limits.darkest, COMFORT.darkest)) return ["dark"];
  if (brightness > limits.brightest) return ["bright"];
  return contrast < limits.contrast ? ["flat"] : [];
}

function distance({ interocular_px: px, outside }, limits, scale) {
  if (outside > limits.outside) return ["cut"];
  const small = px < limits.interocular_px || px * scale < COMFORT.interocular * limits.interocular_px;
  return small ? ["closer"] : [];
}

/** Yaw above 0 turns the nose to the subject's left, pitch above 0 lifts the chin, roll above 0 lifts the left eye. */
function pose({ yaw, pitch, roll }, limits) {
  const hints = [];
  if (Math.abs(yaw) > Math.min(COMFORT.yaw, limits.yaw)) hints.push(yaw > 0 ? "turn_right" : "turn_left");
  if (pitch > Math.min(COMFORT.pitch[1], limits.pitch)) hints.push("chin_down");
  if (pitch < Math.max(COMFORT.pitch[0], -limits.pitch)) hints.push("chin_up");
  if (Math.abs(roll) > COMFORT.roll) hints.push(roll > 0 ? "tilt_left" : "tilt_right");
  return hints;
}

/** A face at rest: the picture that all others are held against shows no smile and no open mouth. */
function mouth({ gap, width }) {
  if (gap > COMFORT.lips) return ["close_lips"];
  return width > COMFORT.mouth ? ["relax_mouth"] : [];
}

function fromBelow({ yaw, pitch }) {
  if (Math.abs(yaw) > 2 * COMFORT.yaw) return [yaw > 0 ? "turn_right" : "turn_left"];
  return pitch < COMFORT.backwards ? ["head_back"] : [];
}

function hidden(quality, limits) {
  const below = (name) => quality[name] < limits[name];
  const eyes = below("eyes") || below("likeness") || (below("lenses") && quality.eye_range < limits.lens_range);
  const mouth = below("mouth") || below("lip_redness") || (below("lip_steps") && below("mouth_range"));
  return eyes || mouth ? ["hidden"] : [];
}

/** The face's middle left of the outline's, in the picture: it is to move to image right, the subject's left. */
function framing(place, like) {
  const size = place.iod / like.iod;
  if (size < 1 - ALIKE.size) return ["match_closer"];
  if (size > 1 + ALIKE.size) return ["match_back"];
  const [dx, dy] = [0, 1].map((axis) => (place.centre[axis] - like.centre[axis]) / like.iod);
  if (Math.abs(dx) > ALIKE.centre) return [dx < 0 ? "match_left" : "match_right"];
  if (Math.abs(dy) > ALIKE.centre) return [dy > 0 ? "match_up" : "match_down"];
  return [];
}
