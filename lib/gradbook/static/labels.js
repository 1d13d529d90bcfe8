// Names at the ends of lines, moved apart where they would touch.
import { clamp, round, textWidth } from "./scales.js";
import { BOLD, LABEL, RIM, TICK, glyph, paint, word } from "./pieces.js";
import { inside, item, pixel, series, size } from "./marks.js";

export const named = m => m.label && m.mark !== "rule" && m.mark !== "arrow"; // with a name at its end or in the key
export const lineLike = m => m.mark === "line" || m.mark === "path";
const LEADING = 17; // px between the baselines of two names
export const GLYPH = 16; // px: room for the small sample of points or area before a name

// Where a mark ends: its last point inside the figure, else the last one, kept at the edge. A path that comes from the
// right there has its name at the left.
function endOf(m, data, at) {
  const xs = series(data, m.x), ys = series(data, m.y1 ?? m.y);
  const base = m.mark === "area" ? series(data, m.y0) : ys, n = size(xs, ys, base);
  let end = null;
  for (let i = n - 1; i >= 0; i--) {
    const x = pixel(at.X, item(xs, i)), y = (pixel(at.Y, item(ys, i)) + pixel(at.Y, item(base, i))) / 2;
    if (x !== x || y !== y) continue;
    if (inside(at, x, y)) return [x, y, m.mark === "path" && i > 0 && pixel(at.X, item(xs, i - 1)) > x + 1];
    end ||= [clamp(x, at.left, at.right), clamp(y, at.top, at.bottom)];
  }
  return end;
}

// Moves labels apart, each as little as possible: those that would touch form a block around their mean.
function spread(wanted, gap, low, high) {
  const blocks = [];
  for (const [y, i] of wanted.map((y, i) => [y, i]).sort((a, b) => a[0] - b[0])) {
    let block = {sum: y, members: [i]};
    const top = b => clamp(b.sum / b.members.length - (b.members.length - 1) * gap / 2, low, Math.max(low, high - (b.members.length - 1) * gap));
    block.top = top(block);
    for (let last; (last = blocks[blocks.length - 1]) && last.top + last.members.length * gap > block.top; blocks.pop()) {
      block = {sum: last.sum + block.sum, members: last.members.concat(block.members)};
      block.top = top(block);
    }
    blocks.push(block);
  }
  const places = [];
  for (const b of blocks) b.members.forEach((i, k) => { places[i] = b.top + k * gap; });
  return places;
}

function endLabels({marks}, data, at) {
  if (!at.beside) return "";
  const ends = marks.filter(named).map(m => ({m, end: endOf(m, data, at)})).filter(e => e.end);
  const places = spread(ends.map(e => e.end[1]), LEADING, at.top + 4, at.bottom - 8);
  return ends.map(({m, end: [x, y, left]}, i) => {
    const place = places[i];
    if (!lineLike(m)) {
      return glyph(m, at.right + 17, place) + word(at.right + 12 + GLYPH, place + 4.3, m.label, {size: LABEL, color: m.color, more: BOLD});
    }
    // A line that ends early is labelled where it ends, if there is room; else a leader joins the two.
    const early = at.right - x > textWidth(m.label, LABEL) + 20, from = left ? x - 8 : early ? x + 8 : at.right + 12;
    if (left) return word(from, y + 4.3, m.label, {size: LABEL, color: m.color, anchor: "end", more: BOLD + RIM});
    const far = Math.abs(place - y) > LEADING || (!early && at.right - x > 12);
    return (far ? `<path d="M${round(x + 3)},${round(y)}L${round(from - 3)},${round(place)}" stroke="${paint(m.color)}" opacity=".45" stroke-dasharray="1 3"/>` : "")
      + word(from, place + 4.3, m.label, {size: LABEL, color: m.color, more: BOLD + (early ? RIM : "")});
  }).join("");
}

// The labels of a view: functions of (view, data, layout). rule.js adds those of rules.
export const labels = [endLabels];
