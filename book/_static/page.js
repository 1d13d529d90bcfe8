// What the page does beyond reading: wide boxes that scroll are reachable by keyboard, copied formulas are TeX.
(() => {
  const BOXES = [
    [".gb-equation-body", "wide equation, scrolls sideways"],
    [".gb-figure", "wide figure, scrolls sideways"],
    [".highlight pre", "code, scrolls sideways"],
    [".gb-table", "wide table, scrolls sideways"],
    [".output.stream pre, .output.text_plain pre", "output, scrolls sideways"],
  ];
  const names = new Map();
  const observer = new ResizeObserver((entries) => {
    for (const { target } of entries) {
      if (target.scrollWidth > target.clientWidth + 1) {
        target.tabIndex = 0;
        target.setAttribute("role", "group");
        target.setAttribute("aria-label", names.get(target));
      } else if (target.getAttribute("aria-label") === names.get(target)) {
        for (const attribute of ["tabindex", "role", "aria-label"]) target.removeAttribute(attribute);
      }
    }
  });
  for (const [selector, name] of BOXES) {
    for (const box of document.querySelectorAll(selector)) {
      names.set(box, name);
      observer.observe(box);
    }
  }

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
})();
