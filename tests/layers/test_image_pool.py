import re

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_gans.layers import ImagePool


class SequentialPool:
    """The law, image by image, on Python lists, fed with the same draws."""

    def __init__(self, pool_size, seed):
        self.pool_size = pool_size
        self.images = []
        self.seed_generator = keras.random.SeedGenerator(seed)

    def __call__(self, batch):
        shape = (len(batch),)
        swaps = np.array(keras.random.uniform(shape, seed=self.seed_generator))
        slots = np.array(
            keras.random.randint(
                shape, 0, self.pool_size, seed=self.seed_generator
            )
        )
        answers = []
        for image, swap, slot in zip(batch, swaps, slots):
            answer = image
            if len(self.images) < self.pool_size:
                self.images.append(image)
            elif swap < 0.5:
                answer = self.images[slot]
                self.images[slot] = image
            answers.append(answer)
        return np.stack(answers)


def numbered(first, count, shape=(2, 2, 1)):
    """Image number k is filled with k + 1: told apart, and never zero."""
    numbers = np.arange(first, first + count, dtype="float32") + 1
    return np.broadcast_to(numbers.reshape(-1, 1, 1, 1), (count, *shape)).copy()


def numbers_of(images):
    """The inverse of `numbered`; fails if an image mixes two."""
    images = np.array(images)
    first = images[:, :1, :1, :1]
    np.testing.assert_array_equal(images, np.broadcast_to(first, images.shape))
    return np.ravel(first)


def fix_draws(monkeypatch, swaps, slots):
    monkeypatch.setattr(
        keras.random,
        "uniform",
        lambda shape, seed: tf.constant(swaps, "float32"),
    )
    monkeypatch.setattr(
        keras.random,
        "randint",
        lambda shape, low, high, seed: tf.constant(slots, "int32"),
    )


def wrap_eager(pool):
    return pool


def wrap_graph(pool):
    return tf.function(pool, reduce_retracing=True)


def wrap_jit(pool):
    return tf.function(pool, jit_compile=True)


@pytest.mark.parametrize(
    "wrap",
    [wrap_eager, wrap_graph, wrap_jit],
    ids=["eager", "graph", "jit"],
)
def test_hand_worked_batches(monkeypatch, wrap):
    pool = ImagePool(2)
    pool.build((None, 2, 2, 1))
    # 1 and 2 fill the pool whatever is drawn.
    fix_draws(monkeypatch, [0.1, 0.2], [1, 1])
    answers = wrap(pool)(numbered(0, 2))
    np.testing.assert_array_equal(numbers_of(answers), [1, 2])
    # 3 swaps with slot 1: answers 2. 4 passes. 5 hits slot 1 again and finds
    # 3 there. 0.5 is not below 1/2: 6 passes.
    fix_draws(monkeypatch, [0.1, 0.9, 0.4999, 0.5], [1, 0, 1, 0])
    answers = wrap(pool)(numbered(2, 4))
    np.testing.assert_array_equal(numbers_of(answers), [2, 4, 3, 6])
    np.testing.assert_array_equal(numbers_of(pool.images), [1, 5])
    assert int(pool.num_images) == 2


