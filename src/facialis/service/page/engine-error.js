// What an engine throws.

/** An engine's refusal: `status` as of HTTP (0: no answer at all), `detail` one line for the reader. */
export class EngineError extends Error {
  constructor(status, detail) {
    super(detail || `status ${status}`);
    this.name = "EngineError";
    this.status = status;
    this.detail = detail || "";
  }
}
