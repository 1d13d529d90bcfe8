// The figure: native inputs, a drawing, readouts. It talks to a model {get, set, save_changes, on, off} and to nothing
// else. In a live notebook the model is the widget, whose kernel runs compute; in a page it is a table of frames.
//
// model.get("_spec"):  {view, alt, controls: [{name, kind, grid?, step?}]}
// model.get("_frame"): {data, controls: {name: text}, readouts: [text], error}: what compute returned
// model.get(name):     the value of a control; its position on the slider where there is no grid
import { draw, drawParts, layout } from "./draw.js";

// Position on the slider -> value: the listed values, and straight lines between them.
function valueAt(grid, position) {
  if (!grid) return position;
  const i = Math.floor(position), between = position - i;
  return between ? grid[i] + between * (grid[i + 1] - grid[i]) : grid[i];
}

function positionOf(grid, value) {
  if (!grid) return value;
  let i = 0; // the last interval whose start is not beyond value, for rising and falling grids
  while (i < grid.length - 2 && (value - grid[i + 1]) * (grid[1] - grid[0]) >= 0) i++;
  return i + (value - grid[i]) / (grid[i + 1] - grid[i]);
}

// Arrays travel from the kernel as bytes of float64.
function unpack(data) {
  const arrays = {};
  for (const key in data) {
    const v = data[key];
    arrays[key] = v instanceof DataView ? new Float64Array(v.buffer.slice(v.byteOffset, v.byteOffset + v.byteLength)) : v;
  }
  return arrays;
}

// Keeps the drawing in step with data and width. A move touches only the marks that changed, and gives a path that
// merely bends new coordinates: parsing its markup again would cost ten times as much.
function painter(plot, spec) {
  let at = null, nodes = [], shown = [];
  const split = part => part.split(/ d="([^"]*)"/); // one path: [before, coordinates, after]
  // Asking for the width makes the browser lay the page out, so a move does not ask: only a change of size does.
  return (data, resized) => {
    const width = at && !resized ? at.width : Math.max(240, Math.round(plot.clientWidth) || 640);
    if (!at || at.width !== width) {
      plot.innerHTML = draw(spec, data, width);
      at = layout(spec, width);
      shown = drawParts(spec, data, at).map(split);
      nodes = [...plot.firstChild.children].slice(-shown.length);
      return;
    }
    drawParts(spec, data, at).forEach((part, i) => {
      const was = shown[i], now = shown[i] = split(part);
      if (now.length === was.length && now.every((piece, k) => piece === was[k])) return;
      if (now.length === 3 && was.length === 3 && now[0] === was[0] && now[2] === was[2]) {
        nodes[i].querySelector("path").setAttribute("d", now[1]);
      } else {
        nodes[i].innerHTML = part;
      }
    });
  };
}

// Connects a <figure class="gb-explore"> with a model; returns a function that disconnects it.
function bind(figure, model) {
  const spec = model.get("_spec"), find = selector => figure.querySelector(selector), undo = [];
  const plot = find(".gb-plot"), paint = painter(plot, spec);
  const readouts = figure.querySelectorAll(".gb-readout output"), error = find(".gb-error");
  const on = (event, action) => { model.on(event, action); undo.push(() => model.off(event, action)); };
  const controls = spec.controls.map(control => {
    const input = find(`input[name="${control.name}"]`), box = input.closest(".gb-control");
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
    if (!frame.error) paint(data = unpack(frame.data));
  }

  let data = {};
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
  const resized = new ResizeObserver(() => paint(data, true));
  resized.observe(plot);
  find(".gb-controls").style.display = "";
  return () => { resized.disconnect(); undo.forEach(f => f()); };
}

function render({model, el}) {
  el.innerHTML = model.get("_html");
  return bind(el.firstElementChild, model);
}

export default { render };
