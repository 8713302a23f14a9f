// Faces that a landmarker misses in the whole picture: those that fill it, and those that are small in it.
// As facialis.faces.search.
import { box, interocularDistance, irisCentres } from "./geometry.js";
import { nearest } from "./pixels.js";
import { cut } from "./picture.js";

/**
 * Return all faces of a picture, the largest first, in the picture's own pixels.
 * @param {(picture: object) => object[]} run finds faces in one picture
 * @param {object} picture
 * @param {object} facts engine/facts.json
 */
export function findFaces(run, picture, facts) {
  const { width, height } = picture;
  let faces = run(picture);
  if (!faces.length) faces = withinBorder(run, picture);
  if (!faces.length || Math.max(width, height) > facts.search.long * Math.min(width, height)) {
    const tiled = inTiles(run, picture, facts);
    if (tiled.length) faces = tiled;
  }
  return sized(faces, facts);
}

/** Return faces with the px between their irises, the largest first. */
export function sized(faces, facts) {
  return faces
    .map((face) => ({ ...face, iodPx: interocularDistance(face.landmarks, facts.irises) }))
    .sort((a, b) => extent(b) - extent(a));
}

function withinBorder(run, picture) {
  const border = Math.floor((picture.width + picture.height) / 4);
  const padded = cut(picture, -border, -border, picture.width + border, picture.height + border);
  return run(padded).map((face) => moved(face, -border, -border, picture));
}

function inTiles(run, picture, facts) {
  const short = Math.min(picture.width, picture.height);
  const same = (one, other) => areSame(one, other, facts);
  for (let level = 0; level < facts.search.levels && short >> level >= facts.search.smallest_tile; level++) {
    const side = short >> level;
    const found = [];
    for (const [x, y] of corners(picture.width, picture.height, side)) {
      for (const face of run(cut(picture, x, y, x + side, y + side))) {
        const here = moved(face, x, y, picture);
        if (!found.some((other) => same(here, other))) found.push(here);
      }
    }
    if (found.length) {
      const centred = [];
      for (const face of found) {
        const again = lookedAtAgain(run, picture, face, facts);
        if (!centred.some((other) => same(again, other))) centred.push(again);
      }
      return centred;
    }
  }
  return [];
}

/** Return the corners of square tiles that cover the picture and overlap by half or more. */
function corners(width, height, side) {
  const starts = (length) => {
    const count = Math.ceil((length - side) / (side / 2)) + 1;
    return Array.from({ length: count }, (_, k) => (count === 1 ? 0 : nearest((k * (length - side)) / (count - 1))));
  };
  return starts(height).flatMap((y) => starts(width).map((x) => [x, y]));
}

/** Find the face once more in a square around it, so that its landmarks do not depend on where the tiles lie. */
function lookedAtAgain(run, picture, face, facts) {
  const { low, high } = box(face.landmarks);
  const half = (facts.search.surroundings * (high[1] - low[1])) / 2;
  const [x0, y0] = [0, 1].map((axis) => Math.max(Math.floor((low[axis] + high[axis]) / 2 - half), 0));
  const ends = [0, 1].map((axis) => Math.ceil((low[axis] + high[axis]) / 2 + half));
  const around = cut(picture, x0, y0, Math.min(ends[0], picture.width), Math.min(ends[1], picture.height));
  const again = run(around).map((other) => moved(other, x0, y0, picture));
  return again.find((other) => areSame(other, face, facts)) ?? face;
}

function areSame(one, other, facts) {
  const [here, there] = [one, other].map(({ landmarks }) => {
    const [right, left] = irisCentres(landmarks, facts.irises);
    return [(right[0] + left[0]) / 2, (right[1] + left[1]) / 2];
  });
  const sizes = [one, other].map(({ landmarks }) => interocularDistance(landmarks, facts.irises));
  return Math.hypot(here[0] - there[0], here[1] - there[1]) < Math.max(...sizes);
}

function moved(face, x, y, picture) {
  const landmarks = face.landmarks.map((value, k) => value + (k % 3 === 0 ? x : k % 3 === 1 ? y : 0));
  return { ...face, landmarks, size: [picture.height, picture.width] };
}

function extent({ landmarks }) {
  const { low, high } = box(landmarks);
  return (high[0] - low[0]) * (high[1] - low[1]);
}
