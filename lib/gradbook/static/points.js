// The mark of single points.
import { marker, paint, symbol } from "./pieces.js";
import { chosen, drawers, inside, item, pixel, series, size } from "./marks.js";

Object.assign(drawers, {
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
});
