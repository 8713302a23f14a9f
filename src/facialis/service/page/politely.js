// What screen readers are told while a camera runs: not everything, and never in a flood.

/**
 * Return a function that announces texts to screen readers at most once in `every` ms, always the latest, and never
 * the same twice in a row.
 */
export function politely(announce, every = 3000) {
  let last = -Infinity;
  let said = "";
  let timer = null;
  let next = "";
  const speak = () => {
    timer = null;
    if (next === said) return;
    last = performance.now();
    said = next;
    announce(next);
  };
  const say = (text) => {
    next = text;
    if (timer === null) timer = setTimeout(speak, Math.max(0, last + every - performance.now()));
  };
  say.stop = () => {
    clearTimeout(timer);
    timer = null;
  };
  return say;
}
