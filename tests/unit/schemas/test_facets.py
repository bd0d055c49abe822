"""Declared attributes: what a declaration may say, and filters that keep to it."""

import pytest

from schemas.errors import InvalidRequest, SettingsError
from schemas.facets import check_filters, parse_facets
from schemas.filters import Filters, NumberRange
from schemas.limits import ATTRIBUTE_NAME_CHARS_MAX, FACETS_MAX
from schemas.settings import ServingSettings, ShardSettings, UpSettings, read
from tests.unit.index_snapshots.making import excluding

DECLARED = parse_facets(["colour:value", "watts:number", "tenant:value"])


def test_a_declaration_names_an_attribute_and_its_kind() -> None:
    assert parse_facets([]) == {}
    assert parse_facets(["colour:value", " max load : number", "a:b:value"]) == {
        "colour": "value",
        "max load": "number",
        "a:b": "value",
    }


@pytest.mark.parametrize(
    ("declared", "words"),
    [
        (["colour"], "'colour' is not name:kind"),
        (["colour:"], "value or number"),
        ([":value"], "':value' is not name:kind"),
        (["colour:text"], "'colour:text'"),
        (["a:value", "a:number"], "'a' is declared twice"),
        (["x" * (ATTRIBUTE_NAME_CHARS_MAX + 1) + ":value"], "longer than 100"),
        ([f"a{i}:value" for i in range(FACETS_MAX + 1)], "33 attributes are declared; at most 32"),
    ],
)
@pytest.mark.parametrize("model", [ShardSettings, ServingSettings, UpSettings])
def test_a_wrong_declaration_refuses_to_start(model: type[ShardSettings], declared: list[str], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        parse_facets(declared)
    with pytest.raises(SettingsError, match="FRESHET_FACETS") as caught:
        read(model, {"FRESHET_FACETS": ",".join(declared)})
    assert words in caught.value.message


def test_declarations_at_their_limits() -> None:
    assert len(parse_facets([f"a{i}:number" for i in range(FACETS_MAX)])) == FACETS_MAX
    assert parse_facets(["x" * ATTRIBUTE_NAME_CHARS_MAX + ":value"])
    assert read(ShardSettings, {"FRESHET_FACETS": "colour:value,watts:number"}).facets == [
        "colour:value",
        "watts:number",
    ]


def test_filters_by_declared_attributes_pass() -> None:
    check_filters(Filters(), {})
    plain = Filters(attributes={"colour": ["red", True], "watts": NumberRange(min=1)})
    check_filters(excluding(plain, any=[plain, Filters(brand=["x"])]), DECLARED)


@pytest.mark.parametrize(
    ("filters", "code", "fields"),
    [
        (Filters(attributes={"size": ["L"]}), "undeclared_attribute", ["filters.attributes.size"]),
        (Filters(attributes={"watts": ["7"]}), "wrong_attribute_kind", ["filters.attributes.watts"]),
        (Filters(attributes={"colour": NumberRange(max=1)}), "wrong_attribute_kind", ["filters.attributes.colour"]),
        (
            excluding(
                excluding(Filters(attributes={"size": ["L"]})),
                all=[Filters(), Filters(attributes={"Colour": ["red"]})],
                any=[Filters(attributes={"watts": [True]})],
            ),
            "undeclared_attribute",
            ["filters.all.1.attributes.Colour", "filters.not.not.attributes.size", "filters.any.0.attributes.watts"],
        ),
    ],
)
def test_what_is_not_declared_is_named(filters: Filters, code: str, fields: list[str]) -> None:
    with pytest.raises(InvalidRequest) as caught:
        check_filters(filters, DECLARED)
    assert caught.value.code == code
    assert [problem.field for problem in caught.value.problems] == fields
    assert "Declared: colour (value), watts (number), tenant (value)" in caught.value.message
    assert caught.value.hint


def test_nothing_declared_is_said_so() -> None:
    with pytest.raises(InvalidRequest, match="Declared: none"):
        check_filters(Filters(attributes={"size": ["L"]}), {})
