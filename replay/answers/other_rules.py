"""`--set rules=...`: a query taken as it was typed, or with other synonyms. Other rules do not exist yet."""

from pathlib import Path
from typing import Final, NamedTuple

from schemas.errors import SettingsError
from schemas.filters import NO_FILTERS
from schemas.heard import Heard
from schemas.wishes import NO_WISHES
from serving.synonyms.read import BYTES_MAX, read_synonyms
from serving.synonyms.synonyms import Synonyms

NONE: Final = "none"


class Rules(NamedTuple):
    name: str
    """`none`, or that of the file."""
    synonyms: Synonyms
    """Instead of those that were used then."""

    def change(self, heard: Heard) -> Heard:
        """With a file only synonyms are others; `none` also leaves the query as it was typed.

        Its vector stays: what was not encoded then is not encoded now."""
        if self.name != NONE:
            return heard
        typed = heard.understood.model_copy(
            update={
                "price": NO_FILTERS,
                "wishes": NO_WISHES,
                "wanted": [],
                "notes": [],
                "words": heard.understood.asked,
            }
        )
        return heard.model_copy(update={"understood": typed, "corrected": None, "others": {}})


def read_rules(value: str) -> Rules:
    """`none`, or a file of synonyms (docs/search.md). Raises SettingsError for one that cannot be read or is wrong."""
    if value == NONE:
        return Rules(NONE, Synonyms())
    path = Path(value)
    try:
        with path.open("rb") as file:
            data = file.read(BYTES_MAX + 1)
    except OSError as error:
        raise SettingsError(
            f"--set rules={value}: {error.strerror}",
            hint="rules are `none`, or a file of synonyms: merchandising rules do not exist yet",
        ) from None
    return Rules(path.name, Synonyms(read_synonyms(data, path.name)))