@pytest.mark.parametrize("wrap", [wrap_eager, wrap_graph], ids=["eager", "fn"])
@pytest.mark.parametrize("pool_size", [1, 3, 5])
@pytest.mark.parametrize("batch_size", [1, 2, 4])
def test_equals_sequential_law(wrap, pool_size, batch_size):
    pool, law = ImagePool(pool_size, seed=7), SequentialPool(pool_size, seed=7)
    ours = wrap(pool)
    num_swaps = 0
    for step in range(24 // batch_size):
        batch = numbered(step * batch_size, batch_size)
        expected = law(batch)
        np.testing.assert_array_equal(ours(tf.constant(batch)), expected)
        num_swaps += np.sum(numbers_of(expected) != numbers_of(batch))
        assert int(pool.num_images) == len(law.images)
    np.testing.assert_array_equal(pool.images, np.stack(law.images))
    assert num_swaps > 0


def test_batches_of_changing_size():
    pool, law = ImagePool(3, seed=1), SequentialPool(3, seed=1)
    first = 0
    for count in (2, 4, 1, 3, 4, 2):
        batch = numbered(first, count)
        np.testing.assert_array_equal(pool(batch), law(batch))
        first += count


def test_one_slot_hit_twice_in_a_batch():
    # With one slot every swap hits it, so an image that came in with this
    # batch goes out again with this batch.
    pool, law = ImagePool(1, seed=3), SequentialPool(1, seed=3)
    batch = numbered(0, 16)
    answers = numbers_of(pool(batch))
    np.testing.assert_array_equal(answers, numbers_of(law(batch)))
    past = answers[answers < np.arange(1, 17)]
    assert len(past) >= 2
    assert len(set(past)) == len(past)


def test_first_images_are_returned_as_they_are():
    pool = ImagePool(6, seed=0)
    for step in range(3):
        batch = numbered(2 * step, 2)
        np.testing.assert_array_equal(pool(batch), batch)
    assert int(pool.num_images) == 6
    np.testing.assert_array_equal(numbers_of(pool.images), [1, 2, 3, 4, 5, 6])


def test_swaps_are_half_and_slots_are_uniform():
    pool_size, count = 5, 4000
    pool = ImagePool(pool_size, seed=11)
    answers = numbers_of(tf.function(pool)(numbered(0, count, (1, 1, 1))))
    # Numbers are unique, so an answer tells from which slot it came.
    stored = list(range(1, pool_size + 1))
    hits = np.zeros(pool_size)
    for number in range(pool_size + 1, count + 1):
        answer = answers[number - 1]
        if answer != number:
            slot = stored.index(answer)
            stored[slot] = number
            hits[slot] += 1
    draws = count - pool_size
    # Binomial counts; 5 standard deviations are passed once in 1.7 million.
    deviation = np.sqrt(draws * 0.5 * 0.5)
    assert abs(hits.sum() - draws / 2) < 5 * deviation
    share = 0.5 / pool_size
    deviation = np.sqrt(draws * share * (1 - share))
    np.testing.assert_array_less(np.abs(hits - draws * share), 5 * deviation)


def test_same_seed_same_answers_other_seed_others():
    batch = numbered(0, 32)
    answers = [numbers_of(ImagePool(4, seed)(batch)) for seed in (5, 5, 6)]
    np.testing.assert_array_equal(answers[0], answers[1])
    assert np.any(answers[0] != answers[2])


@pytest.mark.parametrize("shape", [(2, 4, 4, 1), (3, 2, 6, 3)], ids=str)
def test_pool_of_size_0_returns_its_input(shape):
    pool = ImagePool(0)
    images = np.random.default_rng(0).normal(size=shape).astype("float32")
    for _ in range(3):
        np.testing.assert_array_equal(pool(images), images)
    assert pool.weights == []


def test_pool_of_size_0_takes_free_sizes():
    inputs = keras.Input((None, None, 3))
    assert ImagePool(0)(inputs).shape == (None, None, None, 3)


@pytest.mark.parametrize("pool_size", [0, 1, 4])
def test_no_gradient_passes(pool_size):
    pool = ImagePool(pool_size, seed=0)
    images = tf.constant(numbered(0, 6))
    with tf.GradientTape() as tape:
        tape.watch(images)
        total = tf.reduce_sum(images * 0.0) + tf.reduce_sum(pool(images) ** 2)
    # The control term gives a gradient of zeros; the pool's would be 2 x.
    gradient = tape.gradient(total, images)
    np.testing.assert_array_equal(gradient, np.zeros_like(images))


def test_jit_keeps_the_law():
    # XLA draws other numbers, so the law is read off the answers.
    pool = ImagePool(3, seed=0)
    pool.build((None, 2, 2, 1))
    ours = tf.function(pool, jit_compile=True)
    stored, num_swaps = [1, 2, 3], 0
    np.testing.assert_array_equal(numbers_of(ours(numbered(0, 3))), stored)
    for first in range(3, 42, 3):
        for number, answer in enumerate(
            numbers_of(ours(numbered(first, 3))), start=first + 1
        ):
            if answer != number:
                stored[stored.index(answer)] = number
                num_swaps += 1
        np.testing.assert_array_equal(numbers_of(pool.images), stored)
    assert 5 < num_swaps < 34  # 39 draws of 1/2: 19.5, 5 deviations are 15.6.


def test_nothing_is_trainable():
    pool = ImagePool(2)
    pool.build((None, 4, 4, 3))
    assert pool.trainable_variables == []
    assert [tuple(v.shape) for v in pool.weights] == [(2, 4, 4, 3), ()]
    assert pool.num_images.dtype == "int32"


def test_float64_images_are_stored_whole():
    pool = ImagePool(1, seed=0, dtype="float64")
    image = np.full((1, 2, 2, 1), 1 / 3)
    assert pool(image).dtype == "float64"
    np.testing.assert_array_equal(pool.images, image)


def test_symbolic_shape():
    assert ImagePool(3)(keras.Input((4, 6, 3))).shape == (None, 4, 6, 3)


def test_config_round_trip():
    pool = ImagePool(7, seed=3, name="pool")
    twin = ImagePool.from_config(pool.get_config())
    assert (twin.pool_size, twin.seed) == (7, 3)
    assert twin.get_config() == pool.get_config()


def test_save_and_load_in_a_keras_model(tmp_path):
    model = keras.Sequential([keras.Input((2, 2, 1)), ImagePool(3, seed=2)])
    model(numbered(0, 3))
    model.save(tmp_path / "pool.keras")
    revived = keras.saving.load_model(tmp_path / "pool.keras").layers[0]
    np.testing.assert_array_equal(numbers_of(revived.images), [1, 2, 3])
    assert int(revived.num_images) == 3


@pytest.mark.parametrize(
    "shape", [(None, None, 4, 3), (None, 4, None, 3)], ids=str
)
def test_free_sizes_are_refused(shape):
    message = (
        "An image pool needs images of one size. "
        f"Received: input_shape={shape}. Build the networks with a fixed "
        "height and width, or set `pool_size=0`."
    )
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        ImagePool(2).build(shape)


def test_negative_size_is_refused():
    message = "`pool_size` must be >= 0. Received: pool_size=-1."
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        ImagePool(-1)
