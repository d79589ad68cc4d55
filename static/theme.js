// Runs before the first paint: marks that scripts work, and sets the theme that the reader has chosen, if any.
(() => {
  const root = document.documentElement;
  root.classList.add("js");
  let chosen = null;
  // A theme from the address is already set, and wins.
  if (!root.dataset.theme) {
    try {
      chosen = localStorage.getItem("theme");
    } catch {
      // Storage is blocked in some embeds: the system's scheme is used.
    }
  }
  if (chosen === "light" || chosen === "dark") root.dataset.theme = chosen;

  const isDark = () =>
    (root.dataset.theme ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";

  document.addEventListener("click", (/** @type {any} */ event) => {
    if (!event.target.closest?.("[data-theme-toggle]")) return;
    root.dataset.theme = isDark() ? "light" : "dark";
    try {
      localStorage.setItem("theme", root.dataset.theme);
    } catch {
      // Without storage, the choice is not remembered.
    }
    document.dispatchEvent(new Event("themechange"));
  });
  for (const query of ["(prefers-color-scheme: dark)", "(forced-colors: active)", "print"]) {
    matchMedia(query).addEventListener("change", () => document.dispatchEvent(new Event("themechange")));
  }
})();
