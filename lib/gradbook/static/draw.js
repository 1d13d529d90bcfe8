// draw(spec, data, width) -> SVG text. Pure: no DOM, no clock, nothing is measured. So one function draws the page,
// the live notebook, the picture for pages without JavaScript, and the test snapshots.
//
// spec: {views: [{x, y, height, title, equal, marks}], alt}, as gradbook/explore_data.py writes it.
// data: {key: array of numbers or of strings}; NaN or null is a gap.
import { textWidth, ticks, unit, round } from "./scales.js";
import { BOLD, FONT, LABEL, TICK, escape, paint, sample, word } from "./pieces.js";
import { drawers } from "./marks.js";
import { GLYPH, labels, lineLike, named } from "./labels.js";

const NARROW = 480; // px; below it, names move from the line ends to a row above, and views below one another
const BETWEEN = 24; // px between two views

// ---- layout: depends on spec and width only, never on data, so that a move redraws marks and nothing else

// One layout for each view, with its place in the figure.
export function layout({views}, width) {
  const beside = width >= NARROW, own = beside ? Math.floor((width - BETWEEN * (views.length - 1)) / views.length) : width;
  let down = 0;
  return views.map((view, i) => {
    const at = layoutOne(view, own);
    at.dx = beside ? i * (own + BETWEEN) : 0;
    at.dy = beside ? 0 : down;
    down += view.height + BETWEEN;
    return at;
  });
}

function layoutOne({x, y, height, title, equal, marks}, width) {
  const told = marks.filter(named);
  const widest = Math.max(0, ...told.map(m => textWidth(m.label, LABEL) + (lineLike(m) ? 0 : GLYPH)));
  const beside = told.length > 0 && width >= NARROW && widest <= 0.28 * width;
  const keys = beside ? [] : keyRow(told, width), head = title ? 22 : 0;
  const rows = keys.length ? keys[keys.length - 1].row + 1 : 0;
  const top = head + rows * 20 + (y.hidden ? 6 : y.label ? 24 : 10) + (rows ? 4 : 0);
  let bottom = height - (x.hidden ? 6 : x.label ? 42 : 24);
  const counted = step => marks.some(m => Math.abs(m[step]) === 1 && m.mark === "cells"); // there are no half cells
  const seen = step => ([v]) => Number.isInteger(v) || !counted(step);
  const yTicks = y.hidden ? [] : ticks(y, bottom - top, 48).filter(seen("dy"));
  const left = y.hidden ? 6 : Math.ceil(Math.max(0, ...yTicks.map(t => textWidth(t[1], TICK)))) + 10;
  const room = beside ? Math.ceil(widest) + 18 : 16;
  const xTicks = x.hidden ? [] : ticks(x, width - left - room, 76).filter(seen("dx"));
  const lastTick = xTicks.length ? textWidth(xTicks[xTicks.length - 1][1], TICK) / 2 + 2 : 0;
  let right = Math.floor(width - (beside || !x.hidden ? Math.max(room, lastTick) : 6));
  if (equal) {
    const across = Math.abs(x.domain[1] - x.domain[0]), up = Math.abs(y.domain[1] - y.domain[0]);
    const k = Math.min((right - left) / across, (bottom - top) / up);
    right = Math.round(left + k * across);
    bottom = Math.round(top + k * up);
  }
  const ux = unit(x), uy = unit(y);
  return {
    width, left, right, top, bottom, xTicks, yTicks, beside, keys, head, rows,
    X: v => left + ux(v) * (right - left),
    Y: v => bottom - uy(v) * (bottom - top),
  };
}

// The key above a narrow figure: [{mark, left, row}], wrapped at the width.
function keyRow(told, width) {
  let at = 0, row = 0;
  return told.map(mark => {
    const needs = 28 + textWidth(mark.label, LABEL) + 14;
    if (at > 0 && at + needs > width + 14) { at = 0; row++; }
    const place = {mark, left: at, row};
    at += needs;
    return place;
  });
}

// ---- the frame: title, key, grid, ticks, axis labels

function frame({x, y, title, marks}, at) {
  const {left, right, top, bottom, X, Y, rows, head} = at;
  let s = title ? word(0, 13, title, {size: 13, color: "ink", more: BOLD}) : "";
  for (const {mark, left: from, row} of at.keys) {
    const level = head + row * 20;
    s += sample(mark, from, level + 10) + word(from + 28, level + 14.5, mark.label, {size: LABEL, color: mark.color});
  }
  const grid = !y.names && !marks.some(m => m.z); // lines would shine through a matrix
  for (const [v, name] of at.yTicks) {
    s += (grid ? `<path d="M${left},${round(Y(v))}H${right}" stroke="${paint("rule")}"/>` : "") + word(left - 8, Y(v) + 4, name, {anchor: "end"});
  }
  if (!x.hidden) {
    s += `<path d="M${left},${bottom}H${right}" stroke="${paint("soft")}"/>`;
    for (const [v, name] of at.xTicks) {
      s += (x.names ? "" : `<path d="M${round(X(v))},${bottom}v4" stroke="${paint("soft")}"/>`) + word(X(v), bottom + 17, name, {anchor: "middle"});
    }
    if (x.label) s += word((left + right) / 2, bottom + 36, x.label, {size: LABEL, anchor: "middle"});
  }
  if (y.label && !y.hidden) s += word(0, head + rows * 20 + (rows ? 16 : 12), y.label, {size: LABEL});
  return s;
}

// ---- the parts that data can change: one for each mark, and one for the labels of a view

// keys: the data that the part shows; while these stay the same, so does the part.
const keysOf = m => Object.values(m).flat().filter(v => typeof v === "string").flatMap(k => [k, k + "#", k + "~x", k + "~y", ">" + k]);

export const parts = ({views}) => views.flatMap((view, v) => [
  ...view.marks.map(m => ({v, keys: keysOf(m), make: (data, at) => drawers[m.mark](m, data, at)})),
  {v, keys: view.marks.filter(m => m.label).flatMap(keysOf), make: (data, at) => labels.map(f => f(view, data, at)).join("")},
]);

export function draw(spec, data, width) {
  const places = layout(spec, width), all = parts(spec), heights = spec.views.map(view => view.height);
  const last = places.length - 1, height = places[last].dy ? places[last].dy + heights[last] : Math.max(...heights);
  return `<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="${escape(spec.alt)}" viewBox="0 0 ${width} ${height}"`
    + ` width="${width}" height="${height}" font-family="${FONT}" fill="none">`
    + spec.views.map((view, v) => `<g transform="translate(${places[v].dx},${places[v].dy})">${frame(view, places[v])}`
      + all.filter(p => p.v === v).map(p => `<g>${p.make(data, places[v])}</g>`).join("") + "</g>").join("") + "</svg>";
}
