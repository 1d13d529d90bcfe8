// One function for each mark: (mark, data, layout) -> SVG text. A value that is NaN or null is a gap.
// Each mark but the line stands in a file of its own name, which only pages with that mark have, and adds itself here.
import { clamp, round } from "./scales.js";
import { strokeOf } from "./pieces.js";

export const series = (data, ref) => typeof ref === "string" ? data[ref] || [] : Array.isArray(ref) ? ref : [ref];
export const item = (values, i) => values.length === 1 ? values[0] : values[i];
export const size = (...all) => all.some(v => v.length === 0) ? 0 : Math.max(...all.map(v => v.length));

// A value in pixels, or NaN for a gap. null must stay a gap (arithmetic would turn it into zero), and far values are
// kept within what every renderer can draw.
export function pixel(scale, v) {
  const p = v === null ? NaN : scale(v);
  return Number.isFinite(p) ? clamp(p, -5000, 5000) : NaN;
}

// Lines and areas are cut at the axes by a nested <svg>, which needs no id (ids would collide on a page).
export const cut = (at, body) => body && `<svg x="${at.left}" y="${at.top - 2}" width="${at.right - at.left}" height="${at.bottom - at.top + 4}"`
  + ` viewBox="${at.left} ${at.top - 2} ${at.right - at.left} ${at.bottom - at.top + 4}">${body}</svg>`;

export const inside = (at, x, y) => x >= at.left - 1 && x <= at.right + 1 && y >= at.top - 1 && y <= at.bottom + 1;

// Points from..to as the coordinates of a path, and the last of them.
export function trace(xs, ys, at, from = 0, to = size(xs, ys)) {
  let d = "", pen = "M", last = null;
  for (let i = from; i < to; i++) {
    const x = pixel(at.X, item(xs, i)), y = pixel(at.Y, item(ys, i));
    if (x !== x || y !== y) { pen = "M"; continue; } // NaN, the only value unequal to itself
    d += pen + round(x) + "," + round(y);
    pen = "L";
    last = [x, y];
  }
  return [d, last];
}

// The one that a control is at, among those that a mark lets the reader point at; -1 for none.
export const chosen = (name, data) => name && data[">" + name] ? data[">" + name][0] : -1;

export const drawers = {
  line(m, data, at) {
    const [d] = trace(series(data, m.x), series(data, m.y), at);
    return cut(at, d && `<path d="${d}" ${strokeOf(m)}/>`);
  },
};
