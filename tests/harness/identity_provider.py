"""A real OpenID provider on loopback (npm's oidc-provider, tests/oidc), and a person's browser before it."""

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx

from scripts.frontend import install, node_environment
from tests.harness.databases import ROOT

FOLDER = ROOT / "tests" / "oidc"
SECRET = "tests:only secret"


@dataclass(frozen=True)
class IdentityProvider:
    """The running provider. Its people and faults are those of the last `arrange`."""

    issuer: str

    def arrange(self, people: dict[str, dict[str, Any]] | None = None, **faults: Any) -> None:
        """Say who has an account there, and what is wrong with the next answers."""
        told = {"faults": faults} | ({"people": people} if people is not None else {})
        httpx.post(f"{self.issuer}/_faults", json=told).raise_for_status()

    def seen(self) -> list[str]:
        """Return the paths that were asked for since the last `arrange`."""
        return list(httpx.get(f"{self.issuer}/_seen").json())

    def sign_in(self, address: str, account: str, acr: str = "", error: str = "") -> dict[str, str]:
        """Do in a new browser what the person does there; return the parameters with which she comes back."""
        with httpx.Client() as browser:
            for _step in range(6):
                answer = browser.get(address)
                assert answer.status_code in {302, 303}, answer.text
                address = str(answer.next_request.url) if answer.next_request else ""
                if not address.startswith(self.issuer):
                    return dict(parse_qsl(urlsplit(address).query))
                if "/interaction/" in address:
                    given = {"account": account, "acr": acr, "error": error}
                    address = str(httpx.URL(address, params={key: value for key, value in given.items() if value}))
        raise AssertionError("The provider never sent her back.")


@contextmanager
def running_identity_provider(redirect_address: str) -> Iterator[IdentityProvider]:
    """Run the provider, which knows one client."""
    with node_program("provider.mjs", redirect_address) as issuer:
        yield IdentityProvider(issuer)


@contextmanager
def node_program(*command: str) -> Iterator[str]:
    """Run a program of tests/oidc, which says its address when it is ready; return that address."""
    assert install(FOLDER) == 0
    node = subprocess.Popen(
        ["node", *command],
        cwd=FOLDER,
        env=node_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        # The command of the wheel starts Node as a child: both are ended together.
        start_new_session=True,
    )
    try:
        assert node.stdout is not None
        address = next((line.strip() for line in node.stdout if line.startswith("http")), "")
        assert address, "the program did not start"
        yield address
    finally:
        os.killpg(node.pid, signal.SIGTERM)
        node.wait(timeout=10)
        if node.stdout is not None:
            node.stdout.close()
