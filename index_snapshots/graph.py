"""FAISS, in this file only: graphs of codes that are built, kept in files and searched."""

import threading
from pathlib import Path
from typing import Any, Final, NamedTuple

import faiss as _faiss
import numpy as np
import numpy.typing as npt

from index_snapshots.codes import LINKS, CodeBytes, Codes
from index_snapshots.repair import Links

faiss: Any = _faiss
"""Its type stubs are wrong for selectors and parameters."""
EF_CONSTRUCTION: Final = 64
"""Candidates weighed for each new node: 40 cost recall, 100 cost twice the time for nothing (docs/scale.md)."""
BITS: Final[Any] = faiss.ScalarQuantizer.QT_8bit_direct

Bits = npt.NDArray[np.uint8]
"""One bit per element, least significant first; shape (ceil(n / 8),)."""
Ids = npt.NDArray[np.int64]
Found = tuple[npt.NDArray[np.float32], Ids]
"""Valid until the thread's next search."""
ROOM_KEPT_MAX: Final = 64
COPIED_MAX: Final = 8_192
"""Elements of bits that are copied at a time: the copy stays in the processor's cache."""
PADDED_OVER: Final = 32
PADDED_TO: Final = 64
"""Bytes of bits."""


class Queries:
    """Codes (n, dim) that FAISS can look at, again and again."""

    def __init__(self, codes: Codes) -> None:
        self.codes = codes
        self.pointer = faiss.swig_ptr(codes)

    def __len__(self) -> int:
        return len(self.codes)


class Chosen:
    """Which elements count. Shared by threads; FAISS only reads it."""

    def __init__(self, selector: Any, bits: Bits | None = None) -> None:
        """`bits`: what FAISS's selector only points to; None: every element counts."""
        self.selector = selector
        self._bits = bits
        self.scanned = False
        """Whether rows of bits were looked for among them before."""
        self._scan: Any = None
        self._search: dict[int, Any] = {}

    def elements(self) -> Ids | None:
        """Ascending, (n,); None: all. Made anew: remembered they would take 64 times the memory of the bits."""
        if self._bits is None:
            return None
        counts = np.unpackbits(self._bits, bitorder="little").view(np.bool_)  # as numbers it takes five times as long
        return np.flatnonzero(counts)

    def scan(self) -> Any:
        """FAISS's parameters of a scan. Kept: making them costs as much as scanning a thousand codes."""
        found = self._scan
        if found is None:
            found = faiss.SearchParameters()
            found.sel = self.selector
            self._scan = found  # only now: another thread takes what it finds here
        return found

    def search(self, ef: int) -> Any:
        """FAISS's parameters of a search."""
        found = self._search.get(ef)
        if found is None:
            found = faiss.SearchParametersHNSW()
            found.efSearch = ef
            found.sel = self.selector
            self._search[ef] = found
        return found


EVERYTHING: Final = Chosen(None)


def chosen(bits: Bits) -> Chosen:
    """Elements whose bit is set."""
    return Chosen(faiss.IDSelectorBitmap(len(bits), faiss.swig_ptr(bits)), bits)


