// draw(spec, data, width) -> SVG text. Pure: no DOM, no clock, nothing is measured. So one function draws the page,
// the live notebook, the picture for pages without JavaScript, and the test snapshots.
//
// spec: {view: {x, y, height, marks}, alt}, as gradbook/explore_declare.py writes it.
// data: {key: array of numbers or of strings}; NaN or null is a gap.
import { textWidth, ticks, unit, round } from "./scales.js";
import { FONT, LABEL, TICK, escape, paint, sample, word } from "./pieces.js";
import { drawers } from "./marks.js";
import { GLYPH, endLabels, ruleLabels } from "./labels.js";

const NARROW = 480; // px; below it, names move from the line ends to a row above the picture

// ---- layout: depends on spec and width only, never on data, so that a move redraws marks and nothing else

export function layout({view}, width) {
  const {x, y, height, marks} = view;
  const named = marks.filter(m => m.label && m.mark !== "rule");
  const widest = Math.max(0, ...named.map(m => textWidth(m.label, LABEL) + (m.mark === "line" ? 0 : GLYPH)));
  const beside = named.length > 0 && width >= NARROW && widest <= 0.28 * width;
  const keys = beside ? [] : keyRow(named, width);
  const rows = keys.length ? keys[keys.length - 1].row + 1 : 0;
  const top = rows * 20 + (y.hidden ? 6 : y.label ? 24 : 10) + (rows ? 4 : 0);
  const bottom = height - (x.hidden ? 6 : x.label ? 42 : 24);
  const yTicks = y.hidden ? [] : ticks(y, (bottom - top) / 48);
  const left = y.hidden ? 6 : Math.ceil(Math.max(...yTicks.map(t => textWidth(t[1], TICK)))) + 10;
  const room = beside ? Math.ceil(widest) + 18 : 16;
  const xTicks = x.hidden ? [] : ticks(x, (width - left - room) / 76);
  const lastTick = xTicks.length ? textWidth(xTicks[xTicks.length - 1][1], TICK) / 2 + 2 : 0;
  const right = Math.floor(width - (beside || !x.hidden ? Math.max(room, lastTick) : 6));
  const ux = unit(x), uy = unit(y);
  return {
    width, height, left, right, top, bottom, xTicks, yTicks, beside, keys, rows,
    X: v => left + ux(v) * (right - left),
    Y: v => bottom - uy(v) * (bottom - top),
  };
}

// The key above a narrow figure: [{mark, left, row}], wrapped at the width.
function keyRow(named, width) {
  let at = 0, row = 0;
  return named.map(mark => {
    const needs = 28 + textWidth(mark.label, LABEL) + 14;
    if (at > 0 && at + needs > width + 14) { at = 0; row++; }
    const place = {mark, left: at, row};
    at += needs;
    return place;
  });
}

// ---- the frame: grid, ticks, axis labels, key

function frame({view: {x, y}}, at) {
  const {left, right, top, bottom, X, Y, rows, width} = at;
  let s = "";
  for (const {mark, left: from, row} of at.keys) {
    s += sample(mark, from, row * 20 + 10) + word(from + 28, row * 20 + 14.5, mark.label, {size: LABEL, color: mark.color});
  }
  for (const [v, name] of at.yTicks) {
    s += `<path d="M${left},${round(Y(v))}H${right}" stroke="${paint("rule")}"/>` + word(left - 8, Y(v) + 4, name, {anchor: "end"});
  }
  if (!x.hidden) {
    s += `<path d="M${left},${bottom}H${right}" stroke="${paint("soft")}"/>`;
    for (const [v, name] of at.xTicks) {
      s += `<path d="M${round(X(v))},${bottom}v4" stroke="${paint("soft")}"/>` + word(X(v), bottom + 17, name, {anchor: "middle"});
    }
    if (x.label) s += word((left + right) / 2, bottom + 36, x.label, {size: LABEL, anchor: "middle"});
  }
  if (y.label && !y.hidden) s += word(0, rows * 20 + (rows ? 16 : 12), y.label, {size: LABEL});
  return s;
}

// One text for each mark, and one for the labels. The page replaces only those that changed.
export const drawParts = (spec, data, at) =>
  [...spec.view.marks.map(m => drawers[m.mark](m, data, at)), ruleLabels(spec, data, at) + endLabels(spec, data, at)];

export function draw(spec, data, width) {
  const at = layout(spec, width);
  return `<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="${escape(spec.alt)}" viewBox="0 0 ${width} ${at.height}"`
    + ` width="${width}" height="${at.height}" font-family="${FONT}" fill="none">${frame(spec, at)}`
    + drawParts(spec, data, at).map(part => `<g>${part}</g>`).join("") + "</svg>";
}
