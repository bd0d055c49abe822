"""Makes what lets requests in from the settings of the tier."""

from collections.abc import Callable

from schemas.facets import parse_facets
from schemas.filters import Filters
from schemas.instantsearch import parse_names
from schemas.metrics import Metrics
from schemas.settings import ServingSettings, is_loopback
from serving.instantsearch.fields import Fields
from serving.instantsearch.filter_syntax import parse_filters
from serving.instantsearch.filters import filters_of
from serving.keys.access import Access
from serving.keys.key_file import key_path
from serving.keys.key_watch import KeyWatch
from serving.keys.rates import Rates
from serving.keys.ring import KeyRing
from serving.logs import Log


def keys_required(settings: ServingSettings) -> bool:
    if settings.keys_required == "auto":
        return not is_loopback(settings.host)
    return settings.keys_required == "yes"


def open_access(
    settings: ServingSettings, metrics: Metrics, clock: Callable[[], float], wall_ms: Callable[[], int]
) -> Access:
    """Without the keys of the file."""
    fields = Fields(parse_names(settings.instantsearch_names), parse_facets(settings.facets))

    def read_filters(text: str) -> Filters:
        return filters_of([parse_filters(text)], fields)

    required = keys_required(settings)
    ring = KeyRing(settings.admin_key, required, settings.tenant_attribute, wall_ms, read_filters)
    return Access(ring, Rates(clock), metrics, settings.address_rate_per_s, settings.trusted_proxies)


def watched_keys(settings: ServingSettings, access: Access, metrics: Metrics, log: Log) -> KeyWatch:
    """Blocking: reads the file. Raises SettingsError where it is wrong: the tier must not open without its keys."""
    watch = KeyWatch(key_path(settings), access.ring, metrics, log)
    watch.load()
    return watch
