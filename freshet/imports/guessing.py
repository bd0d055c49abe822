"""Proposes a mapping for a file nobody has described: names in several languages, checked against the values."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from freshet.imports.column_names import NAMES
from freshet.imports.column_profile import Profile
from schemas.limits import ATTRIBUTE_LIST_ITEMS_MAX, IMAGE_URLS_MAX, TITLE_CHARS_MAX

SHORT_TITLE_CHARS = 300
"""On average; longer texts are descriptions."""
FILLED_SHARE_MIN = 0.2
"""A column that fewer rows fill is an attribute of some products, whatever its name."""
CHANGING = frozenset({"price", "price.amount", "stock", "availability"})
"""A file with a SKU and one of these, and no title, changes products that are there."""
HTML_SHARE_MIN = 0.01
REPEATED_SHARE = 0.7
"""With fewer different SKUs than this share of the rows, a file holds several rows a product."""


@dataclass(frozen=True)
class Choice:
    """A line of the proposal: `target = rule  # why`."""

    target: str
    rule: dict[str, Any]
    why: str


@dataclass(frozen=True)
class Guess:
    choices: list[Choice]
    attributes: list[Choice]
    flatten: list[str]
    drop: list[str]
    unmapped: str
    clean: bool
    notes: list[str]


def plain_name(path: str) -> str:
    """Lower case words with `_` between: `Body (HTML)` is body_html, `priceCents` price_cents."""
    last = path.rpartition(".")[2] if not path.endswith(".") else path
    parted = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", last)
    return re.sub(r"\W+", "_", parted).strip("_").lower()


def guess(profiles: Mapping[str, Profile], rows: int, currency: str = "") -> Guess:
    """Pure. `rows`: of the sample."""
    usable = {path: profile for path, profile in profiles.items() if profile.filled}
    taken: set[str] = set()
    choices, notes = [], []
    for target in ("sku", "title", "price", "description", "brand", "category", "availability", "image_urls", "url"):
        choices += _chosen(target, usable, rows, taken, currency)
    for target in ("stock", "locale"):
        choices += _chosen(target, usable, rows, taken, currency)
    found = {choice.target for choice in choices}
    if "title" not in found and "sku" in found and found & CHANGING:
        choices.insert(0, Choice("type", {"value": "patch"}, "no column holds a title: a file of changes"))
    sku = next((choice for choice in choices if choice.target == "sku"), None)
    repeated = (
        sku is not None and len(usable[sku.rule["from"]].distinct) < REPEATED_SHARE * usable[sku.rule["from"]].filled
    )
    if repeated and sku:
        kinds = len(usable[sku.rule["from"]].distinct)
        notes.append(
            f"{rows:,} rows hold {kinds:,} different SKUs: of several rows of one product the last one counts."
        )
    rest = {path: profile for path, profile in usable.items() if path not in taken and not profile.level}
    flatten = [path for path, profile in rest.items() if profile.maps]
    long_lists = [
        Choice(path, {"from": path, "items_max": ATTRIBUTE_LIST_ITEMS_MAX}, f"up to {profile.items_most} items")
        for path, profile in rest.items()
        if profile.items_most > ATTRIBUTE_LIST_ITEMS_MAX
    ]
    empty = [path for path, profile in profiles.items() if not profile.filled and not profile.level]
    clean = any(profile.controls for profile in usable.values())
    return Guess(choices, long_lists, flatten, empty, "drop" if repeated else "attributes", clean, notes)


def _chosen(target: str, usable: Mapping[str, Profile], rows: int, taken: set[str], currency: str) -> list[Choice]:
    best = _best(target, usable, rows, taken)
    if best is None:
        return []
    taken.add(best.name)
    if target == "price":
        return _price(best, usable, taken, currency)
    rule, why = _rule(target, best)
    return [Choice(target, rule, why)]


def _best(target: str, usable: Mapping[str, Profile], rows: int, taken: set[str]) -> Profile | None:
    ranked = []
    for path, profile in usable.items():
        name = plain_name(path if profile.level else path.replace(".", "_"))
        if path in taken or name not in NAMES[target] or profile.filled < FILLED_SHARE_MIN * rows:
            continue
        if not _fits(target, profile, rows):
            continue
        ranked.append((profile.level, NAMES[target].index(name), path))
    return usable[min(ranked)[2]] if ranked else None


def _fits(target: str, profile: Profile, rows: int) -> bool:
    """Whether the values can be what the name says."""
    if target in ("sku", "title"):
        plain = profile.texts + profile.numbers
        full = profile.filled >= 0.9 * rows and plain == profile.filled
        return full and (target == "sku" or (profile.texts > 0 and profile.chars / rows <= SHORT_TITLE_CHARS))
    if target in ("price", "stock"):
        wanted = profile.is_number or profile.share(profile.money) > 0.95
        return wanted and (target == "price" or (profile.is_whole and profile.share(profile.negative) < 0.01))
    if target == "availability":
        return profile.share(profile.availabilities + profile.booleans) > 0.95
    if target in ("image_urls", "url"):
        return profile.urls > 0 and (target == "image_urls" or not profile.lists)
    if target == "category":
        return profile.texts + profile.lists == profile.filled and profile.chars_most <= TITLE_CHARS_MAX
    return profile.texts == profile.filled


def _price(best: Profile, usable: Mapping[str, Profile], taken: set[str], currency: str) -> list[Choice]:
    rule: dict[str, Any] = {"from": best.name}
    why = [_seen(best)]
    if best.texts:
        rule["number"] = best.mark
        why.append(f"decimals after {best.mark!r}")
    if "cents" in plain_name(best.name) and best.is_whole:
        rule |= {"scale": 0.01, "decimals": 2}
        why.append("whole cents")
    column = next((path for path in usable if plain_name(path) in NAMES["currency"]), None)
    if column and not best.money:
        taken.add(column)
        return [
            Choice("price.amount", rule, ", ".join(why)),
            Choice("price.currency", {"from": column}, _seen(usable[column])),
        ]
    if not best.money:
        rule["currency"] = currency or "EUR"
        why.insert(0, "currency as --currency says" if currency else "CHECK the currency, no column names it")
    return [Choice("price", rule, ", ".join(why))]


def _rule(target: str, best: Profile) -> tuple[dict[str, Any], str]:
    rule: dict[str, Any] = {"from": best.name}
    why = [_seen(best)]
    if target in ("title", "description") and best.share(best.html) >= HTML_SHARE_MIN:
        rule["html"] = True
        why.append("holds HTML")
    if target == "title" and best.chars_most > TITLE_CHARS_MAX:
        rule["chars_max"] = TITLE_CHARS_MAX
    if target in ("category", "image_urls") and best.texts:
        separator = _separator(target, best)
        if separator:
            rule["split"] = separator
            why.append(f"levels are separated by {separator!r}" if target == "category" else "several")
        else:
            rule["list"] = True
    if target == "image_urls" and (best.lists or rule.get("split")):
        rule["items_max"] = IMAGE_URLS_MAX
    if target == "stock" and best.texts:
        rule["number"] = "."
    if target == "stock" and best.negative:
        rule["min"] = 0
    return rule, ", ".join(why)


def _separator(target: str, profile: Profile) -> str:
    """The one that cuts most; a comma or a slash must cut nearly all, for they stand in names, too."""
    for separator, share in ((" > ", 0.05), (">", 0.05), ("|", 0.05), (";", 0.2), ("/", 0.8), (",", 0.8)):
        if target == "image_urls" and separator == "/":
            continue
        if profile.share(profile.separators.get(separator, 0)) >= share:
            return separator.strip()
    return ""


def _seen(profile: Profile) -> str:
    short = " ".join((profile.examples or [""])[0].split())
    return f"e.g. {short[:40] + '…' if len(short) > 40 else short}" if short else f"{profile.filled:,} values"
