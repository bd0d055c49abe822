"""What goes over HTTP as JSON: strict, unchangeable, with nothing that is not declared."""

from pydantic import (
    BaseModel,
    ConfigDict,
)


class Message(BaseModel):
    model_config = ConfigDict(
        strict=True, frozen=True, extra="forbid", allow_inf_nan=False, use_attribute_docstrings=True
    )
