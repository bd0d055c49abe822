"""Makes one script of the ES modules of a page, so that a phone waits for all of them once.

It reads what our modules are written in, at the beginning of a line: `import {one, other} from "./file.js";`,
`import * as name from "./file.js";`, and `export` before one `const`, `class`, `function` or `async function`.
Other forms are refused.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

IMPORT: Final = re.compile(r'import (?:\* as (?P<all>\w+)|\{(?P<names>\w+(?:, \w+)*)\}) from "\./(?P<file>\w+\.js)";')
EXPORT: Final = re.compile(r"export (?=(?:const|class|function|async function) (?P<name>\w+))")
UNREAD: Final = re.compile(r"(?:import|export)\b|(?!//|.*\basync\b)\S.*\bawait\b|await\b|.*\bimport(?:\(|\.meta\b)")
"""Further forms, waiting while a module begins, and modules asked for later."""
SAME: Final = "AAAA", ";AACA"
"""Of a source map: the first line is the first of the file, each further one the next."""


def joined(first: str, modules: Mapping[str, str]) -> tuple[str, dict[str, Any]]:
    """The module `first` and all that it imports as one script, each after those that it imports; and its source map.

    `modules` are texts by file name. Raises ValueError that says which line of which file cannot be read.
    """
    lines, sections = list[str](), list[dict[str, Any]]()
    for file in _in_order(first, modules):
        lines.append(f"const {_name(file)} = (() => {{")
        sections.append({"offset": {"line": len(lines), "column": 0}, "map": _as_it_is(file, modules[file])})
        lines += [_inside(text, f"{file}:{at}", modules) for at, text in enumerate(modules[file].splitlines(), 1)]
        lines += [f"return {{{', '.join(_exported(modules[file]))}}};", "})();"]
    return "\n".join(lines) + "\n", {"version": 3, "sections": sections}


def _in_order(first: str, modules: Mapping[str, str]) -> list[str]:
    """As a browser begins them: what a module imports before it, in the order in which it does."""
    done = list[str]()

    def visit(file: str, above: tuple[str, ...]) -> None:
        if file in above:
            raise ValueError(f"{' imports '.join((*above, file))}: a circle has no first one")
        if file not in modules:
            raise ValueError(f"{above[-1] if above else 'the page'} imports {file}, which is not there")
        for one in IMPORT.finditer(modules[file]):
            if one["file"] not in done:
                visit(one["file"], (*above, file))
        done.append(file)

    visit(first, ())
    return done


def _inside(line: str, where: str, modules: Mapping[str, str]) -> str:
    """A line of a module as it stands within a function."""
    found = IMPORT.fullmatch(line)
    if found and found["all"]:
        return f"const {found['all']} = {_name(found['file'])};"
    if found:
        missing = set(found["names"].split(", ")) - set(_exported(modules[found["file"]]))
        if missing:
            raise ValueError(f"{where} imports {', '.join(sorted(missing))}, which {found['file']} does not export")
        return f"const {{{found['names']}}} = {_name(found['file'])};"
    line = EXPORT.sub("", line, count=1) if EXPORT.match(line) else line
    if UNREAD.match(line):
        raise ValueError(f"{where} cannot be joined with the others of its page: {line.strip()}")
    return line


def _exported(text: str) -> list[str]:
    return [found["name"] for line in text.splitlines() if (found := EXPORT.match(line))]


def _name(file: str) -> str:
    return "$" + file.removesuffix(".js")


def _as_it_is(file: str, text: str) -> dict[str, Any]:
    first, next_one = SAME
    mappings = first + next_one * (len(text.splitlines()) - 1)
    return {"version": 3, "sources": [f"/page/{file}"], "names": [], "mappings": mappings}
