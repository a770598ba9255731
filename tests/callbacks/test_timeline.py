"""Films of the pictures of a folder."""

import re

import numpy as np
import pytest
from PIL import Image, ImageSequence

from keras_gans import data
from keras_gans.callbacks import write_timeline


def write_pictures(folder, epochs, size=(30, 20)):
    """One picture per epoch, in a colour of its own."""
    for epoch in epochs:
        picture = Image.new("RGB", size, (epoch % 256, epoch // 256, 77))
        picture.save(folder / f"epoch_{epoch:03d}.png")


def frames_of(path):
    with Image.open(path) as film:
        return [
            (np.asarray(frame.convert("RGB")), frame.info["duration"])
            for frame in ImageSequence.Iterator(film)
        ]


def epoch_of(pixels):
    red, green, _ = pixels[-1, -1]
    return int(red) + 256 * int(green)


def test_all_pictures_are_shown_and_the_last_is_held(tmp_path):
    write_pictures(tmp_path, [0, 1, 5])
    path = tmp_path / "new" / "film.gif"
    epochs = write_timeline(tmp_path, path, milliseconds=100, captions=False)
    assert epochs == [0, 1, 5]
    frames = frames_of(path)
    assert [duration for _, duration in frames] == [100, 100, 2100]
    for epoch, (pixels, _) in zip(epochs, frames):
        picture = Image.open(tmp_path / f"epoch_{epoch:03d}.png")
        np.testing.assert_array_equal(pixels, np.asarray(picture))
    with Image.open(path) as film:
        assert film.info["loop"] == 0  # Without end.


def test_of_many_pictures_sixty_are_spread_evenly(tmp_path):
    write_pictures(tmp_path, range(150))
    epochs = write_timeline(tmp_path, tmp_path / "film.gif", captions=False)
    assert len(epochs) == 60
    assert (epochs[0], epochs[-1]) == (0, 149)
    assert set(np.diff(epochs)) == {2, 3}
    frames = frames_of(tmp_path / "film.gif")
    assert [epoch_of(pixels) for pixels, _ in frames] == epochs


def test_order_is_that_of_numbers_and_other_files_are_none_of_it(tmp_path):
    write_pictures(tmp_path, [1000, 998, 999])
    for name in ("epoch_last.png", "epoch_001.png.bak", "inputs.npz"):
        (tmp_path / name).write_text("no picture")
    epochs = write_timeline(tmp_path, tmp_path / "film.gif", captions=False)
    assert epochs == [998, 999, 1000]
    frames = frames_of(tmp_path / "film.gif")
    assert [epoch_of(pixels) for pixels, _ in frames] == epochs


def test_captions_are_above_the_pictures(tmp_path):
    write_pictures(tmp_path, [1, 8], size=(80, 20))
    write_timeline(tmp_path, tmp_path / "film.gif")
    (first, _), (last, _) = frames_of(tmp_path / "film.gif")
    assert first.shape == last.shape == (22 + 20, 80, 3)
    assert np.all(last[22:] == [8, 0, 77])
    assert np.any(first[:22] < 128)
    assert np.any(first[:22] != last[:22])


def test_large_pictures_are_shrunk_by_a_whole_factor(tmp_path):
    write_pictures(tmp_path, [0, 1], size=(1922, 600))
    write_timeline(tmp_path, tmp_path / "film.gif", captions=False)
    pixels, _ = frames_of(tmp_path / "film.gif")[0]
    assert pixels.shape == (200, 641, 3)


def test_pictures_that_do_not_change_keep_their_time(tmp_path):
    for epoch in range(4):
        Image.new("RGB", (9, 9)).save(tmp_path / f"epoch_00{epoch}.png")
    write_timeline(tmp_path, tmp_path / "film.gif", 200, captions=False)
    durations = [duration for _, duration in frames_of(tmp_path / "film.gif")]
    assert sum(durations) == 4 * 200 + 2000


def test_one_picture_is_a_film(tmp_path):
    write_pictures(tmp_path, [0])
    assert write_timeline(tmp_path, tmp_path / "film.gif") == [0]
    assert len(frames_of(tmp_path / "film.gif")) == 1


@pytest.mark.parametrize("exists", [True, False])
def test_a_folder_without_pictures_is_refused(exists, tmp_path):
    folder = tmp_path if exists else tmp_path / "nowhere"
    message = (
        "`directory` must hold pictures named epoch_NNN.png. "
        f"Received: directory={str(folder)!r}."
    )
    with pytest.raises(FileNotFoundError, match=f"^{re.escape(message)}$"):
        write_timeline(folder, tmp_path / "film.gif")
    assert not (tmp_path / "film.gif").exists()


def test_a_broken_picture_is_named(tmp_path):
    write_pictures(tmp_path, [0, 1])
    (tmp_path / "epoch_001.png").write_bytes(b"rust")
    with pytest.raises(data.ImageError, match=re.escape("epoch_001.png")):
        write_timeline(tmp_path, tmp_path / "film.gif")
    assert not (tmp_path / "film.gif").exists()


def test_pictures_of_several_sizes_are_refused(tmp_path):
    write_pictures(tmp_path, [0])
    write_pictures(tmp_path, [1], size=(31, 20))
    message = (
        "The pictures of a timeline must have one size. Received: "
        f"{tmp_path / 'epoch_001.png'}, of another size than those before."
    )
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        write_timeline(tmp_path, tmp_path / "film.gif")


def test_too_fast_a_film_is_refused(tmp_path):
    message = (
        "`milliseconds` must be >= 20: players show faster films slowly. "
        "Received: milliseconds=10."
    )
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        write_timeline(tmp_path, tmp_path / "film.gif", milliseconds=10)
