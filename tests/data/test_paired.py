import re
import warnings

import numpy as np
import pytest
import tensorflow as tf

from keras_gans import data
from tests.data.files import noisy, numbered


def places(count, size=(9, 11)):
    """Pictures whose every pixel is (picture, row, column)."""
    pixels = np.stack(np.indices((count, *size)), axis=-1)
    return pixels.astype("uint8")


def placed_pipeline(seed=0, **options):
    """Targets are the inputs in negative: each pixel tells its place."""
    inputs = data.ArrayImages(places(5), "inputs")
    targets = data.ArrayImages(255 - places(5), "targets")
    return data.PairedPipeline(
        inputs, targets, (6, 7), (9, 11), seed=seed, **options
    )


def take(pipeline, steps, start_step=0):
    """The first batches, as two arrays `(steps, batch, ...)`."""
    batches = pipeline.dataset(start_step).take(steps).as_numpy_iterator()
    inputs, targets = zip(*batches, strict=True)
    return np.stack(inputs), np.stack(targets)


def take_levels(pipeline, steps, start_step=0):
    """As `take`, as whole numbers from 0 to 255."""
    return [data.to_uint8(side) for side in take(pipeline, steps, start_step)]


@pytest.mark.parametrize("cache", ["memory", "none"])
def test_both_halves_show_the_same_place(cache):
    inputs, targets = take_levels(placed_pipeline(cache=cache), 60)
    np.testing.assert_array_equal(targets, 255 - inputs)
    corners = {tuple(sample[0, 0, 0, 1:]) for sample in inputs}
    assert len(corners) > 20  # Of 4 rows, and 5 columns on either side.


def test_halves_that_are_drawn_apart_do_not():
    # The control: what the test above would see if crops were independent.
    sides = places(5), 255 - places(5)
    pipeline = data.UnpairedPipeline(
        *(data.ArrayImages(side, "side") for side in sides), (6, 7), (9, 11)
    )
    inputs, targets = take_levels(pipeline, 60)
    agree = [np.array_equal(255 - a, b) for a, b in zip(inputs, targets)]
    assert np.mean(agree) < 0.1


def test_crops_and_flips_are_all_drawn():
    inputs, _ = take_levels(placed_pipeline(), 400)
    top, left = inputs[:, 0, :, :, 1].min((1, 2)), inputs[:, 0, 0, :, 2].min(1)
    mirrored = inputs[:, 0, 0, 0, 2] > inputs[:, 0, 0, 1, 2]
    assert abs(mirrored.mean() - 0.5) < 0.083  # p = 0.001.
    counts = np.histogram2d(top, left, bins=(4, 5))[0]
    assert np.sum((counts - 20) ** 2 / 20) < 43.8  # p = 0.001, df 19.


def test_pairs_are_not_mirrored_unless_asked_for():
    inputs, targets = take_levels(placed_pipeline(flip=False), 40)
    for side, step in ((inputs, 1), (targets, -1)):
        columns = side[..., 2].astype(int)
        np.testing.assert_array_equal(np.diff(columns, axis=-1), step)


def test_each_epoch_visits_every_pair_once():
    names = np.arange(12, dtype="uint8").reshape(12, 1, 1, 1)
    targets = data.ArrayImages(100 + names, "targets")
    pipeline = data.PairedPipeline(
        numbered(12, size=(1, 1)), targets, (1, 1), batch_size=4
    )
    assert (pipeline.batch_size, pipeline.steps_per_epoch) == (4, 3)
    inputs, targets = take_levels(pipeline, 15)
    np.testing.assert_array_equal(targets, inputs + 100)
    epochs = inputs.reshape(5, 12)
    np.testing.assert_array_equal(np.sort(epochs), np.tile(range(12), (5, 1)))
    assert len({tuple(epoch) for epoch in epochs}) == 5


def test_order_is_the_documented_function_of_seed_and_number():
    # A run that was begun with an earlier version goes on as it began.
    pipeline = data.PairedPipeline(
        numbered(7), numbered(7), (2, 2), seed=3, flip=False
    )
    first = tf.constant(0, "int64")
    expected = data.shuffled_positions(first, 14, 7, 3, "order/pairs")
    np.testing.assert_array_equal(
        take_levels(pipeline, 14)[0][:, 0, 0, 0, 0], expected
    )


