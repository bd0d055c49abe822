"""The demo declares what its products can be filtered by, and nothing where somebody else has declared anything."""

from pathlib import Path

from freshet.demo.catalogue import assortment
from freshet.demo.declared import FACETS, FOLDER, with_facets
from schemas.facets import parse_facets
from schemas.settings import UpSettings


def test_only_a_stack_with_the_demo_in_it_gets_them(tmp_path: Path) -> None:
    assert with_facets({"A": "b"}, UpSettings(data=tmp_path)) == {"A": "b"}
    (tmp_path / FOLDER).mkdir()
    assert with_facets({"A": "b"}, UpSettings(data=tmp_path)) == {"A": "b", "FRESHET_FACETS": ",".join(FACETS)}


def test_what_the_shop_declares_itself_stays(tmp_path: Path) -> None:
    (tmp_path / FOLDER).mkdir()
    assert with_facets({}, UpSettings(data=tmp_path, facets=["tenant:value"])) == {}
    assert with_facets({}, UpSettings(data=tmp_path, facets=[])) == {}


def test_they_are_attributes_of_the_demos_products() -> None:
    told = {name: value for product in assortment().first.values() for name, value in product["attributes"].items()}
    for name, kind in parse_facets(FACETS).items():
        assert isinstance(told[name], str if kind == "value" else int)
