"""Draws a product as a small flat SVG from its shape, colour and material, as a data URI of at most 2,048 characters.

A drawing is a few lines of `COLOUR KIND GEOMETRY`, in a square of 200 × 200:

    m M30,96H170V168Z       a filled path            m o 100,80,40[,30]   a circle or an ellipse
    ~k6 M10,10H90           a line 6 wide            m r 10,10,80,40,6    a rectangle, its corners' radius last

Colours: m, d, l the product's own, its shade and its light; the rest is in PAINTS.
"""

from functools import lru_cache
from urllib.parse import quote

from freshet.demo.words import Finish, colours, drawings

PAINTS = {
    "k": "#34383c",  # ink: handles, rubber
    "y": "#b4bbc0",  # steel
    "w": "#c99b68",  # wood
    "c": "#f8f3e8",  # cream: paper, cord
    "t": "#7a4d2f",  # coffee
    "s": "#6f9a5c",  # leaves
    "g": "#ffdf94",  # a glow
    "q": "#6aa9c9",  # water
    "e": "#d5dd6e",  # a bubble
    "f": "#e8604c",  # a red lamp
}
PASTELS = ("#7fb0c8", "#d9a860", "#8fb37c", "#d08f84", "#a59ac6")
"""Backgrounds of what is black, grey or white itself."""
VIVID_MIN = 28
GRADIENTS: dict[Finish, tuple[str, str, str]] = {
    # Stops at 0, 1/2 and 1 from the left: l, m, d of the product's colour.
    "gloss": ("l", "m", "d"),
    "metal": ("d", "l", "d"),
    "glass": ("l", "m", "l"),
    "matt": ("m", "m", "d"),
    "wood": ("l", "m", "m"),
    "cloth": ("m", "m", "m"),
    "paper": ("m", "l", "m"),
}
SAFE = "/:=,;.-'()"
"""Characters that may stand in a data URI as they are (RFC 3986), and that an SVG in single quotes needs."""


@lru_cache(maxsize=4096)
def picture(shape: str, colour: str, finish: Finish) -> str:
    """The data URI. Raises KeyError for an unknown shape or colour."""
    return "data:image/svg+xml," + quote(svg(shape, colour, finish), safe=SAFE)


def svg(shape: str, colour: str, finish: Finish) -> str:
    own = colours()[colour]
    shade = {"m": own, "d": mixed(own, "#000000", 24), "l": mixed(own, "#ffffff", 30)}
    tint = own if _is_vivid(own) else PASTELS[sum(shape.encode()) % len(PASTELS)]
    ground, disc = mixed(tint, "#ffffff", 80), mixed(tint, "#ffffff", 62)
    paints = {
        **PAINTS,
        **shade,
        "m": "url(#m)",
        "b": disc,
        "a": accent(own),
        "h": "#fff' opacity='.35",
        "x": "#000' opacity='.16",
    }
    stops = "".join(
        f"<stop offset='{offset}' stop-color='{shade[name]}'/>"
        for offset, name in zip(("0", ".5", "1"), GRADIENTS[finish], strict=True)
    )
    parts = "".join(_element(line, paints) for line in drawings()[shape].strip().splitlines())
    return (
        "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 200 200'>"
        f"<linearGradient id='m'>{stops}</linearGradient>"
        f"<path fill='{ground}' d='M0,0H200V200H0Z'/><circle cx='100' cy='100' r='84' fill='{disc}'/>"
        f"<ellipse cx='100' cy='171' rx='66' ry='6' opacity='.12'/>{parts}</svg>"
    )


def _element(line: str, paints: dict[str, str]) -> str:
    first, _, rest = line.partition(" ")
    if first.startswith("~"):
        paint, width = paints[first[1]], first[2:]
        line_style = f"stroke='{paint}' stroke-width='{width}' stroke-linecap='round'"
        return f"<path fill='none' {line_style} d='{rest}'/>"
    fill = f"fill='{paints[first]}'"
    if rest[:2] == "o ":
        x, y, *radii = rest[2:].split(",")
        if len(radii) == 1:
            return f"<circle {fill} cx='{x}' cy='{y}' r='{radii[0]}'/>"
        return f"<ellipse {fill} cx='{x}' cy='{y}' rx='{radii[0]}' ry='{radii[1]}'/>"
    if rest[:2] == "r ":
        x, y, width, height, radius = rest[2:].split(",")
        return f"<rect {fill} x='{x}' y='{y}' width='{width}' height='{height}' rx='{radius}'/>"
    return f"<path {fill} d='{rest}'/>"


def mixed(colour: str, with_colour: str, percent: int) -> str:
    """`percent` of the second in the first, in whole numbers: the same everywhere."""
    pairs = zip(_parts(colour), _parts(with_colour), strict=True)
    return "#" + "".join(f"{(one * (100 - percent) + other * percent) // 100:02x}" for one, other in pairs)


def accent(colour: str) -> str:
    """A colour that stands out beside the given one: warm beside cool, cool beside warm."""
    red, _, blue = _parts(colour)
    return "#4f86a6" if red > blue + 20 else "#e08a4f"


def _is_vivid(colour: str) -> bool:
    parts = _parts(colour)
    return max(parts) - min(parts) >= VIVID_MIN


def _parts(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)
