// What a page does beyond reading: theme, copying, the section being read, keyboard access to boxes that scroll.
(() => {
  const root = document.documentElement;
  const all = (selector) => document.querySelectorAll(selector);

  // The theme: system, light, dark, kept in this browser.
  const button = document.querySelector(".gb-theme");
  const modes = { auto: "Auto", light: "Light", dark: "Dark" };
  const system = matchMedia("(prefers-color-scheme: dark)");
  const show = () => {
    const mode = root.dataset.mode in modes ? root.dataset.mode : "auto";
    root.dataset.theme = mode !== "auto" ? mode : system.matches ? "dark" : "light";
    button.textContent = modes[mode];
    button.setAttribute("aria-label", `${modes[mode]} theme`);
  };
  if (button) {
    button.hidden = false;
    button.addEventListener("click", () => {
      const names = Object.keys(modes);
      root.dataset.mode = names[(names.indexOf(root.dataset.mode) + 1) % names.length];
      try { localStorage.setItem("mode", root.dataset.mode); } catch { /* storage may be refused */ }
      show();
    });
    system.addEventListener("change", show);
    show();
  }

  // Boxes that scroll sideways are reachable by keyboard, and only those.
  const boxes = [
    [".gb-display-body", "wide equation"],
    [".gb-table", "wide table"],
    ["pre", "code or output"],
  ];
  const names = new Map();
  const beside = (block) => {
    const { top, bottom } = block.getBoundingClientRect();
    const notes = block.closest("section").querySelectorAll("aside.margin, .margin.docutils");
    return [...notes].map((note) => note.getBoundingClientRect()).some((note) => note.top < bottom + 8 && note.bottom > top - 8);
  };
  // Code with long lines takes the right margin, where no note stands beside it.
  const widen = (pre) => {
    const code = pre.closest(".highlight");
    if (!code || code.closest(".cell_output") || code.classList.contains("gb-wide")) return;
    if (pre.scrollWidth > pre.clientWidth + 1 && !beside(code)) requestAnimationFrame(() => code.classList.add("gb-wide"));
  };
  const observer = new ResizeObserver((entries) => {
    for (const { target } of entries) {
      widen(target);
      if (target.scrollWidth > target.clientWidth + 1) {
        target.tabIndex = 0;
        target.setAttribute("role", "group");
        target.setAttribute("aria-label", `${names.get(target)}, scrolls sideways`);
      } else {
        for (const attribute of ["tabindex", "role", "aria-label"]) target.removeAttribute(attribute);
      }
    }
  });
  for (const [selector, name] of boxes) {
    for (const box of all(selector)) {
      names.set(box, name);
      observer.observe(box);
    }
  }

  // A button on each block of code.
  for (const block of all(".cell_input .highlight, div[class*='highlight-'] > .highlight")) {
    if (block.closest(".cell_output") || block.querySelector(".gb-copy") || !navigator.clipboard) continue;
    const copy = Object.assign(document.createElement("button"), { type: "button", className: "gb-copy", textContent: "Copy" });
    copy.setAttribute("aria-label", "Copy this code");
    copy.addEventListener("click", async () => {
      await navigator.clipboard.writeText(block.querySelector("pre").textContent);
      copy.textContent = "Copied";
      setTimeout(() => { copy.textContent = "Copy"; }, 1500);
    });
    block.append(copy);
  }

  // Copied formulas are TeX, once, instead of MathML and glyphs.
  document.addEventListener("copy", (event) => {
    const selection = getSelection();
    if (selection.isCollapsed) return;
    const copied = selection.getRangeAt(0).cloneContents();
    const formulas = copied.querySelectorAll(".katex");
    if (!formulas.length) return;
    for (const formula of formulas) {
      const tex = formula.querySelector("annotation");
      const sign = formula.closest(".katex-display") ? "$$" : "$";
      if (tex) formula.replaceWith(sign + tex.textContent + sign);
    }
    const holder = document.createElement("div");
    holder.append(copied);
    event.clipboardData.setData("text/plain", holder.textContent);
    event.preventDefault();
  });

  // The contents mark the section that is being read.
  const links = new Map([...all(".gb-sections a")].map((link) => [link.hash.slice(1), link]));
  const reading = new IntersectionObserver((entries) => {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting || !links.has(target.id)) continue;
      for (const link of links.values()) link.removeAttribute("aria-current");
      links.get(target.id).setAttribute("aria-current", "location");
    }
  }, { rootMargin: "-10% 0px -80% 0px" });
  for (const section of all("article section[id]")) reading.observe(section);

  // "/" goes to the search, where the reader is not writing; on a phone its field is on a page of its own.
  addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (event.target.closest("input, select, textarea, [contenteditable]")) return;
    const form = [...all(".gb-search")].find((search) => search.checkVisibility());
    event.preventDefault();
    if (form) form.elements.q.focus();
    else location.href = document.querySelector(".gb-search").action;
  });

  // On a phone the contents lie over the page: a chosen section closes them, Escape too.
  addEventListener("keydown", (event) => {
    if (event.key === "Escape" && location.hash === "#contents") location.hash = "main";
  });

  // On paper answers stand open; code that was folded away stays away.
  addEventListener("beforeprint", () => all("details:not([open], .hide)").forEach((fold) => { fold.open = true; fold.dataset.closed = ""; }));
  addEventListener("afterprint", () => all("details[data-closed]").forEach((fold) => { fold.open = false; delete fold.dataset.closed; }));
})();
