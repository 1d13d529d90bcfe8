// The mark of words.
import { RIM, word } from "./pieces.js";
import { drawers, inside, item, pixel, series, size } from "./marks.js";

Object.assign(drawers, {
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
});
