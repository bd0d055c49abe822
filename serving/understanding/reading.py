"""How a query is to be read: as the request says, else as the shop's settings do."""

from schemas.search import SearchRequest, UnderstandStep
from schemas.settings import ServingSettings
from serving.understanding.languages import Language, language


def reading_of(asked: SearchRequest, settings: ServingSettings) -> tuple[Language, frozenset[UnderstandStep]]:
    """In which language, and by which steps."""
    steps = settings.understand if asked.understand is None else asked.understand
    return language(asked.locale or settings.locale), frozenset(steps)
