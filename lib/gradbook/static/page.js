// A page without a kernel: each figure gets a model whose "kernel" is the table of frames that it carries.
//
// The script is loaded async, and <gb-end>, the last child of a figure, calls it when the parser has come so far. So a
// figure answers (data-armed) long before a long page is whole. It is drawn (data-ready) when it comes near the screen,
// when it is touched, or when the page has nothing else to do; until then its picture shows the same.
import { bind } from "./explore.js";

// Frames -> a function from the controls' positions to {key: values}. See gradbook/explore_frames.py for the format.
// A key that does not change keeps its array, by which the painter knows. Differences are summed where they are needed.
function tables(head, letters) {
  const bytes = new TextEncoder().encode(letters);
  let at = 0;
  const digit = () => { const c = bytes[at++]; return c - 35 - (c > 60) - (c > 92); };
  const pair = a => a * 90 + digit();
  const keys = Object.entries(head).map(([key, how]) => {
    const shape = [...how.axes, how.size], codes = new Int32Array(shape.reduce((a, b) => a * b));
    for (let i = 0; i < codes.length;) {
      const a = digit();
      if (a > 88) { i += pair(digit()) + 1; continue; } // zeros
      const n = a < 46 ? a : a < 86 ? 46 + pair(a - 46) : 3646 + pair(pair(a - 86));
      codes[i++] = n & 1 ? -(n + 1) / 2 : n / 2;
    }
    const runs = (how.by || [shape.length - 1]).map(axis => {
      const step = shape.slice(axis + 1).reduce((a, b) => a * b, 1);
      return [step, step * shape[axis]];
    });
    return {key, how, codes, runs, block: Math.max(...runs.map(([, run]) => run)), summed: new Set(), last: -1, values: null};
  });
  if (at !== bytes.length) throw Error("the frames are damaged");
  return positions => Object.fromEntries(keys.map(table => {
    const {how, codes, runs, block, summed} = table;
    const row = how.size * how.axes.reduce((at, n, axis) => at * n + (n > 1 ? positions[axis] : 0), 0), first = row - row % block;
    if (row !== table.last) {
      if (!summed.has(first)) {
        summed.add(first);
        for (const [step, run] of runs) {
          for (let from = first; from < first + block; from += run) {
            for (let i = from + step; i < from + run; i++) codes[i] += codes[i - step];
          }
        }
      }
      table.last = row;
      table.values = read(how, codes.subarray(row, row + how.size));
    }
    return [table.key, table.values];
  }));
}

// Codes -> values.
function read(how, codes) {
  if (how.words) return Array.from(codes, c => how.words[c]);
  const values = new Float64Array(codes.length);
  for (let i = 0; i < codes.length; i++) {
    const v = codes[i] === how.nan ? NaN : how.lo + codes[i] * how.step;
    values[i] = how.log ? 10 ** v : v;
  }
  return values;
}

function frameModel(spec, lookup) {
  const state = {_spec: spec}, listeners = {};
  const positions = () => spec.controls.map(c => +state[c.name]);
  const refresh = () => {
    const at = positions(), data = lookup(at);
    const controls = Object.fromEntries(spec.controls.map((c, i) => [c.name, c.texts[at[i]]]));
    state._frame = {data, controls, readouts: spec.readout.map((_, i) => data[`@${i}`][0])};
  };
  return {
    refresh,
    get: key => state[key],
    set: (key, value) => { state[key] = value; },
    save_changes: () => { refresh(); (listeners["change:_frame"] || []).forEach(f => f()); },
    on: (event, f) => { (listeners[event] ||= []).push(f); },
    off: (event, f) => { listeners[event] = (listeners[event] || []).filter(g => g !== f); },
  };
}

// Reads what a figure carries; returns what connects it with a model.
function prepare(figure) {
  const [json, frames] = figure.querySelectorAll("script"), spec = JSON.parse(json.textContent);
  const model = frameModel(spec, tables(spec.frames, frames.textContent));
  return () => {
    // The reader, or a browser that restores forms, may have moved an input already: begin from there.
    for (const c of spec.controls) {
      const input = figure.querySelector(`[name="${c.name}"]`);
      model.set(c.name, c.kind === "toggle" ? input.checked : +input.value);
    }
    model.refresh();
    bind(figure, model);
  };
}

const starts = new WeakMap(), near = new IntersectionObserver(seen => {
  for (const {isIntersecting, target} of seen) if (isIntersecting) starts.get(target)();
}, {rootMargin: "50%"});

function arm(figure) {
  const events = ["pointerover", "focusin", "input"];
  let connect;
  const begin = () => {
    near.unobserve(figure);
    for (const event of events) figure.removeEventListener(event, begin);
    if (!starts.delete(figure)) return; // has begun
    try {
      (connect || prepare(figure))();
    } catch (error) {
      console.error("explorable:", error);
      figure.querySelector(".gb-controls").remove(); // the picture stays; controls that do nothing would mislead
    }
  };
  for (const event of events) figure.addEventListener(event, begin);
  starts.set(figure, begin);
  near.observe(figure);
  const idle = action => (self.requestIdleCallback || setTimeout)(action);
  const early = () => { // in two steps, so that the page answers between them
    if (!starts.has(figure)) return;
    idle(begin);
    connect = prepare(figure);
  };
  if (document.readyState === "complete") idle(early);
  else addEventListener("load", () => idle(early));
  figure.dataset.armed = "";
}

customElements.define("gb-end", class extends HTMLElement {
  connectedCallback() { arm(this.parentNode); }
});
