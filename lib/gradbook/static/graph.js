// The mark of a computational graph: boxes, arrows, forward values above them and gradients below.
import { clamp, textWidth } from "./scales.js";
import { BOLD, LABEL, RIM, TICK, paint, word } from "./pieces.js";
import { drawers, series } from "./marks.js";
import { arrowOf } from "./arrow.js";

const HALF = 15; // px: half the height of a box

Object.assign(drawers, {
  graph(m, data, at) {
    const boxes = m.nodes.map(([x, y, name]) => {
      const half = Math.max(17, textWidth(name, LABEL) / 2 + 8);
      return {x: clamp(at.X(x), at.left + half, at.right - half), y: at.Y(y), half, name};
    });
    const active = m.active === undefined ? -1 : series(data, m.active)[0];
    let shafts = "", heads = "";
    const edges = m.edges.map(([from, to]) => {
      const a = boxes[from], b = boxes[to] || {x: at.right, y: a.y, half: 2};
      const dx = b.x - a.x, dy = b.y - a.y, leave = box => Math.min(box.half / Math.abs(dx), HALF / Math.abs(dy), 1);
      const u = leave(a), v = leave(b), x = a.x + u * dx, y = a.y + u * dy, x1 = b.x - v * dx, y1 = b.y - v * dy;
      const [shaft, head] = arrowOf(x, y, x1, y1, 9);
      shafts += shaft;
      heads += head;
      return {x, y, dx: x1 - x, dy: y1 - y, slope: Math.abs(dy / dx)};
    });
    // Where slopes meet it is crowded: numbers stand before the middle of an arrow, the further the less room there is.
    let told, crowded = true;
    for (const share of [0.38, 0.3, 0.24]) if (crowded) {
      told = edges.flatMap((edge, i) => numbers(m, data, edge, i, edge.slope > 0.1 ? share : 0.5));
      crowded = told.some((a, i) => told.some((b, k) => k < i && Math.abs(a.x - b.x) < 34 && Math.abs(a.y - b.y) < 13));
    }
    return `<path d="${shafts}" stroke="${paint("soft")}" stroke-width="1.25"/><path d="${heads}" fill="${paint("soft")}"/>`
      + boxes.map(({x, y, half, name}, i) => `<rect x="${x - half}" y="${y - HALF}" width="${2 * half}" height="${2 * HALF}" rx="6" fill="${paint("paper")}"`
        + ` stroke="${paint(i === active ? "varied" : "soft")}" stroke-width="${i === active ? 3 : 1.25}"/>` + word(x, y + 4.5, name, {size: LABEL, color: "ink", anchor: "middle"})).join("")
      + told.map(({x, y, text, ...how}) => word(x, y, text, {size: 12, more: BOLD + RIM, ...how})).join("");
  },
});

// The value above an arrow and the gradient below it, or left and right of a steep one.
function numbers(m, data, {x, y, dx, dy, slope}, i, share) {
  const steep = slope > 1;
  x += share * dx;
  y += share * dy;
  return [[m.values, "forward", -1], [m.gradients, "gradient", 1]].flatMap(([key, color, side]) => {
    const text = key && data[key][i];
    if (!text) return [];
    if (steep) return [{x: x + side * 7, y: y + 4, text, color, anchor: side < 0 ? "end" : "start"}];
    const clear = slope * textWidth(text, TICK) / 2; // so that a corner does not touch the arrow
    return [{x, y: y + (side < 0 ? -6 - clear : 15 + clear), text, color, anchor: "middle"}];
  });
}