class Graph:
    """An HNSW graph over codes. Searched by any number of threads; one that came from `opened` cannot grow."""

    def __init__(self, index: Any, codes: Any = None, *kept: Any) -> None:
        """`codes`: FAISS's index of them, where `index` does not own it; `kept`: what that only points to."""
        self._index = index
        self._codes = faiss.downcast_index(index.storage) if codes is None else codes
        self._kept = kept

    @classmethod
    def empty(cls, dim: int) -> "Graph":
        index = faiss.IndexHNSWSQ(dim, BITS, LINKS, faiss.METRIC_L2)
        index.is_trained = True  # direct codes: there is nothing to learn
        index.hnsw.efConstruction = EF_CONSTRUCTION
        return cls(index)

    @classmethod
    def opened(cls, path: Path, codes: CodeBytes | None = None) -> "Graph":
        """Mapped, so that what is not used can leave memory. Only for files whose checksum was verified.

        `codes`: of all elements, (n, dim), when the file holds the links alone.
        """
        index = faiss.read_index(str(path), faiss.IO_FLAG_MMAP_IFC)
        if codes is None:
            return cls(index)
        flat = faiss.IndexScalarQuantizer(index.d, BITS, faiss.METRIC_L2)
        flat.codes = _view_of(codes)
        flat.ntotal, flat.is_trained, index.is_trained = len(codes), True, True
        index.storage, index.own_fields = flat, False
        return cls(index, flat, codes)

    @classmethod
    def read(cls, path: Path, codes: CodeBytes | None = None) -> "Graph":
        """A copy in memory that can grow; as `opened`."""
        mapped = cls.opened(path, codes)
        return cls.assembled(mapped.dim, mapped._all_codes(), mapped.links())

    @classmethod
    def assembled(cls, dim: int, code_bytes: npt.NDArray[np.uint8], links: Links) -> "Graph":
        """From codes (n, dim) and their links."""
        graph = cls.empty(dim)
        faiss.copy_array_to_vector(np.ascontiguousarray(code_bytes).ravel(), graph._codes.codes)
        graph._index.ntotal = graph._codes.ntotal = len(code_bytes)
        graph.put_links(links)
        return graph

    def __len__(self) -> int:
        return int(self._index.ntotal)

    @property
    def dim(self) -> int:
        return int(self._index.d)

    def save(self, path: Path) -> None:
        """Its links. Raises OSError: a full disk, say, of which FAISS's own writer may say nothing."""
        with path.open("wb") as file:
            faiss.write_index(self._index, faiss.PyCallbackIOWriter(file.write), faiss.IO_FLAG_SKIP_STORAGE)

    def links(self) -> Links:
        """A copy."""
        hnsw = self._index.hnsw
        return Links(
            faiss.vector_to_array(hnsw.levels),
            faiss.vector_to_array(hnsw.offsets).astype(np.int64),
            faiss.vector_to_array(hnsw.neighbors),
            int(hnsw.entry_point),
        )

    def relink(self, neighbours: npt.NDArray[np.int32]) -> None:
        """Other links for the same nodes."""
        faiss.copy_array_to_vector(neighbours, self._index.hnsw.neighbors)

    def put_links(self, links: Links) -> None:
        """In the place of those that it has."""
        hnsw = self._index.hnsw
        faiss.copy_array_to_vector(links.levels, hnsw.levels)
        faiss.copy_array_to_vector(links.offsets.astype(np.uint64), hnsw.offsets)
        hnsw.entry_point, hnsw.max_level = links.entry, int(links.levels[links.entry]) - 1
        self.relink(links.neighbours)

    def linked(self) -> npt.NDArray[np.bool_]:
        """Which elements stand in the graph, (n,); the others are rows that repairs have taken out."""
        return self.links().linked

    def first_links(self, elements: Ids) -> Ids:
        """To which element each of these has its first link on the lowest level, a near one; -1: it has none."""
        hnsw = self._index.hnsw
        neighbours = faiss.rev_swig_ptr(hnsw.neighbors.data(), hnsw.neighbors.size())
        offsets = faiss.rev_swig_ptr(hnsw.offsets.data(), hnsw.offsets.size())
        found: Ids = neighbours[offsets[elements].astype(np.int64)].astype(np.int64)
        return found

    def codes(self, begin: int = 0, end: int | None = None) -> CodeBytes:
        """A copy of those of the elements `begin`..`end - 1`, at most all; shape (n, dim)."""
        return self._all_codes()[begin:end].copy()

    def codes_of(self, elements: Ids) -> CodeBytes:
        """A copy, shape (len(elements), dim)."""
        return self._all_codes()[elements]

    def _all_codes(self) -> CodeBytes:
        """As they lie in memory, which lasts as long as the graph does not grow."""
        flat: CodeBytes = faiss.rev_swig_ptr(self._codes.codes.data(), len(self) * self.dim)
        return flat.reshape(-1, self.dim)

    def add(self, code: Codes, levels: int) -> None:
        """One node, code (1, dim). FAISS takes a level that is there already instead of drawing one."""
        _one_thread()
        self._index.hnsw.levels.push_back(levels)
        self._index.add_c(1, faiss.swig_ptr(code))

    def add_apart(self, code: Codes) -> None:
        """One node on the lowest level, code (1, dim), that has no links yet."""
        _one_thread()
        self._codes.add_c(1, faiss.swig_ptr(code))
        self._index.ntotal = self._codes.ntotal
        self._index.hnsw.levels.push_back(1)
        self._index.hnsw.prepare_level_tab(1, True)

    def search(self, queries: Queries, limit: int, ef: int, among: Chosen = EVERYTHING) -> Found:
        """Squared distances of codes, ascending, and elements, both (n, limit); -1 where there are fewer."""
        return _search(self._index, queries, limit, among.search(ef))

    def scan(self, queries: Queries, limit: int, among: Chosen = EVERYTHING) -> Found:
        """Like `search`, but compares with every element that counts."""
        return _search(self._codes, queries, limit, among.scan())


