// MediaPipe's landmarker as it comes, made, used and closed: what does it ask of whom?
const asked = [];
const ask = self.fetch;
self.fetch = (what, options) => {
  asked.push(String(what.url ?? what));
  return ask(what, options);
};
const vision = await import("./engine/vision/vision_bundle.mjs");
const program = new URL("engine/vision/vision_wasm_module_internal", self.location.href).href;
const files = { wasmLoaderPath: `${program}.js`, wasmBinaryPath: `${program}.wasm` };
const options = { baseOptions: { modelAssetPath: new URL("engine/face_landmarker.task", self.location.href).href } };
const landmarker = await vision.FaceLandmarker.createFromOptions(files, options);
landmarker.detect(new ImageData(64, 64));
landmarker.close();
self.postMessage(asked);
