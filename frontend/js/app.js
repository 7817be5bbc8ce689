// Behaviour every page shares. Nothing here is needed to read a page: links and forms work without it.
import { confirmForms } from "./confirm.js";
import { copyButtons } from "./copy.js";
import { palette } from "./palette.js";
import { theme } from "./theme.js";

document.documentElement.classList.add("js");

// <button data-open="#id"> opens that <dialog>; <button data-close> closes the dialog it stands in.
function dialogs() {
  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-open]");
    if (opener) document.querySelector(opener.dataset.open)?.showModal();
    if (event.target.closest("[data-close]")) event.target.closest("dialog")?.close();
    if (event.target.closest("[data-dismiss]")) event.target.closest("[role=status], [role=alert]")?.remove();
  });
}

// A menu made of <details data-menu> closes on a click elsewhere and on Escape, and gives the focus back.
function menus() {
  const close = (except) => {
    for (const menu of document.querySelectorAll("details[data-menu][open]")) if (menu !== except) menu.open = false;
  };
  document.addEventListener("click", (event) => close(event.target.closest("details[data-menu]")));
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    const open = event.target.closest?.("details[data-menu][open]");
    close();
    open?.querySelector("summary")?.focus();
  });
}

// <select data-submit> sends its form when it changes.
function submitOnChange() {
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-submit]")) event.target.form.requestSubmit();
  });
}

dialogs();
menus();
submitOnChange();
theme();
copyButtons();
confirmForms();
palette();
