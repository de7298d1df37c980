"""Assets leave from the event loop, precompressed and cached for ever when their name holds their hash."""

import asyncio
import gzip
from pathlib import Path
from typing import Any

import pytest

from vigie.config.static_files import StaticFiles


@pytest.fixture
def assets(tmp_path: Path) -> StaticFiles:
    (tmp_path / "dist").mkdir()
    script = b"console.log('vigie');" * 100
    (tmp_path / "dist" / "app-3KQZ7WXN.js").write_bytes(script)
    (tmp_path / "dist" / "app-3KQZ7WXN.js.gz").write_bytes(gzip.compress(script))
    (tmp_path / "mark.svg").write_bytes(b"<svg/>")
    return StaticFiles(folder=tmp_path, prefix="/static/")


def asked(assets: StaticFiles, path: str, method: str = "GET", **headers: str) -> tuple[int, dict[str, str], bytes]:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    encoded = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    asyncio.run(assets({"path": path, "method": method, "headers": encoded}, send))
    start, body = sent
    return start["status"], {name.decode(): value.decode() for name, value in start["headers"]}, body["body"]


def test_a_hashed_name_is_cached_for_ever_and_sent_compressed(assets: StaticFiles) -> None:
    status, headers, body = asked(assets, "/static/dist/app-3KQZ7WXN.js", accept_encoding="gzip, br")
    assert status == 200
    assert "immutable" in headers["cache-control"]
    assert headers["content-encoding"] == "gzip"
    assert headers["x-content-type-options"] == "nosniff"
    assert gzip.decompress(body).startswith(b"console")


def test_another_name_is_asked_again_within_the_hour(assets: StaticFiles) -> None:
    _, headers, body = asked(assets, "/static/mark.svg")
    assert "immutable" not in headers["cache-control"]
    assert (headers["content-type"], body) == ("image/svg+xml", b"<svg/>")


def test_an_unchanged_file_is_not_sent_again(assets: StaticFiles) -> None:
    _, headers, _ = asked(assets, "/static/mark.svg")
    status, _, body = asked(assets, "/static/mark.svg", if_none_match=headers["etag"])
    assert (status, body) == (304, b"")


def test_head_has_no_body(assets: StaticFiles) -> None:
    status, headers, body = asked(assets, "/static/mark.svg", method="HEAD")
    assert (status, headers["content-length"], body) == (200, "6", b"")


@pytest.mark.parametrize("path", ["/static/", "/static/nothing.js", "/static/../secret-key", "/static/dist/app-3KQZ7WXN.js.gz"])
def test_nothing_else_is_served(assets: StaticFiles, path: str) -> None:
    assert asked(assets, path)[0] == 404


def test_files_are_only_read(assets: StaticFiles) -> None:
    assert asked(assets, "/static/mark.svg", method="POST")[0] == 405
