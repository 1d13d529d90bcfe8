// The ledger's tables: filtered by words and by chapter, sorted by a column. Without this script they stand whole.
(() => {
  const make = (tag, attributes, ...children) => {
    const element = Object.assign(document.createElement(tag), attributes);
    element.append(...children);
    return element;
  };
  const number = (text) => (/^[\d.,]+(e[+-]?\d+)?$/.test(text) ? Number(text.replaceAll(",", "")) : NaN);
  const compare = (a, b) => {
    const [x, y] = [number(a), number(b)];
    return Number.isNaN(x) || Number.isNaN(y) ? a.localeCompare(b, "en", { numeric: true }) : x - y;
  };

  for (const table of document.querySelectorAll("table.gb-ledger[id]")) {
    const what = table.id.replace("ledger-", "");
    const body = table.tBodies[0];
    const rows = [...body.rows];
    const texts = new Map(rows.map((row) => [row, row.textContent.toLowerCase()]));
    const titles = new Map(rows.map((row) => [row.dataset.chapter, row.lastElementChild.textContent]));

    const words = make("input", { type: "search", placeholder: "Words", spellcheck: false });
    words.setAttribute("aria-label", `Show only ${what} with these words`);
    const chapter = make("select", {}, make("option", { value: "", textContent: "all chapters" }),
      ...[...titles].map(([value, textContent]) => make("option", { value, textContent })));
    chapter.setAttribute("aria-label", `Show only ${what} of one chapter`);
    const count = make("output", {});
    const filter = () => {
      const wanted = words.value.toLowerCase().split(/\s+/);
      let shown = 0;
      for (const row of rows) {
        row.hidden = (chapter.value && row.dataset.chapter !== chapter.value) || !wanted.every((w) => texts.get(row).includes(w));
        shown += !row.hidden;
      }
      count.textContent = shown === rows.length ? `${rows.length} ${what}` : `${shown} of ${rows.length} ${what}`;
    };
    words.addEventListener("input", filter);
    chapter.addEventListener("input", filter);
    filter();
    const bar = make("div", { className: "gb-filter" }, words, chapter, count);
    (table.closest(".gb-table") ?? table).before(bar);

    [...table.tHead.rows[0].cells].forEach((head, column) => {
      const button = make("button", { type: "button", textContent: head.textContent });
      head.replaceChildren(button);
      button.addEventListener("click", () => {
        const up = head.getAttribute("aria-sort") !== "ascending";
        for (const other of head.parentElement.cells) other.removeAttribute("aria-sort");
        head.setAttribute("aria-sort", up ? "ascending" : "descending");
        const key = (row) => row.cells[column].textContent;
        body.append(...rows.toSorted((a, b) => (up ? 1 : -1) * compare(key(a), key(b))));
      });
    });
  }
})();
