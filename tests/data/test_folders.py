import re

import numpy as np
import pytest
from PIL import Image

from keras_gans import data


def fill(folder, count=1, suffix=".png"):
    folder.mkdir(parents=True, exist_ok=True)
    for index in range(count):
        Image.new("RGB", (4, 4)).save(folder / f"{index}{suffix}")
    return folder


def test_list_is_sorted_recursive_and_without_hidden_files(tmp_path):
    folder = fill(tmp_path / "with [brackets] and ü", 2)
    fill(folder / "sub folder", 1, ".JPG")
    fill(folder / ".hidden")
    (folder / "._0.png").write_bytes(b"resource fork")
    (folder / "notes.txt").write_text("notes")
    (folder / "old.tiff").write_bytes(b"II*\x00")  # Listed: read says why not.
    names = [str(p.relative_to(folder)) for p in data.list_images(str(folder))]
    assert names == ["0.png", "1.png", "old.tiff", "sub folder/0.JPG"]


def test_links_are_followed_once(tmp_path):
    folder, elsewhere = fill(tmp_path / "a"), fill(tmp_path / "b", 3)
    (folder / "loop").symlink_to(folder, target_is_directory=True)
    (folder / "b1").symlink_to(elsewhere, target_is_directory=True)
    (folder / "b2").symlink_to(elsewhere, target_is_directory=True)
    names = [str(p.relative_to(folder)) for p in data.list_images(folder)]
    assert names == ["0.png", "b1/0.png", "b1/1.png", "b1/2.png"]


def test_missing_folder_error_says_what_is_there(tmp_path):
    fill(tmp_path / "flowers")
    message = (
        f"{tmp_path}/flower/trainA must be a folder. There is no such folder. "
        f"{tmp_path} is there; it holds: flowers."
    )
    with pytest.raises(FileNotFoundError, match=f"^{re.escape(message)}$"):
        data.list_images(tmp_path / "flower" / "trainA")


def test_file_instead_of_folder(tmp_path):
    path = fill(tmp_path) / "0.png"
    message = f"{path} must be a folder. It is a file. "
    with pytest.raises(FileNotFoundError, match=f"^{re.escape(message)}"):
        data.list_images(path)


@pytest.mark.parametrize(
    ("names", "found"),
    [
        ([], "no files"),
        (["a.txt", "b.txt", "README"], "2 .txt, 1 without extension"),
    ],
    ids=["empty", "other_files"],
)
def test_folder_without_pictures_says_what_it_holds(tmp_path, names, found):
    for name in names:
        (tmp_path / name).write_text("x")
    message = (
        f"{tmp_path} must hold pictures (PNG, JPEG, WebP, BMP or .npy files). "
        f"Found: {found}."
    )
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        data.list_images(tmp_path)


def test_domains_of_a_folder(tmp_path):
    for name, count in (("trainA", 3), ("trainB", 2), ("testB", 1)):
        fill(tmp_path / "set" / name, count)
    domains = data.open_folder_domains(tmp_path / "set", channels_b=1)
    assert (domains.name, domains.test_is_paired) == ("set", False)
    assert (len(domains.train_a), len(domains.train_b)) == (3, 2)
    assert domains.test_a is None and domains.test_b.name == "testB"
    assert domains.train_a.load((4, 4)).shape == (3, 4, 4, 3)
    assert domains.train_b.load((4, 4)).shape == (2, 4, 4, 1)


ACCEPTED = """Accepted:
  trainA/
  trainB/
  testA/  (may be absent)
  testB/  (may be absent)"""


def test_misspelt_folders_error_shows_the_tree(tmp_path):
    fill(tmp_path / "train_A", 2)
    fill(tmp_path / "trainb", 3)
    fill(tmp_path / "other")
    message = f"""{tmp_path} must hold the folders trainA and trainB. Found:
  other/  (1 pictures)
  train_A/  (2 pictures)
  trainb/  (3 pictures)
{ACCEPTED}
Did you mean trainA by train_A? Rename it.
Did you mean trainB by trainb? Rename it."""
    with pytest.raises(FileNotFoundError) as error:
        data.open_folder_domains(tmp_path)
    assert str(error.value) == message


def test_error_without_any_folder(tmp_path):
    message = f"""{tmp_path} must hold the folders trainA and trainB. Found:
  no folders
{ACCEPTED}"""
    with pytest.raises(FileNotFoundError) as error:
        data.open_folder_domains(tmp_path)
    assert str(error.value) == message


@pytest.mark.parametrize(
    ("folder", "hint"),
    [
        ("TrainA", "trainA by TrainA"),
        ("train-a", "trainA by train-a"),
        ("trainingA", "trainA by trainingA"),
        ("tranA", "trainA by tranA"),
    ],
)
def test_near_miss_gets_a_hint(tmp_path, folder, hint):
    fill(tmp_path / "trainB")
    fill(tmp_path / folder)
    with pytest.raises(FileNotFoundError, match=f"Did you mean {hint}\\?"):
        data.open_folder_domains(tmp_path)


def test_far_miss_gets_none(tmp_path):
    fill(tmp_path / "train")
    with pytest.raises(FileNotFoundError) as error:
        data.open_folder_domains(tmp_path)
    assert "Did you mean" not in str(error.value)


def test_misspelt_test_folder_is_not_left_out_in_silence(tmp_path):
    for name in ("trainA", "trainB", "test_a"):
        fill(tmp_path / name)
    with pytest.raises(FileNotFoundError, match="Did you mean testA by test_a"):
        data.open_folder_domains(tmp_path)


def test_loaded_pictures_follow_the_sorted_list(tmp_path):
    folder = tmp_path / "trainA"
    folder.mkdir()
    for level, name in ((1, "b.png"), (2, "a.png"), (3, "c/a.png")):
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        Image.new("L", (2, 2), level).save(path)
    files = data.ImageFiles(data.list_images(folder), "trainA", channels=1)
    assert files.filenames == ["a.png", "b.png", "c/a.png"]
    np.testing.assert_array_equal(files.load((2, 2))[:, 0, 0, 0], [2, 1, 3])
