"""A server that gives browsers another program than the release's is seen (SEA-10)."""

import gzip
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from vigie.config import asset_commands, release, verify_assets
from vigie.ui import csp

SCRIPT = b"customElements.define('sealed-text', SealedText);" * 20
STYLE = b".sealed{color:teal}"
NONCE = "'nonce-dGVzdHRlc3R0ZXN0dGVzdA=='"


@dataclass
class Server:
    """What one server answers, path by path and encoding by encoding; tests change it as a dishonest operator would."""

    url: str = ""
    files: dict[tuple[str, str], bytes] = field(default_factory=dict)
    page: str = ""
    policy: str = ""
    cookies: list[str] = field(default_factory=list)


def _written_policy() -> str:
    parts = {**csp.POLICY["DIRECTIVES"], "script-src": [NONCE, "'strict-dynamic'"]}
    return "; ".join(f"{name} {' '.join(map(str, values))}" for name, values in parts.items())


@pytest.fixture
def built(tmp_path: Path) -> Path:
    folder = tmp_path / "dist"
    folder.mkdir()
    (folder / "app-AAAAAAAA.js").write_bytes(SCRIPT)
    (folder / "app-AAAAAAAA.js.gz").write_bytes(gzip.compress(SCRIPT))
    (folder / "app-AAAAAAAA.js.br").write_bytes(b"compressed by brotli")
    (folder / "style-BBBBBBBB.css").write_bytes(STYLE)
    (folder / "worker-CCCCCCCC.js").write_bytes(b"onconnect = () => {};")
    (folder / "manifest.json").write_text("{}")
    return folder


@pytest.fixture
def statement(built: Path) -> release.Statement:
    return release.statement_of(built, release="1.0")


@pytest.fixture
def server(built: Path, statement: release.Statement) -> Iterator[Server]:
    served = Server()
    for name, digests in statement.files.items():
        for encoding in digests:
            served.files[name, encoding] = (built / f"{name}{release.ENCODINGS[encoding]}").read_bytes()
    script, style = (statement.files[name]["identity"] for name in ("app-AAAAAAAA.js", "style-BBBBBBBB.css"))
    served.page = (
        f'<!doctype html><meta name="vigie-live-worker" content="/static/dist/worker-CCCCCCCC.js">'
        f'<link rel="stylesheet" href="/static/dist/style-BBBBBBBB.css" integrity="{style}">'
        f'<script type="application/json">{{}}</script>'
        f'<script type="module" src="/static/dist/app-AAAAAAAA.js" integrity="{script}" nonce="x"></script><p>Connexion</p>'
    )
    served.policy = _written_policy()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            name, encoding = self.path.removeprefix("/static/dist/"), self.headers.get("Accept-Encoding", "identity")
            if not self.path.startswith("/static/"):
                served.cookies.append(self.headers.get("Cookie", ""))
                self._send(200, served.page.encode(), {"Content-Security-Policy": served.policy})
            elif (name, encoding) in served.files:
                self._send(200, served.files[name, encoding], {} if encoding == "identity" else {"Content-Encoding": encoding})
            elif (name, "identity") in served.files:
                self._send(200, served.files[name, "identity"], {})
            else:
                self._send(404, b"", {})

        def _send(self, status: int, body: bytes, headers: dict[str, str]) -> None:
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listening:
        served.url = f"http://127.0.0.1:{listening.server_port}/"
        thread = threading.Thread(target=listening.serve_forever)
        thread.start()
        yield served
        listening.shutdown()
        thread.join()


def test_an_honest_server_is_as_released(server: Server, statement: release.Statement) -> None:
    found = verify_assets.verify(server.url, statement, pages=["/", "/patients/"], cookie="session=abc")
    assert (found.files, found.pages, found.differences) == (3, 3, [])
    assert server.cookies == ["", "session=abc", "session=abc"]


def test_a_proxy_may_compress_again(server: Server, statement: release.Statement) -> None:
    server.files["app-AAAAAAAA.js", "gzip"] = gzip.compress(SCRIPT, compresslevel=1, mtime=7)
    assert verify_assets.verify(server.url, statement).differences == []


def _alter(name: str, encoding: str, content: bytes) -> Callable[[Server], None]:
    return lambda server: server.files.__setitem__((name, encoding), content)


