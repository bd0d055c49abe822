"""Settings: one typed model per process, read from FRESHET_* variables over a TOML file; unknown keys are refused."""

import difflib
import tomllib
from collections.abc import Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, field_validator

from schemas.errors import SettingsError
from schemas.facets import parse_facets
from schemas.fallback import FALLBACK_BELOW_MAX, FALLBACK_STEPS, FallbackStep
from schemas.grouping import groupable
from schemas.instantsearch import parse_indexes, parse_names
from schemas.limits import ATTRIBUTE_NAME_CHARS_MAX, LOCALE_CHARS_MAX
from schemas.ranking import RankerName
from schemas.search import UNDERSTAND_STEPS, UnderstandStep
from schemas.secrets import Secret, is_secret, shown
from schemas.topics import DAY_MS, TOPICS

PREFIX = "FRESHET_"
CONFIG_VARIABLE = "FRESHET_CONFIG"
NOT_SETTINGS = {
    CONFIG_VARIABLE: "Path of the TOML file",
    "FRESHET_FAULT": "Test-only switch of the fault drills: makes a worker die or raise at a named point "
    "(`agents/faults.py`). Never set it in production",
}

EngineName = Literal["auto", "onnxruntime", "onnxruntime-int8", "openvino"]
Port = Annotated[int, Field(ge=0, le=65_535)]


def _declaring(facets: list[str]) -> list[str]:
    parse_facets(facets)
    return facets


FacetList = Annotated[list[str], AfterValidator(_declaring)]


def _grouping(field: str) -> str:
    return groupable(field) if field else field


def _naming(indexes: list[str]) -> list[str]:
    parse_indexes(indexes)
    return indexes


def _calling(names: list[str]) -> list[str]:
    parse_names(names)
    return names


FACETS: Any = Field(
    default_factory=list,
    description="Attributes that products can be filtered by, each as name:kind; kinds: value, number. "
    "The same for shards and serving",
)


