// One clear line for whatever went wrong.

/** Return one line for an error, in the page's language as far as it is known. */
export function lineOf(error, { say, known, model }) {
  if (error?.name === "AbortError") return say("page.app.answer.cancelled");
  const { status, detail } = error ?? {};
  if (status === 0) return say("page.app.error.offline");
  if (status === 401) return say("page.app.error.token");
  if (status === 501 && !detail) return say("page.app.error.no_engine");
  if (status === 503) return say("page.app.error.busy");
  if (status === 410 && !detail) return say("page.app.error.gone");
  if (status === 413 && !detail && error.limit) return say("page.app.error.large", { size: megabytes(say, error.size), limit: megabytes(say, error.limit) });
  if (detail) return known.translated(withoutName(detail));
  if (model === null) return say("page.app.error.local");
  return say("page.app.error.unknown", { status: status ?? "" });
}

function megabytes(say, bytes) {
  return say.number(bytes / 2 ** 20, bytes < 100 * 2 ** 20 ? 1 : 0);
}

/** Take the file's name off a line of the program: the page shows it beside. */
function withoutName(line) {
  return line.replace(/^[^:]{1,200}\.\w{2,5}: /, "");
}