def _rewrite(before: str, after: str) -> Callable[[Server], None]:
    def change(server: Server) -> None:
        assert before in server.page + server.policy
        server.page, server.policy = server.page.replace(before, after), server.policy.replace(before, after)

    return change


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (_alter("app-AAAAAAAA.js", "identity", SCRIPT + b"send(names)"), "app-AAAAAAAA.js: not the file"),
        (_alter("app-AAAAAAAA.js", "gzip", gzip.compress(SCRIPT + b"send(names)")), "sent as gzip"),
        (_alter("app-AAAAAAAA.js", "br", b"another program, compressed"), "sent as br"),
        (_alter("worker-CCCCCCCC.js", "identity", b"send(keys)"), "worker-CCCCCCCC.js: not the file"),
        (lambda server: server.files.pop(("style-BBBBBBBB.css", "identity")), "answers 404"),
        (_rewrite("<p>", "<script>send(names)</script><p>"), "inline script"),
        (_rewrite("<p>", '<p onclick="send(names)">'), "onclick of <p>"),
        (_rewrite("<p>", '<a href=" JavaScript:send(names)">'), "href of <a>"),
        (_rewrite("<p>", '<base href="https://elsewhere.example/"><p>'), "<base>"),
        (_rewrite("<p>", '<meta http-equiv="refresh" content="0;url=https://elsewhere.example"><p>'), "http-equiv"),
        (_rewrite("<p>", '<script src="/static/dist/other.js"></script><p>'), "other.js, which is not an asset"),
        (_rewrite("<p>", '<link rel="modulepreload" href="https://elsewhere.example/x.js"><p>'), "elsewhere.example/x.js"),
        (_rewrite('content="/static/dist/worker-CCCCCCCC.js"', 'content="/static/dist/w.js"'), "w.js, which is not an asset"),
        (_rewrite('integrity="sha384', 'title="sha384'), "without the integrity"),
        (_rewrite("'strict-dynamic'", "'strict-dynamic' 'unsafe-inline'"), "'unsafe-inline' in script-src"),
        (_rewrite("connect-src 'self'", "connect-src 'self' https://elsewhere.example"), "elsewhere.example in connect-src"),
        (_rewrite("; require-trusted-types-for 'script'", ""), "says nothing of require-trusted-types-for"),
        (_rewrite("trusted-types vigie", "trusted-types vigie other"), "other in trusted-types"),
        (_rewrite("base-uri 'none'", "base-uri 'none'; script-src-elem 'unsafe-inline'"), "directive script-src-elem"),
    ],
)
def test_whatever_a_dishonest_server_changes_is_told(
    server: Server, statement: release.Statement, change: Callable[[Server], None], told: str
) -> None:
    change(server)
    differences = verify_assets.verify(server.url, statement).differences
    assert any(told in difference for difference in differences), differences


def test_the_page_that_opens_a_key_may_compile_argon2(server: Server, statement: release.Statement) -> None:
    server.policy = server.policy.replace("'strict-dynamic'", "'strict-dynamic' 'wasm-unsafe-eval'")
    assert verify_assets.verify(server.url, statement).differences == []


def test_a_policy_that_is_missing_is_told(server: Server, statement: release.Statement) -> None:
    server.policy = ""
    assert len(verify_assets.verify(server.url, statement).differences) == len(verify_assets.POLICY)


def test_the_checker_knows_the_policy_of_this_release() -> None:
    ours = {name: {str(value) for value in values} for name, values in csp.POLICY["DIRECTIVES"].items()}
    ours["script-src"] = {value for value in ours["script-src"] if "strict-dynamic" in value}
    assert ours == {name: set(values) for name, values in verify_assets.POLICY.items()}


# --- The signed list --------------------------------------------------------------------------------------------------
def test_what_the_publisher_signed_is_read_back(statement: release.Statement) -> None:
    key = release.new_key()
    assert release.read_signed(release.signed(statement, key), release.public_key_of(key)) == statement


def test_a_list_signed_by_somebody_else_or_altered_is_refused(statement: release.Statement) -> None:
    key, other = release.new_key(), release.new_key()
    text = release.signed(statement, key)
    header, payload, signature = text.split(".")
    changed = release.signed(release.Statement("1.0", {}), other).split(".")[1]
    for forged in (release.signed(statement, other), f"{header}.{changed}.{signature}", f"{header}.{payload}.", payload, "", "é"):
        with pytest.raises(release.UnreadableStatementError):
            release.read_signed(forged, release.public_key_of(key))


def test_another_kind_of_signed_file_is_refused(statement: release.Statement, monkeypatch: pytest.MonkeyPatch) -> None:
    key = release.new_key()
    with monkeypatch.context() as patched:
        patched.setattr(release, "TYPE", "JWT")
        text = release.signed(statement, key)
    with pytest.raises(release.UnreadableStatementError, match="not a signed list"):
        release.read_signed(text, release.public_key_of(key))


def test_the_commands_make_a_key_sign_and_check(
    server: Server, built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(asset_commands, "_BUILT", built)
    key, output = tmp_path / "release.pem", tmp_path / "assets.jws"
    assert asset_commands.sign(["--key", str(key), "--new-key", "--output", str(output)]) == 0
    assert key.stat().st_mode & 0o077 == 0
    check = [server.url, "--signed", str(output), "--key", f"{key}.pub", "--page", "/"]
    assert asset_commands.verify(check) == 0
    assert "✓ As released: 3 assets" in capsys.readouterr().out
    server.files["app-AAAAAAAA.js", "br"] = b"another program"
    assert asset_commands.verify(check) == 1
    assert asset_commands.verify([server.url]) == 1
    # A key is never written over.
    assert asset_commands.sign(["--key", str(key), "--new-key", "--output", str(output)]) == 2


def test_a_server_that_does_not_answer_is_not_said_to_be_honest(statement: release.Statement, capsys: pytest.CaptureFixture[str]) -> None:
    assert asset_commands.verify(["http://127.0.0.1:1/"]) == 2
    assert asset_commands.verify(["file:///etc/passwd"]) == 2
    assert "✓" not in capsys.readouterr().out