class Settings(BaseModel):
    """What every process needs."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)

    kafka: str = Field("127.0.0.1:9092", description="Kafka bootstrap servers, host:port[,host:port]")
    redis_url: str = Field("redis://127.0.0.1:6379/0", description="Redis; only hints and sessions live there")
    data: Path = Field(Path(".freshet"), description="Folder for local state, snapshots, models and logs")
    generation: int = Field(1, ge=1, description="Generation of the topics; re-sharding writes the next one")
    partitions: int = Field(1, ge=1, le=1024, description="Partitions of `catalog`, fixed for a generation")
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="Least level that is logged")
    tracing: bool = Field(
        False,
        description="Hand the header `traceparent` on, from requests through Kafka to the shards; with freshet[otel] "
        "as spans, too (docs/monitoring.md)",
    )


KEPT_DAYS_MAX = max(topic.retention_ms for topic in TOPICS if topic.name in ("catalog", "dead-letters")) / DAY_MS


class WorkerSettings(Settings):
    """What the workers share that answer nothing but how they are."""

    worker_host: str = Field("127.0.0.1", description="Address that the health page of this worker binds")
    worker_open: bool = Field(
        False,
        description="Allow a worker_host other than loopback: the page has no keys, so shield it by the network",
    )


class CatalogSettings(WorkerSettings):
    """agents.catalog: decides what each event means."""

    catalog_port: Port = Field(0, description="Port of /healthz, /readyz and /metrics; 0: any free one")
    catalog_batch_max: int = Field(500, ge=1, description="Most events in one transaction")
    delete_memory_days: float = Field(
        37.0,
        description="How long a delete is remembered; longer than catalog and dead-letters are kept (30 days)",
        json_schema_extra={"exclusiveMinimum": KEPT_DAYS_MAX},
    )
    catalog_worker: str = Field(
        "catalog-0", min_length=1, description="Fixed name of this worker in its consumer group"
    )

    @field_validator("delete_memory_days")
    @classmethod
    def _outlives_what_could_come_again(cls, days: float) -> float:
        if days <= KEPT_DAYS_MAX:
            raise ValueError(f"must be more than {KEPT_DAYS_MAX:g}: a replayed older event would bring a product back")
        return days


class EmbedSettings(WorkerSettings):
    """agents.embed: turns contents into documents with vectors."""

    embed_port: Port = Field(0, description="Port of /healthz, /readyz and /metrics; 0: any free one")
    embed_batch_max: int = Field(64, ge=1, description="Most products in one transaction")
    dead_letter_limit: int = Field(
        100, ge=1, description="This many failures in a row stop the worker: the deployment is wrong, not the data"
    )
    embed_worker: str = Field("embed-0", min_length=1, description="Fixed name of this worker in its consumer group")
    engine: EngineName = Field("auto", description="What runs the model")
    embed_threads: int = Field(1, ge=1, description="Threads of one worker's engine; more workers beat more threads")
    model: Path | None = Field(None, description="Folder of the model bundle; default: DATA/models/all-MiniLM-L6-v2")


class ShardSettings(Settings):
    """agents.shard: applies documents and offers, answers searches."""

    shard_host: str = Field("127.0.0.1", description="Address the shard's endpoint binds")
    shard_open: bool = Field(
        False,
        description="Allow a shard_host other than loopback: the endpoint has no keys, so shield it by the network",
    )
    shard_port: Port = Field(0, description="Port of the shard's endpoint; 0: any free one")
    shard_partitions: list[int] | None = Field(None, description="Partitions this process serves; default: all")
    replica: int = Field(0, ge=0, description="Number of this replica")
    snapshot_every_records: int = Field(
        20_000, ge=1, description="A snapshot at each multiple of so many documents, or of ten times as many offers"
    )
    snapshots_keep: int = Field(2, ge=1, description="Snapshots kept per shard")
    snapshot_store: str = Field(
        "",
        description="Where each snapshot is sent too, and from where a shard without one starts: s3://bucket/prefix, "
        "or file:///srv/snapshots or the path of a folder, which must be there; empty: nowhere",
    )
    snapshot_store_endpoint: str = Field(
        "",
        description="URL of the server of an s3:// store; empty: AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL or Amazon's",
    )
    snapshot_store_region: str = Field(
        "", description="Region of an s3:// store; empty: AWS_REGION or AWS_DEFAULT_REGION, else us-east-1"
    )
    snapshot_store_access_key_id: Secret = Field(
        "", description="Key of an s3:// store; empty: AWS_ACCESS_KEY_ID, else the role of the machine or pod"
    )
    snapshot_store_secret_access_key: Secret = Field(
        "", description="Its secret; empty: AWS_SECRET_ACCESS_KEY, else the role"
    )
    snapshot_store_session_token: Secret = Field(
        "", description="Session token of temporary keys; empty: AWS_SESSION_TOKEN"
    )
    snapshot_store_encryption: Literal["", "AES256", "aws:kms", "aws:kms:dsse"] = Field(
        "",
        description="How an s3:// store encrypts what it keeps: AES256 (SSE-S3), aws:kms or aws:kms:dsse (SSE-KMS); "
        "empty: as the bucket says",
    )
    snapshot_store_kms_id: str = Field(
        "", description="Id or ARN of the key for aws:kms; empty: the account's own for S3"
    )
    snapshot_store_keep: int = Field(
        3,
        ge=1,
        description="Snapshots kept per shard in the store, beside those that a replay of the last 7 days may need",
    )
    snapshot_store_mb_per_s: float = Field(
        50.0, ge=0, description="Most that a process sends to the store, 10^6 bytes a second; 0: no limit"
    )
    snapshot_store_check_s: float = Field(
        300.0,
        gt=0,
        description="Pause between two looks whether the store has what was sent: what is missing or was found damaged "
        "is sent again",
    )
    snapshot_store_scrub_s: float = Field(
        86_400.0,
        gt=0,
        description="Pause until such a look reads every byte back, as fast as snapshot_store_mb_per_s allows",
    )
    held_offers_max: int = Field(100_000, ge=1, description="Offers without a document beyond this raise an alarm")
    recall: float = Field(
        0.98,
        ge=0.5,
        le=0.999,
        description="Share of the true ten nearest products that a search is to find: each graph measures how much "
        "work that takes. A shard keeps what it was built with, until `freshet shard rebuild`",
    )
    digest_every: int = Field(
        5_000,
        ge=1,
        description="Digests are kept at each multiple of so many records of a topic, the last eight of each: at those "
        "points replicas are compared. 40,000 records are 20 s at 2,000/s, further than replicas drift apart",
    )
    scrub_s: float = Field(
        3_600.0, gt=0, description="Pause between two scrubs: each reads all that a shard holds and hashes it again"
    )
    model: Path | None = Field(None, description="Folder of the model bundle, whose id and dimension the shard takes")
    facets: FacetList = FACETS


class SessionSettings(WorkerSettings):
    """agents.session: counts clicks and keeps where each session looks."""

    session_port: Port = Field(0, description="Port of /healthz, /readyz and /metrics; 0: any free one")
    session_batch_max: int = Field(500, ge=1, description="Most clicks in one step")
    session_worker: str = Field(
        "session-0", min_length=1, description="Fixed name of this worker in its consumer group"
    )
    shards: list[str] = Field(
        default_factory=list,
        description="One entry per partition: addresses of its replicas, separated by |; dns://name:port stands for "
        "every address of a name",
    )


class ServingSettings(Settings):
    """serving: the HTTP tier."""

    host: str = Field("127.0.0.1", description="Address to bind; another than loopback needs admin_key")
    port: Port = Field(8400, description="Port to bind; 0: any free one")
    admin_key: Secret = Field(
        "", description="A key that may do all (docs/keys.md); commands send it, or any other key that is set here"
    )
    keys: Path | None = Field(
        None,
        description="File of the keys that `freshet keys` makes, read again when it changes; default: DATA/keys.json",
    )
    keys_required: Literal["auto", "yes", "no"] = Field(
        "auto",
        description="Whether searching and clicks need a key: auto, where host is not loopback. Writes and "
        "administration need one there, and wherever there is a key that may do them",
    )
    tenant_attribute: str = Field(
        "tenant",
        min_length=1,
        max_length=ATTRIBUTE_NAME_CHARS_MAX,
        description="Declared attribute (FRESHET_FACETS) that says whose product it is, for keys with a tenant",
    )
    address_rate_per_s: float = Field(
        0.0,
        ge=0,
        description="Most requests a second from one address, of each server process; loopback is not counted; 0: no "
        "limit",
    )
    trusted_proxies: int = Field(
        0, ge=0, le=10, description="Proxies in front of the tier that add whom they hear to X-Forwarded-For"
    )
    shards: list[str] = Field(
        default_factory=list,
        description="One entry per partition: addresses of its replicas, separated by |; dns://name:port stands for "
        "every address of a name",
    )
    personalise_strength: float = Field(
        0.25, ge=0, le=1, description="Most by which a shopper's session moves a hit's relevance (0..1); 0: not at all"
    )
    hedge_share: float = Field(
        0.05,
        ge=0,
        le=1,
        description="Most second questions to the shards, as a share of the first ones, when an answer takes longer "
        "than 95 % of the last ones did; 0: none",
    )
    search_budget_ms: int = Field(300, ge=10, le=10_000, description="Time a search may take; late stages are left out")
    engine: EngineName = Field("auto", description="What encodes queries")
    model: Path | None = Field(None, description="Folder of the model bundle; must be the one of the embed workers")
    facets: FacetList = FACETS
    understand: list[UnderstandStep] = Field(
        default_factory=lambda: list(UNDERSTAND_STEPS),
        description="What is read out of a query's words, unless a request says otherwise: prices, units, negation, "
        "brands, categories, attributes; empty: nothing",
    )
    locale: str = Field(
        "en",
        max_length=LOCALE_CHARS_MAX,
        description="Language of queries that do not say theirs: en, de, fr, es, it, nl or pt; others are read as en",
    )
    fallback: list[FallbackStep] = Field(
        default_factory=lambda: list(FALLBACK_STEPS),
        description="What may be tried when a query finds too little, unless a request says otherwise: drop, relax, "
        "meaning, bestsellers, newest; empty: nothing",
    )
    fallback_below: int = Field(
        1,
        ge=0,
        le=FALLBACK_BELOW_MAX,
        description="Fewer hits that hold what was asked for are too little; 0: nothing is",
    )
    suggest_budget_ms: int = Field(
        50, ge=5, le=1_000, description="Time a suggestion may take; shards that are late are left out"
    )
    suggest_askers: int = Field(
        5,
        ge=0,
        description="A query is suggested to others once so many sessions (or requests without one) have asked it; 0: "
        "none is",
    )
    typos: bool = Field(True, description="Whether misspelt words are put right, unless a request says otherwise")
    synonyms: Path | None = Field(
        None, description="File of synonyms (docs/search.md), read again when it changes; default: none"
    )
    ranker: RankerName = Field(
        "formula",
        description="What ranks hits at last, unless a request says otherwise: formula (relevance, moved by the "
        "rank_* weights), none (relevance alone)",
    )
    rank_stock: float = Field(
        0.5, ge=0, le=1, description="Share of its relevance that a product loses that cannot be bought now"
    )
    rank_named: float = Field(
        0.1,
        ge=0,
        le=1,
        description="Share of its relevance that a product gains that has all brands, categories and attribute values "
        "that the query names",
    )
    rank_popularity: float = Field(
        0.1,
        ge=0,
        le=1,
        description="Share of its relevance that the most popular product gains, by clicks and purchases",
    )
    rank_newness: float = Field(
        0.02, ge=0, le=1, description="Share of its relevance that a product gains that was created just now"
    )
    rank_new_days: float = Field(
        2.0, gt=0, le=365, description="Days after which a product is half as new; after 7 it is not new at all"
    )
    rank_price: float = Field(
        0.0,
        ge=0,
        le=1,
        description="Share of its relevance that a product loses that costs a tenth, or ten times, of what others cost",
    )
    mmr_lambda: float = Field(
        1.0,
        ge=0,
        le=1,
        description="1: hits by relevance only; less: what is unlike the hits above it, by category and price, comes "
        "earlier; unless a request says otherwise",
    )
    answer_cache_mb: float = Field(
        32.0,
        ge=0,
        description="Most that kept answers take, 10^6 bytes: one is given again while every shard says that it would "
        "make it from the same state; 0: none is kept",
    )
    outcomes_kept: int = Field(
        50_000,
        ge=1_000,
        le=1_000_000,
        description="Newest outcomes that are kept in memory; what became of an older event is searched in the log",
    )
    instantsearch_indexes: Annotated[list[str], AfterValidator(_naming)] = Field(
        default_factory=lambda: ["products"],
        description="Names of indexes that InstantSearch's clients ask for: each stands for itself and, with "
        "_price_asc, _price_desc, _newest and _popularity behind it, its sorted forms; "
        "name=price_asc (or another of these, or relevance) for one",
    )
    instantsearch_names: Annotated[list[str], AfterValidator(_calling)] = Field(
        default_factory=lambda: ["name=title"],
        description="What InstantSearch's records call the fields of a product, as theirs=ours "
        "(docs/instantsearch.md), beside our own names",
    )
    instantsearch_currency: Annotated[str, Field(pattern=r"^([A-Z]{3})?$")] = Field(
        "",
        description="Currency of prices in records that an indexer writes by Algolia's clients without one; "
        "empty: such a record is refused",
    )
    instantsearch_distinct: Annotated[str, AfterValidator(_grouping)] = Field(
        "",
        description="What `distinct` of InstantSearch groups by: brand or attributes.NAME of a declared facet; empty: "
        "nothing. The page at /shop takes products that share this attribute for variants",
    )
    served_full_share: float = Field(0.01, ge=0, le=1, description="Share of answers logged with all their inputs")
    import_lag_s: float = Field(20.0, gt=0, description="Most seconds of work an importer keeps queued")
    inside_port: Port = Field(
        0,
        description="Loopback port that this one of several processes on `port` listens on alone, for probes and "
        "metrics; 0: none",
    )
    listen_fd: int = Field(
        -1, ge=-1, description="File descriptor of a socket that listens already, from a supervisor; -1: none"
    )
    ready_fd: int = Field(
        -1,
        ge=-1,
        description="File descriptor that gets a line when the process is ready; until then it takes no connection: so "
        "it takes over from another one; -1: none",
    )
    processes: list[str] = Field(
        default_factory=list,
        description="Workers whose health pages are watched for the page and /v1/processes, as name=address",
    )


SERVERS_MAX = 16
"""Of one machine: each loads the encoder."""
REPLICAS_MAX = 8
"""Of one machine: each holds all products in memory."""


class ReplaySettings(Settings):
    """freshet replay: makes answers and shards again, beside live traffic."""

    replay_mb_per_s: float = Field(
        20.0,
        ge=0,
        description="Most that a replay reads of the log and of a snapshot store, 10^6 bytes a second; 0: no limit",
    )


class UpSettings(Settings):
    """freshet up: the stack on one machine."""

    replicas: int = Field(
        1, ge=1, le=REPLICAS_MAX, description="Copies of each shard, each in a process and a folder of its own"
    )
    servers: int = Field(
        1, ge=1, le=SERVERS_MAX, description="Processes of the HTTP tier, all on its port; each has its own caches"
    )
    shard_processes: list[str] = Field(
        default_factory=list,
        description="Shard processes as REPLICA:PARTITION|PARTITION, one entry each; default: one per replica with all "
        "partitions",
    )

    host: str = Field("127.0.0.1", description="Address of the HTTP tier; another than loopback needs admin_key")
    port: Port = Field(8400, description="Port of the HTTP tier")
    admin_key: Secret = Field("", description="As for serving: without it only loopback is served")
    facets: FacetList = FACETS
    maven_url: str = Field("", description="Maven repository for Kafka's jars; default: the public one")
    kafka_port: Port = Field(0, description="Port of the embedded Kafka; 0: a free one, kept in DATA/state.json")
    redis_port: Port = Field(0, description="Port of the embedded Redis; 0: a free one, kept in DATA/state.json")
    catalog_port: Port = Field(0, description="Port of agents.catalog; 0: a free one, kept in DATA/state.json")
    embed_port: Port = Field(0, description="Port of agents.embed; 0: a free one, kept in DATA/state.json")
    shard_port: Port = Field(
        0, description="Port of agents.shard, of several processes the first; 0: a free one, kept in DATA/state.json"
    )
    session_port: Port = Field(0, description="Port of agents.session; 0: a free one, kept in DATA/state.json")
    kafka_heap_mb: int = Field(512, ge=128, description="Java heap of the embedded Kafka")


MODELS: tuple[type[Settings], ...] = (
    CatalogSettings,
    EmbedSettings,
    ShardSettings,
    SessionSettings,
    ServingSettings,
    ReplaySettings,
    UpSettings,
)
S = TypeVar("S", bound=Settings)


def known_keys() -> dict[str, str]:
    """Every key of every process with its description."""
    return {name: field.description or "" for model in MODELS for name, field in model.model_fields.items()}


def secret_keys() -> frozenset[str]:
    """Every key whose value is shown to nobody."""
    return frozenset(name for model in MODELS for name, field in model.model_fields.items() if is_secret(field))


LISTS = (
    "shards",
    "shard_partitions",
    "shard_processes",
    "processes",
    "facets",
    "understand",
    "fallback",
    "instantsearch_indexes",
    "instantsearch_names",
)
"""Settings that are lists: in a variable their parts are separated by commas."""


class Sources(NamedTuple):
    """What is set, as it was written: by key, before it is checked against a process's model."""

    file: Path | None
    from_file: dict[str, Any]
    from_environ: dict[str, str]


