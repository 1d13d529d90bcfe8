"""The static half of bench_explorables.py: pages of the built book in Chromium.

`paint`, under real key presses, runs from the press to the end of the frame that shows the change; the wait
for a 60 Hz frame, up to 16.7 ms, is in it. `work`, under input events of the page's own between two frames,
runs from the event to the next task. `processor` is what the page's main thread computes for such a move, the
drawing of the next frame included; other processes have no part in it. Each control is moved, and beside the
figures a slider of the same page that nothing listens to. A page answers when the last of its controls
reacts, counted from the start of the navigation.
"""

import functools
import gzip
import http.server
import json
import pathlib
import random
import re
import socketserver
import statistics
import threading

from gradbook import explore_frames

BOOK = pathlib.Path(__file__).resolve().parents[1] / "_build" / "html" / "book"
MOVES, LOADS = 80, 5
SLOWER = (1, 4)  # at full speed, and as on a processor that is four times slower
FIGURE = "figure.gb-explore"
INERT = "a slider that nothing listens to"

# From each key press to the end of the frame that follows it.
RECORDER = """
window.gbPaints = [];
window.gbLater = action => {
  const {port1, port2} = new MessageChannel();
  port1.onmessage = action;
  port2.postMessage(0);
};
let pressed = 0;
addEventListener("keydown", event => { pressed = event.timeStamp; }, true);
addEventListener("input", event => {
  const from = pressed;
  if (event.isTrusted) requestAnimationFrame(() => gbLater(() => gbPaints.push(performance.now() - from)));
}, true);
"""
# So many moves of a control to and fro, by events of the page's own: ms from each event to the next task.
WORK = """async ([selector, number, name, moves]) => {
  const figure = document.querySelectorAll(selector)[number];
  const input = name ? figure.querySelector(`[name="${name}"]`) : figure, taken = [];
  const select = input.tagName === "SELECT", last = select ? input.options.length - 1 : +input.max;
  let up = true;
  for (let i = 0; i < moves; i++) {
    await new Promise(done => requestAnimationFrame(() => setTimeout(done, 2)));
    const at = select ? input.selectedIndex : +input.value;
    up = at === 0 || (up && at !== last);
    if (input.type === "checkbox") input.checked = !input.checked;
    else input[select ? "selectedIndex" : "value"] = at + (up ? 1 : -1);
    const begun = performance.now();
    input.dispatchEvent(new Event("input", {bubbles: true}));
    await new Promise(gbLater);
    taken.push(performance.now() - begun);
  }
  return taken;
}"""
# When each figure answers (armed) and is drawn (ready), in ms since the navigation began.
ARMING = """
window.gbTimes = {armed: [], ready: []};
new MutationObserver(changes => {
  for (const {attributeName} of changes) gbTimes[attributeName.slice(5)].push(performance.now());
}).observe(document, {attributes: true, subtree: true, attributeFilter: ["data-armed", "data-ready"]});
"""
ARMED = f"n => document.querySelectorAll('{FIGURE}[data-armed]').length === n"
# A figure is drawn when it comes near the screen: each is brought there.
WHOLE = f"""n => {{
  document.querySelector("{FIGURE}:not([data-ready])")?.scrollIntoView({{block: "center"}});
  return document.querySelectorAll("{FIGURE}[data-ready]").length === n;
}}"""
PARSED = "performance.getEntriesByType('navigation')[0].domInteractive"


def stems():
    """The pages of the built book that have explorables."""
    return sorted(p.stem for p in BOOK.glob("*.html") if "gb-explore" in p.read_text("utf-8"))


@functools.cache
def sent(stem):
    """[(alt, bytes of the frames, bytes of the figure)] of a page, compressed as a server would."""
    html, found = (BOOK / f"{stem}.html").read_text("utf-8"), []
    for figure in re.findall(r'<figure class="gb-explore.*?</figure>', html, re.S):
        spec, packed = re.findall(r'<script type="application/[\w-]+">(.*?)</script>', figure, re.S)
        spec = json.loads(spec)
        frames = explore_frames.refuse_heavy(spec["frames"], packed)
        found.append((spec["alt"], frames, len(gzip.compress(figure.encode()))))
    return found


def script_bytes(stem):
    """Bytes of the page's script for explorables, compressed."""
    name = re.search(r"_static/(explore[\w.-]*\.js)", (BOOK / f"{stem}.html").read_text("utf-8"))[1]
    return len(gzip.compress((BOOK.parent / "_static" / name).read_bytes()))


