"""Files into a real shop and back: Ctrl-C and kill -9 in the middle, going on, a sync, an export and its way back."""

import gzip
import json
import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from freshet.imports.importing import REQUESTS_IN_FLIGHT_MAX
from streams.reader import Reader
from tests.proxy import Fault, Proxy, proxy_before
from tests.system.conftest import Stack, http
from tests.waiting import LIMIT_S, wait_until

ROWS, BATCH = 200, 10
CATALOG, PASS_FIRST = "/v1/catalog", ROWS // BATCH // 2
SENT_BEFORE = PASS_FIRST + REQUESTS_IN_FLIGHT_MAX
HEADER = "sku,title,category,price,stock\n"


@pytest.fixture(scope="module")
def shop(module_stack: Stack) -> Stack:
    module_stack.start_all(but="session")
    return module_stack


def environ(shop: Stack) -> dict[str, str]:
    clean = {key: value for key, value in os.environ.items() if not key.startswith("FRESHET_")}
    return clean | shop.settings("serving") | {"FRESHET_HOST": "127.0.0.1"}


def freshet(shop: Stack, *words: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "freshet", *words]
    return subprocess.Popen(command, env=environ(shop), stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def told(command: subprocess.Popen[bytes]) -> tuple[int, dict[str, Any]]:
    out, err = command.communicate(timeout=LIMIT_S)
    assert out, err.decode()
    return command.returncode, json.loads(out)


def table(path: Path, rows: range, prefix: str) -> Path:
    """Short titles, so that the encoder is quick."""
    lines = (f'{prefix}{row},"Lamp {prefix}{row}",Home > Lamps,"{row}.50 EUR",{row}\n' for row in rows)
    path.write_text(HEADER + "".join(lines))
    return path


def outcomes(shop: Stack, prefix: str) -> dict[str, list[str]]:
    """By SKU, the outcome of each of its events."""
    found: dict[str, list[str]] = {}
    for outcome in shop.outcomes().values():
        if outcome.sku.startswith(prefix):
            found.setdefault(outcome.sku, []).append(outcome.outcome)
    return found


def events_in_catalog(shop: Stack) -> int:
    reader = Reader(shop.kafka)
    try:
        return sum(reader.begin_end(shop.topic("catalog"), partition)[1] for partition in range(shop.partitions))
    finally:
        reader.close()


class Gate:
    """Before the tier: half of the requests of a file get through at once, the others when it is opened."""

    def __init__(self, proxy: Proxy) -> None:
        self.proxy = proxy
        self.opened = threading.Event()
        proxy.faults.append(Fault("POST", CATALOG, after=PASS_FIRST, times=ROWS, until=self.opened))

    def stands_still(self) -> bool:
        """All that may be on its way is held here: the import has entered the answers to all others, too."""
        posts = [asked for asked in self.proxy.asked if (asked.method, asked.path) == ("POST", CATALOG)]
        return len(posts) == SENT_BEFORE


@pytest.fixture
def gate(shop: Stack) -> Iterator[Gate]:
    with proxy_before(shop.ports["serving"]) as proxy:
        yield Gate(proxy)


def under_way(shop: Stack, file: Path, gate: Gate) -> subprocess.Popen[bytes]:
    """An import that stands still in the middle of its file, some requests on their way."""
    command = freshet(shop, *import_of(file, gate))
    wait_until(gate.stands_still, LIMIT_S, "the import is under way")
    return command


def import_of(file: Path, gate: Gate) -> tuple[str, ...]:
    return "import", str(file), "--json", "--batch", str(BATCH), "--url", gate.proxy.endpoint


def test_after_ctrl_c_the_same_command_goes_on_and_every_row_has_one_outcome(
    shop: Stack, tmp_path: Path, gate: Gate
) -> None:
    file = table(tmp_path / "p.csv", range(ROWS), "c")
    command = under_way(shop, file, gate)
    command.send_signal(signal.SIGINT)
    assert command.stderr and any(line.startswith(b"stopping") for line in command.stderr)
    gate.opened.set()
    code, first = told(command)
    assert code == 130 and first["interrupted"]
    assert 0 < first["acknowledged"] < ROWS
    assert first["sent_twice"] == 0 and first["goes_on_at"] == first["acknowledged"] + 1
    code, second = told(freshet(shop, *import_of(file, gate)))
    assert (code, second["unaccounted"]) == (0, 0), second
    assert second["skipped"] == first["acknowledged"] and second["acknowledged"] == ROWS - second["skipped"]
    assert outcomes(shop, "c") == {f"c{row}": ["indexed"] for row in range(ROWS)}
    assert not list((shop.data / "imports").glob("*.json"))


def test_after_kill_9_only_rows_on_their_way_come_again(shop: Stack, tmp_path: Path, gate: Gate) -> None:
    file = table(tmp_path / "p.csv", range(ROWS), "k")
    killed = under_way(shop, file, gate)
    killed.kill()
    killed.communicate()
    gate.opened.set()
    code, second = told(freshet(shop, *import_of(file, gate)))
    assert code == 0 and second["skipped"] > 0, second
    found = outcomes(shop, "k")
    assert found.keys() == {f"k{row}" for row in range(ROWS)}
    again = [kinds for kinds in found.values() if kinds != ["indexed"]]
    print(json.dumps({"rows": ROWS, "sent_twice": len(again), "skipped": second["skipped"]}))
    assert all(Counter(kinds) == {"indexed": 1, "unchanged": 1} for kinds in again)
    assert len(again) <= SENT_BEFORE * BATCH - second["skipped"], "requests overtake each other: what is behind a gap"


def test_a_sync_deletes_what_is_missing_and_leaves_alone_what_changed(shop: Stack, tmp_path: Path) -> None:
    """The shop holds the products of the tests above, too: the file names them all but 5 %."""
    file = tmp_path / "all.csv"
    products = [f"{prefix}{row}" for prefix in "ck" for row in range(ROWS)]
    missing = products[::20]
    kept = [sku for sku in products if sku not in set(missing)]
    file.write_text("sku,stock\n" + "".join(f"{sku},9\n" for sku in kept))
    mapping = tmp_path / "m.toml"
    mapping.write_text('[fields]\nsku = "sku"\ntype = { value = "patch" }\nstock = "stock"\n')
    refused = tmp_path / "half.csv"
    refused.write_text("sku,stock\n" + "".join(f"{sku},8\n" for sku in products[:ROWS]))
    code, answer = told(freshet(shop, "import", str(refused), "--map", str(mapping), "--sync", "--json"))
    assert code == 1 and f"50% of the {2 * ROWS} products" in answer["sync"]["refused"], answer["sync"]
    assert answer["sync"]["first"][0] == "k0" and answer["sync"]["deleted"] == 0
    importing = freshet(shop, "import", str(file), "--map", str(mapping), "--sync", "--json")
    before = events_in_catalog(shop)
    wait_until(lambda: events_in_catalog(shop) > before, LIMIT_S, "the import is under way")
    live = {"type": "patch", "sku": missing[3], "stock": 1}
    assert http("POST", shop.url("serving", "/v1/catalog"), live)[0] == 202
    code, answer = told(importing)
    assert code == 0, answer
    assert (answer["sync"]["deleted"], answer["sync"]["left_alone"]) == (len(missing) - 1, 1)
    assert Path(answer["sync"]["list"]).read_text().split() == sorted(set(missing) - {missing[3]})
    assert http("GET", shop.url("serving", f"/v1/skus/{missing[0]}"))[0] == 404
    assert http("GET", shop.url("serving", f"/v1/skus/{missing[3]}"))[0] == 200


def test_what_was_exported_gives_an_empty_shop_the_same_products(shop: Stack, tmp_path: Path) -> None:
    whole, packed = tmp_path / "all.jsonl", tmp_path / "all.csv.gz"
    code, answer = told(freshet(shop, "export", str(whole), "--json"))
    assert code == 0 and answer["products"] == 2 * ROWS - len(range(0, 2 * ROWS, 20)) + 1
    assert sum(answer["catalog_offsets"].values()) == events_in_catalog(shop)
    assert told(freshet(shop, "export", str(packed), "--json"))[1]["products"] == answer["products"]
    deletes, few = tmp_path / "deletes.jsonl", tmp_path / "few.csv"
    products = whole.read_bytes().splitlines()
    deletes.write_text("".join(f'{{"type": "delete", "sku": "{json.loads(line)["sku"]}"}}\n' for line in products))
    assert told(freshet(shop, "import", str(deletes), "--json"))[1]["outcomes"]["deleted"] == len(products)
    few.write_bytes(b"".join(gzip.decompress(packed.read_bytes()).splitlines(keepends=True)[:101]))
    code, answer = told(freshet(shop, "import", str(few), "--json"))
    assert (code, answer["outcomes"]["indexed"], answer["products_in_shop"]) == (0, 100, 100), answer
    again = tmp_path / "again.jsonl"
    assert told(freshet(shop, "export", str(again), "--json"))[0] == 0
    assert sorted(again.read_bytes().splitlines()) == sorted(products[:100])
