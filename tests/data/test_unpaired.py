import pathlib
import re

import numpy as np
import pytest
import tensorflow as tf

from keras_gans import data
from tests.data.files import noisy, numbered

PHOTOS = (
    pathlib.Path(__file__).parents[3] / "shared" / "data" / "daisy2sunflower"
)


def take(pipeline, steps, start_step=0):
    """The first batches, as two arrays `(steps, batch, ...)`."""
    batches = pipeline.dataset(start_step).take(steps).as_numpy_iterator()
    images_a, images_b = zip(*batches, strict=True)
    return np.stack(images_a), np.stack(images_b)


def take_numbers(pipeline, steps, start_step=0):
    """Which picture each sample is, for `numbered` ones."""
    return [
        np.rint((side[..., 0, 0, 0] + 1) * 127.5).astype(int).ravel()
        for side in take(pipeline, steps, start_step)
    ]


def jittered(seed=0, **options):
    return data.UnpairedPipeline(
        noisy(5, 1), noisy(3, 2), (6, 7), (9, 11), seed=seed, **options
    )


def test_longer_side_is_walked_once_and_shorter_evenly():
    pipeline = data.UnpairedPipeline(numbered(12), numbered(5), (2, 2))
    assert pipeline.steps_per_epoch == 12
    numbers_a, numbers_b = take_numbers(pipeline, 60)
    epochs = numbers_a.reshape(5, 12)
    np.testing.assert_array_equal(np.sort(epochs), np.tile(range(12), (5, 1)))
    passes = numbers_b.reshape(12, 5)
    np.testing.assert_array_equal(np.sort(passes), np.tile(range(5), (12, 1)))
    assert len({tuple(epoch) for epoch in epochs}) == 5


@pytest.mark.parametrize("lengths", [(4, 9), (1, 6), (6, 1), (1, 1)], ids=str)
def test_unequal_counts(lengths):
    pipeline = data.UnpairedPipeline(*map(numbered, lengths), (2, 2))
    assert pipeline.steps_per_epoch == max(lengths)
    for length, numbers in zip(lengths, take_numbers(pipeline, 36)):
        np.testing.assert_array_equal(
            np.bincount(numbers, minlength=length), 36 / length
        )


def test_pairs_are_fresh_and_sides_independent():
    pipeline = data.UnpairedPipeline(numbered(8), numbered(8), (2, 2))
    numbers_a, numbers_b = take_numbers(pipeline, 8 * 100)
    pairs = np.histogram2d(numbers_a, numbers_b, bins=8)[0]
    # 64 cells, 12.5 each; 49 degrees of freedom, p = 0.001.
    assert np.sum((pairs - 12.5) ** 2 / 12.5) < 85.4


def test_crops_of_the_two_sides_are_not_correlated():
    columns = np.arange(64, dtype="uint8").reshape(1, 1, 64, 1)
    images = data.ArrayImages(columns, "both")
    pipeline = data.UnpairedPipeline(
        images, images, (1, 1), (1, 64), flip=False
    )
    offsets_a, offsets_b = take_numbers(pipeline, 1000)
    assert len(set(offsets_a)) == len(set(offsets_b)) == 64
    assert abs(np.corrcoef(offsets_a, offsets_b)[0, 1]) < 0.1


def test_flips_of_the_two_sides_are_not_correlated():
    images = data.ArrayImages(np.uint8([[[[0], [255]]]]), "both")
    pipeline = data.UnpairedPipeline(images, images, (1, 2))
    flips = [numbers > 0 for numbers in take_numbers(pipeline, 4000)]
    for side in flips:
        assert abs(np.mean(side) - 0.5) < 0.026  # p = 0.001.
    assert abs(np.corrcoef(*flips)[0, 1]) < 0.052


def test_augmentation_differs_between_epochs():
    images = noisy(1, 1)
    pipeline = data.UnpairedPipeline(images, images, (6, 7), (9, 11))
    epochs = take(pipeline, 10)[0]
    assert len({epoch.tobytes() for epoch in epochs}) > 5


def test_samples_are_crops_or_mirrored_crops():
    source = noisy(5, 1).load((9, 11))
    windows = np.lib.stride_tricks.sliding_window_view(source, (6, 7), (1, 2))
    windows = np.moveaxis(windows, 3, -1).reshape(-1, 6, 7, 3)
    known = {w.tobytes() for w in windows}
    known |= {np.ascontiguousarray(w[:, ::-1]).tobytes() for w in windows}
    for sample in data.to_uint8(take(jittered(), 20)[0][:, 0]):
        assert sample.tobytes() in known


@pytest.mark.parametrize("batch_size", [1, 2])
def test_start_step_equals_skipping(batch_size):
    pipeline = jittered(batch_size=batch_size)
    whole = take(pipeline, 16)
    for start_step in (1, 5, 7):  # An epoch has 5 samples, and 3 on side b.
        rest = take(pipeline, 4, start_step)
        for all_batches, some in zip(whole, rest):
            expected = all_batches[start_step : start_step + 4]
            np.testing.assert_array_equal(some, expected)


def test_samples_do_not_change_from_version_to_version():
    # A run that was begun with an earlier version goes on as it began.
    pipeline = data.UnpairedPipeline(numbered(6), numbered(4), (2, 2))
    numbers_a, numbers_b = take_numbers(pipeline, 12)
    assert numbers_a.tolist() == [5, 0, 2, 4, 3, 1, 4, 1, 5, 2, 0, 3]
    assert numbers_b.tolist() == [3, 2, 1, 0, 0, 1, 2, 3, 0, 2, 3, 1]


