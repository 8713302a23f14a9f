// Is the face fit to be judged? And the reasons in words when it is not. As facialis.faces.quality.
import { covered } from "./covered.js";
import { fill, rounded } from "./format.js";
import { box, headPose } from "./geometry.js";
import { deviation, average } from "./numerics.js";
import { greyBox, nearest, shrunk } from "./pixels.js";

const TOLD = [
  "interocular_px",
  "yaw",
  "pitch",
  "roll",
  "sharpness",
  "brightness",
  "contrast",
  "outside",
  "eyes",
  "mouth",
];
const COVER = ["hair", "likeness", "lenses", "eye_range", "lip_steps", "lip_redness", "mouth_range"];
const STANDARD = 32; // px between the irises at which sharpness is measured

/**
 * Measure what the landmarks alone tell of a face's fitness: size, pose, and whether the border cuts it.
 * @param {object} face
 * @param {object} facts engine/facts.json
 */
export function assessLandmarks(face, facts) {
  const { limits } = facts.quality;
  const [yaw, pitch, roll] = headPose(face.transform);
  const [height, width] = face.size;
  const { landmarks, iodPx } = face;
  let beyond = 0;
  for (let i = 0; i < landmarks.length; i += 3) {
    const [x, y] = [landmarks[i], landmarks[i + 1]];
    if (x < 0 || y < 0 || x > width || y > height) beyond++;
  }
  const outside = beyond / (landmarks.length / 3);
  const found = [
    ["small", iodPx < limits.interocular_px, iodPx, limits.interocular_px],
    ["turned", Math.abs(yaw) > limits.yaw, Math.abs(yaw), limits.yaw],
    [pitch > 0 ? "tilted_up" : "tilted_down", Math.abs(pitch) > limits.pitch, Math.abs(pitch), limits.pitch],
    ["on_its_side", Math.abs(roll) > limits.roll, Math.abs(roll), limits.roll],
    ["cut", outside > limits.outside, outside, limits.outside],
  ];
  return { interocular_px: iodPx, yaw, pitch, roll, outside, reasons: told(found, facts) };
}

/**
 * Measure a face's fitness to be judged in the picture it was found in.
 * @param {object} face
 * @param {{data: Uint8ClampedArray, width: number, height: number}} picture
 * @param {object} facts engine/facts.json
 */
export function assess(face, picture, facts) {
  const { limits, lips, eyes: about } = facts.quality;
  const seen = assessLandmarks(face, facts);
  const grey = faceGrey(face, picture);
  const [brightness, contrast, detail] = [average(grey.data), deviation(grey.data), sharpness(grey)];
  const spread = (chosen) => deviation(greyOf(face, picture, chosen).data);
  const spreads = about.map(spread);
  const most = Math.max(...spreads, 1e-6);
  const [eyes, mouth] = [Math.min(...spreads) / most, spread(lips) / most];
  const cover = covered(face, picture, facts);
  const plain = cover.lip_steps < limits.lip_steps && cover.mouth_range < limits.mouth_range;
  const hidden = [
    ["eye_hidden", eyes < limits.eyes],
    ["eyes_unlike", eyes >= limits.eyes && cover.likeness < limits.likeness],
    ["brow_hidden", limits.hair !== null && cover.hair > limits.hair],
    ["eyes_hidden", cover.lenses < limits.lenses && cover.eye_range < limits.lens_range],
    ["mouth_hidden", mouth < limits.mouth || cover.lip_redness < limits.lip_redness || plain],
  ];
  const bleached = brightness > limits.bleached && hidden.some(([, unfit]) => unfit);
  const bright = brightness > limits.brightest || bleached;
  const found = [
    ...(bright ? [] : hidden),
    ["dark", brightness < limits.darkest, brightness],
    ["bright", bright, brightness],
    ["flat", contrast < limits.contrast, contrast],
    ["blurred", contrast >= limits.contrast && detail < limits.sharpness],
  ];
  return {
    ...seen,
    ...cover,
    sharpness: detail,
    brightness,
    contrast,
    eyes,
    mouth,
    reasons: [...seen.reasons, ...told(found, facts)],
  };
}

/**
 * Return the numbers, rounded, without the reasons, as Quality.as_dict().
 * @param {object} quality
 */
export function qualityRow(quality) {
  return Object.fromEntries([...TOLD, ...COVER].map((name) => [name, rounded(quality[name], 4)]));
}

/**
 * Return a reason in words.
 * @param {object} facts engine/facts.json
 * @param {string} name
 * @param {object} [values]
 */
export function reason(facts, name, values = {}) {
  return fill(facts.texts.reasons[name], values);
}

function told(found, facts) {
  return found.filter(([, unfit]) => unfit).map(([name, , value, limit]) => reason(facts, name, { value, limit }));
}

/** Return the share of the grey levels' variance that lies in fine detail: var(Laplacian / 4) / var. */
function sharpness({ data, width, height }) {
  const edges = [];
  for (let y = 1; y < height - 1; y++) {
    for (let x = 1; x < width - 1; x++) {
      const at = y * width + x;
      edges.push(data[at] - (data[at - width] + data[at + width] + data[at - 1] + data[at + 1]) / 4);
    }
  }
  return deviation(edges) ** 2 / Math.max(deviation(data) ** 2, 1e-6);
}

/** Cut the face out of the picture, grey, shrunk so that the irises are at most `STANDARD` px apart. */
function faceGrey(face, picture) {
  const grey = greyOf(face, picture);
  const scale = STANDARD / Math.max(face.iodPx, 1);
  if (scale >= 1) return grey;
  return shrunk(grey, ...[grey.width, grey.height].map((length) => Math.max(3, nearest(length * scale))));
}

/** Cut the box of some landmarks out of the picture, at least 2 px wide and high, grey. */
function greyOf(face, picture, chosen) {
  const found = box(face.landmarks, chosen);
  const sizes = [picture.width, picture.height];
  const low = sizes.map((size, axis) => Math.min(Math.max(Math.floor(found.low[axis]), 0), size - 2));
  const high = sizes.map((size, axis) => Math.min(Math.max(Math.ceil(found.high[axis]), low[axis] + 2), size));
  return greyBox(picture, low, high);
}
