"""What a page may load and run (ADR 0012). `settings.CONTENT_SECURITY_POLICY` is exactly this."""

from typing import Any, Final

from csp.constants import NONCE, NONE, SELF, STRICT_DYNAMIC

POLICY: Final[dict[str, Any]] = {
    "DIRECTIVES": {
        "default-src": [NONE],
        # No address is trusted by itself: only what a page names with its nonce, and what that loads in turn.
        "script-src": [NONCE, STRICT_DYNAMIC],
        "worker-src": [SELF],
        "style-src": [SELF],
        # data: for the drawings inside the style sheet, blob: for the preview of a file about to be sent.
        "img-src": [SELF, "data:", "blob:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
        "object-src": [NONE],
        # HTML enters a page by one policy, which sanitises it, and the address of a worker by one that knows a single
        # one (frontend/trusted-types.ts, frontend/elements/live-topics). `dompurify` is the sanitiser's own workbench.
        "require-trusted-types-for": ["'script'"],
        "trusted-types": ["vigie", "vigie-worker", "dompurify"],
    },
}
