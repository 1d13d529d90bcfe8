// Numbers to pixels: scales, ticks, and the width of words. Pure functions without any knowledge of marks.

export const round = v => Math.round(v * 10) / 10;
export const clamp = (v, low, high) => Math.min(high, Math.max(low, v));

// Width of a text in px, from classes of letters, so that node and every browser lay out alike.
export function textWidth(text, size) {
  let em = 0;
  for (const c of String(text)) {
    em += /[iljtfrI.,:;'|!()[\] ·]/.test(c) ? 0.33 : /[mwMW@%—→]/.test(c) ? 0.9 : /[−+×÷=<>±≤≥≈]/.test(c) ? 0.84 : /[A-ZΑ-Ω]/.test(c) ? 0.68
      : c.charCodeAt(0) >= 0x2e80 ? 1 : 0.57;
  }
  return em * size;
}

// Domain -> 0…1. Outside a log scale's range (zero, negative) the result is not finite: a gap.
export function unit({domain: [a, b], scale}) {
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

// 1234567 -> 1 234 567, with a true minus.
export function number(v, digits) {
  const text = v.toFixed(digits).replace("-", "−");
  return Math.abs(v) < 1e4 ? text : text.replace(/\B(?=(\d{3})+$)/g, "\u202f");
}

// The ticks of an axis from low to high, about `count`; log.js adds those of a logarithmic one.
export const tickers = {linear: linearTicks};

// At most one tick in every `each` px; names stand where they are, and are thinned where they would touch.
export function ticks({domain, scale, names}, length, each) {
  if (names) {
    const needs = each < 60 ? 14 : Math.max(...names.map(n => textWidth(n, 11.5))) + 8, every = Math.ceil(needs * names.length / length);
    return names.map((n, i) => [i, n]).filter((_, i) => i % every === 0);
  }
  return tickers[scale](Math.min(...domain), Math.max(...domain), Math.max(2, Math.floor(length / each)));
}
