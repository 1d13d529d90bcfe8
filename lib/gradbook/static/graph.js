// The mark of a computational graph: boxes, arrows, forward values above them and gradients below.
import { clamp, textWidth } from "./scales.js";
import { BOLD, LABEL, RIM, TICK, paint, word } from "./pieces.js";
import { drawers, series } from "./marks.js";
import { arrowOf } from "./bars.js";

const HALF = 15; // px: half the height of a box

Object.assign(drawers, {
  graph(m, data, at) {
    const boxes = m.nodes.map(([x, y, name]) => {
      const half = Math.max(17, textWidth(name, LABEL) / 2 + 8);
      return {x: clamp(at.X(x), at.left + half, at.right - half), y: at.Y(y), half, name};
    });
    const active = m.active === undefined ? -1 : series(data, m.active)[0];
    let shafts = "", heads = "", words = "";
    m.edges.forEach(([from, to], i) => {
      const a = boxes[from], b = boxes[to] || {x: at.right, y: a.y, half: 2};
      const dx = b.x - a.x, dy = b.y - a.y, leave = box => Math.min(box.half / Math.abs(dx), HALF / Math.abs(dy), 1);
      const u = leave(a), v = leave(b), x0 = a.x + u * dx, y0 = a.y + u * dy, x1 = b.x - v * dx, y1 = b.y - v * dy;
      const [shaft, head] = arrowOf(x0, y0, x1, y1, 9);
      shafts += shaft;
      heads += head;
      const slope = Math.abs(dy / dx), steep = slope > 1, share = slope > 0.1 ? 0.38 : 0.5; // where slopes meet it is crowded
      const x = x0 + share * (x1 - x0), y = y0 + share * (y1 - y0);
      [[m.values, "forward", -1], [m.gradients, "gradient", 1]].forEach(([key, color, side]) => {
        const told = key && data[key][i];
        if (!told) return;
        const clear = steep ? 0 : slope * textWidth(told, TICK) / 2; // so that a corner does not touch the arrow
        words += word(steep ? x + side * 7 : x, steep ? y + 4 : y + (side < 0 ? -6 - clear : 15 + clear), told,
          {size: 12, color, anchor: steep ? (side < 0 ? "end" : "start") : "middle", more: BOLD + RIM});
      });
    });
    return `<path d="${shafts}" stroke="${paint("soft")}" stroke-width="1.25"/><path d="${heads}" fill="${paint("soft")}"/>`
      + boxes.map(({x, y, half, name}, i) => `<rect x="${x - half}" y="${y - HALF}" width="${2 * half}" height="${2 * HALF}" rx="6" fill="${paint("paper")}"`
        + ` stroke="${paint(i === active ? "varied" : "soft")}" stroke-width="${i === active ? 3 : 1.25}"/>` + word(x, y + 4.5, name, {size: LABEL, color: "ink", anchor: "middle"})).join("") + words;
  },
});
