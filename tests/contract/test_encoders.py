"""What every Encoder promises, on the fake and on the real engines; and what every engine computes."""

import subprocess
import sys
import textwrap
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from bench.embed import run, run_engines
from encoders.build import (
    CONTEXT,
    PARITY_COSINE_MIN,
    PARITY_TEXTS,
    measure_parity,
    repair_bundle,
    require_parity,
    weights_folder,
)
from encoders.bundle import MODEL_FILE, Bundle
from encoders.choose import ENGINES, choose_engine
from encoders.errors import BundleBuildFailed, EncodingFailed, EngineUnavailable, UnsupportedModality
from encoders.fake import FakeEncoder
from encoders.minilm_forward import forward
from encoders.minilm_graph import minilm_graph
from encoders.protocol import Encoder
from encoders.text_encoder import TextEncoder
from encoders.tokens import TextTokenizer
from tests.waiting import LIMIT_S

TEXTS = ["red cotton dress", "usb c charging cable 2 m", "noise cancelling headphones", "long red dress in cotton"]
NASTY_TEXTS = ["", " \t\n", "\x00", "\u200d", "שלום עולם", "👩‍👩‍👧‍👦", "[SEP] [PAD]", "x" * 100_000, "word " * 20_000]
REPOSITORY = Path(__file__).parents[2]
BF16_COSINE_MIN = 0.999
"""bf16 keeps eight bits: 0.99998 is usual, 0.999 changes no neighbour that matters."""
INT8_COSINE_MIN = 0.999
"""0.9997 is usual: docs/adr/0027."""


@pytest.fixture(scope="module", params=["fake", "onnxruntime", "onnxruntime-int8", "openvino"])
def encoder(request: pytest.FixtureRequest) -> Encoder:
    if request.param == "fake":
        return FakeEncoder()
    bundle: Bundle = request.getfixturevalue("bundle")
    return TextEncoder(bundle, choose_engine(request.param, bundle))


def test_one_unit_row_per_text(encoder: Encoder) -> None:
    vectors = encoder.encode_texts(TEXTS)
    assert vectors.shape == (len(TEXTS), encoder.dim)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-6)


def test_no_text_gives_no_row(encoder: Encoder) -> None:
    vectors = encoder.encode_texts([])
    assert vectors.shape == (0, encoder.dim)
    assert vectors.dtype == np.float32


def test_the_same_call_gives_the_same_bytes(encoder: Encoder) -> None:
    assert encoder.encode_texts(TEXTS).tobytes() == encoder.encode_texts(TEXTS).tobytes()


def test_a_vector_does_not_depend_on_its_neighbours_in_the_batch(encoder: Encoder) -> None:
    many = TEXTS * 20 + ["a much longer text about a garden hose with many more words than the others " * 5]
    together = encoder.encode_texts(many)
    alone = np.vstack([encoder.encode_texts([text]) for text in (*TEXTS, many[-1])])
    np.testing.assert_allclose(together[: len(TEXTS)], alone[:-1], atol=2e-3)
    np.testing.assert_allclose(together[-1], alone[-1], atol=2e-3)


def test_texts_that_say_the_same_are_close(encoder: Encoder) -> None:
    dress, cable, headphones, other_dress = encoder.encode_texts(TEXTS)
    assert dress @ other_dress > max(dress @ cable, dress @ headphones)


def test_letter_case_does_not_matter(encoder: Encoder) -> None:
    lower, upper = encoder.encode_texts(["red dress", "RED Dress"])
    np.testing.assert_allclose(lower, upper, atol=2e-3)


def test_any_valid_text_has_a_vector(encoder: Encoder) -> None:
    vectors = encoder.encode_texts(NASTY_TEXTS)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-6)


def test_a_lone_surrogate_fails_by_index_and_counts_nothing(encoder: Encoder) -> None:
    before = encoder.texts_encoded
    with pytest.raises(EncodingFailed, match="text 1 of the batch") as caught:
        encoder.encode_texts(["fine", "broken \ud800", "fine"])
    assert caught.value.index == 1
    assert encoder.texts_encoded == before


def test_texts_are_counted(encoder: Encoder) -> None:
    before = encoder.texts_encoded
    encoder.encode_texts(TEXTS)
    encoder.encode_texts(TEXTS[:1])
    assert encoder.texts_encoded - before == len(TEXTS) + 1


def test_a_text_encoder_refuses_images(encoder: Encoder) -> None:
    with pytest.raises(UnsupportedModality, match="texts only"):
        encoder.encode_images([b"\xff\xd8\xff"])


def test_several_threads_get_what_one_gets(encoder: Encoder) -> None:
    texts = [f"{text} number {i}" for i in range(8) for text in TEXTS]
    expected = [encoder.encode_texts([text]) for text in texts]
    before = encoder.texts_encoded
    with ThreadPoolExecutor(max_workers=4) as threads:
        found = list(threads.map(lambda text: encoder.encode_texts([text]), texts))
    np.testing.assert_allclose(np.vstack(found), np.vstack(expected), atol=2e-3)
    assert encoder.texts_encoded - before == len(texts)


