// One KaTeX process for a whole build: a line [tex, display] of JSON in, a line {html} or {error} out.
const katex = require(process.argv[2]);

function render(tex, displayMode) {
  const complaints = [];
  const strict = (code, message) => { complaints.push(`${message} [${code}]`); return "ignore"; };
  try {
    const html = katex.renderToString(tex, { displayMode, output: "htmlAndMathml", throwOnError: true, trust: false, strict });
    return complaints.length ? { error: complaints.join("; ") } : { html };
  } catch (error) {
    const message = String(error.message || error).replace(/^KaTeX parse error: /, "");
    return { error: message.replace(/\u0332/g, "") }; // KaTeX underlines the place with combining characters
  }
}

require("readline").createInterface({ input: process.stdin }).on("line", (line) => {
  process.stdout.write(JSON.stringify(render(...JSON.parse(line))) + "\n");
});
