"""The text of a product that is embedded."""


def product_text(title: str, brand: str | None, description: str | None) -> str:
    """Title, brand and description, those that are not blank, joined by a space.

    This is the text of the published relevance baseline; another one is another vector space in practice, so a change
    here means embedding the whole catalogue again.
    """
    return " ".join(part for part in (title, brand, description) if part and not part.isspace())
