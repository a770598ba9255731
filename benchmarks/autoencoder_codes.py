"""The tables of `autoencoders.py` on features, planes and samples."""

import keras
import numpy as np
from autoencoder_ladder import (
    EPOCHS,
    HIDDEN_UNITS,
    NOISE,
    SPARSE_CODE_DIM,
    SPARSE_HIDDEN_UNITS,
    choose_weight,
    fit_components,
    networks,
    print_claims,
    print_table,
    say,
    squared_error,
    train_denoising,
    train_sparse,
    train_undercomplete,
    train_variational,
)

from keras_gans.features import (
    choose_per_class,
    fine_tuned_accuracy,
    probe_accuracy,
    trustworthiness,
)
from keras_gans.metrics import ImageClassifier, frechet_distance

NUM_CLASSES = 10
SEEDS = range(5)

LABELS_PER_CLASS = (10, 100, None)

NUM_SAMPLES = 2000
VARIANCES = (0.02, 0.05, 0.1)
CONFIDENT = 0.9


def print_features(pictures):
    print_accuracies(pictures)
    print_neighbourhoods(pictures)


def print_accuracies(pictures):
    weight = choose_weight(pictures, "kl")
    say(
        "Accuracy on the 10,000 test pictures of Fashion-MNIST. The linear "
        "probe is a logistic regression on scaled numbers, its penalty chosen "
        "by cross-validation on the training labels; fine-tuned: encoder and a "
        "linear layer, Adam at 1e-3, 10 passes or 500 steps. All codes were "
        f"learned from the {len(pictures.train):,} training pictures without "
        f"labels. Mean and deviation of {len(SEEDS)} choices of labelled "
        "pictures; all labels: one training. Dense networks of "
        f"{HIDDEN_UNITS} units and a code of 32; sparse: {SPARSE_HIDDEN_UNITS} "
        f"and a sigmoid code of {SPARSE_CODE_DIM}, KL of weight {weight}; "
        f"denoising: Gaussian noise of {NOISE}; variational: Bernoulli. "
        "Components turned: by a random rotation, by which all numbers get "
        "about the same scale, so that the probe's scaling does not blow up "
        "the small ones."
    )
    models = {
        "undercomplete": train_undercomplete(pictures, 32),
        "denoising": train_denoising(pictures, 32),
        "sparse": train_sparse(pictures, "kl", weight),
        "variational": train_variational(pictures, 32),
    }
    components = fit_components(pictures, 32)
    rotation, _ = np.linalg.qr(np.random.default_rng(0).normal(size=(32, 32)))
    encodings = {
        "raw pixels": lambda images: images,
        "principal components": components.encode,
        "components, turned": lambda images: (
            components.encode(images) @ rotation
        ),
        **{name: model.encode for name, model in models.items()},
    }
    probes = {
        name: probe_codes(encode, pictures)
        for name, encode in encodings.items()
    }
    untrained, _ = networks(32)
    encoders = {name: model.encoder for name, model in models.items()}
    tunings = {
        name: fine_tune(encoder, pictures)
        for name, encoder in {"nothing": untrained, **encoders}.items()
    }
    rows = [
        [f"{verb} {name}", *map(mean_and_deviation, accuracies.values())]
        for verb, table in (("probe:", probes), ("fine-tuned from", tunings))
        for name, accuracies in table.items()
    ]
    print_table(["", "10 per class", "100 per class", "all labels"], rows)
    print_claims(
        (
            "with 10 labels per class, the probe on undercomplete codes beats "
            f"that on {name}",
            np.mean(probes["undercomplete"][10]) > np.mean(probes[name][10]),
        )
        for name in ("principal components", "components, turned")
    )


def probe_codes(encode, pictures):
    """Maps numbers of labels per class to lists of accuracies."""
    codes, test_codes = encode(pictures.train), encode(pictures.test)
    return {
        count: [
            probe_accuracy(
                codes[chosen],
                pictures.train_labels[chosen],
                test_codes,
                pictures.test_labels,
            )
            for chosen, _ in choices(pictures, count)
        ]
        for count in LABELS_PER_CLASS
    }


def fine_tune(encoder, pictures):
    """As `probe_codes`, for a classifier that starts from an encoder."""
    return {
        count: [
            fine_tuned_accuracy(
                encoder,
                NUM_CLASSES,
                pictures.train[chosen],
                pictures.train_labels[chosen],
                pictures.test,
                pictures.test_labels,
                seed,
            )
            for chosen, seed in choices(pictures, count)
        ]
        for count in LABELS_PER_CLASS
    }


def choices(pictures, count):
    """Positions of labelled pictures, each with its seed; all but once."""
    return [
        (choose_per_class(pictures.train_labels, count, seed), seed)
        for seed in (SEEDS if count else SEEDS[:1])
    ]


def mean_and_deviation(values):
    mean = f"{100 * np.mean(values):.1f}"
    if len(values) == 1:
        return mean
    return f"{mean} ± {100 * np.std(values, ddof=1):.1f}"


