"""Which fields of filters are one condition: each field is in one, and all of them together are the filters."""

from schemas.filter_groups import FIELDS, alone, named, without
from schemas.filters import Filters

ALL = Filters.model_validate(
    {
        "brand": ["Lumen"],
        "category": [["Home"]],
        "price_max": 5.0,
        "currency": "EUR",
        "in_stock": True,
        "attributes": {"colour": ["red"], "watts": {"min": 5.0}},
        "not": {"in_stock": True},
    }
)


def test_every_field_is_in_one_condition_or_holds_others() -> None:
    fields = [field for group in FIELDS.values() for field in group]
    assert sorted([*fields, "attributes", "all", "any", "not_"]) == sorted(Filters.model_fields)


def test_conditions_have_names_and_each_can_be_left_out_or_stand_alone() -> None:
    names = named(ALL)
    assert names == ["attributes.colour", "attributes.watts", "price", "brand", "in_stock", "category"]
    for name in names:
        assert named(alone(ALL, name)) == [name] and named(without(ALL, [name])) == [
            one for one in names if one != name
        ]
    assert without(ALL, names) == Filters.model_validate({"not": {"in_stock": True}}) and named(Filters()) == []
    assert alone(ALL, "price") == Filters(price_max=5.0, currency="EUR")


def test_a_price_may_be_left_out_but_for_what_it_is_measured_in() -> None:
    left = without(ALL, ["price"], units=False)
    assert (left.price_max, left.currency) == (None, "EUR") and without(ALL, ["price"]).currency is None


def test_filters_without_the_condition_stay_the_very_same() -> None:
    for names in ([], ["attributes.size"], ["facet"]):
        assert without(ALL, names) is ALL
    euros = Filters(currency="EUR")
    assert without(euros, ["price"], units=False) is euros
