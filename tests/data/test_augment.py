import numpy as np
import pytest
import tensorflow as tf

from keras_gans.data import augment, sampling

# The value of a pixel is its place: 5 rows of 7.
PLACES = np.arange(35, dtype="uint8").reshape(5, 7, 1)


@tf.function
def draw_tensor(count, size, flip, seed):
    draws = sampling.uniform_draws(0, count, 3, seed, "test")
    positions = tf.zeros([count], "int64")
    return augment.crop_and_flip(PLACES[None], positions, size, flip, draws)


def draw(count, size, flip, seed=0):
    return draw_tensor(count, size, flip, seed).numpy()


def test_crops_are_windows_and_all_offsets_equally_likely():
    samples = draw(1200, (3, 4), flip=False)
    window = PLACES[:3, :4]
    counts = np.zeros((3, 4))  # 5 - 3 + 1 rows, 7 - 4 + 1 columns.
    for sample in samples:
        top, left = divmod(int(sample[0, 0, 0]), 7)
        np.testing.assert_array_equal(sample - sample[0, 0], window)
        counts[top, left] += 1
    assert np.sum((counts - 100) ** 2 / 100) < 31.3  # p = 0.001, df 11.


def test_half_of_the_samples_are_mirrored():
    samples = draw(1000, (5, 7), flip=True)
    mirrored = [np.array_equal(s, PLACES[:, ::-1]) for s in samples]
    plain = [np.array_equal(s, PLACES) for s in samples]
    assert sum(mirrored) + sum(plain) == 1000
    assert abs(sum(mirrored) - 500) < 53  # p = 0.001.


def test_flips_do_not_depend_on_offsets():
    samples = draw(1000, (5, 6), flip=True)
    rows = samples[:, 0, :, 0].astype(int)
    mirrored = rows[:, 0] > rows[:, 1]
    moved = np.minimum(rows[:, 0], rows[:, -1]) == 1
    assert abs(np.corrcoef(mirrored, moved)[0, 1]) < 0.11


def test_draws_say_what_is_cut_and_mirrored():
    pictures = np.stack([PLACES, 100 + PLACES, 200 + PLACES])
    # Of 3 rows and 4 columns to begin at: the shares are in the middle.
    draws = np.array(
        [[0.5, 0.125, 0.25], [0.0, 0.875, 0.75], [1 - 2**-23] * 3], "float32"
    )
    windows = tf.function(augment.crop_and_flip)(
        tf.constant(pictures),
        tf.constant([2, 0, 2], "int64"),
        (3, 4),
        True,
        tf.constant(draws),
    )
    expected = [
        pictures[2, 1:4, 0:4],
        pictures[0, 0:3, 3:7][:, ::-1],
        pictures[2, 2:5, 3:7][:, ::-1],
    ]
    np.testing.assert_array_equal(windows, expected)


@pytest.mark.parametrize("size", [(5, 7), (2, 7), (5, 1), (1, 1)], ids=str)
@pytest.mark.parametrize("flip", [False, True])
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_shape_is_static_and_dtype_kept(size, flip, dtype):
    pictures = tf.cast(PLACES[None], dtype)
    cut = tf.function(augment.crop_and_flip).get_concrete_function(
        pictures,
        tf.TensorSpec([4], "int64"),
        size,
        flip,
        tf.TensorSpec([4, 3], "float32"),
    )
    assert cut.output_shapes == (4, *size, 1)
    assert cut.output_dtypes == dtype
    draws = sampling.uniform_draws(0, 4, 3, 0, "test")
    assert cut(pictures, tf.zeros([4], "int64"), draws).shape == (4, *size, 1)
