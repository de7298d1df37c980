"""5,000 sealed values opened in Chromium, 5,000 patients searched.

`pytest -n 0 -o python_files=sealed_values.py benchmarks/sealed_values.py -s`

True assets under the true policy, served from this process; the values are made by the Python side of the protocol. Times are the
browser's own, median and worst of seven after one to warm up.
"""

import statistics
from collections.abc import Callable
from typing import Any

from tests.harness.browser import running_browser
from vigie.sealing.tests.sealed_site import ORIGIN, SealedPages, SealedSite, patients, sealed_text, trial

FIELDS = ("family_name", "given_name", "birth_date", "telephone")
ROUNDS = 8
TYPED = ("lef", "lefevre lea", "31/12/1980", "06 00", "nguyen zoe", "œrsted", "zzz", "le goff jean")
# From the answer of the key ring, values closed, to the frame after the last one shows its text.
ALL_SHOWN = """
() => new Promise((resolve) => {
  const all = [...document.querySelectorAll("sealed-text")];
  const look = () => {
    if (all.every((one) => one.shadowRoot?.querySelector("[part=text]")))
      resolve(performance.now() - performance.getEntriesByType("resource").find(({ name }) => name.includes("/anneau/")).responseEnd);
    else requestAnimationFrame(look);
  };
  look();
})
"""


def test_figures() -> None:
    site = SealedSite()
    people = patients(site, 5_000)
    values = [
        {"place": site.place(one["record"], name), "token": site.sealed(one["record"], name, one[name])}
        for one in people
        for name in FIELDS
    ]
    shown = values[:5_000]
    rows = "".join(
        f"<tr>{''.join(f'<td>{_drawn(site, value)}</td>' for value in shown[at : at + 4])}</tr>" for at in range(0, len(shown), 4)
    )
    pages = SealedPages(site)
    pages.show("/vide/", "")
    pages.show("/liste/", f"<table class='table'><tbody>{rows}</tbody></table>")
    with running_browser() as browser:
        context = browser.new_context(base_url=ORIGIN)
        context.set_default_timeout(60_000)
        pages.serve(context)
        tab = context.new_page()
        tab.goto("/vide/")
        tab.evaluate(trial())
        tab.evaluate("(given) => trial.open(given)", site.what_opens())

        def in_page() -> float:
            tab.goto("/liste/")
            return float(tab.evaluate(ALL_SHOWN))

        _print("5,000 values shown in a table of 1,250 lines, from the answer with the keys to the next frame", in_page)
        tab.goto("/vide/")
        tab.evaluate(trial())
        _print("5,000 times the browser's own decryption, one block each", lambda: float(tab.evaluate("trial.bare(5000)")))
        measured = [tab.evaluate("([values, typed]) => trial.measure(values, typed)", [shown, TYPED]) for _ in range(ROUNDS)]
        _line("5,000 values opened, without the page", [one["open"] for one in measured])
        measured = [tab.evaluate("([values, typed]) => trial.measure(values, typed)", [values, TYPED]) for _ in range(ROUNDS)]
        assert len({one["found"] for one in measured}) == 1
        for label, name in (
            ("20,000 values (5,000 patients, four each) opened", "open"),
            ("5,000 patients indexed", "index"),
            ("5,000 patients sorted by name, the first time", "sort"),
            ("5,000 patients sorted by birth date, the first time", "sortOther"),
            ("a search over 5,000 patients, in order", "search"),
        ):
            _line(label, [one[name] for one in measured])


def _drawn(site: SealedSite, value: dict[str, Any]) -> str:
    return sealed_text(site, value["place"]["record"], value["place"]["field"], value["token"])


def _print(label: str, measure: Callable[[], float]) -> None:
    _line(label, [measure() for _ in range(ROUNDS)])


def _line(label: str, took: list[float]) -> None:
    print(f"| {label} | {statistics.median(took[1:]):.1f} ms | {max(took[1:]):.1f} ms |")
