// The camera's stream: opened on a click, closed for good, and what went wrong in one word.

const WANTED = { width: { ideal: 4096 }, height: { ideal: 2160 }, frameRate: { ideal: 30 } };

/**
 * Ask for the camera and return its stream, the largest picture it has.
 * @param {{deviceId?: string}} options a camera of `cameras()`; without it the one that faces the person.
 * @returns {Promise<MediaStream>}
 * @throws what `problemOf` names.
 */
export async function openCamera({ deviceId } = {}) {
  if (!navigator.mediaDevices?.getUserMedia) throw new DOMException("no mediaDevices", "SecurityError");
  const which = deviceId ? { deviceId: { exact: deviceId } } : { facingMode: "user" };
  return navigator.mediaDevices.getUserMedia({ audio: false, video: { ...WANTED, ...which } });
}

/** Stop every track of a stream, so that the camera's light goes out. */
export function closeCamera(stream) {
  for (const track of stream?.getTracks() ?? []) track.stop();
}

/** Return the cameras there are, [{id, name}]; names are known once one was allowed. */
export async function cameras() {
  const devices = (await navigator.mediaDevices?.enumerateDevices?.()) ?? [];
  return devices.filter((device) => device.kind === "videoinput").map(({ deviceId, label }) => ({ id: deviceId, name: label }));
}

/** Whether a stream's camera looks at the person who holds it: then the preview is mirrored, as people know it. */
export function facesUser(stream) {
  return stream.getVideoTracks()[0]?.getSettings().facingMode !== "environment";
}

/** Name what kept the camera from opening: refused, missing, insecure, in_use or other. */
export function problemOf(error) {
  if (!window.isSecureContext || error.name === "SecurityError") return "insecure";
  const names = {
    NotAllowedError: "refused",
    NotFoundError: "missing",
    OverconstrainedError: "missing",
    NotReadableError: "in_use",
    AbortError: "in_use",
  };
  return names[error.name] ?? "other";
}

/** Draw the video's present frame, never mirrored, at most `longest` px long; returns the canvas. */
export function frameOf(video, longest = Infinity, canvas = document.createElement("canvas")) {
  const scale = Math.min(1, longest / Math.max(video.videoWidth, video.videoHeight));
  canvas.width = Math.round(video.videoWidth * scale);
  canvas.height = Math.round(video.videoHeight * scale);
  canvas.getContext("2d").drawImage(video, 0, 0, canvas.width, canvas.height);
  return canvas;
}

/** Return the video's present frame at full size as a JPEG. */
export function photoOf(video) {
  const canvas = frameOf(video);
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("no picture"))), "image/jpeg", 0.95);
  });
}
