import re
import sys

import keras
import numpy as np
import pytest
from keras import layers

from keras_gans.features import (
    choose_per_class,
    few_labels,
    fine_tuned_accuracy,
    probe_accuracy,
    trustworthiness,
)

SHAPE = (4, 4, 1)


def clouds(count, seed=0, distance=4.0, num_classes=3, size=5):
    """Normal points around one centre for each class, and their classes."""
    rng = np.random.default_rng(seed)
    labels = np.arange(count) % num_classes
    centers = distance * np.eye(num_classes, size)
    return centers[labels] + rng.normal(size=(count, size)), labels


# --- Few labels --------------------------------------------------------------


def test_chooses_as_many_of_each_class():
    labels = np.random.default_rng(0).permutation(np.repeat([3, 5, 9], 20))
    chosen = choose_per_class(labels, 7, seed=0)
    assert len(np.unique(chosen)) == 21
    np.testing.assert_array_equal(np.sort(chosen), chosen)
    np.testing.assert_array_equal(
        np.unique(labels[chosen], return_counts=True), [[3, 5, 9], [7, 7, 7]]
    )
    np.testing.assert_array_equal(chosen, choose_per_class(labels, 7, seed=0))
    assert np.any(chosen != choose_per_class(labels, 7, seed=1))
    # More labels of the same ones.
    assert set(choose_per_class(labels, 2, seed=0)) < set(chosen)
    for everything in (None, 20):
        np.testing.assert_array_equal(
            choose_per_class(labels, everything, seed=0), np.arange(60)
        )


@pytest.mark.parametrize(
    ("labels", "num_per_class", "message"),
    [
        (
            [0, 1, 1, 2, 2],
            2,
            "`num_per_class` must be at most the number of examples of every "
            "class. Received: num_per_class=2, but class 0 has 1.",
        ),
        (
            [0, 1],
            0,
            "`num_per_class` must be >= 1, or `None` for all. Received: "
            "num_per_class=0.",
        ),
        (
            [0.5, 1],
            1,
            "`labels` must be one integer for each example, of one or more. "
            "Received: float64 of shape (2,).",
        ),
    ],
    ids=["too_many", "none", "no_integers"],
)
def test_bad_choices_are_refused(labels, num_per_class, message):
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        choose_per_class(labels, num_per_class, seed=0)


# --- The linear probe --------------------------------------------------------


@pytest.fixture
def _scikit_learn():
    pytest.importorskip("sklearn")


needs_scikit_learn = pytest.mark.usefixtures("_scikit_learn")


@needs_scikit_learn
def test_probe_reads_what_is_linear():
    codes, labels = clouds(60)
    test_codes, test_labels = clouds(300, seed=1)
    accuracy = probe_accuracy(codes, labels, test_codes, test_labels)
    # Of the true centres, the nearest one is the best guess there is.
    gaps = test_codes[:, None] - 4 * np.eye(3, 5)
    best = np.mean(np.sum(gaps**2, axis=2).argmin(axis=1) == test_labels)
    assert best > 0.98
    assert best - 0.02 <= accuracy <= 1
    assert accuracy == probe_accuracy(codes, labels, test_codes, test_labels)


@needs_scikit_learn
def test_probe_reads_nothing_from_noise():
    _, labels = clouds(90)
    codes, test_codes = np.random.default_rng(0).normal(size=(2, 90, 4))
    accuracy = probe_accuracy(codes, labels, test_codes, labels)
    assert accuracy == pytest.approx(1 / 3, abs=0.15)


@needs_scikit_learn
def test_probe_is_linear():
    """Opposite corners of a square: no line parts them."""
    rng = np.random.default_rng(0)
    codes = rng.choice([-1.0, 1.0], (200, 2)) + 0.1 * rng.normal(size=(200, 2))
    labels = (codes[:, 0] * codes[:, 1] > 0).astype(int)
    assert probe_accuracy(codes, labels, codes, labels) < 0.8
    # With the product of the two, it is easy.
    codes = np.column_stack([codes, codes[:, 0] * codes[:, 1]])
    assert probe_accuracy(codes, labels, codes, labels) > 0.98


@needs_scikit_learn
def test_probe_does_not_see_scales_and_shapes():
    codes, labels = clouds(60, distance=1.5)
    test_codes, test_labels = clouds(60, seed=1, distance=1.5)
    scales = np.array([1e-3, 1, 50, 1e3, 7])
    plain = probe_accuracy(codes, labels, test_codes, test_labels)
    # Training part and test part alike, by the training part's numbers.
    scaled = probe_accuracy(
        *(scales * codes + 9, labels, scales * test_codes + 9, test_labels)
    )
    maps = probe_accuracy(
        codes.reshape(60, 5, 1, 1),
        labels,
        test_codes.reshape(60, 5, 1, 1),
        test_labels,
    )
    assert plain == maps == pytest.approx(scaled, abs=0.02)
    shifted = probe_accuracy(codes, labels, test_codes + 9, test_labels)
    assert shifted < plain - 0.1


