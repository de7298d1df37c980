"""Install what the project needs inside the checkout, then run a command there. Standard library only, no pip and no venv.

    python3 scripts/bootstrap.py                     install only
    python3 scripts/bootstrap.py vigie demo          install, then run `.venv/bin/vigie demo` in place of this process
    python3 scripts/bootstrap.py --browser pytest    find a Chromium too, or install Debian's

uv comes from `.tools/`; it is fetched there once, from the package index, and its hash is checked. uv makes `.venv` itself,
so that Debian's Python, which has neither pip nor venv, will do.
"""

import hashlib
import io
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
UV_VERSION = "0.13.9"
PYPI_FILES = "https://files.pythonhosted.org/packages"
# From uv.lock of an empty project that asks for this version. By system and processor.
UV_WHEELS = {
    ("linux-glibc", "x86_64"): (
        "3d/aa/26d64642d808de4a652579ef950d7cd2d37f080a8babf9c67c6b75fc4c3f/uv-0.13.9-py3-none-manylinux_2_17_x86_64.manylinux2014_x86_64.whl",
        "d7f459fe4fd247d830351c75686d3996ace3c6f3f728eb0e85a30b7ada0cef19",
    ),
    ("linux-musl", "x86_64"): (
        "fe/fe/794884de0efd3ac77a427cab21aa72c0483e100c55a42cd5cbb02c141b84/uv-0.13.9-py3-none-musllinux_1_1_x86_64.whl",
        "2c45530751517d6c3bbc69a19473f6effe47cce047bede01ffd8af7ea7b36b25",
    ),
    ("linux-glibc", "aarch64"): (
        "57/15/94b6cd62ac3ff6550288328e8035288875197cbc183f51554b266a69877b/uv-0.13.9-py3-none-manylinux_2_17_aarch64.manylinux2014_aarch64.musllinux_1_1_aarch64.whl",
        "5435c5ce14a56431208ca0996416d310f1598e8c2c8ba707688985a16bb82dbe",
    ),
    ("darwin", "x86_64"): (
        "1e/db/08e9ef4879bd667e6d7b4705e594e5bd3e4585f10fc63cb16b9fa2fac63e/uv-0.13.9-py3-none-macosx_10_12_x86_64.whl",
        "c16ed11e013557536b3e60065f1b912f6407bd6518e041b961e23ef9e6b4fbf5",
    ),
    ("darwin", "arm64"): (
        "f3/a7/a8d7b074798c7fb3b26b37584b8fe2e29df2ccdc24ce7902caab2a53edbf/uv-0.13.9-py3-none-macosx_11_0_arm64.whl",
        "66c512266d633bef48384a1f53003f41f2a8e7b36fe6e7fbfd3e0fd52d96fa63",
    ),
}
UV_WHEELS["linux-musl", "aarch64"] = UV_WHEELS["linux-glibc", "aarch64"]
INDEX_VARIABLES = ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "PIP_INDEX_URL")
TRIES = 4
CHROMIUMS = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
MAC_CHROMIUMS = ("/Applications/Google Chrome.app", "/Applications/Chromium.app")


class BootstrapError(Exception):
    """Something only the person at the keyboard can put right; the message says what."""


def main(arguments):  # type: (list[str]) -> int
    """Install, then become the command. No annotations in this function: an old Python must reach the message below."""
    if sys.version_info < (3, 11):
        print("Vigie needs Python 3.11 or later; this one is %s. Try: make PYTHON=python3.11 demo" % platform.python_version())
        return 1
    wants_browser = arguments[:1] == ["--browser"]
    command = arguments[1:] if wants_browser else arguments
    try:
        sync(uv())
        if wants_browser:
            ensure_browser()
    except BootstrapError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    if command:
        sys.stdout.flush()
        program = ROOT / ".venv" / "bin" / command[0]
        os.environ["VIRTUAL_ENV"] = str(ROOT / ".venv")
        os.environ["PATH"] = f"{program.parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
        # In place of this process: signals reach the command itself.
        os.execv(program, [str(program), *command[1:]])  # noqa: S606 - no shell is the point.
    return 0


def uv() -> Path:
    """Return the pinned uv, fetched on first use."""
    program = ROOT / ".tools" / f"uv-{UV_VERSION}" / "uv"
    if program.exists():
        return program
    path, expected = _wheel()
    print(f"Fetching uv {UV_VERSION}…", flush=True)
    wheel = _fetch_wheel(path)
    found = hashlib.sha256(wheel).hexdigest()
    if found != expected:
        raise BootstrapError(
            f"The file {path.rsplit('/', 1)[1]} is not the expected one (sha256 {found}, expected {expected}).\n"
            "Nothing was installed. Check the package index in use."
        )
    program.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(io.BytesIO(wheel)) as archive:
        [member] = [name for name in archive.namelist() if name.endswith(".data/scripts/uv")]
        descriptor, temporary = tempfile.mkstemp(dir=program.parent)
        with os.fdopen(descriptor, "wb") as file:
            file.write(archive.read(member))
    Path(temporary).chmod(0o755)
    Path(temporary).replace(program)
    return program


