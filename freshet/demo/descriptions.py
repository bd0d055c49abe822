"""Titles and descriptions in plain words: what it is, what it is good for, what it is made of, how to keep it."""

from freshet.demo.dice import Dice
from freshet.demo.words import Kind, Material


def title(kind: Kind, material: Material, series: str, size: str, colour: str) -> str:
    """Enamel pour-over kettle, 0.8 l, moss green."""
    name = f"{series} {_named(kind, material)}" if series else _capital(_named(kind, material))
    return ", ".join(part for part in (name, size, colour) if part)


def description(dice: Dice, kind: Kind, material: Material, brand: str) -> str:
    """Three or four sentences."""
    sentences = [
        _what(dice, kind, material, brand),
        *dice.some(kind.uses, 2 if dice.chance(35) else 1),
        dice.pick(material.says),
        dice.pick(material.care),
    ]
    if len(sentences) > 4 or dice.chance(30):
        sentences.pop(-dice.between(1, 2))
    return " ".join(sentences)


def _what(dice: Dice, kind: Kind, material: Material, brand: str) -> str:
    features = dice.some(kind.features, 2 if len(kind.features) > 2 and not kind.one_of and dice.chance(40) else 1)
    having = " and ".join(features)
    article = "" if kind.plural or kind.packed else _article(kind.name)
    made = f"of {material.of}" if kind.packed else f"made of {material.of}"
    ways = (
        f"{_capital(_named(kind, material))} with {having}.",
        f"{_capital(article + kind.name)} {made}, with {having}.",
        f"{_capital(kind.name)} by {brand}: {material.of}, with {having}.",
    )
    return dice.pick(ways)


def _named(kind: Kind, material: Material) -> str:
    """`pair of` and `set of` come first: pair of leather gloves."""
    for start in ("pair of ", "set of "):
        if kind.name.startswith(start):
            return f"{start}{material.title} {kind.name.removeprefix(start)}"
    return f"{material.title} {kind.name}"


def _article(name: str) -> str:
    return "an " if name[0].lower() in "aeiou" else "a "


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
