"""What a code is worth where there are few labels."""

import warnings

import keras
import numpy as np
from keras import layers

from keras_gans.features import scikit_learn

# C of scikit-learn: a small one holds the weights down.
_STRENGTHS = (0.001, 0.01, 0.1, 1.0, 10.0)
_DEFAULT_STRENGTH = 0.1
_MOST_FOR_SEARCH = 2000
_MOST_FOLDS = 5
_MOST_ITERATIONS = 100

_BATCH_SIZE = 64
_LEAST_EPOCHS = 10
_LEAST_STEPS = 500
_LEARNING_RATE = 1e-3


def choose_per_class(labels, num_per_class, seed):
    """Chooses equally many examples of each class.

    With one seed, a smaller choice is a part of a larger one.

    Args:
        labels: Integers `(n,)`.
        num_per_class: Integer >= 1, or `None` for all examples.
        seed: Integer.

    Returns:
        An integer array of positions, in ascending order.

    Raises:
        ValueError: If an argument is out of range, or a class has fewer
            examples.
    """
    labels = _check_labels("labels", labels)
    if num_per_class is None:
        return np.arange(len(labels))
    if num_per_class < 1:
        raise ValueError(
            "`num_per_class` must be >= 1, or `None` for all. "
            f"Received: num_per_class={num_per_class}."
        )
    classes, counts = np.unique(labels, return_counts=True)
    if counts.min() < num_per_class:
        raise ValueError(
            "`num_per_class` must be at most the number of examples of every "
            f"class. Received: num_per_class={num_per_class}, but class "
            f"{classes[counts.argmin()]} has {counts.min()}."
        )
    rng = np.random.default_rng(seed)
    chosen = [
        rng.permutation(np.flatnonzero(labels == label))[:num_per_class]
        for label in classes
    ]
    return np.sort(np.concatenate(chosen))


def probe_accuracy(codes, labels, test_codes, test_labels):
    """Measures how well a linear classifier reads the classes from codes.

    The linear probe: multinomial logistic regression with an L2 penalty, on
    numbers that are shifted and scaled to mean 0 and deviation 1 over the
    training codes. How strong the penalty is, the training labels decide: of
    C = 0.001, 0.01, 0.1, 1 and 10 the one with the best likelihood under
    cross-validation in 5 folds, or in as many as the rarest class has
    examples. It is looked for on at most 2,000 examples, drawn with a fixed
    seed, and is 0.1 where a class has a single one. The solver, L-BFGS, stops
    after 100 iterations: on the raw pixels of 60,000 pictures of
    Fashion-MNIST, 200 more change the accuracy by less than 0.001.

    Nothing else is drawn: the same codes give the same accuracy. Those pixels
    take about 20 seconds on one core, codes less.

    Reference:

    - [Alain & Bengio, 2017](https://arxiv.org/abs/1610.01644)

    Args:
        codes: Float array `(n, ...)`; images are codes too.
        labels: Integers `(n,)`, of two classes or more.
        test_codes: Float array `(m, ...)`, codes of the same shape.
        test_labels: Integers `(m,)`.

    Returns:
        A float in [0, 1], the share of test codes that are classified as
        labelled.

    Raises:
        ImportError: If scikit-learn is not installed.
        ValueError: If labels do not fit the codes, there is one class only, or
            codes are not finite or of different shapes.
    """
    labels = _check_labels("labels", labels, codes)
    test_labels = _check_labels("test_labels", test_labels, test_codes)
    _check_same_shape("test_codes", test_codes, "codes", codes)
    if len(np.unique(labels)) < 2:
        raise ValueError(
            "`labels` must be of two classes or more. "
            f"Received: class {labels[0]} alone."
        )
    rows, test_rows = _rows("codes", codes), _rows("test_codes", test_codes)
    exceptions = scikit_learn.load("sklearn.exceptions")
    threads = scikit_learn.load("threadpoolctl")
    # Many small products: threads that wait for each other take longer, on a
    # busy machine 50 times as long.
    with warnings.catch_warnings(), threads.threadpool_limits(1):
        # That the solver stops early is meant.
        warnings.simplefilter("ignore", exceptions.ConvergenceWarning)
        classifier = _linear_classifier(_find_strength(rows, labels))
        classifier.fit(rows, labels)
    return float(np.mean(classifier.predict(test_rows) == test_labels))


