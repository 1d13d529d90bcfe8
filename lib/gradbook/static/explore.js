// The figure: native inputs, a drawing, readouts. It talks to a model {get, set, save_changes, on, off} and to nothing
// else. In a live notebook the model is the widget, whose kernel runs compute; in a page it is a table of frames.
//
// model.get("_spec"):  {views, readout, alt, constants?, controls: [{name, kind, seconds?, grid?, step?}]}
// model.get("_frame"): {data, controls: {name: text}, readouts: [text], error}: what compute returned
// model.get(name):     the value of a control; its position where there is no grid
import { draw, layout, parts } from "./draw.js";

// What only some figures need: functions of {figure, plot, spec, controls, shown} that may return their undoing.
export const habits = [];

// What a kernel sends and takes: live.js fills it in; a page's frames are plain arrays, its values positions.
export const kernel = {unpack: data => data, valueAt: (grid, position) => position, positionOf: (grid, value) => value};

// Keeps the drawing in step with data and width. It waits to be told the width: asking would lay the page out at once.
// A move makes only those parts anew whose data changed, and gives
// paths that merely bend new coordinates: parsing their markup again would cost ten times as much.
function painter(plot, spec, shown) {
  const all = parts(spec), split = part => part.split(/ d="([^"]*)"/); // [before, coordinates, between, coordinates, …]
  let nodes = [], told = [], width = 0;
  return (data, wide = width) => {
    const before = shown.data;
    shown.data = data;
    if (!wide) return;
    if (wide !== width) {
      width = wide;
      shown.places = layout(spec, width);
      plot.innerHTML = draw(spec, data, width);
      told = all.map(p => split(p.make(data, shown.places[p.v])));
      nodes = plot.firstChild.querySelectorAll(":scope>g>g");
      return;
    }
    all.forEach((part, i) => {
      if (part.keys.every(key => data[key] === before[key])) return;
      const markup = part.make(data, shown.places[part.v]), was = told[i], now = told[i] = split(markup);
      if (now.length === was.length && now.every((piece, k) => k % 2 || piece === was[k])) {
        const paths = nodes[i].querySelectorAll("path");
        now.forEach((piece, k) => k % 2 && piece !== was[k] && paths[k >> 1].setAttribute("d", piece));
      } else {
        nodes[i].innerHTML = markup;
      }
    });
  };
}

// Connects a <figure class="gb-explore"> with a model; returns a function that disconnects it.
export function bind(figure, model) {
  const spec = model.get("_spec"), find = selector => figure.querySelector(selector), undo = [];
  const {unpack, valueAt, positionOf} = kernel, constants = unpack(spec.constants), shown = {};
  const plot = find(".gb-plot"), paint = painter(plot, spec, shown);
  const readouts = figure.querySelectorAll(".gb-readout output"), error = find(".gb-error");
  const on = (event, action) => { model.on(event, action); undo.push(() => model.off(event, action)); };
  const controls = spec.controls.map(control => {
    const input = find(`[name="${control.name}"]`), box = input.closest(".gb-control");
    return {...control, input, output: box.querySelector("output"), box};
  });

  const setText = (node, text) => { if (node && node.textContent !== text) node.textContent = text; };
  const tint = ({input, kind}) => kind === "range" && input.style.setProperty("--gb-at", `${100 * input.value / input.max}%`);

  function show() {
    const frame = model.get("_frame");
    for (const {name, input, output, kind} of controls) {
      setText(output, frame.controls[name]);
      if (kind === "range") input.setAttribute("aria-valuetext", frame.controls[name]);
    }
    frame.readouts.forEach((text, i) => setText(readouts[i], text));
    setText(error, frame.error || "");
    figure.classList.toggle("gb-failed", !!frame.error);
    if (!frame.error) paint({...constants, ...unpack(frame.data)});
  }

  for (const control of controls) {
    const {name, kind, grid, input} = control;
    const send = () => {
      tint(control);
      model.set(name, kind === "toggle" ? input.checked : valueAt(grid, +input.value));
      model.save_changes();
    };
    const receive = () => {
      if (kind === "toggle") input.checked = model.get(name);
      else {
        const position = positionOf(grid, model.get(name));
        // The slider may be coarser than the value: leave the thumb alone where it is already nearest.
        if (Math.abs(position - input.value) > 1e-6) input.value = position;
      }
      tint(control);
    };
    if (control.step) input.step = control.step; // a kernel can compute between the listed values
    input.addEventListener("input", send);
    undo.push(() => input.removeEventListener("input", send));
    on(`change:${name}`, receive);
    receive();
  }
  on("change:_frame", show);
  show();
  for (const habit of habits) undo.push(habit({figure, plot, spec, controls, shown, on}));
  const resized = new ResizeObserver(([{contentRect}]) => {
    if (shown.data && contentRect.width) paint(shown.data, Math.max(240, Math.round(contentRect.width)));
    figure.dataset.ready = "";
  });
  resized.observe(plot);
  find(".gb-controls").style.display = "";
  return () => { resized.disconnect(); undo.forEach(f => f && f()); };
}
