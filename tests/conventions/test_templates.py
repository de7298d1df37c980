"""Templates: each one is used, and partial ones say so by their name."""

import re
from pathlib import Path

from tests.conventions.project import ROOT, project_files

# Templates that a library asks for by name, and that ours replace.
ASKED_BY_LIBRARIES = ("account/", "mfa/", "socialaccount/", "usersessions/", "allauth/", "django/forms/", "idp/")
ASKED_BY_ERROR_PAGES = {"400.html", "403.html", "403_csrf.html", "404.html", "429.html", "500.html"}
NAME = re.compile(r"""["']([\w./-]+\.(?:html|txt))["']""")


def templates() -> dict[str, Path]:
    """Return every template by the name it is asked by."""
    return {
        path.as_posix().split("/templates/", 1)[1]: path
        for path in project_files(".html", ".txt")
        if "/templates/" in path.as_posix() and "tests" not in path.parts
    }


def test_every_template_is_used() -> None:
    known = templates()
    sources = [path for path in project_files(".py", ".html", ".txt") if "tests" not in path.parts]
    texts = [path.read_text(encoding="utf-8") for path in sources]
    asked = {name for text in texts for name in NAME.findall(text)}
    # Names that code puts together: `f"notifications/{event}.txt"`.
    patterns = [
        re.compile(re.sub(r"\\\{[^}]*\\\}|%s", r"[\\w./-]+", re.escape(composed)) + r"(\.html|\.txt)?$")
        for text in texts
        for composed in re.findall(r"""f["']([\w./-]*\{[\w.]+\}[\w./{}-]*)["']""", text)
        if "/" in composed
    ]
    unused = {
        name
        for name in known
        if name not in asked
        and name not in ASKED_BY_ERROR_PAGES
        and not name.startswith(ASKED_BY_LIBRARIES)
        and not any(pattern.match(name) for pattern in patterns)
    }
    assert not unused


def test_every_template_asked_for_exists() -> None:
    known = set(templates())
    missing = {
        f"{path.relative_to(ROOT)}: {name}"
        for path in project_files(".html")
        if "/templates/" in path.as_posix()
        for name in re.findall(r"""{%\s*(?:include|extends)\s+["']([\w./-]+)["']""", path.read_text(encoding="utf-8"))
        if name not in known and not name.startswith(ASKED_BY_LIBRARIES)
    }
    assert not missing


def test_no_template_holds_inline_script_or_style() -> None:
    # The content security policy would refuse them: nothing inline, no event attributes (PLA-40).
    inline = re.compile(r"<script(?![^>]*\bsrc=)(?![^>]*type=[\"']application/json)|<style\b|\sstyle=|\son[a-z]+=[\"']")
    wrong = {
        f"{path.relative_to(ROOT)}: {found[0].strip()}"
        for name, path in templates().items()
        # Mail readers know no style sheets but inline ones.
        if not {"mail", "courriel", "email"} & set(re.split(r"[/_.]", name))
        and not name.startswith("notifications/")
        # The living page shows that hostile markup is disarmed.
        and name != "ui/kit_fragment.html"
        and (found := inline.search(path.read_text(encoding="utf-8")))
    }
    assert not wrong


def test_every_script_and_style_sheet_states_its_integrity() -> None:
    # The browser refuses a file that is not the release's; `vigie verify-assets` reads the same attributes (SEA-10).
    loads = re.compile(r"""<script\b[^>]*\bsrc=[^>]*>|<link\b[^>]*\brel=["']stylesheet["'][^>]*>""")
    tags = {
        f"{name}: {tag}"
        for name, path in templates().items()
        # Read from a folder, beside the style sheet of the same archive: no release serves it.
        if name != "web/personal_data_archive.html"
        for tag in loads.findall(path.read_text(encoding="utf-8"))
    }
    assert tags
    assert {tag for tag in tags if "asset_integrity" not in tag} == set()
