// The mark of an image, pixel by pixel.
import { round } from "./scales.js";
import { cut, drawers } from "./marks.js";

Object.assign(drawers, {
  image(m, data, at) {
    const shape = data[m.z + "#"], [left, right, bottom, top] = m.extent ? [at.X(m.extent[0]), at.X(m.extent[1]), at.Y(m.extent[2]), at.Y(m.extent[3])]
      : [at.left, at.right, at.bottom, at.top];
    return cut(at, `<image href="data:image/bmp;base64,${btoa(bitmap(data[m.z], ...shape))}" x="${round(Math.min(left, right))}" y="${round(Math.min(top, bottom))}"`
      + ` width="${round(Math.abs(right - left))}" height="${round(Math.abs(bottom - top))}" preserveAspectRatio="none" style="image-rendering:pixelated"/>`);
  },
});

// A Windows bitmap of 24 bits: the one format of pixels that needs no compression. depth: 3 for colours.
function bitmap(z, rows, columns, depth = 1) {
  const pad = -3 * columns & 3, size = rows * (3 * columns + pad);
  const word32 = v => String.fromCharCode(v & 255, v >> 8 & 255, v >> 16 & 255, v >> 24 & 255);
  let s = "BM" + [54 + size, 0, 54, 40, columns, rows, 1 | 24 << 16, 0, size, 2835, 2835, 0, 0].map(word32).join("");
  for (let r = rows - 1; r >= 0; r--) {
    for (let c = 0; c < columns; c++) {
      const i = depth * (r * columns + c), k = depth - 1;
      s += String.fromCharCode(z[i + k], z[i + (k && 1)], z[i]); // blue, green, red
    }
    s += "\0".repeat(pad);
  }
  return s;
}
