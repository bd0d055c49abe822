"""Puts a page's own styles and scripts into it: on a phone each file more is a wait more."""

import re
from base64 import b64encode
from collections.abc import Mapping
from hashlib import sha256
from typing import Any, Final

from serving.page_modules import joined

STYLE: Final = re.compile(r'<link rel="stylesheet" href="/page/(\w+\.css)">')
SCRIPT: Final = re.compile(r'<script src="/page/(\w+\.js)"></script>')
"""Those with `defer` stay files."""
MODULE: Final = re.compile(r'<script type="module" src="/page/(\w+\.js)"></script>')
INSIDE: Final = re.compile(r'<(script|style)(?: type="module")?>(.*?)</\1>', re.DOTALL)
ENDS: Final = re.compile(r"</(?:script|style)|<!--", re.IGNORECASE)
"""What would end a script or style that stands in a page, or begin a comment there."""
POLICY: Final = (
    "default-src 'none'; script-src 'self'{script}; style-src 'self'{style}; connect-src 'self'; img-src 'self' data:; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)


def in_one(page: str, texts: Mapping[str, str], map_address: str) -> tuple[str, dict[str, Any]]:
    """The page whole, and the source map of the script that its one module and those that this imports have become.

    Raises ValueError where a text cannot stand in a page.
    """
    module = MODULE.search(page)
    if module is None:
        raise ValueError(f"the page of {map_address} has no module")
    script, source_map = joined(module[1], texts)
    script += f"//# sourceMappingURL={map_address}\n"
    page = STYLE.sub(lambda found: f"<style>{_safe(texts[found[1]], found[1])}</style>", page)
    page = SCRIPT.sub(lambda found: f"<script>{_safe(texts[found[1]], found[1])}</script>", page)
    page = MODULE.sub(lambda _: f'<script type="module">{_safe(script, module[1])}</script>', page)
    return page, source_map


def policy_of(page: str = "") -> str:
    """Content-Security-Policy of a page: its own files, what stands in it by its hash, and pictures that stand in the
    products. What somebody else gets into it does not run.
    """
    hashes = {"script": "", "style": ""}
    for kind, text in INSIDE.findall(page):
        hashes[kind] += f" 'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"
    return POLICY.format(**hashes)


def _safe(text: str, file: str) -> str:
    if ENDS.search(text):
        raise ValueError(f"{file} holds </script, </style or <!--: it cannot stand in a page")
    return text
