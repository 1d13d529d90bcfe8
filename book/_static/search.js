// The search page: sections that hold all the words, best first, each with the sentence around the first of them.
(() => {
  const MOST = 60;
  const field = document.querySelector(".gb-search-page input"), list = document.querySelector("#search-results");
  const status = document.querySelector("#search-progress");
  const plain = (text) => text.normalize("NFD").replace(/[\u0300-\u036f]/g, "").toLowerCase();
  const sections = gbWords.flatMap(([page, parts]) => parts.map(([anchor, title, text]) => ({
    address: page + (anchor && `#${anchor}`), chapter: parts[0][1], title, text, first: !anchor,
    titles: plain(title), words: plain(text),
  })));

  // How often a word begins with this, and where first; words in the midst of others count a tenth.
  const look = (text, word) => {
    let count = 0, at = -1;
    for (let i = text.indexOf(word); i >= 0; i = text.indexOf(word, i + word.length)) {
      count += i && /[\p{L}\p{N}]/u.test(text[i - 1]) ? 0.1 : 1;
      if (at < 0 || (count >= 1 && count < 1.1)) at = i;
    }
    return [count, at];
  };

  const find = (query) => {
    const words = [...new Set(plain(query).split(/\s+/).filter(Boolean))];
    if (!words.length) return [];
    return sections.map((section) => {
      let score = 0, at = -1;
      for (const word of words) {
        const [inTitle] = look(section.titles, word), [count, place] = look(section.words, word);
        if (!inTitle && !count) return null;
        score += (section.first ? 20 : 10) * inTitle + Math.log2(1 + count);
        if (at < 0) at = place;
      }
      return { section, score, at, words };
    }).filter(Boolean).sort((a, b) => b.score - a.score).slice(0, MOST);
  };

  // Up to 180 letters around the place, cut between words, the words marked.
  const quote = ({ section: { text }, at, words }) => {
    const line = document.createElement("p");
    line.className = "context";
    let from = text.lastIndexOf(". ", Math.max(0, at)) + 2;
    if (from < 2 || at - from > 90) from = at > 90 ? text.indexOf(" ", at - 90) + 1 : 0;
    const to = text.length - from > 180 ? text.lastIndexOf(" ", from + 180) : text.length;
    const piece = text.slice(from, to), escaped = words.map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
    line.append(from > 0 && !/[.?!:] $/.test(text.slice(0, from)) ? "… " : "");
    piece.split(new RegExp(`(${escaped.join("|")})`, "i")).forEach((part, i) => {
      line.append(i % 2 ? Object.assign(document.createElement("mark"), { textContent: part }) : part);
    });
    line.append(to < text.length ? " …" : "");
    return line;
  };

  const show = () => {
    const query = field.value.trim(), found = find(query);
    document.title = document.title.replace(/^.*?(Search)/, query ? `${query} – $1` : "$1");
    status.textContent = !query ? "" : found.length ? `${found.length === MOST ? "The first " : ""}${found.length} section${found.length > 1 ? "s" : ""} with “${query}”`
      : `No section has “${query}”. Fewer or shorter words find more.`;
    list.replaceChildren(...found.map((one) => {
      const item = document.createElement("li"), link = document.createElement("a");
      link.href = one.section.address;
      link.textContent = one.section.title;
      item.append(link, one.section.first ? "" : ` · ${one.section.chapter}`, one.section.text ? quote(one) : "");
      return item;
    }));
  };

  field.value = new URLSearchParams(location.search).get("q") ?? "";
  field.addEventListener("input", show);
  field.form.addEventListener("submit", (event) => event.preventDefault());
  show();
})();
