// The mark between two curves.
import { round } from "./scales.js";
import { paint, shade } from "./pieces.js";
import { cut, drawers, item, pixel, series, size } from "./marks.js";

Object.assign(drawers, {
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
});
