// A page without a kernel: each figure gets a model whose "kernel" is the table of frames that it carries.
//
// The script is loaded async, and <gb-end>, the last child of a figure, calls it when the parser has come so far. So a
// figure answers (data-armed) long before a long page is whole. It is drawn (data-ready) when it comes near the screen,
// when it is touched, or when the page has nothing else to do; until then its picture shows the same.
import { bind } from "./explore.js";

async function inflate(base64) {
  const packed = Uint8Array.from(atob(base64), c => c.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

const product = sizes => sizes.reduce((a, b) => a * b, 1);

// Frames -> a function from the controls' positions to {key: values}. See gradbook/explore_frames.py for the format.
// A key that does not change keeps its array, by which the painter knows.
function tables(head, bytes) {
  let offset = 0;
  const keys = Object.entries(head).map(([key, how]) => {
    const length = product(how.axes) * how.size * how.bytes, part = bytes.slice(offset, offset += length);
    return {key, how, codes: how.bytes === 1 ? part : new Uint16Array(part.buffer), last: -1, values: null};
  });
  return positions => Object.fromEntries(keys.map(table => {
    const {how, codes} = table;
    const row = how.axes.reduce((at, n, axis) => at * n + (n > 1 ? positions[axis] : 0), 0);
    if (row !== table.last) {
      table.last = row;
      table.values = read(how, codes.slice(row * how.size, (row + 1) * how.size));
    }
    return [table.key, table.values];
  }));
}

// Differences -> codes (the typed array wraps around, as numpy did) -> values.
function read(how, codes) {
  for (let i = 1; i < codes.length; i++) codes[i] += codes[i - 1];
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

async function start(figure) {
  const [json, frames] = figure.querySelectorAll("script"), spec = JSON.parse(json.textContent);
  const model = frameModel(spec, tables(spec.frames, await inflate(frames.textContent)));
  // The reader, or a browser that restores forms, may have moved an input already: begin from there.
  for (const c of spec.controls) {
    const input = figure.querySelector(`[name="${c.name}"]`);
    model.set(c.name, c.kind === "toggle" ? input.checked : +input.value);
  }
  model.refresh();
  bind(figure, model);
  figure.dataset.ready = "";
}

const starts = new WeakMap(), near = new IntersectionObserver(seen => {
  for (const {isIntersecting, target} of seen) if (isIntersecting) starts.get(target)();
}, {rootMargin: "50%"});

function arm(figure) {
  let begun;
  const begin = () => {
    near.unobserve(figure);
    begun ||= start(figure).catch(error => {
      console.error("explorable:", error);
      figure.querySelector(".gb-controls").remove(); // the picture stays; controls that do nothing would mislead
    });
  };
  for (const event of ["pointerover", "focusin", "input"]) figure.addEventListener(event, begin, {once: true});
  starts.set(figure, begin);
  near.observe(figure);
  const idle = () => (self.requestIdleCallback || setTimeout)(begin);
  if (document.readyState === "complete") idle();
  else addEventListener("load", idle);
  figure.dataset.armed = "";
}

customElements.define("gb-end", class extends HTMLElement {
  connectedCallback() { arm(this.parentNode); }
});