@pytest.mark.parametrize(("batch_size", "cache"), [(1, "memory"), (2, "none")])
def test_start_step_equals_skipping(batch_size, cache):
    pipeline = placed_pipeline(batch_size=batch_size, cache=cache)
    whole = take(pipeline, 11)
    for start_step in (1, 7):  # An epoch has 5 pairs.
        rest = take(pipeline, 4, start_step)
        for all_batches, some in zip(whole, rest):
            expected = all_batches[start_step : start_step + 4]
            np.testing.assert_array_equal(some, expected)


def test_augmentation_differs_between_epochs_and_seeds():
    one, other = (take(placed_pipeline(seed), 20)[0] for seed in (0, 1))
    assert np.any(one != other)
    assert len({sample.tobytes() for sample in one}) > 15


def test_batch_size_does_not_change_the_samples():
    pipeline = placed_pipeline(batch_size=2)
    assert pipeline.steps_per_epoch == 2
    for one, batched in zip(take(placed_pipeline(), 10), take(pipeline, 5)):
        np.testing.assert_array_equal(
            one.reshape(10, 6, 7, 3), batched.reshape(10, 6, 7, 3)
        )


def test_reading_on_demand_equals_the_cache():
    for cached, read in zip(
        take(placed_pipeline(cache="memory"), 12),
        take(placed_pipeline(cache="none"), 12),
    ):
        np.testing.assert_array_equal(cached, read)


def test_elements_have_static_shapes_and_are_floats_in_range():
    pipeline = data.PairedPipeline(
        noisy(5, 1, channels=1),
        noisy(5, 2, channels=4),
        (6, 7),
        (9, 11),
        batch_size=2,
    )
    dataset = pipeline.dataset()
    assert dataset.element_spec == (
        tf.TensorSpec((2, 6, 7, 1), "float32"),
        tf.TensorSpec((2, 6, 7, 4), "float32"),
    )
    assert dataset.cardinality() == tf.data.INFINITE_CARDINALITY
    for side in take(pipeline, 10):
        assert -1 <= side.min() < -0.9 and 0.9 < side.max() <= 1


def test_sides_may_differ_in_bit_depth():
    levels = np.arange(4).reshape(4, 1, 1, 1)
    inputs = data.ArrayImages((levels * 1000).astype("uint16"), "deep")
    targets = data.ArrayImages(levels.astype("uint8"), "shallow")
    pipeline = data.PairedPipeline(inputs, targets, (1, 1))
    inputs, targets = take(pipeline, 8)
    np.testing.assert_allclose(
        (inputs + 1) * 32.7675, (targets + 1) * 127.5, atol=1e-3
    )


LABELS = np.repeat(np.uint8([[[9], [99], [199]]] * 12), 4, axis=1)[None]


def label_pipeline(**options):
    """One label map of three vertical stripes, 12x12, at 16x16."""
    labels = data.ArrayImages(LABELS, "labels", ["street"])
    return data.PairedPipeline(
        labels, data.ArrayImages(LABELS, "targets"), (16, 16), **options
    )


def test_label_maps_keep_their_colours_only_if_asked_to():
    inputs, targets = take_levels(label_pipeline(input_resize="nearest"), 2)
    assert set(inputs.ravel()) == {9, 99, 199}
    assert len(set(targets.ravel())) > 3  # Bicubic, as it stays for targets.
    # Both kinds of resizing leave the stripes where they are.
    clear = np.isin(targets, (9, 99, 199))
    np.testing.assert_array_equal(inputs[clear], targets[clear])


def test_label_maps_that_are_read_smoothly_are_reported():
    message = (
        "The inputs look like label maps, such as street of labels: they have "
        "few colours, which bicubic resizing mixes. If they are, pass "
        "input_resize='nearest'."
    )
    with pytest.warns(UserWarning, match=f"^{re.escape(message)}$") as found:
        label_pipeline()
    assert found[0].filename == __file__


