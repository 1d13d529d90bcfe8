// The mark of a matrix: coloured cells.
import { clamp, round, textWidth } from "./scales.js";
import { BOLD, RIM, TICK, paint, word } from "./pieces.js";
import { chosen, cut, drawers } from "./marks.js";

const HUES = {blue: "forward", green: "varied", grey: "ink", diverging: "forward"};
const LEVELS = 64; // shades, so that equal ones share a path

// Where a row or column begins and how wide it is, in whole px, so that neighbours meet.
function side(scale, from, by, k) {
  const a = Math.round(scale(from + (k - 0.5) * by)), b = Math.round(scale(from + (k + 0.5) * by));
  return [Math.min(a, b), Math.abs(b - a)];
}

function cellBox(m, at, row, column) {
  const [x, w] = side(at.X, m.x0, m.dx, column), [y, h] = side(at.Y, m.y0, m.dy, row);
  return [x, y, w, h];
}

const rect = ([x, y, w, h]) => `M${x},${y}h${w}v${h}h${-w}z`;

Object.assign(drawers, {
  cells(m, data, at) {
    const z = data[m.z], [rows, columns] = data[m.z + "#"], told = data[m.told], [low, high] = m.domain;
    const both = m.scale === "diverging", grey = m.scale === "grey", shades = {}, runs = {};
    const full = m.show ? (grey ? 0.35 : 0.45) : grey ? 0.85 : 1; // ink stays legible on the fullest shade
    const minus = {ink: "", paper: ""};
    const across = Array.from({length: columns}, (_, k) => side(at.X, m.x0, m.dx, k));
    const down = Array.from({length: rows}, (_, k) => side(at.Y, m.y0, m.dy, k));
    let words = "";
    const close = key => { shades[key] = (shades[key] || "") + rect(runs[key]); };
    const add = (key, box) => { // neighbours of one shade that touch are one box
      const run = runs[key];
      if (run && run[1] === box[1] && run[3] === box[3] && run[0] + run[2] === box[0]) return void (run[2] += box[2]);
      if (run) close(key);
      runs[key] = box;
    };
    z.forEach((v, i) => {
      if (v === null || v !== v) return;
      const [x, w] = across[i % columns], [y, h] = down[Math.floor(i / columns)], gap = Math.min(w, h) > 6 ? 1 : 0;
      const level = Math.round(LEVELS * (both ? clamp(v / high, -1, 1) : clamp((v - low) / (high - low), 0, 1)));
      add("ground", [x, y, w - gap, h - gap]);
      if (level) add(level, [x, y, w - gap, h - gap]);
      if (m.show && textWidth(told[i], TICK) + 2 <= w && h >= 14) words += word(x + (w - gap) / 2, y + h / 2 + 4, told[i], {color: "ink", anchor: "middle"});
      else if (level < -2 && Math.min(w, h) > 8) minus[level < -LEVELS / 2 ? "paper" : "ink"] += `M${x + w / 2 - 3},${y + h / 2 - 0.5}h5`;
    });
    Object.keys(runs).forEach(close);
    const {ground, ...levels} = shades;
    let s = ground ? `<path d="${ground}" fill="${paint("rule")}" opacity=".4"/>` : "";
    for (const level in levels) {
      s += `<path d="${levels[level]}" fill="${paint(level < 0 ? "gradient" : HUES[m.scale])}" opacity="${round(1000 * full * Math.abs(level) / LEVELS) / 1000}"/>`;
    }
    for (const color in minus) if (minus[color]) s += `<path d="${minus[color]}" stroke="${paint(color)}" stroke-width="1.5"/>`;
    return cut(at, s + words + outline(m, data, at, rows, columns, told));
  },
});

// What the controls are at: a cell, a row, a column, or a row and a column.
function outline(m, data, at, rows, columns, told) {
  if (!m.sets) return "";
  let [r, c] = (Array.isArray(m.sets) ? m.sets : []).map(name => chosen(name, data));
  if (r === undefined) {
    const i = chosen(m.sets, data);
    [r, c] = i < 0 ? [-1, -1] : [Math.floor(i / columns), i % columns];
  }
  if (r < 0 && c < 0) return "";
  const a = cellBox(m, at, Math.max(r, 0), Math.max(c, 0)), b = cellBox(m, at, r < 0 ? rows - 1 : r, c < 0 ? columns - 1 : c);
  const x = Math.min(a[0], b[0]), y = Math.min(a[1], b[1]), w = Math.max(a[0] + a[2], b[0] + b[2]) - x, h = Math.max(a[1] + a[3], b[1] + b[3]) - y;
  const s = `<path d="${rect([x, y, w - 1, h - 1])}" stroke="${paint("varied")}" stroke-width="2.5"/>`;
  const name = told && !m.show && r >= 0 && c >= 0 && told[r * columns + c], half = name ? textWidth(name, TICK) / 2 : 0;
  return s + (name ? word(clamp(x + w / 2, at.left + half, at.right - half), y - at.top < 18 ? y + h + 14 : y - 6, name, {color: "ink", anchor: "middle", more: BOLD + RIM}) : "");
}
