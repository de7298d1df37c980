"""Put French typography into the interface's texts: non-breaking spaces, apostrophes, ellipses.

    python -m scripts.typography          correct the sources in place, and list the files
    python -m scripts.typography --check  list them only; exits 1 when there are some

Only texts marked for translation are touched, and in them only what people read: neither markup nor variables.
"""

import ast
import re
import sys
from collections.abc import Iterator

from scripts import catalogues, messages

NO_BREAK_SPACE = "\u00a0"
THIN_NO_BREAK_SPACE = "\u202f"
_KEPT = re.compile(r"(</?\w[^>]*>|\{\{.*?\}\}|\{%.*?%\}|%\(\w+\)[sd]|https?://\S+)", re.DOTALL)
_RULES = (
    (re.compile(r"[ ]([;?!])"), THIN_NO_BREAK_SPACE + r"\1"),
    (re.compile(r"[ ]([:»]|%%?(?!\())"), NO_BREAK_SPACE + r"\1"),
    (re.compile(r"«[ ]"), "«" + NO_BREAK_SPACE),
    (re.compile(r"(?<=[^\W\d])'(?=[^\W\d])"), "’"),
    (re.compile(r"\.\.\."), "…"),
)


def corrected(text: str) -> str:
    """Return a French text with its typography; markup, variables and addresses inside it stay as they are."""
    pieces = _KEPT.split(text)
    for index in range(0, len(pieces), 2):
        for pattern, replacement in _RULES:
            pieces[index] = pattern.sub(replacement, pieces[index])
    return "".join(pieces)


def _spans_in_python(source: str) -> Iterator[tuple[int, int]]:
    """Yield where the literals given to translation functions stand, without their quotes."""
    lines = source.splitlines(keepends=True)
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))
    for node in ast.walk(ast.parse(source)):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in messages.FUNCTIONS):
            continue
        for argument in node.args:
            if isinstance(argument, ast.Constant) and isinstance(argument.value, str) and argument.end_lineno:
                # Offsets of `ast` count bytes.
                first = lines[argument.lineno - 1].encode()[: argument.col_offset].decode()
                last = lines[argument.end_lineno - 1].encode()[: argument.end_col_offset].decode()
                begin, end = starts[argument.lineno - 1] + len(first), starts[argument.end_lineno - 1] + len(last)
                # Only what is inside quotes: a text may be several literals side by side.
                for literal in re.finditer(r"""("(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')""", source[begin:end]):
                    yield begin + literal.start() + 1, begin + literal.end() - 1


def _spans_in_template(source: str) -> Iterator[tuple[int, int]]:
    """Yield where translated literals and the bodies of blocktranslate stand."""
    for found in re.finditer(r"""\{%-?\s*trans(?:late)?\s+("[^"]*"|'[^']*')|_\(\s*("[^"]*"|'[^']*')\s*\)""", source):
        group = 1 if found[1] else 2
        yield found.start(group) + 1, found.end(group) - 1
    for found in re.finditer(r"\{%\s*blocktrans(?:late)?\b.*?%\}(.*?)\{%\s*endblocktrans(?:late)?\s*%\}", source, re.DOTALL):
        yield found.span(1)


def main() -> int:
    """Correct every source, or say which need it."""
    check = "--check" in sys.argv[1:]
    wrong = []
    for path in messages.sources(catalogues.ROOT):
        source = path.read_text(encoding="utf-8")
        spans = _spans_in_python(source) if path.suffix == ".py" else _spans_in_template(source)
        better = source
        for begin, end in sorted(set(spans), reverse=True):
            better = better[:begin] + corrected(source[begin:end]) + better[end:]
        if better != source:
            wrong.append(path)
            if not check:
                path.write_text(better, encoding="utf-8")
    for path in wrong:
        print(path.relative_to(catalogues.ROOT))
    return 1 if check and wrong else 0


if __name__ == "__main__":
    sys.exit(main())
