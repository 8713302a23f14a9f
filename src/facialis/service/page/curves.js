// Smooth lines through points, as data of SVG paths.

const at = (points, i, closed) => {
  const n = points.length;
  return points[closed ? ((i % n) + n) % n : Math.min(n - 1, Math.max(0, i))];
};
const text = ([x, y]) => `${x.toFixed(2)} ${y.toFixed(2)}`;

/** Return a smooth path through points [[x, y], ...] (Catmull-Rom), closed or open. */
export function smooth(points, closed = false) {
  const parts = [`M${text(points[0])}`];
  const last = closed ? points.length : points.length - 1;
  for (let i = 0; i < last; i += 1) {
    const [before, from, to, after] = [-1, 0, 1, 2].map((step) => at(points, i + step, closed));
    const one = from.map((value, axis) => value + (to[axis] - before[axis]) / 6);
    const two = to.map((value, axis) => value - (after[axis] - from[axis]) / 6);
    parts.push(`C${text(one)} ${text(two)} ${text(to)}`);
  }
  return parts.join("") + (closed ? "Z" : "");
}

/** Return the landmarks along the first line of edges [[a, b], ...] that join end to end, from edge `from` on. */
export function chain(edges, from = 0) {
  const line = [...edges[from]];
  for (let i = from + 1; i < edges.length && edges[i][0] === line.at(-1); i += 1) {
    if (edges[i][1] === line[0]) break;
    line.push(edges[i][1]);
  }
  return line;
}
