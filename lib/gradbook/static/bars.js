// The mark of bars, from a base or between two values.
import { round } from "./scales.js";
import { paint, shade } from "./pieces.js";
import { chosen, cut, drawers, item, pixel, series, size } from "./marks.js";

Object.assign(drawers, {
  bars(m, data, at) {
    const xs = series(data, m.x), from = series(data, m.y0), to = series(data, m.y1), here = chosen(m.sets, data);
    let d = "", ring = "";
    for (let i = 0; i < size(xs, from, to); i++) {
      const x = item(xs, i), l = pixel(at.X, x - m.width / 2), r = pixel(at.X, x + m.width / 2), a = pixel(at.Y, item(from, i)), b = pixel(at.Y, item(to, i));
      if (l !== l || a !== a || b !== b) continue;
      const box = `M${round(l)},${round(a)}V${round(b)}H${round(r)}V${round(a)}z`;
      d += box;
      if (i === here) ring = `<path d="${box}" stroke="${paint("varied")}" stroke-width="3"/>`;
    }
    return cut(at, d && `<path d="${d}" fill="${paint(m.color)}" opacity="${shade(m)}"/>${ring}`);
  },
});
