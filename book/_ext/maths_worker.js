// One KaTeX process for a whole build: a line [tex, display] of JSON in, a line {html} or {error} out.
const katex = require(process.argv[2]);

// The statements of a displayed equation: it may be parted at each \qquad outside of braces and environments.
function statements(tex) {
  const parts = [""];
  let depth = 0;
  for (const [token] of tex.matchAll(/\\(?:[a-zA-Z]+|.)|[^\\]/gs)) {
    if (token === "{" || token === "\\begin" || token === "\\left") depth += 1;
    if (token === "}" || token === "\\end" || token === "\\right") depth -= 1;
    if (depth === 0 && token === "\\qquad") parts.push("");
    else parts[parts.length - 1] += token;
  }
  return parts.filter((part) => part.trim());
}

// The same equation for the eye, with a box around each statement, so that lines break between statements first.
function inParts(html, parts, options) {
  const start = /^.*class="katex-html" aria-hidden="true">/s;
  if (parts.length < 2) return html;
  const boxes = parts.map((part) => {
    const inner = katex.renderToString(part, { ...options, output: "html" }).replace(start, "");
    return `<span class="gb-part">${inner.replace(/(<\/span>){3}$/, "")}</span>`;
  });
  return `${start.exec(html)[0]}${boxes.join("")}</span></span></span>`;
}

function render(tex, displayMode) {
  const complaints = [];
  const strict = (code, message) => { complaints.push(`${message} [${code}]`); return "ignore"; };
  const options = { displayMode, throwOnError: true, trust: false, strict };
  try {
    const html = katex.renderToString(tex, { ...options, output: "htmlAndMathml" });
    if (complaints.length) return { error: complaints.join("; ") };
    return { html: displayMode ? inParts(html, statements(tex), options) : html };
  } catch (error) {
    const message = String(error.message || error).replace(/^KaTeX parse error: /, "");
    return { error: message.replace(/\u0332/g, "") }; // KaTeX underlines the place with combining characters
  }
}

require("readline").createInterface({ input: process.stdin }).on("line", (line) => {
  process.stdout.write(JSON.stringify(render(...JSON.parse(line))) + "\n");
});
