import re

import numpy as np
import pytest
import tensorflow as tf

from keras_gans import data
from tests.data.files import noisy, numbered


def take(pipeline, steps, start_step=0):
    """The first batches of pictures, as an array `(steps, batch, ...)`."""
    batches = pipeline.dataset(start_step).take(steps).as_numpy_iterator()
    return np.stack(list(batches))


def take_labelled(pipeline, steps, start_step=0):
    """The first batches of pictures, and of labels."""
    batches = pipeline.dataset(start_step).take(steps).as_numpy_iterator()
    images, labels = zip(*batches, strict=True)
    return np.stack(images), np.stack(labels)


def to_numbers(images):
    """Which picture each sample is, for `numbered` ones."""
    return np.rint((images[..., 0, 0, 0] + 1) * 127.5).astype(int).ravel()


def jittered(seed=0, **options):
    return data.ImagePipeline(
        noisy(5, 1),
        (6, 7),
        (9, 11),
        **{"batch_size": 1, "seed": seed, "flip": True, **options},
    )


# How samples come about: looked up in memory, cut one by one, read one by one.
WAYS = {
    "lookup": {},
    "cut": {"load_size": (3, 3)},
    "mirrored": {"flip": True},
    "read": {"cache": "none"},
}


@pytest.fixture(params=WAYS)
def way(request):
    return WAYS[request.param]


def test_each_epoch_visits_every_picture_once(way):
    pipeline = data.ImagePipeline(numbered(12), (2, 2), batch_size=4, **way)
    assert (pipeline.batch_size, pipeline.steps_per_epoch) == (4, 3)
    epochs = to_numbers(take(pipeline, 15)).reshape(5, 12)
    np.testing.assert_array_equal(np.sort(epochs), np.tile(range(12), (5, 1)))
    assert len({tuple(epoch) for epoch in epochs}) == 5


def test_pictures_that_fill_no_batch_open_the_next_epoch(way):
    pipeline = data.ImagePipeline(numbered(7), (2, 2), batch_size=3, **way)
    assert pipeline.steps_per_epoch == 2
    epochs = to_numbers(take(pipeline, 14)).reshape(6, 7)
    np.testing.assert_array_equal(np.sort(epochs), np.tile(range(7), (6, 1)))


def test_labels_follow_their_pictures(way):
    labels = np.arange(100) * 7 % 100
    pipeline = data.ImagePipeline(
        numbered(100),
        (2, 2),
        batch_size=8,
        labels=labels,
        num_classes=100,
        **way,
    )
    images, found = take_labelled(pipeline, 40)
    np.testing.assert_array_equal(found.ravel(), labels[to_numbers(images)])
    # Not because nothing is shuffled.
    assert np.any(found.ravel()[:100] != labels)


def test_labels_do_not_change_the_pictures(way):
    images = numbered(9)
    plain = data.ImagePipeline(images, (2, 2), batch_size=2, **way)
    labelled = data.ImagePipeline(
        images, (2, 2), batch_size=2, labels=[0] * 9, num_classes=1, **way
    )
    np.testing.assert_array_equal(
        take(plain, 12), take_labelled(labelled, 12)[0]
    )


@pytest.mark.parametrize("start_step", [3, 11])
def test_start_step_equals_skipping(way, start_step):
    pipeline = data.ImagePipeline(
        numbered(7),
        (2, 2),
        batch_size=3,
        labels=range(7),
        num_classes=7,
        **way,
    )
    whole = take_labelled(pipeline, 16)
    for all_batches, some in zip(whole, take_labelled(pipeline, 4, start_step)):
        np.testing.assert_array_equal(some, all_batches[start_step:][:4])


def test_start_step_equals_skipping_when_pictures_are_cut_and_mirrored():
    pipeline = jittered(batch_size=2)
    np.testing.assert_array_equal(take(pipeline, 4, 7), take(pipeline, 11)[7:])


def test_an_epoch_may_be_longer_than_a_walk_through_the_pictures():
    pipelines = [
        data.ImagePipeline(numbered(5), (2, 2), batch_size=2, **options)
        for options in ({}, {"steps_per_epoch": 7})
    ]
    assert [p.steps_per_epoch for p in pipelines] == [2, 7]
    np.testing.assert_array_equal(*[take(p, 9) for p in pipelines])


