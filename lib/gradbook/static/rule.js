// The mark of a straight line across the view, with its name.
import { round, textWidth } from "./scales.js";
import { RIM, TICK, paint, word } from "./pieces.js";
import { drawers, inside, pixel, series } from "./marks.js";
import { labels } from "./labels.js";

Object.assign(drawers, {
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
});

// Names of rules: of level ones at the left, of upright ones at the top, a row lower where two would touch.
function ruleLabels({marks}, data, at) {
  const named = marks.filter(m => m.mark === "rule" && m.label).flatMap(m => {
    const upright = m.x !== undefined;
    return [...series(data, upright ? m.x : m.y)].map(v => ({m, upright, p: pixel(upright ? at.X : at.Y, v)}));
  }).filter(({upright, p}) => inside(at, upright ? p : at.left, upright ? at.top : p)).sort((a, b) => a.p - b.p);
  const ends = []; // where the last label of each row ends
  return named.map(({m, upright, p}) => {
    if (!upright) return word(at.left + 6, p + (p - at.top < 20 ? 14 : -5), m.label, {color: m.color, more: RIM});
    const width = textWidth(m.label, TICK), flip = p + width + 8 > at.right, from = flip ? p - width - 5 : p + 5;
    let row = 0;
    while (ends[row] > from) row++;
    ends[row] = from + width + 4;
    return word(p + (flip ? -5 : 5), at.top + 10 + 15 * row, m.label, {color: m.color, anchor: flip ? "end" : "start", more: RIM});
  }).join("");
}

labels.unshift(ruleLabels);
