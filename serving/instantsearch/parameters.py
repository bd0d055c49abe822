"""What one question of a client says, as JSON or as the query string (`params`) of older clients."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Final, Literal
from urllib.parse import parse_qsl, urlencode

import orjson
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from schemas.errors import InvalidRequest, Problem
from schemas.limits import FACET_TEXT_CHARS_MAX, FACET_VALUES_MAX, QUERY_CHARS_MAX
from serving.instantsearch.elsewhere import IGNORED, REFUSED
from serving.problems import invalid_request

HITS_PER_PAGE: Final = 20
PARAMETERS_MAX: Final = 200
PARAMS_CHARS_MAX: Final = 100_000
LISTED_MAX: Final = 1_000
"""Names or values in one list."""
TAG_CHARS_MAX: Final = 100
NOT_PARAMETERS: Final = frozenset({"indexName", "params", "type", "strategy"})
"""What stands beside the parameters of a question."""


def _list(value: object) -> object:
    """In a query string a list is JSON, or has commas between its parts; one text alone is a list of it."""
    if not isinstance(value, str):
        return value
    if value.startswith("["):
        try:
            return orjson.loads(value)
        except orjson.JSONDecodeError:
            return value
    return [part for part in value.split(",") if part]


Names = Annotated[list[str], BeforeValidator(_list), Field(max_length=LISTED_MAX)]
Nested = Annotated[list[str | list[str]], BeforeValidator(_list), Field(max_length=LISTED_MAX)]
Tag = Annotated[str, Field(max_length=TAG_CHARS_MAX)]


class Parameters(BaseModel):
    """Of one question. Texts are read as what they stand for: they may come from a query string."""

    model_config = ConfigDict(
        alias_generator=to_camel, frozen=True, extra="forbid", allow_inf_nan=False, use_attribute_docstrings=True
    )

    query: Annotated[str, Field(max_length=QUERY_CHARS_MAX)] = ""
    page: Annotated[int, Field(ge=0)] = 0
    """From 0."""
    hits_per_page: Annotated[int, Field(ge=0)] = HITS_PER_PAGE
    offset: Annotated[int, Field(ge=0)] | None = None
    length: Annotated[int, Field(ge=0)] | None = None
    """With `offset` instead of pages."""
    filters: str = ""
    facet_filters: Nested = []
    numeric_filters: Nested = []
    tag_filters: Nested = []
    """As `facet_filters` on the attribute `_tags`."""
    facets: Names = []
    max_values_per_facet: Annotated[int, Field(ge=1)] = FACET_VALUES_MAX
    sort_facet_values_by: Literal["count", "alpha"] = "count"
    distinct: bool | int | None = None
    attributes_to_retrieve: Names = ["*"]
    attributes_to_highlight: Names | None = None
    attributes_to_snippet: Names = []
    highlight_pre_tag: Tag = "<em>"
    highlight_post_tag: Tag = "</em>"
    snippet_ellipsis_text: Tag = "…"
    click_analytics: bool = False
    enable_personalization: bool = True
    user_token: str | None = None
    query_languages: Names = []
    natural_languages: Names = []
    typo_tolerance: bool | str | None = None
    synonyms: bool = True
    query_type: Literal["prefixLast", "prefixAll", "prefixNone"] = "prefixLast"
    mode: Literal["neuralSearch", "keywordSearch"] | None = None
    response_fields: Names = ["*"]
    facet: str = ""
    """With `type: facet`: whose values are searched."""
    facet_query: Annotated[str, Field(max_length=FACET_TEXT_CHARS_MAX)] = ""
    max_facet_hits: Annotated[int, Field(ge=1, le=FACET_VALUES_MAX)] = 10

    def echoed(self) -> str:
        """As a query string, what was given."""
        given = self.model_dump(exclude_unset=True, by_alias=True)
        return urlencode({name: _text(value) for name, value in given.items()})


def parameters(stated: Mapping[str, Any]) -> Parameters:
    """Raises InvalidRequest for what is unknown, wrong, or would be left out to somebody's harm."""
    params = stated.get("params", {})
    if isinstance(params, str):
        params = from_text(params)
    if not isinstance(params, Mapping):
        raise _wrong("params", "must be an object or a query string")
    beside = {name: value for name, value in stated.items() if name not in NOT_PARAMETERS}
    given = {**params, **beside}
    for name in sorted(REFUSED & given.keys()):
        if given[name] not in ("", [], "[]", None, False, "false"):
            raise _wrong(name, "is not supported: without it other products would be found than were asked for")
    known = {name: value for name, value in given.items() if name not in REFUSED | IGNORED}
    try:
        return Parameters.model_validate({name: value for name, value in known.items() if value is not None})
    except ValidationError as error:
        raise invalid_request(error) from None


def from_text(text: str) -> dict[str, str]:
    """Raises InvalidRequest."""
    if len(text) > PARAMS_CHARS_MAX:
        raise _wrong("params", f"is longer than {PARAMS_CHARS_MAX:,} characters")
    try:
        return dict(parse_qsl(text, keep_blank_values=True, max_num_fields=PARAMETERS_MAX))
    except ValueError:
        raise _wrong("params", f"holds more than {PARAMETERS_MAX} parameters") from None


def names_of(value: object) -> list[str]:
    """Of `attributesToRetrieve` where it stands alone; all where it is left out. Raises InvalidRequest."""
    found = ["*"] if value is None else _list(value)
    if not isinstance(found, list) or not all(isinstance(one, str) for one in found) or len(found) > LISTED_MAX:
        raise _wrong("attributesToRetrieve", f"must be a list of at most {LISTED_MAX} names")
    return found


def chosen(names: Iterable[str], name: str) -> bool:
    """Whether a list of attributes has this one: by name, with `*`, and not with `-name`."""
    listed = list(names)
    return f"-{name}" not in listed and (name in listed or "*" in listed)


def _text(value: object) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def _wrong(name: str, what: str) -> InvalidRequest:
    return InvalidRequest("invalid_request", f"{name}: {what}", (Problem(name, what),))
