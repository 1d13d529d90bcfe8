// Before anything is painted: the reader's choice of light or dark, or else the system's. And the faces of the first
// view are asked for beside the style sheet. The page appears when they are there, or after so many milliseconds: what
// comes later moves lines.
((root) => {
  const {fonts} = document.currentScript.dataset, PATIENCE = 300;
  const face = (href) => new Promise((done) => {  // from file:// a face may be used, but not asked for
    const link = {rel: "preload", as: "font", type: "font/woff2", crossOrigin: "", href, onload: done, onerror: done};
    document.head.append(Object.assign(document.createElement("link"), link));
  });
  const show = () => root.classList.remove("gb-wait");
  if (location.protocol !== "file:") {
    root.classList.add("gb-wait");
    Promise.all(fonts.split(" ").map(face)).then(() => document.fonts.load("1em 'Source Serif'")).then(show, show);
    setTimeout(show, PATIENCE);
  }
  let mode = "auto";
  try { mode = localStorage.getItem("mode") || "auto"; } catch { /* storage may be refused */ }
  root.dataset.mode = mode;
  root.dataset.theme = mode !== "auto" ? mode : matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
})(document.documentElement);
