// One function for each mark: (mark, data, layout) -> SVG text. A value that is NaN or null is a gap.
// Marks that few pages use stand in files of their own and add themselves to `drawers`.
import { clamp, round } from "./scales.js";
import { RIM, marker, paint, shade, strokeOf, symbol, word } from "./pieces.js";

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

  path(m, data, at) {
    const [, end] = trace(series(data, m.x), series(data, m.y), at);
    return drawers.line(m, data, at) + (m.head && end && inside(at, ...end) ? marker(m, symbol(m.shape, ...end, 5)) : "");
  },

  area(m, data, at) {
    const xs = series(data, m.x), low = series(data, m.y0), high = series(data, m.y1), n = size(xs, low, high);
    let d = "", there = "", back = "";
    for (let i = 0; i <= n; i++) {
      const x = i < n ? pixel(at.X, item(xs, i)) : NaN, a = pixel(at.Y, item(low, i)), b = pixel(at.Y, item(high, i));
      if (x === x && a === a && b === b) {
        there += (there ? "L" : "M") + round(x) + "," + round(b);
        back = "L" + round(x) + "," + round(a) + back;
      } else if (there) { d += there + back + "z"; there = back = ""; }
    }
    return cut(at, d && `<path d="${d}" fill="${paint(m.color)}" opacity="${shade(m)}"/>`);
  },

  points(m, data, at) {
    const xs = series(data, m.x), ys = series(data, m.y), n = size(xs, ys), here = chosen(m.sets, data);
    let d = "", ring = "";
    for (let i = 0; i < n; i++) {
      const x = pixel(at.X, item(xs, i)), y = pixel(at.Y, item(ys, i));
      if (!inside(at, x, y)) continue;
      d += symbol(m.shape, x, y, m.size);
      if (i === here) ring = `<path d="${symbol("circle", x, y, m.size + 4)}" stroke="${paint("varied")}" stroke-width="2.5"/>`;
    }
    return d && marker(m, d) + ring;
  },

  rule(m, data, at) {
    const upright = m.x !== undefined;
    let s = "";
    for (const v of series(data, upright ? m.x : m.y)) {
      const p = pixel(upright ? at.X : at.Y, v);
      if (!inside(at, upright ? p : at.left, upright ? at.top : p)) continue;
      s += `<path d="M${upright ? `${round(p)},${at.bottom}V${at.top}` : `${at.left},${round(p)}H${at.right}`}" stroke="${paint(m.color)}" stroke-width="1"`
        + `${m.color === "soft" ? "" : ` stroke-dasharray="4 3"`}/>`;
    }
    return s;
  },

  text(m, data, at) {
    const xs = series(data, m.x), ys = series(data, m.y), words = series(data, m.text), n = size(xs, ys, words);
    let s = "";
    for (let i = 0; i < n; i++) {
      const x = pixel(at.X, item(xs, i)), y = pixel(at.Y, item(ys, i)), told = item(words, i);
      if (told && inside(at, x, y)) {
        s += word(x + m.dx, y + m.dy + m.size * 0.35, told, {size: m.size, color: m.color, anchor: m.anchor, more: m.color === "paper" ? "" : RIM});
      }
    }
    return s;
  },
};
