"""How many texts a second the encoder alone turns into vectors: the ceiling of an import."""

import time
from collections.abc import Callable, Sequence

from encoders.bundle import Bundle
from encoders.choose import ENGINES, choose_engine
from encoders.errors import EngineUnavailable
from encoders.text_encoder import EMBED_BATCH, TextEncoder

WARM_UP_TEXTS = 64


def run(
    texts: Sequence[str],
    bundle: Bundle,
    engine: str,
    threads: int = 1,
    batch: int = EMBED_BATCH,
    clock: Callable[[], float] = time.perf_counter,
) -> dict[str, str | int | float]:
    """Encode all texts in calls of `batch`. Seconds are wall time; `texts_per_cpu_s` does not see other processes.

    Raises EngineUnavailable as `choose_engine` does, ValueError without texts or with a batch under 1.
    """
    if not texts or batch < 1:
        raise ValueError(f"needs at least one text and a batch of at least 1, got {len(texts)} and {batch}")
    encoder = TextEncoder(bundle, choose_engine(engine, bundle, threads))
    encoder.encode_texts(texts[:WARM_UP_TEXTS])
    start_s, cpu_start_s = clock(), time.process_time()
    for start in range(0, len(texts), batch):
        encoder.encode_texts(texts[start : start + batch])
    wall_s, cpu_s = clock() - start_s, time.process_time() - cpu_start_s
    return {
        "engine": encoder.engine.name,
        "encoder": encoder.id,
        "threads": threads,
        "batch": batch,
        "texts": len(texts),
        "seconds": round(wall_s, 3),
        "texts_per_s": round(len(texts) / wall_s, 1),
        "texts_per_cpu_s": round(len(texts) / cpu_s, 1),
    }


def run_engines(
    read_texts: Callable[[], Sequence[str]], bundle: Bundle, threads: int = 1, batch: int = EMBED_BATCH
) -> list[dict[str, str | int | float]]:
    """`run` for each engine on the same texts; one that cannot run here is a row with `engine` and `unavailable`."""
    texts = read_texts()
    figures: list[dict[str, str | int | float]] = []
    for name in ENGINES:
        try:
            figures.append(run(texts, bundle, name, threads, batch))
        except EngineUnavailable as error:
            figures.append({"engine": name, "unavailable": error.message})
    return figures
