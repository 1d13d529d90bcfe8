// Pieces of SVG: colours, words, strokes, symbols. Colours are variables of the page.
import { round } from "./scales.js";

export const FONT = "system-ui,-apple-system,Segoe UI,Roboto,Helvetica Neue,Arial,sans-serif";
export const TICK = 11.5, LABEL = 12.5; // px: sizes of type

export const paint = name => `var(--gb-${name})`;
export const escape = text => String(text).replace(/[&<>"']/g, c => `&#${c.charCodeAt(0)};`);

export const word = (x, y, text, {size = TICK, color = "soft", anchor = "start", more = ""} = {}) =>
  `<text x="${round(x)}" y="${round(y)}" font-size="${size}" fill="${paint(color)}" text-anchor="${anchor}"${more}>${escape(text)}</text>`;

export const BOLD = ` font-weight="500"`;

// A rim in the colour of the paper keeps words legible on lines.
export const RIM = ` stroke="${paint("paper")}" stroke-width="3.5" stroke-linejoin="round" paint-order="stroke"`;

export const strokeOf = m => `fill="none" stroke="${paint(m.color)}" stroke-width="${m.width}" stroke-linejoin="round" stroke-linecap="`
  + (m.dash ? `butt" stroke-dasharray="${m.dash}"` : `round"`) + (m.faint ? ` opacity=".5"` : "");

export function symbol(shape, x, y, r) {
  const at = `${round(x)},${round(y)}`, k = round(r * 0.9), d = round(r * 1.25);
  if (shape === "square") return `M${at}m${-k},${-k}h${2 * k}v${2 * k}h${-2 * k}z`;
  if (shape === "triangle") return `M${at}m0,${-d}l${d},${2 * k}h${-2 * d}z`;
  if (shape === "wedge") return `M${at}m0,${d}l${d},${-2 * k}h${-2 * d}z`;
  if (shape === "diamond") return `M${at}m0,${-d}l${d},${d}l${-d},${d}l${-d},${-d}z`;
  if (shape === "cross") return `M${at}m${-k},${-k}l${2 * k},${2 * k}m0,${-2 * k}l${-2 * k},${2 * k}`;
  return `M${at}m${-r},0a${r},${r} 0 1,1 ${2 * r},0a${r},${r} 0 1,1 ${-2 * r},0z`;
}

export const marker = (m, d) => m.shape === "cross"
  ? `<path d="${d}" fill="none" stroke="${paint(m.color)}" stroke-width="2"/>`
  : `<path d="${d}" fill="${paint(m.color)}" stroke="${paint("paper")}" stroke-width="1.25"/>`;

export const shade = m => m.mark === "bars" ? 0.8 : 0.22;

// The samples beside a name: a small one at the line ends, a line of 22 px in the key.
export const glyph = (m, x, y) => m.mark === "points" ? marker(m, symbol(m.shape, x, y, Math.min(4.5, m.size)))
  : `<path d="M${x - 5},${round(y - 5)}h10v10h-10z" fill="${paint(m.color)}" opacity="${shade(m)}"/>`;

export function sample(m, x, y) {
  if (m.mark === "points") return marker(m, symbol(m.shape, x + 11, y, Math.min(5, m.size)));
  if (m.y1 !== undefined) return `<path d="M${x},${y - 5}h22v10h-22z" fill="${paint(m.color)}" opacity="${shade(m)}"/>`;
  return `<path d="M${x},${y}h22" ${strokeOf(m)}/>`;
}