def _view_of(codes: CodeBytes) -> Any:
    """As FAISS has vectors whose memory is somebody else's. Its own `create_view` wants an owner, which its Python
    wrapper never lets go of."""
    view, pointer = faiss.MaybeOwnedVectorUInt8(), faiss.swig_ptr(codes)
    view.is_owned, view.view_data, view.view_size = False, pointer, codes.size
    view.c_ptr, view.c_size = pointer, codes.size
    return view


class Flat:
    """Codes that are compared one by one, in memory of a fixed size: one thread writes while others search."""

    def __init__(self, dim: int, capacity: int) -> None:
        self._index = faiss.IndexScalarQuantizer(dim, BITS, faiss.METRIC_L2)
        self._index.is_trained = True
        self._index.add(np.ones((capacity, dim), dtype=np.float32))
        self.codes: CodeBytes = faiss.rev_swig_ptr(self._index.codes.data(), capacity * dim).reshape(capacity, dim)
        """As FAISS reads them, (capacity, dim)."""

    def put(self, at: int, code: CodeBytes) -> None:
        """Sets one element that no view counts yet."""
        self.codes[at] = code

    def scan(self, queries: Queries, limit: int, among: Chosen) -> Found:
        """See `Graph.scan`."""
        return _search(self._index, queries, limit, among.scan())


class Copied(NamedTuple):
    """Some rows of bits, side by side."""

    elements: npt.NDArray[np.signedinteger]
    rows: Bits


class BitRows:
    """Elements of bits, compared by how many differ. Immutable but for copies; any number of threads."""

    def __init__(self, bits: Bits) -> None:
        """`bits`: shape (n, bytes)."""
        self._bits = padded(bits)
        self._copies: dict[Chosen, Copied] = {}
        """Of those that were chosen the same way again; together at most as many rows as there are."""

    def scan(self, bits: Bits, limit: int, among: Chosen) -> Ids:
        """Elements of which the fewest bits differ, at most `limit`, of equal ones the first; `bits`: shape (bytes,).

        Those that count are copied side by side: FAISS's own way to pass the others by took twice as long where half
        of them count, and ten times as long where a hundredth does.
        """
        query, copied = padded(bits[None])[0], self._copies.get(among)
        if copied is not None:
            return np.asarray(copied.elements[_fewest_differ(query, copied.rows, limit)[1]], dtype=np.int64)
        elements = among.elements()
        if elements is None:
            return _fewest_differ(query, self._bits, limit)[1]
        if among.scanned:
            self._keep(among, elements)
        among.scanned = True
        begins = range(0, max(1, len(elements)), COPIED_MAX)
        found = [self._among(query, limit, elements[at : at + COPIED_MAX]) for at in begins]
        differing = np.concatenate([one for one, _ in found])
        return np.concatenate([one for _, one in found])[np.argsort(differing, kind="stable")[:limit]]

    def _keep(self, among: Chosen, elements: Ids) -> None:
        there = sum(len(copied.elements) for copied in list(self._copies.values()))
        if there + len(elements) > len(self._bits):
            self._copies = {}
        self._copies[among] = Copied(elements.astype(np.int32), self._bits.take(elements, axis=0))

    def _among(self, query: Bits, limit: int, elements: Ids) -> tuple[npt.NDArray[np.int32], Ids]:
        copied = _room.bits(self._bits.shape[1])[: len(elements)]
        self._bits.take(elements, axis=0, out=copied, mode="clip")  # none is outside; another mode would copy twice
        differing, places = _fewest_differ(query, copied, limit)
        return differing, elements[places]


