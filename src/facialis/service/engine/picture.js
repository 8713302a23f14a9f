// Pictures: {data, width, height}, RGBA bytes, upright, on white.

/**
 * Return the picture of a photo's bytes, upright by EXIF, transparency on white, its levels as they are stored.
 * @param {Blob | ImageBitmap} source
 * @param {number} maxPixels
 */
export async function decode(source, maxPixels) {
  let bitmap = source;
  if (source instanceof Blob) {
    const options = { imageOrientation: "from-image", colorSpaceConversion: "none", premultiplyAlpha: "none" };
    bitmap = await createImageBitmap(source, options).catch(() => null);
    if (!bitmap) throw Object.assign(new Error("undecodable"), { status: 422 });
  }
  const { width, height } = bitmap;
  if (width * height > maxPixels) throw Object.assign(new Error("too large"), { status: 413, width, height });
  const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  context.fillStyle = "#fff";
  context.fillRect(0, 0, width, height);
  context.drawImage(bitmap, 0, 0);
  bitmap.close();
  return { data: context.getImageData(0, 0, width, height).data, width, height };
}

/** Return the picture with left and right changed. */
export function mirrored({ data, width, height }) {
  const [from, made] = [words(data), new Uint32Array(width * height)];
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) made[y * width + x] = from[(y + 1) * width - 1 - x];
  return { data: new Uint8ClampedArray(made.buffer), width, height };
}

/** Return a box of the picture; what lies beyond it repeats its border. */
export function cut({ data, width, height }, x0, y0, x1, y1) {
  const [from, wide] = [words(data), x1 - x0];
  const made = new Uint32Array(wide * (y1 - y0));
  for (let y = y0; y < y1; y++) {
    const row = Math.min(Math.max(y, 0), height - 1) * width;
    for (let x = x0; x < x1; x++) made[(y - y0) * wide + x - x0] = from[row + Math.min(Math.max(x, 0), width - 1)];
  }
  return { data: new Uint8ClampedArray(made.buffer), width: wide, height: y1 - y0 };
}

function words(data) {
  return new Uint32Array(data.buffer, data.byteOffset, data.length / 4);
}
