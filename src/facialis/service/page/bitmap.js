// Pictures as the browser decodes them: upright, and small ones for lists.

const THUMBNAIL = 56;

/** Return a promise of an item's picture, upright by its EXIF; null where this browser cannot decode it. Decoded once. */
export function bitmapOf(item) {
  if (!item.blob || item.video) return Promise.resolve(null);
  item.bitmap ??= createImageBitmap(item.blob, { imageOrientation: "from-image" }).catch(() => null);
  return item.bitmap;
}

/** Let go of an item's decoded picture; it is decoded anew when it is wanted. */
export function release(item) {
  item?.bitmap?.then((bitmap) => bitmap?.close());
  if (item) item.bitmap = null;
}

/** Return a canvas that shows a photo small once it is decoded. */
export function thumbnail(item) {
  const canvas = document.createElement("canvas");
  const scale = Math.min(2, devicePixelRatio || 1);
  canvas.width = THUMBNAIL * scale;
  canvas.height = THUMBNAIL * scale;
  canvas.className = "thumbnail";
  canvas.setAttribute("aria-hidden", "true");
  if (item.thumbnail) canvas.getContext("2d").drawImage(item.thumbnail, 0, 0, canvas.width, canvas.height);
  else if (item.blob && !item.video) line = line.then(() => drawn(item, canvas)); // one at a time: large photos fill memory
  return canvas;
}

let line = Promise.resolve();

async function drawn(item, canvas) {
  let picture = null;
  try {
    picture = await createImageBitmap(item.blob, { imageOrientation: "from-image", resizeWidth: 2 * canvas.width, resizeQuality: "medium" });
  } catch {
    return; // not decodable here: the list says what the engine made of it
  }
  const side = Math.min(picture.width, picture.height);
  const top = picture.height > side ? (picture.height - side) * 0.25 : 0;
  canvas.getContext("2d").drawImage(picture, (picture.width - side) / 2, top, side, side, 0, 0, canvas.width, canvas.height);
  picture.close();
  item.thumbnail = canvas;
}
