// The mark of arrows.
import { round, textWidth } from "./scales.js";
import { BOLD, LABEL, RIM, paint, strokeOf, word } from "./pieces.js";
import { cut, drawers, inside, item, pixel, series, size } from "./marks.js";

Object.assign(drawers, {
  arrow(m, data, at) {
    const [xs, ys, dxs, dys] = [m.x, m.y, m.dx, m.dy].map(ref => series(data, ref));
    let shafts = "", heads = "", name = "";
    for (let i = 0; i < size(xs, ys, dxs, dys); i++) {
      const x = item(xs, i), y = item(ys, i), a = pixel(at.X, x), b = pixel(at.Y, y), c = pixel(at.X, x + item(dxs, i)), d = pixel(at.Y, y + item(dys, i));
      const long = Math.hypot(c - a, d - b);
      if (!(long > 1)) continue; // too short to have a direction, or a gap
      const [shaft, head] = arrowOf(a, b, c, d, Math.min(long, 4 + 2.5 * m.width));
      shafts += shaft;
      heads += head;
      if (m.label && !name && inside(at, c, d)) {
        const ux = (c - a) / long, uy = (d - b) / long, back = c + textWidth(m.label, LABEL) + 8 > at.width;
        name = word(back ? at.width - 4 : c + 7 * ux, d + (back ? -9 : 10 * uy + 4), m.label, {size: LABEL, color: m.color, anchor: ux < -0.3 || back ? "end" : ux > 0.3 ? "start" : "middle", more: BOLD + RIM});
      }
    }
    return cut(at, shafts && `<path d="${shafts}" ${strokeOf(m)}/><path d="${heads}" fill="${paint(m.color)}"${m.faint ? ` opacity=".5"` : ""}/>`) + name;
  },
});

// The shaft and the head of an arrow from (a, b) to (c, d), in px.
export function arrowOf(a, b, c, d, head) {
  const long = Math.hypot(c - a, d - b) || 1, ux = head * (c - a) / long, uy = head * (d - b) / long;
  return [
    `M${round(a)},${round(b)}L${round(c - 0.7 * ux)},${round(d - 0.7 * uy)}`,
    `M${round(c)},${round(d)}L${round(c - ux - uy * 0.42)},${round(d - uy + ux * 0.42)}L${round(c - ux + uy * 0.42)},${round(d - uy - ux * 0.42)}z`,
  ];
}
