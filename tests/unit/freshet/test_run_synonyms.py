"""`freshet synonyms check`: what is in a file, or which line is wrong."""

import json
from pathlib import Path

import pytest

from freshet.exit_codes import OK
from freshet.run_synonyms import check_synonyms
from schemas.errors import SettingsError


def test_what_a_file_holds_and_what_a_query_uses(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "s.txt"
    path.write_text("tv, television\n")
    assert check_synonyms(path, "TV stand", None, as_json=False) == OK
    assert capsys.readouterr().out.splitlines() == ["2 phrases have synonyms", "tv: also television"]
    check_synonyms(path, "couch", None, as_json=False)
    assert "the query uses none of them" in capsys.readouterr().out
    check_synonyms(path, "tv", None, as_json=True)
    assert json.loads(capsys.readouterr().out) == {"phrases": 2, "used": {"tv": ["television"]}}


def test_the_file_of_the_settings_is_read_when_none_is_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SettingsError, match="names no file"):
        check_synonyms(None, "", tmp_path, as_json=False)
    (tmp_path / "s.txt").write_text("tv\n")
    monkeypatch.setenv("FRESHET_SYNONYMS", str(tmp_path / "s.txt"))
    with pytest.raises(SettingsError, match=r"s\.txt line 1: one phrase alone"):
        check_synonyms(None, "", None, as_json=False)
    with pytest.raises(SettingsError, match="cannot be read"):
        check_synonyms(tmp_path / "none.txt", "", None, as_json=False)
