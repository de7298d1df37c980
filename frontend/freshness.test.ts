import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { openPage, tick } from "./testing";

openPage();
await import("./freshness");

const row = (number: string, status: string, time = "à l’instant") =>
  `<tr><td><a href="/incidents/${number}/">${number}</a></td><td>${status}</td><td><time>${time}</time></td></tr>`;

beforeEach(() => {
  document.body.innerHTML = `<p data-live-status="Page mise à jour."></p>
    <div data-live-topic="desk:1"><table><tbody>${row("1", "Nouveau")}${row("2", "Nouveau")}</tbody></table></div>`;
});

function update(rows: string): string[] {
  const root = document.querySelector("[data-live-topic]") as HTMLElement;
  root.dispatchEvent(new CustomEvent("htmx:before:swap", { bubbles: true }));
  (root.querySelector("tbody") as HTMLElement).innerHTML = rows;
  root.dispatchEvent(new CustomEvent("htmx:after:swap", { bubbles: true }));
  return [...document.querySelectorAll(".is-fresh a")].map(({ textContent }) => textContent ?? "");
}

test("what is new or different is lit, the rest is not", () => {
  assert.deepEqual(update(row("3", "Nouveau") + row("1", "Résolu") + row("2", "Nouveau")), ["3", "1"]);
});

test("time that passes is no news", async () => {
  assert.deepEqual(update(row("1", "Nouveau", "il y a 3 min") + row("2", "Nouveau")), []);
  await tick(80);
  assert.equal(document.querySelector("[data-live-status]")?.textContent, "");
});

test("news are said once", async () => {
  update(row("1", "Fermé") + row("2", "Nouveau"));
  await tick(80);
  assert.equal(document.querySelector("[data-live-status]")?.textContent, "Page mise à jour.");
});
