"""`make audit`: known vulnerabilities of the locked packages, their licences, and a bill of materials in build/.

The look-up of vulnerabilities asks OSV and so needs the Internet; it fails loudly without.
"""

import importlib.metadata
import json
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FRONTEND = ROOT / "frontend"
ACCEPTED = re.compile(
    r"\b(MIT|BSD|Apache|ISC|PSF|Python Software Foundation|Python-2\.0|MPL|Mozilla|LGPL|EUPL|Unlicense|Zlib|0BSD|CC0|CC-BY|PostgreSQL|"
    r"HPND|Permission is hereby granted, free of charge|Public Domain|BlueOak|OFL|Artistic|WTFPL)",
    re.IGNORECASE,
)
"""Licences that a EUPL-1.2 program may stand on."""


def main() -> int:
    """Run the three audits; 1 when one of them complains."""
    bill = ROOT / "build" / "sbom.cyclonedx.json"
    bill.parent.mkdir(exist_ok=True)
    uv = next((ROOT / ".tools").glob("uv-*/uv"))
    subprocess.run(
        [uv, "export", "--locked", "--no-dev", "--quiet", "--preview", "--format=cyclonedx1.5", f"--output-file={bill}"],
        cwd=ROOT,
        check=True,
        stdout=subprocess.DEVNULL,
    )
    print(f"Bill of materials: {bill.relative_to(ROOT)}")
    refused = [*_python_licences(), *_npm_licences()]
    for line in refused:
        print(f"✗ licence to look at: {line}")
    vulnerable = subprocess.run([uv, "audit", "--locked", "--preview-features=audit-command"], cwd=ROOT, check=False).returncode
    npm = Path(sys.executable).parent / "npm"
    vulnerable |= subprocess.run([npm, "audit", "--omit=dev"], cwd=FRONTEND, check=False).returncode
    return 1 if refused or vulnerable else 0


def _python_licences() -> list[str]:
    refused = []
    for distribution in importlib.metadata.distributions():
        metadata = distribution.metadata
        classifiers = [value for value in metadata.get_all("Classifier", []) if value.startswith("License ::")]
        # A whole text may stand in the old field: its first line names it.
        texts = [*metadata.get_all("License-Expression", []), *metadata.get_all("License", [])]
        said = " ".join([*(text[:200] for text in texts), *classifiers])
        if not ACCEPTED.search(said):
            refused.append(f"{metadata['Name']} {distribution.version}: {said.strip() or 'none given'}")
    return sorted(refused)


def _npm_licences() -> list[str]:
    packages = json.loads((FRONTEND / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    return sorted(
        f"{path.removeprefix('node_modules/')}: {package.get('license', 'none given')}"
        for path, package in packages.items()
        if path and not ACCEPTED.search(str(package.get("license", "")))
    )


if __name__ == "__main__":
    sys.exit(main())