def fine_tuned_accuracy(
    encoder, num_classes, images, labels, test_images, test_labels, seed
):
    """Measures how well a classifier does that starts from an encoder.

    A dense layer with a softmax is put on a copy of the encoder, and all of it
    is trained for the labels: Adam, whose learning rate falls from 0.001 to 0
    along half a cosine, batches of 64 (or all images, if they are fewer), 10
    passes over the images or 500 steps, whichever is more, and no
    augmentation. The same call with an encoder that has learned nothing shows
    what its learning was worth.

    Reference:

    - [Vincent et al., 2010](https://jmlr.org/papers/v11/vincent10a.html)

    Args:
        encoder: Built functional `keras.Model` from images to codes, or to a
            dictionary whose `mean` is the code. It is not changed.
        num_classes: Integer >= 2.
        images: Float array `(n, height, width, channels)` in [-1, 1].
        labels: Integers `(n,)` in [0, num_classes).
        test_images: Float array `(m, height, width, channels)`.
        test_labels: Integers `(m,)` in [0, num_classes).
        seed: Integer >= 0, of the new layer's weights, the order of the
            images, and the encoder's dropout, if it has any.

    Returns:
        A float in [0, 1], the share of test images that are classified as
        labelled.

    Raises:
        ValueError: If labels do not fit the images or are out of range, or
            test images have another shape.
    """
    images, test_images = np.asarray(images), np.asarray(test_images)
    labels = _check_labels("labels", labels, images, num_classes)
    test_labels = _check_labels(
        "test_labels", test_labels, test_images, num_classes
    )
    _check_same_shape("test_images", test_images, "images", images)
    rng = np.random.default_rng(seed)
    classifier = _put_head_on_copy(encoder, num_classes, images.shape[1:], rng)
    batches = _draw_batches(len(images), rng)
    classifier.compile(
        keras.optimizers.Adam(
            keras.optimizers.schedules.CosineDecay(_LEARNING_RATE, len(batches))
        ),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    for batch in batches:
        classifier.train_on_batch(images[batch], labels[batch])
    logits = classifier.predict(test_images, batch_size=256, verbose=0)
    return float(np.mean(logits.argmax(axis=-1) == test_labels))


def _find_strength(rows, labels):
    """Returns C, the inverse strength of the penalty."""
    order = np.random.default_rng(0).permutation(len(rows))[:_MOST_FOR_SEARCH]
    rows, labels = rows[order], labels[order]
    rarest = np.unique(labels, return_counts=True)[1].min()
    if rarest < 2:
        return _DEFAULT_STRENGTH
    model_selection = scikit_learn.load("sklearn.model_selection")
    folds = model_selection.StratifiedKFold(min(rarest, _MOST_FOLDS))

    def likelihood(strength):
        return model_selection.cross_val_score(
            _linear_classifier(strength),
            rows,
            labels,
            # Of few labels, accuracies would often be equal.
            scoring="neg_log_loss",
            cv=folds,
            error_score="raise",
        ).mean()

    return max(_STRENGTHS, key=likelihood)


def _linear_classifier(strength):
    pipeline = scikit_learn.load("sklearn.pipeline")
    preprocessing = scikit_learn.load("sklearn.preprocessing")
    linear_model = scikit_learn.load("sklearn.linear_model")
    return pipeline.make_pipeline(
        preprocessing.StandardScaler(),
        linear_model.LogisticRegression(C=strength, max_iter=_MOST_ITERATIONS),
    )


def _put_head_on_copy(encoder, num_classes, image_shape, rng):
    """A classifier by logits, whose encoder shares no variable."""
    outputs = encoder.output
    codes = outputs["mean"] if isinstance(outputs, dict) else outputs
    # The way to the code alone: a variance would get no gradient.
    original = keras.Model(encoder.input, codes)
    copy = keras.models.clone_model(original)
    copy.set_weights(original.get_weights())
    # Keras hands down to frozen layers only what is a change.
    copy.trainable = False
    copy.trainable = True
    inputs = layers.Input(image_shape)
    logits = layers.Dense(
        num_classes,
        kernel_initializer=keras.initializers.GlorotUniform(
            int(rng.integers(2**31))
        ),
        dtype=keras.config.floatx(),
        name="logits",
    )(layers.Flatten()(copy(inputs)))
    weights = {id(weight) for weight in copy.weights}
    for variable in copy.variables:
        if id(variable) not in weights:
            # Dropout without a seed was born with one by chance.
            variable.assign(rng.integers(2**31, size=variable.shape))
    return keras.Model(inputs, logits)


def _draw_batches(count, rng):
    """Integer array `(steps, batch)`: passes in ever new orders, end to end."""
    size = min(count, _BATCH_SIZE)
    epochs = max(_LEAST_EPOCHS, -(-_LEAST_STEPS * size // count))
    order = np.concatenate([rng.permutation(count) for _ in range(epochs)])
    return order[: len(order) // size * size].reshape(-1, size)


def _check_labels(name, labels, examples=None, num_classes=None):
    labels = np.asarray(labels)
    if labels.ndim != 1 or labels.dtype.kind not in "iu" or not labels.size:
        raise ValueError(
            f"`{name}` must be one integer for each example, of one or more. "
            f"Received: {labels.dtype} of shape {labels.shape}."
        )
    if examples is not None and len(examples) != len(labels):
        raise ValueError(
            f"`{name}` must be one integer for each example. "
            f"Received: {len(labels)} labels for {len(examples)} examples."
        )
    if num_classes is not None and not (
        0 <= labels.min() and labels.max() < num_classes
    ):
        raise ValueError(
            f"`{name}` must be in [0, {num_classes}). "
            f"Received: from {labels.min()} to {labels.max()}."
        )
    return labels


def _check_same_shape(name, values, other_name, others):
    shape, other_shape = np.shape(values)[1:], np.shape(others)[1:]
    if shape != other_shape:
        raise ValueError(
            f"`{name}` must have the shape of `{other_name}`. "
            f"Received: {shape} and {other_shape}."
        )


def _rows(name, codes):
    codes = np.asarray(codes, "float32")
    if not np.all(np.isfinite(codes)):
        raise ValueError(
            f"`{name}` must be finite. Received: "
            f"{np.count_nonzero(~np.isfinite(codes))} of {codes.size} values "
            "are NaN or infinite."
        )
    return codes.reshape(len(codes), -1)
