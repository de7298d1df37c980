"""Write frontend/sealing/vectors.json again: one of everything by each implementation, and all that is to be refused.

    .venv/bin/python -m scripts.sealing_vectors

To be run when the protocol gains something; what is in the file already must go on opening, so look at what changes.
"""

import json

from vigie.sealing.tests.interop import VECTORS, ask_typescript, make_bundle
from vigie.sealing.tests.refusals import cases


def main() -> None:
    """Make both bundles; the keys in them are made for this file and serve nowhere else."""
    ours = make_bundle()
    refusals = cases(ours)
    theirs = ask_typescript(ours, refusals)["bundle"]
    content = {"python": ours, "typescript": theirs, "cases": refusals}
    VECTORS.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    print(f"{VECTORS.name}: {len(refusals)} cases")


if __name__ == "__main__":
    main()