def server():
    """A server of the book on this machine, in a thread of its own."""
    quiet = type("Quiet", (http.server.SimpleHTTPRequestHandler,), {"log_message": lambda *words: None})
    handler = functools.partial(quiet, directory=BOOK.parent)
    serving = socketserver.ThreadingTCPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=serving.serve_forever, daemon=True).start()
    return serving


def opened(browser, address, slower, script):
    """A page, slowed down from its first byte."""
    tab = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
    tab.add_init_script(script)
    tab.context.new_cdp_session(tab).send("Emulation.setCPUThrottlingRate", {"rate": slower})
    tab.goto(address)
    return tab


def loading(browser, address, count, slower):
    """ms until all controls answer, all figures are drawn, the page is parsed: medians of some loads."""
    times = []
    for _ in range(LOADS):
        tab = opened(browser, address, slower, ARMING)
        tab.wait_for_function(ARMED, arg=count)
        tab.wait_for_load_state("load")
        tab.wait_for_function(WHOLE, arg=count)
        seen = tab.evaluate("gbTimes")
        times.append((max(seen["armed"]), max(seen["ready"]), tab.evaluate(PARSED)))
        tab.context.close()
    return [round(statistics.median(column)) for column in zip(*times)]


def pressed(tab, controls, moves):
    """ms to the next paint, of so many key presses, spread over the controls. Each changes the value."""
    tab.evaluate("gbPaints.length = 0")
    done = 0
    for control in controls:
        kind, at, last = control.evaluate("""node => {
          node.scrollIntoView({block: "center"});
          node.focus();
          return node.tagName === "SELECT" ? ["select", node.selectedIndex, node.options.length - 1]
            : [node.type, +node.value, +node.max];
        }""")
        up = True
        for _ in range(-(-moves // len(controls))):
            key = "Space"
            if kind != "checkbox":
                up = at == 0 or (up and at != last)
                at += 1 if up else -1
                key = "Arrow" + (("Down", "Up") if kind == "select" else ("Right", "Left"))[not up]
            tab.wait_for_timeout(random.uniform(0, 20))  # any moment of a frame
            tab.keyboard.press(key)
            done += 1
            tab.wait_for_function("n => gbPaints.length >= n", arg=done)
    return tab.evaluate("gbPaints")


def p95(values):
    """The 95th percentile."""
    return sorted(values)[int(0.95 * (len(values) - 1) + 0.5)]


def processor_time(session):
    """ms that the page's main thread has had a processor: what else the machine does is not in it."""
    found = session.send("Performance.getMetrics")["metrics"]
    return 1000 * next(entry["value"] for entry in found if entry["name"] == "TaskDuration")


def moved(tab, selector, number):
    """What the moves of a figure take, or those of an input alone: medians and 95th percentiles, in ms."""
    session = tab.context.new_cdp_session(tab)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})
    node = tab.locator(selector).nth(number)
    controls = node.locator(".gb-controls [name]").all() or [node]
    names = [control.get_attribute("name") for control in controls]
    taken = {"paint": pressed(tab, controls, MOVES), "work": []}
    before = processor_time(session)
    for name in names:
        taken["work"] += tab.evaluate(WORK, [selector, number, name, -(-MOVES // len(names))])
    used = (processor_time(session) - before) / len(taken["work"])
    numbers = {"moves": len(taken["paint"]), "processor": round(used, 2)}
    for what, values in taken.items():
        numbers[f"{what} median"] = round(statistics.median(values), 2)
        numbers[f"{what} p95"] = round(p95(values), 2)
    return numbers


def page(browser, address, stem):
    """What one page takes: {"loading": {slower: ms}, "figures": {alt: {slower: ms}}}."""
    figures, place = sent(stem), f"{address}/book/{stem}.html"
    found = {"loading": {}, "figures": {alt: {} for alt, _, _ in figures} | {INERT: {}}}
    for slower in SLOWER:
        found["loading"][slower] = loading(browser, place, len(figures), slower)
        tab = opened(browser, place, slower, RECORDER)
        tab.wait_for_function(WHOLE, arg=len(figures))
        for number, (alt, _, _) in enumerate(figures):
            found["figures"][alt][slower] = moved(tab, FIGURE, number)
        tab.evaluate("""() => {
          const inert = document.createElement("input");
          Object.assign(inert, {type: "range", max: 40, id: "inert"});
          document.querySelector("main").prepend(inert);
        }""")
        found["figures"][INERT][slower] = moved(tab, "#inert", 0)
        tab.context.close()
    return found