@needs_scikit_learn
def test_probe_takes_one_label_of_each_class_and_idle_units():
    codes, labels = clouds(3, distance=9)
    test_codes, test_labels = clouds(60, seed=1, distance=9)
    codes[:, 4] = test_codes[:, 4] = 1
    assert probe_accuracy(codes, labels, test_codes, test_labels) > 0.7


@needs_scikit_learn
def test_penalty_is_stronger_where_there_is_little_to_learn():
    codes, labels = clouds(60, size=10)
    strength = few_labels._find_strength(codes, labels)
    noise = np.random.default_rng(0).normal(size=codes.shape)
    assert few_labels._find_strength(noise, labels) < strength
    # A class with one example can not be split into folds.
    labels[0] = 7
    assert few_labels._find_strength(codes, labels) == 0.1


@needs_scikit_learn
def test_probe_does_not_look_at_test_labels():
    """The penalty is chosen without them: wrong ones only score worse."""
    codes, labels = clouds(60)
    accuracy = probe_accuracy(codes, labels, codes, labels)
    wrong = probe_accuracy(codes, labels, codes, (labels + 1) % 3)
    assert accuracy > 0.95
    assert wrong <= 1 - accuracy
    assert probe_accuracy(codes, labels, codes, np.full(60, 8)) == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ([[1.0], [2.0]], [0, 0], [[1.0]], [0]),
            "`labels` must be of two classes or more. Received: class 0 alone.",
        ),
        (
            ([[1.0], [2.0]], [0, 1, 1], [[1.0]], [0]),
            "`labels` must be one integer for each example. Received: 3 labels "
            "for 2 examples.",
        ),
        (
            ([[1.0], [2.0]], [0, 1], [[1.0, 2.0]], [0]),
            "`test_codes` must have the shape of `codes`. Received: (2,) and "
            "(1,).",
        ),
        (
            ([[1.0], [2.0]], [0, 1], [[np.inf]], [0]),
            "`test_codes` must be finite. Received: 1 of 1 values are NaN or "
            "infinite.",
        ),
    ],
    ids=["one_class", "labels", "shapes", "infinite"],
)
def test_bad_codes_are_refused(arguments, message):
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        probe_accuracy(*arguments)


def test_without_scikit_learn_it_says_what_to_install(monkeypatch):
    for name in [*sys.modules, "sklearn"]:
        if name.partition(".")[0] == "sklearn":
            monkeypatch.setitem(sys.modules, name, None)
    codes, labels = clouds(12)
    message = (
        "This measure needs scikit-learn: `pip install 'keras_gans[lecture]'`."
    )
    for call in (
        lambda: probe_accuracy(codes, labels, codes, labels),
        lambda: trustworthiness(codes, codes),
    ):
        with pytest.raises(ImportError, match=f"^{re.escape(message)}$"):
            call()
    assert len(choose_per_class(labels, 2, seed=0)) == 6


# --- Fine-tuning -------------------------------------------------------------


@pytest.fixture
def few_steps(monkeypatch):
    monkeypatch.setattr(few_labels, "_LEAST_STEPS", 60)


def build_encoder(variational=False, dropout=0.0):
    keras.utils.set_random_seed(0)
    images = layers.Input(SHAPE)
    x = layers.Conv2D(4, 2, 2)(images)
    x = layers.BatchNormalization()(x)
    x = layers.Dropout(dropout)(layers.Flatten()(x))
    mean = layers.Dense(3, name="mean")(x)
    if not variational:
        return keras.Model(images, mean)
    log_variance = layers.Dense(3, name="log_variance")(x)
    return keras.Model(images, {"mean": mean, "log_variance": log_variance})


def stripes(count, seed=0):
    """Stripes of two directions in noise, and which ones they are."""
    rng = np.random.default_rng(seed)
    labels = np.arange(count) % 2
    stripe = np.array([1, -1, 1, -1]) * np.ones((4, 1))
    patterns = np.stack([stripe, stripe.T])[..., None]
    noise = 0.2 * rng.normal(size=(count, *SHAPE))
    return (0.7 * patterns[labels] + noise).astype("float32"), labels


def values_of(network):
    return [np.array(variable) for variable in network.variables]


