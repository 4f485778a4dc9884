"""Files are whole or not there, for this account alone, and never written over by accident."""

import stat
from pathlib import Path

import pytest

from app.core import files


def write(path: Path, content: bytes = b"new") -> None:
    with files.new(path) as out:
        out.write(content)


def test_a_new_file_is_for_this_account_alone_and_leaves_no_draft(tmp_path: Path) -> None:
    write(tmp_path / "f")
    assert stat.S_IMODE((tmp_path / "f").stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["f"]


def test_a_file_has_no_name_before_it_is_whole(tmp_path: Path) -> None:
    with files.new(tmp_path / "f") as out:
        out.write(b"half")
        out.flush()
        assert not (tmp_path / "f").exists()


def test_what_fails_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), files.new(tmp_path / "f") as out:
        out.write(bytes(1 // 0))
    assert [*tmp_path.iterdir()] == []


@pytest.mark.parametrize("has_links", [True, False], ids=["disk", "memory stick"])
def test_a_file_that_is_there_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, has_links: bool) -> None:
    monkeypatch.setattr(Path, "hardlink_to", Path.hardlink_to if has_links else _no_links)
    write(tmp_path / "f", b"first")
    with pytest.raises(FileExistsError):
        write(tmp_path / "f", b"second")
    assert (tmp_path / "f").read_bytes() == b"first"
    assert [path.name for path in tmp_path.iterdir()] == ["f"]


def _no_links(self: Path, target: Path) -> None:
    raise PermissionError(1, "Operation not permitted")


def test_a_file_is_replaced_at_once_and_what_a_killed_process_left_goes(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"old")
    (tmp_path / ".f.12345678.part").write_bytes(b"half")
    files.replace(tmp_path / "f", b"new")
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"f": b"new"}
    assert stat.S_IMODE((tmp_path / "f").stat().st_mode) == 0o600
