// Before anything is painted: the reader's choice of light or dark, or else the system's.
((root) => {
  let mode = "auto";
  try { mode = localStorage.getItem("mode") || "auto"; } catch { /* storage may be refused */ }
  root.dataset.mode = mode;
  root.dataset.theme = mode !== "auto" ? mode : matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
})(document.documentElement);