def test_lookup_equals_one_by_one():
    images = noisy(11, 1)
    looked_up, read = (
        data.ImagePipeline(images, (9, 11), batch_size=4, cache=cache)
        for cache in ("memory", "none")
    )
    np.testing.assert_array_equal(take(looked_up, 30), take(read, 30))


def test_reading_on_demand_equals_the_cache():
    np.testing.assert_array_equal(
        take(jittered(cache="memory"), 12), take(jittered(cache="none"), 12)
    )


@pytest.mark.parametrize("batch_size", [2, 5])
def test_batch_size_does_not_change_the_samples(way, batch_size):
    single, batched = (
        data.ImagePipeline(numbered(10), (2, 2), batch_size=size, **way)
        for size in (1, batch_size)
    )
    np.testing.assert_array_equal(
        to_numbers(take(single, 40)),
        to_numbers(take(batched, 40 // batch_size)),
    )


def test_seeds_differ(way):
    one, other = (
        data.ImagePipeline(numbered(50), (2, 2), batch_size=50, seed=s, **way)
        for s in (0, 1)
    )
    equal = to_numbers(take(one, 20)) == to_numbers(take(other, 20))
    assert np.mean(equal) < 0.05  # By chance 1 / 50, with deviation 0.004.


def test_order_is_not_that_of_another_stream():
    images = numbered(50)
    single = data.ImagePipeline(images, (2, 2), batch_size=50)
    unpaired = data.UnpairedPipeline(images, images, (2, 2), batch_size=50)
    numbers = to_numbers(take(single, 1))
    for side in next(iter(unpaired.dataset())):
        assert np.mean(numbers == to_numbers(side.numpy())) < 0.2


def test_samples_are_crops_or_mirrored_crops():
    source = noisy(5, 1).load((9, 11))
    windows = np.lib.stride_tricks.sliding_window_view(source, (6, 7), (1, 2))
    windows = np.moveaxis(windows, 3, -1).reshape(-1, 6, 7, 3)
    known = {w.tobytes() for w in windows}
    mirrored = {np.ascontiguousarray(w[:, ::-1]).tobytes() for w in windows}
    samples = {s.tobytes() for s in data.to_uint8(take(jittered(), 40)[:, 0])}
    assert samples <= known | mirrored
    assert samples & known and samples & mirrored


def test_pictures_are_not_mirrored_unless_asked_for():
    images = data.ArrayImages(np.uint8([[[[0], [255]]]]), "train")
    plain, mirrored = (
        take(data.ImagePipeline(images, (1, 2), batch_size=1, **options), 50)
        for options in ({}, {"flip": True})
    )
    assert np.all(plain[..., 0, 0] == -1)
    assert {-1, 1} == set(mirrored[..., 0, 0].ravel())


def test_elements_have_static_shapes_and_are_floats_in_range(way):
    size = way.get("load_size", (2, 2))
    images = noisy(6, 1, size=size)
    options = {"batch_size": 3, **way}
    plain = data.ImagePipeline(images, (2, 2), **options).dataset()
    spec = tf.TensorSpec((3, 2, 2, 3), "float32")
    assert plain.element_spec == spec
    labelled = data.ImagePipeline(
        images, (2, 2), labels=[0] * 6, num_classes=1, **options
    ).dataset()
    assert labelled.element_spec == (spec, tf.TensorSpec((3,), "int32"))
    for dataset in (plain, labelled):
        assert dataset.cardinality() == tf.data.INFINITE_CARDINALITY
    samples = np.stack(list(plain.take(20).as_numpy_iterator()))
    assert -1 <= samples.min() < -0.9 and 0.9 < samples.max() <= 1


@pytest.mark.parametrize("dtype", ["int64", "uint8"])
def test_labels_of_any_integer_type_become_int32(dtype):
    labels = np.array([1, 0, 1], dtype)
    pipeline = data.ImagePipeline(
        numbered(3), (2, 2), batch_size=3, labels=labels, num_classes=2
    )
    images, found = take_labelled(pipeline, 1)
    assert found.dtype == np.int32
    np.testing.assert_array_equal(found.ravel(), labels[to_numbers(images)])


# Both ways of a batch: looked up at once, and all that is done one by one.
DRAWN_WAYS = {
    "lookup": {},
    "one_by_one": {"load_size": (9, 9), "flip": True, "cache": "none"},
}


@pytest.fixture(params=DRAWN_WAYS)
def drawn_way(request):
    return DRAWN_WAYS[request.param]


def binarized(way, seed=0, levels=(60, 100, 128, 150, 200), **options):
    """Plain grey pictures, drawn as black and white, with labels."""
    array = np.broadcast_to(
        np.uint8(levels).reshape(-1, 1, 1, 1), (len(levels), 9, 9, 1)
    )
    options = {"batch_size": len(levels), "binarize": True, **options}
    return data.ImagePipeline(
        data.ArrayImages(array, "train"),
        (9, 7) if "load_size" in way else (9, 9),
        seed=seed,
        labels=range(len(levels)),
        num_classes=len(levels),
        **options,
        **way,
    )


def take_binarized(way, steps, start_step=0, **options):
    return take_labelled(binarized(way, **options), steps, start_step)[0]


def test_mean_of_binarized_pictures_is_their_grey_level(drawn_way):
    levels = np.array([0, 60, 128, 200, 255])
    images, labels = take_labelled(binarized(drawn_way, levels=levels), 40)
    assert set(np.unique(images)) == {-1, 1}
    order = np.argsort(labels, axis=1)
    sorted_images = np.take_along_axis(
        images, order[..., None, None, None], axis=1
    )
    found = (sorted_images.mean(axis=(0, 2, 3, 4)) + 1) / 2
    # 2,520 draws or more: the deviation is 0.01 at most.
    np.testing.assert_allclose(found, levels / 255, atol=0.05)
    np.testing.assert_array_equal(found[[0, -1]], [0, 1])


def test_binarized_pictures_are_drawn_anew_in_each_epoch(drawn_way):
    images, labels = take_labelled(binarized(drawn_way), 6)
    assert images.dtype == np.float32
    for label in range(5):
        draws = images[labels == label]
        assert len({draw.tobytes() for draw in draws}) == len(draws) == 6


def test_black_and_white_pictures_pass_binarization_unchanged(drawn_way):
    bits = np.random.default_rng(0).integers(0, 2, (9, 9, 9, 1), "uint8")
    images = data.ArrayImages(255 * bits, "train")
    plain, drawn = (
        take(
            data.ImagePipeline(
                images, (9, 9), batch_size=2, binarize=binarize, **drawn_way
            ),
            10,
        )
        for binarize in (False, True)
    )
    np.testing.assert_array_equal(plain, drawn)


def test_binarization_does_not_change_labels_and_order(drawn_way):
    plain, drawn = (
        take_labelled(binarized(drawn_way, batch_size=2, binarize=binarize), 20)
        for binarize in (False, True)
    )
    np.testing.assert_array_equal(plain[1], drawn[1])
    assert set(np.unique(drawn[0])) == {-1, 1}
    assert not {-1, 1} & set(np.unique(plain[0]))


def test_batch_size_does_not_change_binarized_samples(drawn_way):
    single, triples, fives = (
        take_binarized(drawn_way, 60 // size, batch_size=size)
        for size in (1, 3, 5)
    )
    for batched in (triples, fives):
        np.testing.assert_array_equal(
            single.reshape(60, -1), batched.reshape(60, -1)
        )


@pytest.mark.parametrize("start_step", [3, 11])
def test_start_step_does_not_change_binarized_samples(drawn_way, start_step):
    whole = take_binarized(drawn_way, 16, batch_size=3)
    some = take_binarized(drawn_way, 4, start_step, batch_size=3)
    np.testing.assert_array_equal(some, whole[start_step:][:4])
    assert np.any(some != whole[start_step + 1 :][:4])


def test_binarized_lookup_equals_one_by_one():
    np.testing.assert_array_equal(
        *[take_binarized(way, 30) for way in (WAYS["lookup"], WAYS["read"])]
    )


def test_seeds_draw_other_binarized_pictures(drawn_way):
    one, other = (
        take_binarized(drawn_way, 4, seed=seed, levels=[128] * 5)
        for seed in (0, 1)
    )
    # 1,260 fair coins or more, with a deviation of 0.014 at most.
    assert 0.4 < np.mean(one == other) < 0.6


def test_binarized_elements_are_those_of_other_pictures(drawn_way):
    plain, drawn = (
        binarized(drawn_way, binarize=binarize).dataset()
        for binarize in (False, True)
    )
    assert plain.element_spec == drawn.element_spec


BAD_ARGUMENTS = {
    "binarized_colours": (
        {"binarize": True},
        "`images` must have one channel if `binarize` is True: the channels "
        "of a grey picture would be drawn apart. Received: 3 channels. Open "
        "them with channels=1.",
    ),
    "large_batch": (
        {"batch_size": 6},
        "`batch_size` must be at least 1 and at most the number of pictures, "
        "5. Received: batch_size=6.",
    ),
    "empty_batch": (
        {"batch_size": 0},
        "`batch_size` must be at least 1 and at most the number of pictures, "
        "5. Received: batch_size=0.",
    ),
    "load_size": (
        {"load_size": (9, 6)},
        "`load_size` must not be smaller than `image_size`. "
        "Received: load_size=(9, 6), image_size=(6, 7).",
    ),
    "no_load_size": (
        {"load_size": (9, -1)},
        "`load_size` must be (height, width), two positive integers. "
        "Received: load_size=(9, -1).",
    ),
    "image_size": (
        {"image_size": 64},
        "`image_size` must be (height, width), two positive integers. "
        "Received: image_size=64.",
    ),
    "steps_per_epoch": (
        {"steps_per_epoch": 0},
        "`steps_per_epoch` must be a positive integer. "
        "Received: steps_per_epoch=0.",
    ),
    "cache": (
        {"cache": "disk"},
        "`cache` must be one of auto, memory, file, none. "
        "Received: cache='disk'.",
    ),
    "label_count": (
        {"labels": [0, 1, 1, 0]},
        "`labels` must hold one label per picture. "
        "Received: shape (4,), for 5 pictures.",
    ),
    "one_hot": (
        {"labels": np.eye(5)},
        "`labels` must hold one label per picture. "
        "Received: shape (5, 5), for 5 pictures.",
    ),
    "large_label": (
        {"labels": [0, 1, 2, 0, 1]},
        "`labels` must be at least 0 and less than the number of classes, 2. "
        "Received: 2.",
    ),
    "negative_label": (
        {"labels": [0, 1, -1, 0, 1]},
        "`labels` must be at least 0 and less than the number of classes, 2. "
        "Received: -1.",
    ),
    "float_labels": (
        {"labels": [0.0, 1.0, 1.0, 0.0, 1.0]},
        "`labels` must be integers. Received: dtype=float64.",
    ),
    "no_num_classes": (
        {"labels": [0] * 5, "num_classes": None},
        "`num_classes` must be a positive integer if there are `labels`. "
        "Received: num_classes=None.",
    ),
}


@pytest.mark.parametrize("case", BAD_ARGUMENTS)
def test_bad_arguments_are_refused_at_construction(case):
    changed, message = BAD_ARGUMENTS[case]
    arguments = {
        "image_size": (6, 7),
        "batch_size": 2,
        "num_classes": 2,
        **changed,
    }
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        data.ImagePipeline(noisy(5, 1), **arguments)


@pytest.mark.parametrize("case", WAYS)
def test_negative_start_step_is_refused(case):
    message = "`start_step` must not be negative. Received: start_step=-1."
    pipeline = data.ImagePipeline(
        numbered(3), (2, 2), batch_size=1, **WAYS[case]
    )
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        pipeline.dataset(-1)


def test_bad_file_read_on_demand_is_named(tmp_path):
    np.save(tmp_path / "good.npy", np.zeros((2, 2, 3), "uint8"))
    (tmp_path / "bad.png").write_bytes(b"")
    files = data.ImageFiles(data.list_images(tmp_path), "train")
    pipeline = data.ImagePipeline(files, (2, 2), batch_size=1, cache="none")
    with pytest.raises(tf.errors.OpError, match=r"bad\.png: is empty\."):
        take(pipeline, 2)
