// Pointing at a mark: a cell, point or bar tells its value, and moves the controls that the mark sets. It moves the
// ordinary inputs, so whatever the pointer can do the keyboard can.
import { habits } from "./explore.js";
import { item, pixel, series, size } from "./marks.js";

const NEAR = 24; // px from a point

// The position of what lies under (x, y), -1 for nothing.
function under(m, data, at, x, y) {
  if (x < at.left || x > at.right || y < at.top || y > at.bottom) return -1;
  if (m.mark === "cells") {
    const [rows, columns] = data[m.z + "#"];
    const step = (scale, from, by, p) => Math.floor((p - scale(from)) / (scale(from + by) - scale(from)) + 0.5);
    const r = step(at.Y, m.y0, m.dy, y), c = step(at.X, m.x0, m.dx, x);
    return r >= 0 && c >= 0 && r < rows && c < columns ? r * columns + c : -1;
  }
  const xs = series(data, m.x), ys = series(data, m.y ?? m.y1);
  let best = -1, least = m.mark === "bars" ? Math.abs(at.X(m.width / 2) - at.X(0)) : NEAR;
  for (let i = 0; i < size(xs, ys); i++) {
    const far = Math.hypot(pixel(at.X, item(xs, i)) - x, m.mark === "bars" ? 0 : pixel(at.Y, item(ys, i)) - y);
    if (far <= least) { least = far; best = i; }
  }
  return best;
}

function move({input}, position) {
  if (+input.value === position) return;
  input.value = position;
  input.dispatchEvent(new Event("input", {bubbles: true}));
}

habits.push(({plot, spec, controls, shown}) => {
  const marks = spec.views.flatMap((view, v) => view.marks.filter(m => m.sets || m.mark === "cells" && m.told).map(m => ({m, v})));
  if (!marks.length) return;
  const tip = document.createElement("div");
  tip.className = "gb-tip";
  const hide = () => tip.remove();
  const point = event => {
    const box = plot.getBoundingClientRect();
    hide();
    if (!shown.places) return;
    for (const {m, v} of marks) {
      const at = shown.places[v], x = event.clientX - box.left - at.dx, y = event.clientY - box.top - at.dy;
      const i = under(m, shown.data, at, x, y);
      if (i < 0) continue;
      const columns = m.mark === "cells" && shown.data[m.z + "#"][1];
      const pairs = Array.isArray(m.sets) ? [[m.sets[0], Math.floor(i / columns)], [m.sets[1], i % columns]] : [[m.sets, i]];
      for (const [name, position] of pairs) {
        const control = name && controls.find(c => c.name === name);
        if (control) move(control, position);
      }
      const told = m.mark === "cells" && m.told && !m.show && !m.sets && shown.data[m.told][i];
      if (told) {
        tip.textContent = told;
        tip.style.left = `${x + at.dx}px`;
        tip.style.top = `${y + at.dy}px`;
        plot.append(tip);
      }
    }
  };
  plot.classList.add("gb-points");
  const events = {pointermove: point, pointerdown: point, pointerleave: hide};
  for (const name in events) plot.addEventListener(name, events[name]);
  return () => { for (const name in events) plot.removeEventListener(name, events[name]); };
});