@pytest.mark.parametrize(
    "quiet",
    [
        lambda: label_pipeline(input_resize="nearest"),
        lambda: data.PairedPipeline(
            data.LabelMaps(data.ArrayImages(LABELS, "labels")),
            data.ArrayImages(LABELS, "targets"),
            (16, 16),
        ),
        # As large as they are read: nothing is mixed.
        lambda: data.PairedPipeline(
            *[data.ArrayImages(LABELS, "labels")] * 2, (12, 12)
        ),
        lambda: data.PairedPipeline(noisy(3, 1), noisy(3, 2), (16, 16)),
        # Black on white: a drawing.
        lambda: data.PairedPipeline(
            *[data.ArrayImages(LABELS // 100 * 100, "drawing")] * 2, (16, 16)
        ),
    ],
    ids=["nearest", "label_maps", "own_size", "photograph", "drawing"],
)
def test_others_are_not_reported(quiet):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        quiet()


def test_arrays_of_unequal_size_are_refused():
    message = (
        "^000000: is 11 wide and 9 high, but its partner in train1, 000000, "
        r"is 9 wide and 9 high\. Bring both to one size\.\n"
    )
    with pytest.raises(data.ImageError, match=message):
        data.PairedPipeline(noisy(1, 1, (9, 9)), noisy(1, 2), (6, 6))


def test_bad_file_read_on_demand_is_named(tmp_path):
    np.save(tmp_path / "good.npy", np.zeros((2, 2, 3), "uint8"))
    (tmp_path / "bad.png").write_bytes(b"")
    files = data.ImageFiles(data.list_images(tmp_path), "train")
    pipeline = data.PairedPipeline(files, files, (2, 2), cache="none")
    with pytest.raises(tf.errors.OpError, match=r"bad\.png: is empty\."):
        take(pipeline, 2)


BAD_ARGUMENTS = {
    "batch_size": (
        {"batch_size": 6},
        "`batch_size` must be at least 1 and at most the number of pairs, 5. "
        "Received: batch_size=6.",
    ),
    "load_size": (
        {"load_size": (9, 6)},
        "`load_size` must not be smaller than `image_size`. "
        "Received: load_size=(9, 6), image_size=(6, 7).",
    ),
    "lengths": (
        {"targets": noisy(4, 2)},
        "`inputs` and `targets` must be pairs, and so of equal number. "
        "Received: 5 inputs, 4 targets.",
    ),
    "input_resize": (
        {"input_resize": "area"},
        "`input_resize` must be one of bicubic, nearest. "
        "Received: input_resize='area'.",
    ),
    "nearest_outlines": (
        {"inputs": data.EdgeImages(noisy(5, 1)), "input_resize": "nearest"},
        "`input_resize` must be bicubic for outlines, which are drawn in the "
        "size that is read. Received: 'nearest'.",
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
    arguments = {
        "inputs": noisy(5, 1),
        "targets": noisy(5, 2),
        "image_size": (6, 7),
        **changed,
    }
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        data.PairedPipeline(**arguments)


def test_negative_start_step_is_refused():
    message = "`start_step` must not be negative. Received: start_step=-1."
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        placed_pipeline().dataset(-1)


def test_pairs_know_their_sides_and_can_be_reversed():
    sides = [numbered(n, str(i)) for i, n in enumerate((3, 3, 2, 2))]
    pairs = data.PairedImages(*sides, "set")
    there = pairs.reversed()
    assert [there.train_inputs, there.train_targets] == sides[1::-1]
    assert [there.test_inputs, there.test_targets] == sides[:1:-1]
    assert there.name == "set"


@pytest.mark.parametrize("test_targets", [None, numbered(3)])
def test_sets_that_are_no_pairs_are_refused(test_targets):
    count = 0 if test_targets is None else 3
    message = (
        "`test_inputs` and `test_targets` must be pairs, and so of equal "
        f"number. Received: 2 inputs, {count} targets."
    )
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        data.PairedImages(
            numbered(3), numbered(3), numbered(2), test_targets, "set"
        )
