"""Names of runs: short, and another one each second."""

from functools import partial

from bench.run_name import run_name


def test_a_run_a_second_later_is_called_something_else() -> None:
    names = {run_name(partial(float, at)) for at in range(1_795_000_000, 1_795_001_000)}
    assert len(names) == 1_000
    assert {len(name) for name in names} == {7}
