// What OpenCV does to pixels, in plain JavaScript: grey levels, shrinking by area, warping, blurring.
// A picture is {data, width, height} with RGBA bytes; a plane is {data, width, height, channels}.

const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

/** Round to the nearest whole number, halves to the even one. */
export function nearest(value) {
  const below = Math.floor(value);
  const part = value - below;
  if (part !== 0.5) return part < 0.5 ? below : below + 1;
  return below % 2 === 0 ? below : below + 1;
}

/**
 * Return the grey levels of a box of a picture, as cv2.cvtColor.
 * @param {{data: Uint8ClampedArray, width: number}} picture
 * @param {number[]} low x, y of its corner
 * @param {number[]} high x, y beyond its other corner
 */
export function greyBox(picture, low, high) {
  const [width, height] = [high[0] - low[0], high[1] - low[1]];
  const data = new Uint8Array(width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const at = 4 * ((low[1] + y) * picture.width + low[0] + x);
      const [r, g, b] = [picture.data[at], picture.data[at + 1], picture.data[at + 2]];
      data[y * width + x] = (9798 * r + 19235 * g + 3735 * b + 16384) >> 15;
    }
  }
  return { data, width, height, channels: 1 };
}

/**
 * Return the colours of a box of a picture.
 * @param {{data: Uint8ClampedArray, width: number}} picture
 */
export function colourBox(picture, low, high) {
  const [width, height] = [high[0] - low[0], high[1] - low[1]];
  const data = new Uint8Array(3 * width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const at = 4 * ((low[1] + y) * picture.width + low[0] + x);
      data.set(picture.data.subarray(at, at + 3), 3 * (y * width + x));
    }
  }
  return { data, width, height, channels: 3 };
}

/**
 * Return bytes shrunk to a size, as cv2.resize with INTER_AREA.
 * @param {{data: Uint8Array, width: number, height: number, channels: number}} plane
 * @param {number} width
 * @param {number} height
 */
export function shrunk(plane, width, height) {
  const { channels } = plane;
  const [across, down] = [plane.width / width, plane.height / height];
  const data = new Uint8Array(width * height * channels);
  const whole = Number.isInteger(across) && Number.isInteger(down);
  const [columns, rows] = [shares(plane.width, width, whole), shares(plane.height, height, whole)];
  const all = Math.fround(1 / (across * down));
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (let c = 0; c < channels; c++) {
        let sum = 0;
        for (const [sy, beta] of rows[y]) {
          let line = 0;
          for (const [sx, alpha] of columns[x]) {
            const value = plane.data[(sy * plane.width + sx) * channels + c];
            line = whole ? line + value : Math.fround(line + Math.fround(value * alpha));
          }
          sum = whole ? sum + line : Math.fround(sum + Math.fround(line * beta));
        }
        if (whole) sum = across === 2 && down === 2 ? Math.floor((sum + 2) / 4) : Math.fround(sum * all);
        data[(y * width + x) * channels + c] = clamp(nearest(sum), 0, 255);
      }
    }
  }
  return { data, width, height, channels };
}

/** Return for each place of a shrunken line the places of the line it covers, and by how much. */
function shares(length, to, whole) {
  const scale = length / to;
  return Array.from({ length: to }, (_, at) => {
    const [start, end] = [at * scale, (at + 1) * scale];
    if (whole) return Array.from({ length: scale }, (_, k) => [start + k, 1]);
    const wide = Math.min(scale, length - start);
    const last = Math.min(Math.floor(end), length - 1);
    const first = Math.min(Math.ceil(start), last);
    const parts = [];
    if (first - start > 1e-3) parts.push([first - 1, Math.fround((first - start) / wide)]);
    for (let k = first; k < last; k++) parts.push([k, Math.fround(1 / wide)]);
    if (end - last > 1e-3) parts.push([last, Math.fround(Math.min(Math.min(end - last, 1), wide) / wide)]);
    return parts;
  });
}

/**
 * Return what lies at the places that a matrix maps to, linear between pixels, the border repeated: cv2.warpAffine with
 * WARP_INVERSE_MAP. Bytes are rounded.
 * @param {{data: ArrayLike<number>, width: number, height: number, channels: number}} plane
 * @param {number[][]} matrix 2 x 3, from places made to places of the plane
 */
export function warped(plane, matrix, width, height) {
  const { channels } = plane;
  const bytes = plane.data instanceof Uint8Array;
  const data = new Float32Array(width * height * channels);
  const at = (x, y, c) =>
    plane.data[(clamp(y, 0, plane.height - 1) * plane.width + clamp(x, 0, plane.width - 1)) * channels + c];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [sx, sy] = matrix.map(([a, b, shift]) => a * x + b * y + shift);
      const [ix, iy] = [Math.floor(sx), Math.floor(sy)];
      const [u, v] = [sx - ix, sy - iy];
      for (let c = 0; c < channels; c++) {
        const above = at(ix, iy, c) * (1 - u) + at(ix + 1, iy, c) * u;
        const below = at(ix, iy + 1, c) * (1 - u) + at(ix + 1, iy + 1, c) * u;
        const value = above * (1 - v) + below * v;
        data[(y * width + x) * channels + c] = bytes ? nearest(value) : value;
      }
    }
  }
  return { data, width, height, channels };
}

/**
 * Return the matrix that maps back.
 * @param {number[][]} matrix 2 x 3
 */
export function inverse([[a, b, tx], [c, d, ty]]) {
  const size = a * d - b * c;
  const [e, f, g, h] = [d / size, -b / size, -c / size, a / size];
  return [
    [e, f, -e * tx - f * ty],
    [g, h, -g * tx - h * ty],
  ];
}

/**
 * Return one channel blurred by a Gaussian, the border mirrored: cv2.GaussianBlur of float32.
 * @param {{data: Float32Array, width: number, height: number}} plane
 * @param {number} sigma px
 */
export function blurred(plane, sigma) {
  const { width, height } = plane;
  const half = (Math.round(8 * sigma + 1) | 1) >> 1;
  const weights = Array.from({ length: 2 * half + 1 }, (_, k) => Math.exp(-((k - half) ** 2) / (2 * sigma * sigma)));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const pass = (data, length, step, others, jump) => {
    const made = new Float32Array(data.length);
    for (let other = 0; other < others; other++) {
      for (let i = 0; i < length; i++) {
        let sum = 0;
        weights.forEach(
          (weight, k) => (sum += (weight / total) * data[other * jump + reflected(i + k - half, length) * step]),
        );
        made[other * jump + i * step] = sum;
      }
    }
    return made;
  };
  const across = pass(plane.data, width, 1, height, width);
  return { ...plane, data: pass(across, height, width, width, 1) };
}

function reflected(at, length) {
  if (length === 1) return 0;
  let place = at;
  while (place < 0 || place >= length) place = place < 0 ? -place : 2 * (length - 1) - place;
  return place;
}
