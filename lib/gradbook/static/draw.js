// draw(spec, data, width) -> SVG text. Pure: no DOM, no clock, nothing is measured. So one function draws the page,
// the live notebook, the picture for pages without JavaScript, and the test snapshots.
//
// spec: {view: {x, y, height, marks}, alt}, as gradbook/explore_declare.py writes it.
// data: {key: array of numbers or of strings}; NaN or null is a gap.

const PALETTE = {
  ink: "#1f2328", soft: "#57606a", rule: "#d8dce0", paper: "#ffffff", forward: "#0068a8", gradient: "#bf4800",
  varied: "#007a5a", wrong: "#6e6e6e", fifth: "#8a4f9e", sixth: "#7d5a00",
};
const FONT = "system-ui,-apple-system,Segoe UI,Roboto,Helvetica Neue,Arial,sans-serif";
const NARROW = 480; // px; below it, labels move from the line ends to a row above the picture
const TICK = 11.5, LABEL = 12.5, LEADING = 17; // px
const GLYPH = 16; // room for the small sample of points or area before its label

const paint = name => `var(--gb-${name},${PALETTE[name]})`;
const escape = text => String(text).replace(/[&<>"']/g, c => `&#${c.charCodeAt(0)};`);
const round = v => Math.round(v * 10) / 10;
const clamp = (v, low, high) => Math.min(high, Math.max(low, v));

// Width of a text in px, from classes of letters, so that node and every browser lay out alike.
function textWidth(text, size) {
  let em = 0;
  for (const c of String(text)) {
    em += /[iljtfrI.,:;'|!()[\] ·]/.test(c) ? 0.33 : /[mwMW@%—→]/.test(c) ? 0.9 : /[A-ZΑ-Ω]/.test(c) ? 0.68
      : c.charCodeAt(0) >= 0x2e80 ? 1 : 0.57;
  }
  return em * size;
}

// ---- scales and ticks

// Domain -> 0…1. Outside a log scale's range (zero, negative) the result is not finite: a gap.
function unit({domain: [a, b], scale}) {
  if (scale !== "log") return v => (v - a) / (b - a);
  const from = Math.log(a), span = Math.log(b) - from;
  return v => (Math.log(v) - from) / span;
}

function linearTicks(low, high, count) {
  const raw = (high - low) / count, power = 10 ** Math.floor(Math.log10(raw)), ratio = raw / power;
  const step = power * (ratio > 5 ? 10 : ratio > 2 ? 5 : ratio > 1 ? 2 : 1), values = [];
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + step * 1e-9; i++) values.push(+(i * step).toPrecision(12));
  const digits = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  return values.map(v => [v, number(v, digits)]);
}

function logTicks(low, high, count) {
  const first = Math.floor(Math.log10(low) + 1e-9), last = Math.ceil(Math.log10(high) - 1e-9);
  const decades = Math.log10(high / low), every = Math.ceil(decades / count - 1e-9), values = [];
  const within = decades <= count / 2.5 ? [1, 2, 5] : [1];
  for (let p = first; p <= last; p++) {
    for (const m of within) {
      const v = +(m * 10 ** p).toPrecision(12);
      if (v >= low * (1 - 1e-9) && v <= high * (1 + 1e-9) && (p - first) % every === 0) values.push([v, m === 1 && Math.abs(p) > 3
        ? "10" + String(p).replace(/./g, c => "⁰¹²³⁴⁵⁶⁷⁸⁹"[c] || "⁻") : number(v, Math.max(0, -p))]);
    }
  }
  return values;
}

// 1234567 -> 1 234 567, with a true minus.
function number(v, digits) {
  const text = v.toFixed(digits).replace("-", "−");
  return Math.abs(v) < 1e4 ? text : text.replace(/\B(?=(\d{3})+$)/g, "\u202f");
}

function ticks({domain, scale}, count) {
  const [low, high] = [Math.min(...domain), Math.max(...domain)];
  return (scale === "log" ? logTicks : linearTicks)(low, high, Math.max(2, Math.floor(count)));
}

// ---- layout: depends on spec and width only, never on data, so that a move redraws marks and nothing else

function layout({view}, width) {
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

// ---- pieces of SVG

const word = (x, y, text, {size = TICK, color = "soft", anchor = "start", more = ""} = {}) =>
  `<text x="${round(x)}" y="${round(y)}" font-size="${size}" fill="${paint(color)}" text-anchor="${anchor}"${more}>${escape(text)}</text>`;

const BOLD = ` font-weight="500"`;
// A rim in the colour of the paper keeps words legible on lines.
const RIM = ` stroke="${paint("paper")}" stroke-width="3.5" stroke-linejoin="round" paint-order="stroke"`;

const strokeOf = m => `fill="none" stroke="${paint(m.color)}" stroke-width="${m.width}" stroke-linejoin="round" stroke-linecap="`
  + (m.dash ? `butt" stroke-dasharray="${m.dash}"` : `round"`) + (m.faint ? ` opacity=".5"` : "");

function symbol(shape, x, y, r) {
  const at = `${round(x)},${round(y)}`, k = round(r * 0.9), d = round(r * 1.25);
  if (shape === "square") return `M${at}m${-k},${-k}h${2 * k}v${2 * k}h${-2 * k}z`;
  if (shape === "triangle") return `M${at}m0,${-d}l${d},${2 * k}h${-2 * d}z`;
  if (shape === "wedge") return `M${at}m0,${d}l${d},${-2 * k}h${-2 * d}z`;
  if (shape === "diamond") return `M${at}m0,${-d}l${d},${d}l${-d},${d}l${-d},${-d}z`;
  if (shape === "cross") return `M${at}m${-k},${-k}l${2 * k},${2 * k}m0,${-2 * k}l${-2 * k},${2 * k}`;
  return `M${at}m${-r},0a${r},${r} 0 1,1 ${2 * r},0a${r},${r} 0 1,1 ${-2 * r},0z`;
}

const marker = (m, d) => m.shape === "cross"
  ? `<path d="${d}" fill="none" stroke="${paint(m.color)}" stroke-width="2"/>`
  : `<path d="${d}" fill="${paint(m.color)}" stroke="${paint("paper")}" stroke-width="1.25"/>`;

// The samples beside a name: a small one at the line ends, a line of 22 px in the key.
const glyph = (m, x, y) => m.mark === "points" ? marker(m, symbol(m.shape, x, y, Math.min(4.5, m.size)))
  : `<path d="M${x - 5},${round(y - 5)}h10v10h-10z" fill="${paint(m.color)}" opacity=".3"/>`;

function sample(m, x, y) {
  if (m.mark === "points") return marker(m, symbol(m.shape, x + 11, y, Math.min(5, m.size)));
  if (m.mark === "area") return `<path d="M${x},${y - 5}h22v10h-22z" fill="${paint(m.color)}" opacity=".25"/>`;
  return `<path d="M${x},${y}h22" ${strokeOf(m)}/>`;
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

// ---- marks

const series = (data, ref) => typeof ref === "string" ? data[ref] || [] : Array.isArray(ref) ? ref : [ref];
const item = (values, i) => values.length === 1 ? values[0] : values[i];
const size = (...all) => all.some(v => v.length === 0) ? 0 : Math.max(...all.map(v => v.length));

// A value in pixels, or NaN for a gap. null must stay a gap (arithmetic would turn it into zero), and far values are
// kept within what every renderer can draw.
function pixel(scale, v) {
  const p = v === null ? NaN : scale(v);
  return Number.isFinite(p) ? clamp(p, -5000, 5000) : NaN;
}

// Lines and areas are cut at the axes by a nested <svg>, which needs no id (ids would collide on a page).
const cut = (at, body) => body && `<svg x="${at.left}" y="${at.top - 2}" width="${at.right - at.left}" height="${at.bottom - at.top + 4}"`
  + ` viewBox="${at.left} ${at.top - 2} ${at.right - at.left} ${at.bottom - at.top + 4}">${body}</svg>`;

const inside = (at, x, y) => x >= at.left - 1 && x <= at.right + 1 && y >= at.top - 1 && y <= at.bottom + 1;

const drawers = {
  line(m, data, at) {
    const xs = series(data, m.x), ys = series(data, m.y), n = size(xs, ys);
    let d = "", pen = "M";
    for (let i = 0; i < n; i++) {
      const x = pixel(at.X, item(xs, i)), y = pixel(at.Y, item(ys, i));
      if (x !== x || y !== y) { pen = "M"; continue; } // NaN, the only value unequal to itself
      d += pen + round(x) + "," + round(y);
      pen = "L";
    }
    return cut(at, d && `<path d="${d}" ${strokeOf(m)}/>`);
  },

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
    return cut(at, d && `<path d="${d}" fill="${paint(m.color)}" opacity=".22"/>`);
  },

  points(m, data, at) {
    const xs = series(data, m.x), ys = series(data, m.y), n = size(xs, ys);
    let d = "";
    for (let i = 0; i < n; i++) {
      const x = pixel(at.X, item(xs, i)), y = pixel(at.Y, item(ys, i));
      if (inside(at, x, y)) d += symbol(m.shape, x, y, m.size);
    }
    return d && marker(m, d);
  },

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

  text(m, data, at) {
    const xs = series(data, m.x), ys = series(data, m.y), words = series(data, m.text), n = size(xs, ys, words);
    let s = "";
    for (let i = 0; i < n; i++) {
      const x = pixel(at.X, item(xs, i)), y = pixel(at.Y, item(ys, i)), told = item(words, i);
      if (told && inside(at, x, y)) {
        s += word(x + m.dx, y + m.dy + m.size * 0.35, told, {size: m.size, color: m.color, anchor: m.anchor, more: m.color === "paper" ? "" : RIM});
      }
    }
    return s;
  },
};

// ---- labels at the line ends

// Where a mark ends: its last point inside the figure, else the last one, kept at the edge.
function endOf(m, data, at) {
  const xs = series(data, m.x), ys = series(data, m.mark === "area" ? m.y1 : m.y);
  const base = m.mark === "area" ? series(data, m.y0) : ys, n = size(xs, ys, base);
  let end = null;
  for (let i = n - 1; i >= 0; i--) {
    const x = pixel(at.X, item(xs, i)), y = (pixel(at.Y, item(ys, i)) + pixel(at.Y, item(base, i))) / 2;
    if (x !== x || y !== y) continue;
    if (inside(at, x, y)) return [x, y];
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

// Names of rules: of level ones at the left, of upright ones at the top, a row lower where two would touch.
function ruleLabels({view: {marks}}, data, at) {
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

function endLabels({view: {marks}}, data, at) {
  if (!at.beside) return "";
  const ends = marks.filter(m => m.label && m.mark !== "rule").map(m => ({m, end: endOf(m, data, at)})).filter(e => e.end);
  const places = spread(ends.map(e => e.end[1]), LEADING, at.top + 4, at.bottom - 8);
  return ends.map(({m, end: [x, y]}, i) => {
    const place = places[i];
    if (m.mark !== "line") {
      return glyph(m, at.right + 17, place) + word(at.right + 12 + GLYPH, place + 4.3, m.label, {size: LABEL, color: m.color, more: BOLD});
    }
    // A line that ends early is labelled where it ends, if there is room; else a leader joins the two.
    const early = at.right - x > textWidth(m.label, LABEL) + 20, from = early ? x + 8 : at.right + 12;
    const far = Math.abs(place - y) > LEADING || (!early && at.right - x > 12);
    return (far ? `<path d="M${round(x + 3)},${round(y)}L${round(from - 3)},${round(place)}" stroke="${paint(m.color)}" opacity=".45" stroke-dasharray="1 3"/>` : "")
      + word(from, place + 4.3, m.label, {size: LABEL, color: m.color, more: BOLD + (early ? RIM : "")});
  }).join("");
}

// One text for each mark, and one for the labels. The page replaces only those that changed.
const drawParts = (spec, data, at) =>
  [...spec.view.marks.map(m => drawers[m.mark](m, data, at)), ruleLabels(spec, data, at) + endLabels(spec, data, at)];

export function draw(spec, data, width) {
  const at = layout(spec, width);
  return `<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="${escape(spec.alt)}" viewBox="0 0 ${width} ${at.height}"`
    + ` width="${width}" height="${at.height}" font-family="${FONT}" fill="none">${frame(spec, at)}`
    + drawParts(spec, data, at).map(part => `<g>${part}</g>`).join("") + "</svg>";
}