@pytest.mark.parametrize("name", ["onnxruntime", "onnxruntime-int8", "openvino"])
def test_an_engine_computes_what_the_weights_say(name: str, bundle: Bundle) -> None:
    from safetensors.numpy import load_file

    engine = choose_engine(name, bundle)
    weights = load_file(weights_folder() / "model.safetensors")
    ids = TextTokenizer(bundle.tokenizer_path, bundle.manifest.context).tokenize(PARITY_TEXTS)
    expected = np.stack([forward(weights, tokens) for tokens in ids])
    cosines = np.sum(TextEncoder(bundle, engine).encode_texts(PARITY_TEXTS) * expected, axis=1)
    least = {"bf16": BF16_COSINE_MIN, "int8": INT8_COSINE_MIN}
    assert cosines.min() >= least.get(engine.name.rpartition("-")[2], PARITY_COSINE_MIN)


def test_openvino_in_bf16_agrees_with_f32(bundle: Bundle) -> None:
    from encoders.openvino_engine import OpenvinoEngine

    try:
        engine = OpenvinoEngine(bundle, threads=1, precision="bf16")
    except EngineUnavailable as error:
        pytest.skip(error.message)
    texts = [*PARITY_TEXTS, *TEXTS * 9]
    expected = TextEncoder(bundle, choose_engine("onnxruntime", bundle)).encode_texts(texts)
    cosines = np.sum(TextEncoder(bundle, engine).encode_texts(texts) * expected, axis=1)
    assert cosines.min() >= BF16_COSINE_MIN


def test_openvino_is_loaded_without_its_telemetry() -> None:
    code = """
        import sys
        from encoders.openvino_import import import_openvino
        import_openvino().Core()
        assert not [name for name in sys.modules if name.startswith("openvino_telemetry.")]
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(code)], check=True, cwd=REPOSITORY, timeout=LIMIT_S)


def test_words_after_the_context_do_not_matter(bundle: Bundle) -> None:
    encoder = TextEncoder(bundle, choose_engine("onnxruntime", bundle))
    kept = "word " * (CONTEXT - 2)  # and the two special tokens
    exact, one_more, one_less = encoder.encode_texts([kept, kept + "elephant", kept[: -len("word ")] + "elephant"])
    assert exact.tobytes() == one_more.tobytes()
    assert exact.tobytes() != one_less.tobytes()


def test_the_benchmark_measures_every_engine_on_all_texts(bundle: Bundle) -> None:
    figures = run_engines(lambda: TEXTS * 3, bundle, threads=1, batch=8)
    assert [row["engine"] for row in figures] == [choose_engine(name, bundle).name for name in ENGINES]
    for row in figures:
        assert (row["texts"], row["batch"], row["threads"]) == (len(TEXTS) * 3, 8, 1)
        assert float(row["texts_per_s"]) > 0
        assert float(row["texts_per_cpu_s"]) > 0


@pytest.mark.parametrize(("texts", "batch"), [([], 8), (TEXTS, 0)])
def test_the_benchmark_refuses_what_it_cannot_measure(bundle: Bundle, texts: list[str], batch: int) -> None:
    with pytest.raises(ValueError, match="at least one text and a batch of at least 1"):
        run(texts, bundle, "onnxruntime", batch=batch)


def test_a_whole_bundle_needs_no_repair(bundle: Bundle) -> None:
    def fail(folder: Path) -> None:
        raise AssertionError("a whole bundle was built again")

    assert repair_bundle(bundle.folder, fail) == bundle.folder


def test_the_manifest_states_parity(bundle: Bundle) -> None:
    assert bundle.manifest.parity.texts == len(PARITY_TEXTS)
    assert bundle.manifest.parity.cosine_min >= PARITY_COSINE_MIN
    assert bundle.manifest.context == CONTEXT


def test_the_graph_is_built_to_the_same_bytes_and_a_wrong_one_is_noticed(
    bundle: Bundle, tmp_path_factory: pytest.TempPathFactory
) -> None:
    from safetensors.numpy import load_file

    weights = load_file(weights_folder() / "model.safetensors")
    assert minilm_graph(weights).SerializeToString(deterministic=True) == bundle.model_path.read_bytes()

    folder = tmp_path_factory.mktemp("wrong")
    wrong = dict(weights)
    wrong["encoder.layer.3.attention.self.query.weight"] = np.zeros((384, 384), np.float32)
    (folder / MODEL_FILE).write_bytes(minilm_graph(wrong).SerializeToString(deterministic=True))
    (folder / "tokenizer.json").write_bytes(bundle.tokenizer_path.read_bytes())
    parity = measure_parity(weights, Bundle(folder, bundle.manifest))
    (folder / MODEL_FILE).unlink()
    with pytest.raises(BundleBuildFailed, match="does not compute what its weights say"):
        require_parity(parity)