def print_neighbourhoods(pictures):
    images = pictures.test
    count = 2000
    say(
        "\nTwo numbers for a picture: squared error of the 10,000 test "
        f"pictures, and trustworthiness of 5 neighbours among {count:,} of "
        "them. The variational one decodes the mean of its code."
    )
    rows = []
    for name, model in (
        ("principal components", fit_components(pictures, 2)),
        ("undercomplete", train_undercomplete(pictures, 2)),
        ("variational", train_variational(pictures, 2)),
    ):
        restored = np.clip(model.reconstruct(images), -1, 1)
        trust = trustworthiness(images[:count], model.encode(images[:count]), 5)
        error = squared_error(images, restored)
        rows.append([f"{name}, 2", f"{error:.1f}", f"{trust:.3f}"])
    print_table(["code", "squared error", "trustworthiness"], rows)


def print_sampling(pictures):
    classifier = ImageClassifier.train(
        pictures.train, pictures.train_labels, NUM_CLASSES
    )
    accuracy = classifier.accuracy(pictures.test, pictures.test_labels)
    distances = held_out_distances(classifier, pictures)
    variance = min(distances, key=distances.get)
    say(
        f"{NUM_SAMPLES:,} pictures of each kind, judged by a classifier of "
        f"clothes that is right about {accuracy:.1%} of the 10,000 test "
        "pictures and was trained on the training pictures alone. Confidence: "
        "its largest probability. Classes: how many it sees, the exponential "
        "of the entropy of their shares. Confidence alone can be fooled, as "
        "the row of noise shows; so the Frechet distance of its features to "
        f"those of {NUM_SAMPLES:,} test pictures stands beside it. All "
        f"autoencoders have the same dense networks, {HIDDEN_UNITS}, codes of "
        f"32 and {EPOCHS} passes, and what is shown are the means of the "
        "pixels. `fitted` are normal distributions with the moments of the "
        "codes of all training pictures. The variance of the Gaussian "
        "likelihood is the one whose samples are nearest to held-out training "
        "pictures: "
        + ", ".join(
            f"{value}: {distance:.1f}" for value, distance in distances.items()
        )
        + ". It was added after the other rows had been seen once on test."
    )
    test_features = classifier.features(pictures.test[:NUM_SAMPLES])
    rows, figures = [], {}
    for name, images in draw_sets(pictures, variance).items():
        probabilities = classify(classifier, images)
        confidence = probabilities.max(axis=1)
        distance = frechet_distance(classifier.features(images), test_features)
        figures[name] = confidence.mean(), distance
        rows.append(
            [
                name,
                f"{confidence.mean():.3f}",
                f"{np.mean(confidence > CONFIDENT):.0%}",
                f"{count_classes(probabilities.argmax(axis=1)):.1f}",
                f"{distance:.1f}",
            ]
        )
    print_table(
        [
            "",
            "confidence",
            f"above {CONFIDENT}",
            "classes",
            "Frechet distance",
        ],
        rows,
    )
    print_claims(
        (f"{ours} is {word} than {other}", sign * a > sign * b)
        for ours in figures
        if ours.endswith("from its prior")
        for other in figures
        if other.startswith("plain, ")
        for word, sign, a, b in (
            ("surer", 1, figures[ours][0], figures[other][0]),
            ("nearer", -1, figures[ours][1], figures[other][1]),
        )
    )


def held_out_distances(classifier, pictures):
    """Maps variances to the distance of samples to held-out pictures."""
    features = classifier.features(pictures.held_out[:NUM_SAMPLES])
    return {
        variance: frechet_distance(
            classifier.features(
                train_variational(pictures, 32, variance).sample(
                    NUM_SAMPLES, seed=1
                )
            ),
            features,
        )
        for variance in VARIANCES
    }


def draw_sets(pictures, variance):
    """Maps names to as many pictures each."""
    plain = train_undercomplete(pictures, 32)
    test = pictures.test[:NUM_SAMPLES]
    codes = plain.encode(pictures.train)
    mean, deviation = codes.mean(axis=0), codes.std(axis=0)
    rng = np.random.default_rng(0)
    normal = rng.standard_normal((NUM_SAMPLES, 32), "float32")
    correlated = rng.multivariate_normal(
        mean, np.cov(codes, rowvar=False), NUM_SAMPLES
    )
    sets = {
        "test pictures": test,
        "held-out training pictures": pictures.held_out[:NUM_SAMPLES],
        "test pictures through the plain code": plain.reconstruct(test),
        "plain, from N(0, I)": plain.decode(normal),
        "plain, from N fitted, each number apart": plain.decode(
            mean + deviation * normal
        ),
        "plain, from N fitted, full covariance": plain.decode(
            correlated.astype("float32")
        ),
        "uniform noise": rng.uniform(-1, 1, test.shape).astype("float32"),
    }
    for name, model in (
        ("Bernoulli", train_variational(pictures, 32)),
        (f"Gaussian {variance}", train_variational(pictures, 32, variance)),
    ):
        sets[f"test pictures through variational, {name}"] = model.reconstruct(
            test
        )
        sets[f"variational, {name}, from its prior"] = model.sample(
            NUM_SAMPLES, seed=0
        )
    return sets


def classify(classifier, images):
    """The probabilities of the classes, float `(n, num_classes)`."""
    logits = classifier.network.predict(images, batch_size=256, verbose=0)
    return keras.ops.convert_to_numpy(keras.ops.softmax(logits["logits"]))


def count_classes(labels):
    shares = np.bincount(labels, minlength=NUM_CLASSES) / len(labels)
    shares = shares[shares > 0]
    return float(np.exp(-np.sum(shares * np.log(shares))))
