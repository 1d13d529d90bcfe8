// The mark of contour lines.
import { round } from "./scales.js";
import { paint } from "./pieces.js";
import { cut, drawers, trace } from "./marks.js";

Object.assign(drawers, {
  contour(m, data, at) {
    const xs = data[m.z + "~x"], ys = data[m.z + "~y"], counts = data[m.z + "~n"];
    let from = 0, s = "";
    [...counts].forEach((n, k) => {
      const [d] = trace(xs, ys, at, from, from += n);
      if (d) s += `<path d="${d}" stroke="${paint(m.color)}" stroke-width="${m.width}"${m.fill ? ` stroke-opacity=".35" fill="${paint(m.color)}" fill-opacity=".07" fill-rule="evenodd"`
        : ` opacity="${round(10 * (0.4 + 0.6 * (k + 1) / counts.length)) / 10}"`}/>`;
    });
    return cut(at, s);
  },
});
