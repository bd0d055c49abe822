"""What `freshet import --guess` does: propose a mapping on stdout, show on stderr what it makes of the first rows."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import orjson

from freshet.exit_codes import FAILED, OK
from freshet.imports.builtin_mappings import builtin_mapping
from freshet.imports.checking import checked
from freshet.imports.column_profile import profiles_of
from freshet.imports.guessing import guess
from freshet.imports.mapping_file import FieldMapping, parse_mapping, with_currency
from freshet.imports.mapping_text import mapping_text
from freshet.imports.product_lines import LeftOut, Ready
from freshet.imports.readers.choose import open_source
from freshet.imports.readers.rows import Row, Source
from freshet.imports.reasons_seen import Reasons
from freshet.printing import print_json, say
from schemas.errors import SettingsError

SAMPLE_ROWS = 2_000
SHOWN = 3
SHOWN_CHARS = 1_000
BUILT_IN = frozenset({"google", "shopify"})


def guess_mapping(file: Path, format: str, encoding: str, currency: str, as_json: bool) -> int:
    """FAILED when no row of the sample becomes a product."""
    source = open_source(file, format, encoding)
    rows = list(islice(source.rows(), SAMPLE_ROWS))
    text, mapping = _proposed(source, rows, currency)
    result = _tried(rows, mapping)
    if as_json:
        print_json({"format": source.format, "mapping": text, **result})
    else:
        print(text, end="", flush=True)
        for line in _lines(source, result):
            say(line)
    return OK if result["good"] else FAILED


def _proposed(source: Source, rows: list[Row], currency: str) -> tuple[str, FieldMapping | None]:
    """The proposal's text, and the mapping it makes; None when a column for `sku` or `title` was not found."""
    if source.format in BUILT_IN:
        built_in = builtin_mapping(source)
        assert built_in is not None
        text = f"# Built in for {source.format}: no --map is needed. Save and change it to have another.\n"
        text += built_in.text.lstrip()
        if source.format == "shopify":
            rule = 'from = "Variant Price", number = "."'
            text = text.replace(rule, f'{rule}, currency = "{currency or "EUR"}"', 1)
        return text, with_currency(parse_mapping(text), currency)
    values = [row.value for row in rows if isinstance(row.value, dict)]
    if not values:
        raise SettingsError(f"no row of {source.path} could be read", hint="freshet import --dry-run says why")
    text = mapping_text(
        guess(profiles_of(values), len(values), currency), f"Maps {source.path.name} ({source.format})."
    )
    try:
        return text, parse_mapping(text)
    except SettingsError:
        return text, None


def _tried(rows: list[Row], mapping: FieldMapping | None) -> dict[str, Any]:
    good, left_out, reasons = 0, 0, Reasons()
    examples: list[dict[str, Any]] = []
    for row in rows if mapping else []:
        made = checked(row, mapping)
        if isinstance(made, Ready):
            good += 1
            if len(examples) < SHOWN:
                examples.append(orjson.loads(made.event))
        elif isinstance(made, LeftOut):
            left_out += 1
        else:
            reasons.add(made)
    kinds = reasons.examples()
    return {"sample": len(rows), "good": good, "left_out": left_out, "rejected": kinds, "products": examples}


def _lines(source: Source, result: dict[str, Any]) -> Iterator[str]:
    for number, product in enumerate(result["products"], start=1):
        shown = orjson.dumps(product, option=orjson.OPT_INDENT_2).decode()
        yield f"product {number}: " + (shown if len(shown) <= SHOWN_CHARS else shown[:SHOWN_CHARS] + " …")
    yield f"{result['good']:,} of the first {result['sample']:,} rows ({source.format}) become products"
    for seen in result["rejected"]:
        yield f"  {seen['count']:,} {seen['reason']} {seen['field']}, line {seen['lines'][0]:,}: {seen['message']}"
    if result["good"]:
        yield "next: save this as mapping.toml, then freshet import FILE --map mapping.toml --dry-run"
