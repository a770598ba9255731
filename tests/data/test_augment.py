import numpy as np
import pytest
import tensorflow as tf

from keras_gans import data

# The value of a pixel is its place: 5 rows of 7.
PLACES = np.arange(35, dtype="uint8").reshape(5, 7, 1)


@tf.function
def draw_tensor(count, size, flip, seed):
    def sample(number):
        pair = tf.stack([tf.constant(seed, "int64"), number])
        return data.random_crop_and_flip(tf.constant(PLACES), size, flip, pair)

    numbers = tf.range(count, dtype="int64")
    return tf.map_fn(sample, numbers, fn_output_signature="uint8")


def draw(count, size, flip, seed=0):
    return draw_tensor(count, size, flip, seed).numpy()


def test_crops_are_windows_and_all_offsets_equally_likely():
    samples = draw(3000, (3, 4), flip=False)
    window = PLACES[:3, :4]
    counts = np.zeros((3, 4))  # 5 - 3 + 1 rows, 7 - 4 + 1 columns.
    for sample in samples:
        top, left = divmod(int(sample[0, 0, 0]), 7)
        np.testing.assert_array_equal(sample - sample[0, 0], window)
        counts[top, left] += 1
    assert np.sum((counts - 250) ** 2 / 250) < 31.3  # p = 0.001, df 11.


def test_half_of_the_samples_are_mirrored():
    samples = draw(1000, (5, 7), flip=True)
    mirrored = [np.array_equal(s, PLACES[:, ::-1]) for s in samples]
    plain = [np.array_equal(s, PLACES) for s in samples]
    assert sum(mirrored) + sum(plain) == 1000
    assert abs(sum(mirrored) - 500) < 53  # p = 0.001.


def test_flips_do_not_depend_on_offsets():
    samples = draw(2000, (5, 6), flip=True)
    rows = samples[:, 0, :, 0].astype(int)
    mirrored = rows[:, 0] > rows[:, 1]
    moved = np.minimum(rows[:, 0], rows[:, -1]) == 1
    assert abs(np.corrcoef(mirrored, moved)[0, 1]) < 0.08


def test_same_seed_same_sample():
    np.testing.assert_array_equal(
        draw(20, (2, 2), True, seed=3), draw(20, (2, 2), True, seed=3)
    )
    assert np.any(draw(20, (2, 2), True) != draw(20, (2, 2), True, seed=3))


@pytest.mark.parametrize("size", [(5, 7), (2, 7), (5, 1), (1, 1)], ids=str)
@pytest.mark.parametrize("flip", [False, True])
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_shape_is_static_and_dtype_kept(size, flip, dtype):
    image = tf.cast(PLACES, dtype)
    augment = tf.function(data.random_crop_and_flip).get_concrete_function(
        image, size, flip, tf.TensorSpec([2], "int64")
    )
    assert augment.output_shapes == (*size, 1)
    assert augment.output_dtypes == dtype