def test_seeds_differ():
    for one, other in zip(take(jittered(0), 5), take(jittered(1), 5)):
        assert np.any(one != other)


@pytest.mark.parametrize("batch_size", [2, 3])
def test_batch_size_does_not_change_the_samples(batch_size):
    single = take(jittered(), 30)
    pipeline = jittered(batch_size=batch_size)
    assert pipeline.steps_per_epoch == 5 // batch_size
    for one, batched in zip(single, take(pipeline, 30 // batch_size)):
        np.testing.assert_array_equal(
            one.reshape(30, 6, 7, 3), batched.reshape(30, 6, 7, 3)
        )


def test_reading_on_demand_equals_the_cache():
    for cached, read in zip(
        take(jittered(cache="memory"), 12), take(jittered(cache="none"), 12)
    ):
        np.testing.assert_array_equal(cached, read)


def test_thread_count_does_not_matter():
    def take_with(threads):
        options = tf.data.Options()
        options.threading.private_threadpool_size = threads
        dataset = jittered(cache="none").dataset().with_options(options)
        return [a for a, _ in dataset.take(20).as_numpy_iterator()]

    np.testing.assert_array_equal(take_with(1), take_with(8))


def test_elements_have_static_shapes_and_are_floats_in_range():
    pipeline = data.UnpairedPipeline(
        noisy(5, 1, channels=1),
        noisy(4, 2, channels=4),
        (9, 11),
        batch_size=2,
    )
    dataset = pipeline.dataset()
    assert dataset.element_spec == (
        tf.TensorSpec((2, 9, 11, 1), "float32"),
        tf.TensorSpec((2, 9, 11, 4), "float32"),
    )
    assert dataset.cardinality() == tf.data.INFINITE_CARDINALITY
    for side in take(pipeline, 10):
        assert -1 <= side.min() < -0.9 and 0.9 < side.max() <= 1


@pytest.mark.parametrize("cache", ["memory", "none"])
@pytest.mark.parametrize("dtype", ["uint16", "float32"])
def test_other_dtypes_pass_through(dtype, cache):
    array = np.array([0, 1000, 65535]).reshape(3, 1, 1, 1).astype("uint16")
    floats = (array / 32767.5 - 1).astype("float32")
    images = data.ArrayImages(array if dtype == "uint16" else floats, "deep")
    pipeline = data.UnpairedPipeline(images, images, (1, 1), cache=cache)
    samples = np.sort(take(pipeline, 3)[0].ravel())
    np.testing.assert_allclose(samples, floats.ravel(), atol=1e-7)


def test_bad_file_read_on_demand_is_named(tmp_path):
    np.save(tmp_path / "good.npy", np.zeros((2, 2, 3), "uint8"))
    (tmp_path / "bad.png").write_bytes(b"")
    files = data.ImageFiles(data.list_images(tmp_path), "trainA")
    pipeline = data.UnpairedPipeline(files, files, (2, 2), cache="none")
    with pytest.raises(tf.errors.OpError, match=r"bad\.png: is empty\."):
        take(pipeline, 2)


BAD_ARGUMENTS = {
    "batch_size": (
        {"batch_size": 6},
        "`batch_size` must be at least 1 and at most the number of pictures of "
        "the longer domain, 5. Received: batch_size=6.",
    ),
    "load_size": (
        {"load_size": (9, 6)},
        "`load_size` must not be smaller than `image_size`. "
        "Received: load_size=(9, 6), image_size=(6, 7).",
    ),
    "image_size": (
        {"image_size": 256},
        "`image_size` must be (height, width), two positive integers. "
        "Received: image_size=256.",
    ),
    "cache": (
        {"cache": "disk"},
        "`cache` must be one of auto, memory, file, none. "
        "Received: cache='disk'.",
    ),
}


@pytest.mark.parametrize("case", BAD_ARGUMENTS)
def test_bad_arguments_are_refused_at_construction(case):
    changed, message = BAD_ARGUMENTS[case]
    arguments = {"image_size": (6, 7), **changed}
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        data.UnpairedPipeline(noisy(5, 1), noisy(3, 2), **arguments)


def test_negative_start_step_is_refused():
    message = "`start_step` must not be negative. Received: start_step=-1."
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        jittered().dataset(-1)


def test_open_unpaired_lists_the_three_forms():
    message = (
        "`spec` must be embedded:NAME, such as embedded:emoji_outlines, or "
        "tfds:NAME, such as tfds:cycle_gan/horse2zebra, or the path of a "
        "folder that holds trainA and trainB. "
        "Received: spec='horse2zebra', which is not there."
    )
    with pytest.raises(FileNotFoundError, match=f"^{re.escape(message)}$"):
        data.open_unpaired("horse2zebra")


@pytest.mark.skipif(not PHOTOS.is_dir(), reason="needs the photographs")
def test_folder_of_photographs():
    domains = data.open_unpaired(PHOTOS)
    assert (len(domains.train_a), len(domains.train_b)) == (230, 230)
    pipeline = data.UnpairedPipeline(
        domains.test_a, domains.test_b, (64, 48), (72, 54), batch_size=4
    )
    images_a, images_b = next(iter(pipeline.dataset()))
    assert images_a.shape == images_b.shape == (4, 64, 48, 3)