def sync(program: Path) -> None:
    """Make `.venv` equal to the lock file, the project itself and its built assets included."""
    # Certificates of the machine: networks of hospitals often have an inspecting proxy with one of their own.
    environment = {"UV_SYSTEM_CERTS": "1", "NODE_USE_SYSTEM_CA": "1"} | os.environ | {"UV_PYTHON_DOWNLOADS": "never"}
    # Another environment may be active in this shell.
    environment.pop("VIRTUAL_ENV", None)
    environment.pop("UV_PROJECT_ENVIRONMENT", None)
    command = [str(program), "sync", "--locked", "--quiet"]
    if not (ROOT / ".venv" / "bin" / "python").exists():
        command += ["--python", sys.executable]
        print("Installing Vigie in .venv (a minute or two the first time)…", flush=True)
    for attempt in range(1, TRIES + 1):
        if subprocess.run(command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, check=False).returncode == 0:
            return
        if attempt < TRIES:
            print(f"Trying again in {2**attempt} seconds…", flush=True)
            time.sleep(2**attempt)
    raise BootstrapError(
        "The dependencies could not be installed; the reason is above.\nThe package indexes (PyPI and npm) must be reachable."
    )


def ensure_browser() -> None:
    """Find a Chromium, or install Debian's when that is allowed."""
    chosen = os.environ.get("VIGIE_CHROMIUM")
    if chosen:
        if not Path(chosen).exists():
            raise BootstrapError(f"VIGIE_CHROMIUM names a file that does not exist: {chosen}")
        return
    if any(shutil.which(name) for name in CHROMIUMS) or any(Path(place).exists() for place in MAC_CHROMIUMS):
        return
    privilege = _privilege()
    if shutil.which("apt-get") and privilege is not None:
        print("Installing Debian's Chromium for the browser tests…", flush=True)
        environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
        for step in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", "chromium"]):
            command = [*privilege, "apt-get", *step]
            # apt's own lines would bury the tests'; its errors are kept.
            subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=False)
        if shutil.which("chromium"):
            return
    raise BootstrapError(
        "The browser tests need a Chromium, and none was found or could be installed.\n"
        "Install one (Debian: apt-get install chromium), or set VIGIE_CHROMIUM to its path."
    )


def _privilege():  # type: () -> list[str] | None
    """What to put before a command that only root may run; None when it is not to be had without a password."""
    if os.geteuid() == 0:
        return []
    if shutil.which("sudo") and subprocess.run(["sudo", "-n", "true"], capture_output=True, check=False).returncode == 0:
        return ["sudo", "-n"]
    return None


def _wheel():  # type: () -> tuple[str, str]
    system = platform.system().lower()
    if system == "linux":
        system = "linux-glibc" if platform.libc_ver()[0] == "glibc" else "linux-musl"
    machine = platform.machine().lower()
    try:
        return UV_WHEELS[system, machine]
    except KeyError:
        raise BootstrapError(
            f"No pinned uv for {system} on {machine}: install uv {UV_VERSION} yourself as {ROOT}/.tools/uv-{UV_VERSION}/uv."
        ) from None


def _fetch_wheel(path: str) -> bytes:
    """Fetch from the index of the environment if one is named, else from PyPI."""
    index = next((os.environ[name] for name in INDEX_VARIABLES if os.environ.get(name)), "")
    name = path.rsplit("/", 1)[1]
    if not index:
        return _fetch(f"{PYPI_FILES}/{path}")
    page_address = f"{index.rstrip('/')}/uv/"
    page = _fetch(page_address).decode("utf-8", "replace")
    link = re.search(r'href="([^"]*%s[^"]*)"' % re.escape(name), page)
    if link is None:
        raise BootstrapError(f"The index {_without_password(index)} does not offer {name}.")
    # The fragment holds the index's own hash; ours is the one that counts.
    address = urllib.parse.urldefrag(urllib.parse.urljoin(page_address, link[1].replace("&amp;", "&"))).url
    return _fetch(_with_password_of(index, address))


def _fetch(address: str) -> bytes:
    reason = ""
    for attempt in range(1, TRIES + 1):
        try:
            return _read(address)
        except urllib.error.HTTPError as error:
            reason = f"HTTP {error.code}"
            if error.code < 500 and error.code != 429:
                break
        except (urllib.error.URLError, OSError) as error:
            reason = str(error)
        if attempt < TRIES:
            time.sleep(2**attempt)
    raise BootstrapError(
        f"Could not fetch {_without_password(address)}: {reason}.\n"
        f"Behind a proxy, set HTTPS_PROXY; with a mirror of PyPI, set {INDEX_VARIABLES[0]} to its « simple » address."
    )


def _read(address: str) -> bytes:
    parts = urllib.parse.urlsplit(address)
    request = urllib.request.Request(_without_password(address), headers={"Accept": "text/html, */*"})  # noqa: S310 - the index chosen.
    if parts.password:
        import base64

        credentials = f"{urllib.parse.unquote(parts.username or '')}:{urllib.parse.unquote(parts.password)}"
        request.add_header("Authorization", "Basic " + base64.b64encode(credentials.encode()).decode())
    with urllib.request.urlopen(request, timeout=120) as response:  # noqa: S310
        return bytes(response.read())


def _without_password(address: str) -> str:
    parts = urllib.parse.urlsplit(address)
    return urllib.parse.urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def _with_password_of(index: str, address: str) -> str:
    """Files usually stand on the index's own host, and ask for the same password."""
    given, wanted = urllib.parse.urlsplit(index), urllib.parse.urlsplit(address)
    if "@" not in given.netloc or given.hostname != wanted.hostname:
        return address
    return urllib.parse.urlunsplit(wanted._replace(netloc=given.netloc.rpartition("@")[0] + "@" + wanted.netloc))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
