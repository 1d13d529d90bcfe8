// Buttons beside a slider that plays: one step back, play or pause, one step on. Nothing moves before the reader asks.
import { habits } from "./explore.js";

habits.push(({controls, on}) => {
  const undo = [];
  for (const {input, box, seconds} of controls.filter(c => c.seconds)) {
    const buttons = box.querySelectorAll("button"), play = buttons[1], words = play.ariaLabel;
    let timer = 0, waits = 0;
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches; // whoever prefers it gets at most two steps a second
    const go = (position) => {
      input.value = position;
      input.dispatchEvent(new Event("input", {bubbles: true}));
    };
    const stop = () => {
      clearInterval(timer);
      timer = 0;
      delete play.dataset.on;
      play.ariaLabel = words;
    };
    const start = () => {
      if (+input.value >= +input.max) go(0);
      timer = setInterval(() => {
        if (Date.now() < waits) return; // a kernel is still computing
        waits = Date.now() + 2000;
        go(Math.floor(+input.value) + 1);
        if (+input.value >= +input.max) stop();
      }, 1000 * (calm ? Math.max(0.5, seconds) : seconds));
      play.dataset.on = "";
      play.ariaLabel = words.replace("play", "pause");
    };
    on("change:_frame", () => { waits = 0; });
    buttons.forEach((button, i) => {
      button.onclick = () => {
        if (i === 1) return timer ? stop() : start();
        stop();
        go(+input.value + i - 1);
      };
    });
    const taken = event => event.isTrusted && stop(); // the reader's own move ends it
    input.addEventListener("input", taken);
    undo.push(() => { stop(); input.removeEventListener("input", taken); });
  }
  return () => undo.forEach(f => f());
});