@pytest.mark.parametrize("variational", [False, True])
@pytest.mark.usefixtures("few_steps")
def test_fine_tuning_learns_and_leaves_the_encoder_alone(variational):
    encoder = build_encoder(variational, dropout=0.2)
    encoder.get_layer("mean").trainable = False
    before = values_of(encoder)
    images, labels = stripes(24)
    test_images, test_labels = stripes(40, seed=1)
    arguments = (encoder, 2, images, labels, test_images, test_labels)
    accuracy = fine_tuned_accuracy(*arguments, seed=0)
    assert accuracy > 0.95
    for value, expected in zip(values_of(encoder), before):
        np.testing.assert_array_equal(value, expected)
    assert not encoder.get_layer("mean").trainable


@pytest.mark.usefixtures("few_steps")
def test_fine_tuning_finds_nothing_in_noise():
    rng = np.random.default_rng(0)
    images, labels = rng.normal(size=(24, *SHAPE)), np.arange(24) % 2
    test_images, test_labels = (
        rng.normal(size=(200, *SHAPE)),
        np.arange(200) % 2,
    )
    accuracy = fine_tuned_accuracy(
        build_encoder(), 2, images, labels, test_images, test_labels, seed=0
    )
    assert accuracy == pytest.approx(0.5, abs=0.15)


@pytest.mark.parametrize("variational", [False, True])
def test_head_sits_on_a_copy_of_the_way_to_the_code(variational):
    encoder = build_encoder(variational, dropout=0.2)
    encoder.get_layer("mean").trainable = False
    images, _ = stripes(5)
    # So that running averages are no initial ones.
    encoder(10 * images, training=True)
    classifier = few_labels._put_head_on_copy(
        encoder, 2, SHAPE, np.random.default_rng(0)
    )
    ours = {id(variable) for variable in encoder.variables}
    assert not ours & {id(variable) for variable in classifier.variables}
    # Convolution, normalisation, mean and head, all to be trained.
    assert len(classifier.trainable_variables) == 8
    codes = encoder(images)
    codes = codes["mean"] if variational else codes
    kernel, bias = classifier.get_layer("logits").get_weights()
    np.testing.assert_allclose(
        classifier(images), codes @ kernel + bias, atol=1e-5
    )


def test_equal_seeds_give_equal_classifiers():
    """Dropout's noise too, though it has no seed of its own."""
    encoder = build_encoder(dropout=0.5)
    images, _ = stripes(5)
    answers = [
        np.array(
            few_labels._put_head_on_copy(
                encoder, 2, SHAPE, np.random.default_rng(seed)
            )(images, training=True)
        )
        for seed in (0, 0, 1)
    ]
    np.testing.assert_array_equal(answers[0], answers[1])
    assert np.any(answers[0] != answers[2])


@pytest.mark.parametrize(
    ("count", "shape"),
    # 500 steps; 10 passes of 10,000 images, 1562 whole batches.
    [(10, (500, 10)), (64, (500, 64)), (100, (500, 64)), (10000, (1562, 64))],
)
def test_batches_pass_over_all_images_evenly(count, shape):
    batches = few_labels._draw_batches(count, np.random.default_rng(0))
    assert batches.shape == shape
    times = np.bincount(batches.ravel(), minlength=count)
    assert times.max() - times.min() <= 1
    passes = batches.ravel()[: batches.size // count * count]
    passes = passes.reshape(-1, count)
    np.testing.assert_array_equal(
        np.sort(passes), np.tile(np.arange(count), (len(passes), 1))
    )
    assert np.any(passes[0] != passes[1])


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        (
            {"labels": [0, 1, 2, 0]},
            "`labels` must be in [0, 2). Received: from 0 to 2.",
        ),
        (
            {"test_labels": [-1, 1, 0, 0]},
            "`test_labels` must be in [0, 2). Received: from -1 to 1.",
        ),
        (
            {"test_images": np.zeros((4, 4, 4, 3))},
            "`test_images` must have the shape of `images`. Received: "
            "(4, 4, 3) and (4, 4, 1).",
        ),
        (
            {"labels": [0, 1]},
            "`labels` must be one integer for each example. Received: 2 "
            "labels for 4 examples.",
        ),
    ],
    ids=["labels", "test_labels", "shapes", "count"],
)
def test_bad_images_and_labels_are_refused(changed, message):
    images, labels = stripes(4)
    arguments = {
        "encoder": build_encoder(),
        "num_classes": 2,
        "images": images,
        "labels": labels,
        "test_images": images,
        "test_labels": labels,
        "seed": 0,
    }
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        fine_tuned_accuracy(**{**arguments, **changed})
