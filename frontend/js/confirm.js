// <form data-confirm="question" data-confirm-text="…" data-confirm-do="Delete"> asks in the page's own dialog first.
export function confirmForms() {
  const dialog = document.querySelector("#confirm");
  if (!dialog) return;
  let waiting = null;
  document.addEventListener(
    "submit",
    (event) => {
      const form = event.target;
      if (!form.dataset.confirm || form === waiting) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      dialog.querySelector("[data-title]").textContent = form.dataset.confirm;
      dialog.querySelector("[data-text]").textContent = form.dataset.confirmText ?? "";
      dialog.querySelector("[data-yes]").textContent = form.dataset.confirmDo;
      dialog.returnValue = "";
      dialog.onclose = () => {
        if (dialog.returnValue !== "yes") return;
        waiting = form;
        form.requestSubmit();
        waiting = null;
      };
      dialog.showModal();
    },
    true,
  );
}
