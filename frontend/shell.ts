// What the frame of every page does: folding, drawer, theme, search key, dialogs. State lives in cookies, which the
// server reads, so that the next page is painted right from the start.

const YEAR = 31_536_000;

import { csrfToken } from "./csrf";

function remember(name: string, value: string): void {
  const secure = location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `${name}=${value}; Path=/; Max-Age=${YEAR}; SameSite=Lax${secure}`;
}

const root = document.documentElement;

function foldNavigation(button: Element): void {
  const folded = root.dataset["nav"] !== "folded";
  if (folded) root.dataset["nav"] = "folded";
  else delete root.dataset["nav"];
  button.setAttribute("aria-expanded", String(!folded));
  remember("vigie-nav", folded ? "folded" : "open");
}

/** Shown at once; kept in the profile of whoever is signed in, else in this browser. */
function chooseTheme(theme: string, form: HTMLFormElement | null): void {
  root.dataset["bsTheme"] = theme;
  const address = form?.getAttribute("action");
  if (form && address) {
    void fetch(address, {
      method: "POST",
      body: new URLSearchParams({ theme, next: "/" }),
      headers: { "X-CSRFToken": csrfToken(form) },
      redirect: "manual",
    });
  } else remember("vigie-theme", theme);
  for (const button of document.querySelectorAll<HTMLElement>("[data-theme-choice]")) {
    button.setAttribute("aria-pressed", String(button.dataset["themeChoice"] === theme));
  }
}

let openedFrom: HTMLElement | undefined;

function setDrawer(open: boolean): void {
  const rail = document.querySelector<HTMLElement>(".rail");
  if (!rail) return;
  rail.classList.toggle("is-open", open);
  for (const part of document.querySelectorAll<HTMLElement>(".shell-main")) part.inert = open;
  if (open) rail.querySelector<HTMLElement>("a, button")?.focus();
  else openedFrom?.focus();
}

document.addEventListener("click", (event) => {
  if (!(event.target instanceof Element)) return;
  const target = event.target.closest<HTMLElement>(
    "[data-fold-nav], [data-theme-choice], [data-open-drawer], [data-close-drawer], [data-open-dialog], [data-close-dialog], [data-print], [data-copy]",
  );
  if (!target) return;
  const { themeChoice, openDialog, copy } = target.dataset;
  if ("foldNav" in target.dataset) foldNavigation(target);
  else if (themeChoice) {
    event.preventDefault();
    chooseTheme(themeChoice, target.closest("form"));
  }
  else if ("openDrawer" in target.dataset) {
    event.preventDefault();
    openedFrom = target;
    setDrawer(true);
  } else if ("closeDrawer" in target.dataset) {
    event.preventDefault();
    setDrawer(false);
  } else if (openDialog) {
    event.preventDefault();
    (document.getElementById(openDialog) as HTMLDialogElement | null)?.showModal();
  } else if ("closeDialog" in target.dataset) {
    event.preventDefault();
    target.closest("dialog")?.close();
  } else if ("print" in target.dataset) window.print();
  else if (copy) void navigator.clipboard.writeText(copy);
});

// A click on the veil closes a dialog, as people expect; a click inside does not.
document.addEventListener("pointerdown", (event) => {
  if (event.target instanceof HTMLDialogElement && event.target.open && !event.target.hasAttribute("data-stays")) {
    const box = event.target.getBoundingClientRect();
    const inside =
      event.clientX >= box.left && event.clientX <= box.right && event.clientY >= box.top && event.clientY <= box.bottom;
    if (!inside) event.target.close();
  }
});

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && document.querySelector(".rail.is-open")) setDrawer(false);
  if ((event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey && event.key.toLowerCase() === "k") {
    const search = document.querySelector<HTMLInputElement>("#recherche-globale");
    if (!search) return;
    event.preventDefault();
    search.focus();
    search.select();
  }
});

// « Tout sélectionner » of a table.
document.addEventListener("change", (event) => {
  const box = event.target;
  if (!(box instanceof HTMLInputElement) || !("selectAll" in box.dataset)) return;
  for (const other of box.closest("table")?.querySelectorAll<HTMLInputElement>("tbody input[type=checkbox]") ?? []) {
    if (other.checked !== box.checked) other.click();
  }
});

// The summary of a form's errors takes the focus, so that it is read first.
document.querySelector<HTMLElement>("form [data-error-summary]")?.focus();

// A form that depends on one of its answers is drawn again by the server: `data-refresh-on="site solution"`.
document.addEventListener("change", (event) => {
  const field = event.target;
  if (!(field instanceof HTMLSelectElement || field instanceof HTMLInputElement)) return;
  const form = field.closest<HTMLFormElement>("form[data-refresh-on]");
  if (form?.dataset["refreshOn"]?.split(" ").includes(field.name)) form.dispatchEvent(new CustomEvent("refresh"));
});
