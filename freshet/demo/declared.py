"""What the demo's products can be filtered by, where nobody has declared anything."""

from typing import Final

from schemas.settings import UpSettings

FOLDER: Final = "demo"
"""Of a data folder in which the demo was started."""
FACETS: Final = (
    "colour:value",
    "material:value",
    "size:value",
    "capacity:value",
    "weight_g:number",
    "group:value",
)


def with_facets(environ: dict[str, str], settings: UpSettings) -> dict[str, str]:
    """The environment of a stack with the demo in its data, FRESHET_FACETS among it unless the shop has its own."""
    if "facets" in settings.model_fields_set or not (settings.data / FOLDER).is_dir():
        return environ
    return {**environ, "FRESHET_FACETS": ",".join(FACETS)}
