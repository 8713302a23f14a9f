// MediaPipe's Face Landmarker for the web, on the CPU: the same landmarks as in Python to a thousandth of a pixel.
// (Its GPU way differs from that by about a pixel.) As facialis.faces.landmarks.

const MAX_FACES = 5;

/**
 * Start the landmarker.
 * @param {URL} base the folder engine/
 * @param {string} program address of its WebAssembly below it, without ending
 * @param {Uint8Array} wasm that WebAssembly
 * @param {Uint8Array} model
 */
export async function loadLandmarker(base, program, wasm, model) {
  const { FaceLandmarker } = await import(new URL("vision/vision_bundle.mjs", base).href);
  const said = [];
  const keep = (line) => said.push(line) > 20 && said.shift();
  // the library says much on the console that nobody asked for: it is kept from it, the last lines for an error's sake
  for (const name of ["log", "info", "warn"]) self.console[name] = keep;
  const compiled = await WebAssembly.compile(wasm);
  const instantiateWasm = (imports, done) => {
    WebAssembly.instantiate(compiled, imports).then((instance) => done(instance, compiled));
    return {};
  };
  self.Module = {
    instantiateWasm,
    locateFile: (name) => new URL(`vision/${name}`, base).href,
    print: keep,
    printErr: keep,
  };
  const files = {
    wasmLoaderPath: new URL(`${program}.js`, base).href,
    wasmBinaryPath: new URL(`${program}.wasm`, base).href,
  };
  const made = await FaceLandmarker.createFromOptions(files, {
    baseOptions: { modelAssetBuffer: model, delegate: "CPU" },
    numFaces: MAX_FACES,
    outputFaceBlendshapes: true,
    outputFacialTransformationMatrixes: true,
  }).catch((error) => {
    throw new Error(`${error.message ?? error} ${said.at(-1) ?? ""}`);
  });
  const largest = largestTexture();
  const run = (picture) => faces(made.detect(within(picture, largest)), picture);
  run({ data: new Uint8ClampedArray(4 * 64 * 64).fill(255), width: 64, height: 64 }); // the first is slow
  return { run, close: () => made.close() };
}

function faces(found, { width, height }) {
  return found.faceLandmarks.map((points, k) => {
    const landmarks = new Float32Array(3 * points.length);
    points.forEach(({ x, y, z }, i) => landmarks.set([x * width, y * height, z * width], 3 * i));
    const columns = found.facialTransformationMatrixes[k].data;
    const transform = Float32Array.from({ length: 16 }, (_, at) => columns[4 * (at % 4) + Math.floor(at / 4)]);
    return { landmarks, transform, size: [height, width] };
  });
}

/** Return the picture as the landmarker takes it; a larger one than it can hold is shrunk. */
function within({ data, width, height }, largest) {
  const whole = new ImageData(data, width, height);
  const scale = largest / Math.max(width, height);
  if (scale >= 1) return whole;
  const [from, to] = [
    new OffscreenCanvas(width, height),
    new OffscreenCanvas(Math.floor(width * scale), Math.floor(height * scale)),
  ];
  from.getContext("2d").putImageData(whole, 0, 0);
  to.getContext("2d").drawImage(from, 0, 0, to.width, to.height);
  return to;
}

/** Return the side of the largest picture that the landmarker can hold, px; 0 where this browser has no WebGL 2. */
export function largestTexture() {
  const context = new OffscreenCanvas(1, 1).getContext("webgl2");
  const size = context?.getParameter(context.MAX_TEXTURE_SIZE) ?? 0;
  context?.getExtension("WEBGL_lose_context")?.loseContext();
  return size;
}
