// The theme lives in a cookie, so the server writes it into <html> and no page flashes. No cookie = the system's choice.
const YEAR = 365 * 24 * 3600;

export function theme() {
  const root = document.documentElement;
  const show = () => {
    const now = root.dataset.theme ?? "system";
    for (const button of document.querySelectorAll("[data-theme-set]")) {
      button.setAttribute("aria-pressed", String(button.dataset.themeSet === now));
    }
  };
  document.addEventListener("click", (event) => {
    const wanted = event.target.closest("[data-theme-set]")?.dataset.themeSet;
    if (!wanted) return;
    const system = wanted === "system";
    document.cookie = `theme=${system ? "" : wanted}; path=/; max-age=${system ? 0 : YEAR}; samesite=lax`;
    if (system) delete root.dataset.theme;
    else root.dataset.theme = wanted;
    show();
  });
  show();
}
