// Is a part of the face covered? Read off one small patch in the face's own frame. As facialis.faces.covered.
import { irisCentres } from "./geometry.js";
import { average, median } from "./numerics.js";
import { blurred, colourBox, inverse, nearest, shrunk, warped } from "./pixels.js";

const GREY = [0.299, 0.587, 0.114];
const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

/**
 * Measure what tells a covered part of the face in the picture it was found in.
 * @param {{landmarks: Float32Array}} face
 * @param {object} picture
 * @param {object} facts engine/facts.json
 */
export function covered(face, picture, facts) {
  const table = facts.cover;
  const { patch, points } = patchOf(face, picture, facts);
  const level = levels(patch, table);
  const colours = coloursOf(patch, points, table);
  const n = table.patches.length;
  const named = (names, from) => Object.fromEntries(names.map((name, k) => [name, colours[from + k]]));
  const sides = [named(table.patches, 0), named(table.patches, n)];
  const middle = named(table.midline, 2 * n);
  const steps = (one, other) => Math.hypot(...one.map((value, k) => (value - other[k]) / table.steps[k]));
  const above = [middle.nose, middle["between the brows"]];
  const [hair, around] = [[], []];
  for (const side of sides) {
    const skin = [middle.nose, side.cheek, side["below the eye"]];
    const free = Math.min(...skin.map((one) => steps(side.forehead, one)));
    hair.push(free - steps(side.brow, side.forehead));
    const lid = side["upper lid"][0] - 0.15;
    above.push(side["below the eye"]);
    around.push(Math.max(side["below the eye"][0], side["beside the eye"][0], lid) - side.cheek[0]);
  }
  const [one, other] = facts.irises.map((iris, k) => about(level, points[iris[0]], k === 0 ? 1 : -1));
  return {
    hair: Math.max(...hair),
    likeness: correlation(detail(one), detail(other)) + correlation(rowMeans(one), rowMeans(other)),
    lenses: Math.max(...around),
    eye_range: Math.max(
      ...table.aperture.map((part) =>
        range(
          level,
          part.map((i) => points[i]),
          0.06,
          table,
        ),
      ),
    ),
    lip_steps: steps(middle.lips, middle["around the lips"]),
    lip_redness: middle.lips[1] - median(above.map((colour) => colour[1])),
    mouth_range: range(
      level,
      table.mouth.map((i) => points[i]),
      0,
      table,
    ),
  };
}

/** Return the face level in a small square picture, and its landmarks there. */
function patchOf(face, picture, facts) {
  const { unit, size, middle: place } = facts.cover;
  const [right, left] = irisCentres(face.landmarks, facts.irises);
  const middle = [0, 1].map((axis) => (right[axis] + left[axis]) / 2);
  const along = [0, 1].map((axis) => left[axis] - right[axis]);
  const reach = Math.max(Math.hypot(...along), 1);
  const sizes = [picture.width, picture.height];
  const low = middle.map((value, axis) => Math.trunc(clamp(value - 1.8 * reach, 0, sizes[axis] - 2)));
  const high = middle.map((value, axis) => Math.trunc(clamp(value + 2.2 * reach, low[axis] + 2, sizes[axis])));
  const step = Math.max(1, Math.trunc(reach / unit / 1.2));
  const whole = [0, 1].map((axis) => Math.max(Math.floor((high[axis] - low[axis]) / step), 1));
  const ends = [0, 1].map((axis) => Math.min(low[axis] + step * whole[axis], sizes[axis]));
  const cut = colourBox(picture, low, ends);
  const small = step === 1 ? cut : shrunk(cut, ...whole);
  const [cos, sin] = along.map((value) => value / reach);
  const turn = [
    [cos, sin],
    [-sin, cos],
  ].map((row) => row.map((value) => (value * unit) / reach));
  const by = (point) => turn.map((row) => row[0] * point[0] + row[1] * point[1]);
  const shift = by(middle).map((value, axis) => place[axis] - value);
  const matrix = turn.map((row, axis) => [row[0] * step, row[1] * step, by(low)[axis] + shift[axis]]);
  const points = Array.from({ length: face.landmarks.length / 3 }, (_, i) =>
    by([face.landmarks[3 * i], face.landmarks[3 * i + 1]]).map((value, axis) => value + shift[axis]),
  );
  return { patch: warped(small, inverse(matrix), size, size), points };
}

function levels(patch, table) {
  const data = new Float32Array(patch.width * patch.height);
  for (let i = 0; i < data.length; i++) {
    data[i] = Math.log(GREY.reduce((sum, weight, c) => sum + weight * patch.data[3 * i + c], 0) + table.floor);
  }
  return { data, width: patch.width, height: patch.height, channels: 1 };
}

/** Return the colour [grey, red over green, blue over green] of each place, as logarithms. */
function coloursOf(patch, points, table) {
  const sums = [];
  table.landmarks.forEach((landmark, k) => {
    const [x, y] = [points[landmark][0], points[landmark][1] + table.downs[k]].map((value) =>
      clamp(nearest(value), 1, table.size - 2),
    );
    const mean = [0, 1, 2].map((c) => {
      const nine = [-1, 0, 1].flatMap((dy) =>
        [-1, 0, 1].map((dx) => patch.data[3 * ((y + dy) * patch.width + x + dx) + c]),
      );
      return nine.sort((a, b) => a - b)[4] + table.floor;
    });
    const [red, green, blue] = mean.map(Math.log);
    const grey = Math.log(mean.reduce((sum, value, c) => sum + GREY[c] * value, 0));
    (sums[table.owners[k]] ??= []).push([grey, red - green, blue - green]);
  });
  return sums.map((colours) => [0, 1, 2].map((c) => average(colours.map((colour) => colour[c]))));
}

/** Return brow and eye about an iris, the subject's left (sign -1) mirrored. */
function about(level, [x, y], sign) {
  return warped(
    level,
    [
      [sign, 0, x - 9 * sign],
      [0, 1, y - 14],
    ],
    19,
    23,
  );
}

function detail(part) {
  const slow = blurred(part, 5).data;
  return part.data.map((value, i) => value - slow[i]);
}

function rowMeans(part) {
  return Array.from({ length: part.height }, (_, y) =>
    average(part.data.subarray(y * part.width, (y + 1) * part.width)),
  );
}

function correlation(one, other) {
  const [middle, middleOther] = [average(one), average(other)];
  let [both, squares, squaresOther] = [0, 0, 0];
  for (let i = 0; i < one.length; i++) {
    const [a, b] = [one[i] - middle, other[i] - middleOther];
    both += a * b;
    squares += a * a;
    squaresOther += b * b;
  }
  return both / Math.max(Math.sqrt(squares * squaresOther), 1e-6);
}

/** Return the range of the logarithms of the grey levels in the box of some points, 5 to 95 %. */
function range(level, points, margin, { unit, size }) {
  const axis = (k) => points.map((point) => point[k]);
  const low = [Math.min(...axis(0)), Math.min(...axis(1)) - margin * unit].map((value) =>
    clamp(Math.floor(value), 0, size - 2),
  );
  const high = [Math.max(...axis(0)) + 1, Math.max(...axis(1)) + 1 + margin * unit].map((value, k) =>
    clamp(Math.ceil(value), low[k] + 2, size),
  );
  const values = [];
  for (let y = low[1]; y < high[1]; y++) values.push(...level.data.subarray(y * size + low[0], y * size + high[0]));
  values.sort((a, b) => a - b);
  const at = (share) => values[Math.trunc(share * (values.length - 1))];
  return at(0.95) - at(0.05);
}