def sources(environ: Mapping[str, str], config: Path | None = None) -> Sources:
    """The file is `config`, else the one FRESHET_CONFIG names. Raises SettingsError that names an unknown key."""
    path = config or (Path(environ[CONFIG_VARIABLE]) if environ.get(CONFIG_VARIABLE) else None)
    from_file = _read_toml(path) if path else {}
    from_environ = {
        name.removeprefix(PREFIX).lower(): value
        for name, value in environ.items()
        if name.startswith(PREFIX) and name not in NOT_SETTINGS
    }
    _refuse_unknown(from_file, f"in {path}", str)
    _refuse_unknown(from_environ, "in the environment", lambda key: PREFIX + key.upper())
    return Sources(path, from_file, from_environ)


def read(model: type[S], environ: Mapping[str, str], config: Path | None = None) -> S:
    """Reads the settings of one process: variables over file over defaults.

    The file is `config`, else the one FRESHET_CONFIG names. Raises SettingsError that names the key.
    """
    _, from_file, from_environ = sources(environ, config)
    values: dict[str, Any] = {**from_file, **from_environ}
    for name, value in from_environ.items():
        if name in LISTS:
            values[name] = [part for part in value.split(",") if part]
    try:
        return model.model_validate({name: value for name, value in values.items() if name in model.model_fields})
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        key = str(first["loc"][0]) if first["loc"] else "settings"
        got = repr(shown(first["input"], key in secret_keys()))
        raise SettingsError(
            f"setting {key} ({PREFIX}{key.upper()}): {first['msg']}, got {got}",
            hint="docs/settings.md lists every setting with its unit and range",
        ) from None


