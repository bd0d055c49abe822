"""Whether a product has, lacks, or only tells of what a query names."""

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from index_snapshots.mentions import Stance, Wanted, may_name, stance

BEFORE, AFTER = ("no", "not", "without", "free of", "doesn't"), ("free", "less", "not included")


def said(phrase: str, **content: Any) -> Stance:
    wanted = Wanted(phrase, BEFORE, AFTER)
    whole = {"title": "Thing", "description": None, "brand": None, "category": None, "attributes": {}} | content
    found = stance(whole, wanted)
    assert may_name(orjson.dumps(whole), wanted) or found == "silent"
    return found


@pytest.mark.parametrize(
    ("phrase", "title", "found"),
    [
        ("fan", "Laptop with fan", "has"),
        ("fan", "Laptop with two fans", "has"),
        ("fans", "Laptop with a fan", "has"),
        ("fan", "Fanless laptop", "lacks"),
        ("fan", "Laptop without a fan", "lacks"),
        ("fan", "Laptop without loud fan", "lacks"),
        ("fan", "Fantastic laptop", "silent"),
        ("sugar", "Sugar-free gum", "lacks"),
        ("sugar", "Jam, no added sugar", "lacks"),
        ("sugar", "Jam (no salt, sugar)", "has"),
        ("sugar", "Sugary jam", "silent"),
        ("stick", "Nonstick pan", "lacks"),
        ("stick", "Anti-stick pan", "lacks"),
        ("touch screen", "Touchscreen laptop", "has"),
        ("touch screen", "Laptop with touch-screen", "has"),
        ("batteries", "Torch with battery", "has"),
        ("battery", "Torch, batteries not included", "lacks"),
        ("dishes", "A dish of glass", "has"),
        ("glass", "Glass table", "has"),
        ("wi fi", "Wi-Fi router", "has"),
        ("lüfter", "Notebook mit Lüfter", "has"),
        ("red", "Bored games", "silent"),
        ("black", "Chair black", "has"),
    ],
)
def test_in_a_title(phrase: str, title: str, found: Stance) -> None:
    assert said(phrase, title=title) == found


def test_brand_and_category_count_as_the_title_does() -> None:
    assert said("samsung", brand="Samsung") == said("toys", category=["Home", "Toys"]) == "has"


def test_a_description_only_tells() -> None:
    assert said("bluetooth", description="Works with bluetooth dongles.") == "tells"
    assert said("bluetooth", description="Comes without bluetooth.") == "lacks"
    assert said("bluetooth", title="Bluetooth speaker", description="No bluetooth.") == "has"


@pytest.mark.parametrize(
    ("attributes", "found"),
    [
        ({"fan": True}, "has"),
        ({"has_fan": False}, "lacks"),
        ({"fan": "None"}, "lacks"),
        ({"fan": "axial"}, "has"),
        ({"fan": ["axial", "radial"]}, "has"),
        ({"fan": 0}, "lacks"),
        ({"fan": 2}, "silent"),
        ({"fan": "0 pcs"}, "lacks"),
        ({"fan_free": True}, "lacks"),
        ({"fan_free": False}, "has"),
        ({"cooling": "fan"}, "has"),
        ({"cooling": ["water", "no fan"]}, "lacks"),
        ({"cooling": 3, "x": None, "y": [1, 2], "z": [True]}, "silent"),
    ],
)
def test_attributes(attributes: dict[str, Any], found: Stance) -> None:
    assert said("fan", attributes=attributes) == found


@given(st.text(max_size=60), st.text(max_size=60), st.text(min_size=1, max_size=12).map(lambda text: text.lower()))
def test_any_text_is_read(title: str, description: str, phrase: str) -> None:
    phrase = " ".join(phrase.split()) or "x"
    said(phrase, title=title, description=description, attributes={title: description})
    assert said("zzz", title=f"{title} zzz", description=description) in ("has", "lacks", "silent")
