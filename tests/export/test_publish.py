import os
import re

import pytest

from export import publish
from export.errors import ExportError


def make(folder, text):
    folder.mkdir(parents=True)
    (folder / "file").write_text(text)
    return folder


def test_new_folder_replaces_the_old_one_as_a_whole(tmp_path):
    target = make(tmp_path / "export", "old")
    (target / "only in the old one").touch()
    with publish.scratch_folder(tmp_path) as scratch:
        publish.publish(make(scratch / "new", "new"), target, scratch)
    assert [x.name for x in target.iterdir()] == ["file"]
    assert (target / "file").read_text() == "new"
    assert list(tmp_path.iterdir()) == [target]


def test_old_folder_returns_if_the_new_one_cannot_move(tmp_path):
    target = make(tmp_path / "export", "old")
    with publish.scratch_folder(tmp_path) as scratch:
        with pytest.raises(FileNotFoundError):
            publish.publish(scratch / "missing", target, scratch)
    assert (target / "file").read_text() == "old"


def test_kill_between_the_two_renames_is_repaired(tmp_path):
    make(tmp_path / ".export-killed" / "replaced" / "export", "old")
    with publish.scratch_folder(tmp_path):
        assert (tmp_path / "export" / "file").read_text() == "old"


def test_litter_is_removed_after_a_day(tmp_path):
    fresh = make(tmp_path / ".export-fresh", "may be in use")
    stale = make(tmp_path / ".export-stale", "killed long ago")
    os.utime(stale, (0, 0))
    with publish.scratch_folder(tmp_path):
        assert fresh.exists()
        assert not stale.exists()


def test_target_with_foreign_files_is_refused(tmp_path):
    make(tmp_path / "export", "mine")
    message = (
        "`output_dir` is replaced as a whole, so it must be new, empty or an "
        f"earlier export. {tmp_path / 'export'} holds file: name another "
        "folder."
    )
    with pytest.raises(ExportError, match=f"^{re.escape(message)}$"):
        publish.check_target(tmp_path / "export", ["generator.json"])
    publish.check_target(tmp_path / "export", ["file"])