def refuse_open_door(host: str, admin_key: str) -> None:
    """Raises SettingsError when others than this machine could write without a key."""
    if not admin_key and not is_loopback(host):
        raise SettingsError(
            f"host {host} can be reached from other machines, and there is no admin_key",
            hint="set FRESHET_ADMIN_KEY, or bind 127.0.0.1",
        )


def refuse_open_endpoint(kind: Literal["shard", "worker"], host: str, allowed: bool) -> None:
    """Raises SettingsError when other machines could reach an endpoint without keys, and nobody said that they may."""
    if not allowed and not is_loopback(host):
        raise SettingsError(
            f"{kind}_host {host} is not loopback, and the endpoint of a {kind} has no keys",
            hint=f"bind loopback, or set FRESHET_{kind.upper()}_OPEN=true where only Freshet itself can reach it",
        )


def is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def as_environ(settings: Mapping[str, object]) -> dict[str, str]:
    """The variables that make a child process read these values."""
    return {
        PREFIX + key.upper(): ",".join(map(str, value)) if isinstance(value, list) else str(value)
        for key, value in settings.items()
    }


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"cannot read the settings file {path}: {error}") from error


def _refuse_unknown(values: Mapping[str, object], where: str, shown: Any) -> None:
    known = known_keys()
    for key in values:
        if key not in known:
            near = difflib.get_close_matches(key, known, 1)
            hint = f"did you mean {shown(near[0])}?" if near else "docs/settings.md lists every setting"
            raise SettingsError(f"unknown setting {shown(key)} {where}", hint=hint)
