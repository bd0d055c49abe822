"""What a query calls money: signs and words, and the currencies that each may mean."""

from typing import Final

_CALLED: Final[tuple[tuple[str, tuple[str, ...]], ...]] = (
    ("€ euro euros eur", ("EUR",)),
    ("$ dollar dollars bucks", ("USD", "CAD", "AUD", "NZD", "SGD", "HKD", "MXN")),
    ("usd", ("USD",)),
    ("cad", ("CAD",)),
    ("aud", ("AUD",)),
    ("£ gbp quid", ("GBP",)),
    ("chf franken sfr", ("CHF",)),
    ("¥ yen jpy", ("JPY", "CNY")),
    ("yuan rmb cny", ("CNY",)),
    ("₹ rupee rupees inr", ("INR",)),
    ("sek", ("SEK",)),
    ("nok", ("NOK",)),
    ("dkk", ("DKK",)),
    ("kr kronor kroner", ("SEK", "NOK", "DKK", "ISK")),
    ("pln złoty zloty zł", ("PLN",)),
    ("czk kč", ("CZK",)),
    ("reais brl", ("BRL",)),
)
CURRENCIES: Final = {word: codes for words, codes in _CALLED for word in words.split()}
SIGNS: Final = frozenset("€$£¥₹")
"""Those that may stand before the amount; words such as EUR may too."""
POUNDS: Final = frozenset({"pound", "pounds"})
"""A weight, unless the catalogue has prices in GBP."""


def money(word: str, known: frozenset[str]) -> tuple[str, ...]:
    """The currencies that a word may mean; () when it means none. `known`: those of the catalogue."""
    if word in POUNDS:
        return ("GBP",) if "GBP" in known else ()
    return CURRENCIES.get(word, ())
