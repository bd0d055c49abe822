"""What a snapshot holds that can be made again from the rest of it, and what is left of it where that is damaged."""

from collections.abc import Collection

from index_snapshots.manifest import Manifest
from index_snapshots.segment_files import place_of_merge
from index_snapshots.stored_slots import PART as SLOTS
from index_snapshots.stored_words import PART as WORDS


def words_of(manifest: Manifest) -> set[str]:
    """Parts of the index of words, and the slots that it tells of."""
    return {part for part in manifest.files if part.startswith(f"{WORDS}-") or part == SLOTS}


def results_of(manifest: Manifest) -> list[set[str]]:
    """Parts of the result of each merge under way; none where it is not there."""
    found = [set[str]() for _ in manifest.structure.merges]
    places = {place_of_merge(at): parts for at, parts in enumerate(found)}
    for part in manifest.files:
        _, _, rest = part.partition("-")
        place = rest.partition("-")[0]
        if place in places:
            places[place].add(part)
    return found


def needed(manifest: Manifest) -> set[str]:
    """Parts without which there is no state."""
    return set(manifest.files).difference(words_of(manifest), *results_of(manifest))


def without(manifest: Manifest, damaged: Collection[str]) -> Manifest:
    """The same state without the words, and the results of merges, that have damaged parts: none that is needed."""
    words, merges, left_out = words_of(manifest), list(manifest.structure.merges), set[str]()
    if not words.isdisjoint(damaged):
        left_out |= words
    for at, parts in enumerate(results_of(manifest)):
        if not parts.isdisjoint(damaged):
            left_out |= parts
            merges[at] = merges[at].model_copy(update={"result": None})
    files = {part: file for part, file in manifest.files.items() if part not in left_out}
    structure = manifest.structure.model_copy(update={"merges": merges})
    return manifest.model_copy(update={"files": files, "structure": structure})
