// A live notebook: the kernel computes between the listed values too, and sends arrays as bytes.
import { bind, kernel } from "./explore.js";

Object.assign(kernel, {
  // Position on the slider -> value: the listed values, and straight lines between them.
  valueAt(grid, position) {
    if (!grid) return position;
    const i = Math.floor(position), between = position - i;
    return between ? grid[i] + between * (grid[i + 1] - grid[i]) : grid[i];
  },

  positionOf(grid, value) {
    if (!grid) return value;
    let i = 0; // the last interval whose start is not beyond value, for rising and falling grids
    while (i < grid.length - 2 && (value - grid[i + 1]) * (grid[1] - grid[0]) >= 0) i++;
    return i + (value - grid[i]) / (grid[i + 1] - grid[i]);
  },

  // Arrays of float64.
  unpack(data) {
    const arrays = {};
    for (const key in data) {
      const v = data[key];
      arrays[key] = v instanceof DataView ? new Float64Array(v.buffer.slice(v.byteOffset, v.byteOffset + v.byteLength)) : v;
    }
    return arrays;
  },
});

function render({model, el}) {
  el.innerHTML = model.get("_html");
  return bind(el.firstElementChild, model);
}

export default { render };