def padded(bits: Bits) -> Bits:
    """Rows (n, bytes) of more than 32 bytes and less than 64 get zeros up to 64: of these FAISS compares a row in two
    thirds of the time that one of 48 takes."""
    size = bits.shape[1]
    if not PADDED_OVER < size < PADDED_TO:
        return bits
    wide = np.zeros((len(bits), PADDED_TO), dtype=np.uint8)
    wide[:, :size] = bits
    return wide


def _fewest_differ(bits: Bits, rows: Bits, limit: int) -> tuple[npt.NDArray[np.int32], Ids]:
    """How many bits differ, ascending, and in which rows of (n, bytes), of equal ones the first; at most `limit`."""
    _one_thread()
    limit = min(limit, len(rows))
    differing, places = np.empty(limit, dtype=np.int32), np.empty(limit, dtype=np.int64)
    if limit:
        to_differing, to_places = faiss.swig_ptr(differing), faiss.swig_ptr(places)
        query, every, size = faiss.swig_ptr(bits), faiss.swig_ptr(rows), rows.shape[1]
        faiss.hammings_knn_mc(query, every, 1, len(rows), limit, size, to_differing, to_places)
    return differing, places


class _Room(threading.local):
    """Where FAISS writes what a thread's search finds: pointers to new arrays cost more than a small scan."""

    def __init__(self) -> None:
        self.one_thread = False
        self._arrays: dict[tuple[int, int], tuple[npt.NDArray[np.float32], Ids, Any, Any]] = {}
        self._bits = np.empty((0, 0), dtype=np.uint8)

    def bits(self, size: int) -> Bits:
        """(COPIED_MAX, size), to be written to; until the next one."""
        if self._bits.shape[1] != size:
            self._bits = np.empty((COPIED_MAX, size), dtype=np.uint8)
        return self._bits

    def arrays(self, count: int, limit: int) -> tuple[npt.NDArray[np.float32], Ids, Any, Any]:
        """Distances and elements (count, limit), and pointers to them; valid until the thread's next search."""
        found = self._arrays.get((count, limit))
        if found is None:
            if len(self._arrays) >= ROOM_KEPT_MAX:
                self._arrays.clear()
            distances = np.empty((count, limit), dtype=np.float32)
            elements = np.empty((count, limit), dtype=np.int64)
            found = (distances, elements, faiss.swig_ptr(distances), faiss.swig_ptr(elements))
            self._arrays[count, limit] = found
        return found


_room = _Room()


def _one_thread() -> None:
    """A search or an insert is one thread's work. FAISS keeps the number per calling thread."""
    if not _room.one_thread:
        faiss.omp_set_num_threads(1)
        _room.one_thread = True


def _search(index: Any, queries: Queries, limit: int, parameters: Any) -> Found:
    """FAISS's own wrapper costs twice as much: it checks and converts what is in order here."""
    _one_thread()
    distances, elements, to_distances, to_elements = _room.arrays(len(queries), limit)
    index.search_c(len(queries), queries.pointer, limit, to_distances, to_elements, parameters)
    return distances, elements
