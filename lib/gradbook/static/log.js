// The ticks of logarithmic axes.
import { number, tickers } from "./scales.js";

tickers.log = (low, high, count) => {
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
};
