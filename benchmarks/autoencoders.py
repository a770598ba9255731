"""The ladder of autoencoders, in numbers, beside what is simpler.

    python benchmarks/autoencoders.py --fashion=FOLDER --mnist=FOLDER
    python benchmarks/autoencoders.py --fashion=FOLDER --mnist=FOLDER \\
        --table=sparse

FOLDERs are of the IDX files of Fashion-MNIST and of MNIST. It prints Markdown:
tables, each with its protocol and with what was claimed before, whether it
holds or not. An hour or so on two cores for all of them. Needs scikit-learn and
SciPy.

Of the training pictures, 5,000 of Fashion-MNIST and 500 of MNIST are held out
(drawn with seed 0), and nothing is trained on them. All that was chosen was
chosen on them: here in the run, the filter's size, the weights of the sparse
penalties, the variance of a likelihood and the epoch at which the training on
MNIST ends; before it, once, the settings below, from what stands beside each.
Test pictures are looked at once, by what has been chosen; the exception is
named with its table.

Errors are of pictures in [-1, 1], summed over the pixels and averaged over the
pictures; PSNR in decibels.
"""

import argparse
import functools
import time

import keras
import numpy as np
import tensorflow as tf
from scipy.ndimage import median_filter

from keras_gans import (
    Autoencoder,
    DenoisingAutoencoder,
    GaussianCorruption,
    MaskingCorruption,
    SaltAndPepperCorruption,
    SparseAutoencoder,
    VariationalAutoencoder,
    build_convolutional_decoder,
    build_convolutional_encoder,
    build_dense_decoder,
    build_dense_encoder,
    data,
)
from keras_gans.features import (
    PrincipalComponents,
    choose_per_class,
    fine_tuned_accuracy,
    probe_accuracy,
    trustworthiness,
)
from keras_gans.metrics import (
    ImageClassifier,
    frechet_distance,
    mean_over_images,
    peak_signal_to_noise_ratio,
    structural_similarity,
)

SIZE = (28, 28)
SHAPE = (*SIZE, 1)
NUM_CLASSES = 10
SEEDS = range(5)

BATCH_SIZE = 256
# Of 1e-3 and 2e-3 by the held-out error of a code of 32.
LEARNING_RATE = 2e-3
EPOCHS = 15
# Of (256,), these and (512, 256, 128) by the held-out error of a code of 32.
HIDDEN_UNITS = (512, 256)

NOISE = 0.3
NOISE_LEVELS = (0.1, 0.2, NOISE, 0.5)
CORRUPTIONS = {
    "Gaussian": GaussianCorruption,
    "masking": MaskingCorruption,
    "salt and pepper": SaltAndPepperCorruption,
}
# Of 128 and 256 by the held-out PSNR after 3 passes.
DENOISING_CODE_DIM = 256
DENOISING_EPOCHS = 6
FILTER_SIZES = (3, 5)

SPARSE_CODE_DIM = 256
# Of (), these and (512,) by how much a KL penalty raises the held-out error.
SPARSE_HIDDEN_UNITS = (128,)
SPARSE_WIDE_UNITS = (512,)
# Of 1e-3 and 3e-3 by the held-out error of the wide networks: equal without a
# penalty, a seventh less with KL of weight 1.
SPARSE_LEARNING_RATE = 3e-3
SPARSE_EPOCHS = 20
TARGET_ACTIVITY = 0.05
NEAR_TARGET = 0.2
WORSE = 0.1
SPARSE_ACTIVATIONS = {"kl": "sigmoid", "l1": "relu"}
SPARSE_WEIGHTS = {"kl": (0.5, 1.0, 2.0, 4.0), "l1": (0.01, 0.03, 0.1)}

LABELS_PER_CLASS = (10, 100, None)

NUM_SAMPLES = 2000
VARIANCES = (0.02, 0.05, 0.1)
CONFIDENT = 0.9

MNIST_CODE_DIM = 50
MNIST_HIDDEN_UNITS = (200, 200)
# Of 3e-4 and 1e-3 by the held-out ELBO.
MNIST_LEARNING_RATE = 3e-4
MNIST_BATCH_SIZE = 100
MNIST_PATIENCE = 40
# https://github.com/clementchadebec/benchmark_VAE, examples/scripts/
# reproducibility; it says nothing of training and test digits but "binary".
PUBLISHED = (
    ("VAE, pythae (paper: 89.9)", "50,000 or 60,000", "10,000", "200", 89.78),
    (
        "IWAE of 50 samples, pythae (paper: 87.1)",
        "50,000 or 60,000",
        "10,000",
        "5,000",
        86.82,
    ),
)


class Split:
    """Training, held-out and test pictures, and their labels."""

    def __init__(self, folder, num_held_out):
        source = data.open_images(folder, channels=1)
        pictures = source.train.load(SIZE)
        order = np.random.default_rng(0).permutation(len(pictures))
        held_out, train = np.split(order, [num_held_out])
        self.train_set = data.ArrayImages(pictures[train], "train")
        self.train = data.to_float(pictures[train])
        self.train_labels = source.train_labels[train]
        self.held_out = data.to_float(pictures[held_out])
        self.test = data.to_float(source.test.load(SIZE))
        self.test_labels = source.test_labels


def networks(
    code_dim,
    hidden_units=HIDDEN_UNITS,
    activation="linear",
    variational=False,
    output_activation="tanh",
):
    """Dense encoder and decoder, drawn with one seed."""
    keras.utils.set_random_seed(0)
    encoder = build_dense_encoder(
        SHAPE, code_dim, hidden_units, activation, variational
    )
    decoder = build_dense_decoder(
        code_dim, SHAPE, hidden_units[::-1], output_activation
    )
    return encoder, decoder


def train(
    model, images, epochs=EPOCHS, learning_rate=LEARNING_RATE, **compile_options
):
    """Adam, whose learning rate falls to zero along half a cosine."""
    steps = epochs * -(-len(images) // BATCH_SIZE)
    schedule = keras.optimizers.schedules.CosineDecay(learning_rate, steps)
    model.compile(keras.optimizers.Adam(schedule), **compile_options)
    model.fit(images, batch_size=BATCH_SIZE, epochs=epochs, verbose=0)
    return model


@functools.cache
def fit_components(pictures, code_dim):
    return PrincipalComponents(code_dim).fit(pictures.train)


@functools.cache
def train_undercomplete(pictures, code_dim):
    return train(Autoencoder(*networks(code_dim)), pictures.train)


@functools.cache
def train_denoising(pictures, code_dim):
    corruption = GaussianCorruption(NOISE, seed=0)
    model = DenoisingAutoencoder(*networks(code_dim), corruption)
    return train(model, pictures.train)


@functools.cache
def train_variational(pictures, code_dim, variance=None):
    """Of a Gaussian likelihood of that variance, or of Bernoulli's."""
    if variance is None:
        options = {"likelihood": "bernoulli"}
        output_activation = "linear"
    else:
        options = {"likelihood": "gaussian", "variance": variance}
        output_activation = "tanh"
    encoder, decoder = networks(
        code_dim, variational=True, output_activation=output_activation
    )
    model = VariationalAutoencoder(encoder, decoder, seed=0, **options)
    return train(model, pictures.train)


@functools.cache
def train_plain(pictures, activation, hidden_units=SPARSE_HIDDEN_UNITS):
    """What sparse autoencoders are compared with."""
    return train(
        Autoencoder(*networks(SPARSE_CODE_DIM, hidden_units, activation)),
        pictures.train,
        SPARSE_EPOCHS,
        SPARSE_LEARNING_RATE,
    )


@functools.cache
def train_sparse(pictures, penalty, weight, hidden_units=SPARSE_HIDDEN_UNITS):
    activation = SPARSE_ACTIVATIONS[penalty]
    return train(
        SparseAutoencoder(*networks(SPARSE_CODE_DIM, hidden_units, activation)),
        pictures.train,
        SPARSE_EPOCHS,
        SPARSE_LEARNING_RATE,
        penalty=penalty,
        penalty_weight=weight,
        target_activity=TARGET_ACTIVITY,
    )


@functools.cache
def choose_weight(pictures, penalty):
    """The weight to test, by the held-out pictures.

    With KL, of those that reach the target the one that leaves the smallest
    error; with L1, the largest one whose error is not too much worse than
    without a penalty. If there is none, the one that comes nearest.
    """
    images = pictures.held_out
    models = {
        weight: train_sparse(pictures, penalty, weight)
        for weight in SPARSE_WEIGHTS[penalty]
    }
    errors = {
        weight: restoration_error(model, images)
        for weight, model in models.items()
    }
    if penalty == "kl":
        reaching = [
            weight
            for weight, model in models.items()
            if near_target(activity(model, images))
        ]
        return min(reaching or [max(models)], key=errors.get)
    plain = train_plain(pictures, SPARSE_ACTIVATIONS[penalty])
    limit = (1 + WORSE) * restoration_error(plain, images)
    within = [weight for weight in models if errors[weight] < limit]
    return max(within or [min(models)])


def squared_error(images, reconstructions):
    differences = np.subtract(images, reconstructions, dtype="float64")
    return float(np.square(differences).sum(axis=(1, 2, 3)).mean())


def restoration_error(model, images):
    return squared_error(images, model.reconstruct(images))


def psnr(images, others):
    return mean_over_images(peak_signal_to_noise_ratio, images, others)


def ssim(images, others):
    return mean_over_images(structural_similarity, images, others)


def activity(model, images):
    return float(model.encode(images).mean())


def near_target(value):
    return abs(value - TARGET_ACTIVITY) <= NEAR_TARGET * TARGET_ACTIVITY


def say(text):
    print(text, flush=True)


def print_table(titles, rows):
    say("")
    for row in (titles, ["---"] * len(titles), *rows):
        say(f"| {' | '.join(row)} |")


def print_claims(claims):
    say("")
    for text, holds in claims:
        say(f"- {'Holds' if holds else 'DOES NOT HOLD'}: {text}.")


def print_reconstructions(pictures):
    images = pictures.test
    say(
        "Reconstruction of the 10,000 test pictures of Fashion-MNIST. All were "
        f"fitted to the same {len(pictures.train):,} training pictures; "
        "what principal components make is clipped to [-1, 1]. The "
        f"undercomplete autoencoder is dense, {HIDDEN_UNITS} units and back, "
        f"{EPOCHS} passes."
    )
    rows, errors = [], {}
    for code_dim in (32, 2):
        for name, model in (
            ("principal components", fit_components(pictures, code_dim)),
            ("undercomplete", train_undercomplete(pictures, code_dim)),
        ):
            restored = np.clip(model.reconstruct(images), -1, 1)
            error = errors[name, code_dim] = squared_error(images, restored)
            rows.append(
                [
                    f"{name}, {code_dim}",
                    f"{error:.1f}",
                    f"{error / images[0].size:.4f}",
                    f"{psnr(images, restored):.2f}",
                    f"{ssim(images, restored):.3f}",
                ]
            )
    print_table(["code", "squared error", "MSE", "PSNR", "SSIM"], rows)
    print_claims(
        (
            f"with a code of {code_dim}, a lower error than that of as many "
            "principal components",
            errors["undercomplete", code_dim]
            < errors["principal components", code_dim],
        )
        for code_dim in (32, 2)
    )


def print_denoising(pictures):
    say(
        "PSNR of the 10,000 test pictures of Fashion-MNIST, corrupted with "
        "seed 1. Gaussian noise: the deviation as a share of the range from "
        "black to white, clipped; others: the share of pixels. One "
        "convolutional denoising autoencoder for each kind of noise, of "
        f"{NOISE}, code {DENOISING_CODE_DIM}, {DENOISING_EPOCHS} passes: other "
        "levels of Gaussian noise it has never seen. The median filter's size "
        f"is the better of {FILTER_SIZES} on the held-out training pictures, "
        "for each row anew."
    )
    rows = []
    for kind, corruption in CORRUPTIONS.items():
        model = train_denoiser(pictures.train, corruption(NOISE, seed=0))
        for level in NOISE_LEVELS if kind == "Gaussian" else (NOISE,):
            layer = corruption(level)
            size = choose_filter(pictures.held_out, layer)
            noisy = np.asarray(layer(pictures.test, seed=1))
            before, filtered, denoised = (
                psnr(pictures.test, images)
                for images in (
                    noisy,
                    filter_by_median(noisy, size),
                    model.reconstruct(noisy),
                )
            )
            rows.append((kind, level, before, size, filtered, denoised))
    print_table(
        ["noise", "noisy", "median filter", "autoencoder", "gain"],
        [
            [
                f"{kind} {level}",
                f"{before:.2f}",
                f"{filtered:.2f} ({size}x{size})",
                f"{denoised:.2f}",
                f"{denoised - before:+.2f}",
            ]
            for kind, level, before, size, filtered, denoised in rows
        ],
    )
    claims = []
    for kind, level, before, _, filtered, denoised in rows:
        if level == NOISE:
            claims += [
                (f"{kind} {level}: 3 dB or more", denoised - before >= 3),
                (f"{kind} {level}: beats the filter", denoised > filtered),
            ]
    print_claims(claims)


def train_denoiser(images, corruption):
    keras.utils.set_random_seed(0)
    model = DenoisingAutoencoder(
        build_convolutional_encoder(SHAPE, DENOISING_CODE_DIM),
        build_convolutional_decoder(DENOISING_CODE_DIM, SHAPE),
        corruption,
    )
    return train(model, images, DENOISING_EPOCHS)


def choose_filter(images, corruption):
    noisy = np.asarray(corruption(images, seed=0))
    return max(
        FILTER_SIZES,
        key=lambda size: psnr(images, filter_by_median(noisy, size)),
    )


def filter_by_median(images, size):
    return median_filter(images, (1, size, size, 1))


def print_sparse(pictures):
    say(
        f"A code of {SPARSE_CODE_DIM} units, dense networks, {SPARSE_EPOCHS} "
        "passes: with and without a penalty the same networks, first weights "
        f"and optimizer. KL: sigmoid units, target {TARGET_ACTIVITY}; tested "
        "is, of the weights that reach it on the held-out training pictures, "
        "the one with the smallest error. L1: ReLU units; tested is the "
        f"largest weight whose held-out error is less than {WORSE:.0%} worse. "
        "Activity is the mean of the units over the pictures; a unit is active "
        "if it is above a tenth of the picture's most active one. The claims "
        f"are about networks of {SPARSE_HIDDEN_UNITS} hidden units, fewer than "
        f"the code has; what wider ones of {SPARSE_WIDE_UNITS} make of the "
        "weight that was chosen for these stands below them."
    )
    rows, claims = [], []
    for penalty, hidden_units in (
        ("kl", SPARSE_HIDDEN_UNITS),
        ("kl", SPARSE_WIDE_UNITS),
        ("l1", SPARSE_HIDDEN_UNITS),
    ):
        new_rows, new_claims = compare_sparse(pictures, penalty, hidden_units)
        rows += new_rows
        claims += new_claims
    print_table(
        [
            "networks, code, penalty",
            "held-out activity",
            "held-out error",
            "test activity",
            "units within 20 %",
            "active share",
            "test error",
            "worse by",
        ],
        rows,
    )
    print_claims(claims)


def compare_sparse(pictures, penalty, hidden_units):
    """Rows without and with a penalty, and the claims about the tested one."""
    activation = SPARSE_ACTIVATIONS[penalty]
    name = f"{hidden_units}, {activation}"
    plain_model = train_plain(pictures, activation, hidden_units)
    plain = measure_sparsity(plain_model, pictures.test)
    rows = [
        [f"{name}, none", *held_out_cells(plain_model, pictures)]
        + test_cells(plain, plain)
    ]
    chosen = choose_weight(pictures, penalty)
    is_wide = hidden_units == SPARSE_WIDE_UNITS
    for weight in [chosen] if is_wide else SPARSE_WEIGHTS[penalty]:
        model = train_sparse(pictures, penalty, weight, hidden_units)
        cells = ["not tested"] * 5
        if weight == chosen:
            sparse = measure_sparsity(model, pictures.test)
            cells = test_cells(sparse, plain)
        title = f"{name}, {penalty.upper()} of weight {weight}"
        rows.append([title, *held_out_cells(model, pictures), *cells])
    claims = [
        (
            f"{name}, {penalty.upper()}: less than {WORSE:.0%} worse",
            sparse["error"] < (1 + WORSE) * plain["error"],
        )
    ]
    if penalty == "kl":
        reaches = near_target(sparse["activity"])
        claims.append((f"{name}, KL: activity near the target", reaches))
    return rows, claims


def held_out_cells(model, pictures):
    images = pictures.held_out
    return [
        f"{activity(model, images):.4f}",
        f"{restoration_error(model, images):.2f}",
    ]


def measure_sparsity(model, images):
    codes = model.encode(images)
    is_active = codes > 0.1 * codes.max(axis=1, keepdims=True)
    return {
        "activity": float(codes.mean()),
        "near": float(near_target(codes.mean(axis=0)).mean()),
        "active_share": float(is_active.mean()),
        "error": restoration_error(model, images),
    }


def test_cells(result, plain):
    return [
        f"{result['activity']:.4f}",
        f"{result['near']:.0%}",
        f"{result['active_share']:.1%}",
        f"{result['error']:.2f}",
        f"{result['error'] / plain['error'] - 1:+.1%}",
    ]


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


def print_likelihood(pictures):
    model, epochs = train_on_digits(pictures)
    test = data.binarize(pictures.test, seed=0)
    bounds = -model.negative_log_likelihood(test, 1, seed=0)
    values = model.negative_log_likelihood(test, 200, seed=0)
    few = test[::10]
    say(
        f"Binary MNIST, in nats. {len(pictures.train):,} training digits, "
        "drawn black and white anew in each epoch, and "
        f"{len(pictures.held_out)} held-out ones, drawn once, whose ELBO ended "
        f"the training (after {epochs} epochs; {MNIST_PATIENCE} without a "
        "better one). The 10,000 test digits were drawn once, with seed 0. "
        f"Dense networks of {MNIST_HIDDEN_UNITS} ReLU units (Burda et al. have "
        f"tanh), a code of {MNIST_CODE_DIM}, Bernoulli likelihood. The "
        "published figures are of ten times as many training digits and of "
        "other draws, the lower one of another bound as well: they are no "
        "rivals. How much of the difference the missing digits make was not "
        "measured."
    )
    trained_on = f"{len(pictures.train):,}"
    rows = [
        ["ours: - ELBO", trained_on, f"{len(test):,}", "1", -bounds.mean()],
        ["ours", trained_on, f"{len(test):,}", "200", values.mean()],
    ]
    for num_samples in (200, 5000):
        estimates = model.negative_log_likelihood(few, num_samples, seed=0)
        rows.append(
            [
                "ours",
                trained_on,
                f"{len(few):,}",
                f"{num_samples:,}",
                estimates.mean(),
            ]
        )
    print_table(
        ["", "training digits", "test digits", "samples", "- log p(x)"],
        [[*row[:-1], f"{row[-1]:.2f}"] for row in (*rows, *PUBLISHED)],
    )
    say(
        f"\nActive units on the test digits: {model.active_units(test).sum()} "
        f"of {MNIST_CODE_DIM}. KL: {model.kl_per_dimension(test).sum():.2f} "
        "nats. Standard error of the mean over the digits, of 200 samples: "
        f"{values.std() / len(values) ** 0.5:.2f}."
    )


def train_on_digits(pictures):
    """Returns the best model by held-out digits, and how many epochs ran."""
    pipeline = data.ImagePipeline(
        pictures.train_set,
        SIZE,
        batch_size=MNIST_BATCH_SIZE,
        seed=0,
        binarize=True,
    )
    held_out = data.binarize(pictures.held_out, seed=0)
    model = VariationalAutoencoder(
        *networks(
            MNIST_CODE_DIM,
            MNIST_HIDDEN_UNITS,
            variational=True,
            output_activation="linear",
        ),
        seed=0,
    )
    model.compile(keras.optimizers.Adam(MNIST_LEARNING_RATE))
    history = model.fit(
        pipeline.dataset(),
        epochs=1000,
        steps_per_epoch=pipeline.steps_per_epoch,
        validation_data=tf.data.Dataset.from_tensors(held_out),
        callbacks=[
            keras.callbacks.EarlyStopping(
                "val_elbo",
                mode="max",
                patience=MNIST_PATIENCE,
                restore_best_weights=True,
            )
        ],
        shuffle=False,
        verbose=0,
    )
    return model, len(history.epoch)


FASHION_TABLES = {
    "pca": print_reconstructions,
    "denoising": print_denoising,
    "sparse": print_sparse,
    "features": print_features,
    "sampling": print_sampling,
}
TABLES = (*FASHION_TABLES, "vae")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--fashion", required=True, metavar="FOLDER")
    parser.add_argument("--mnist", required=True, metavar="FOLDER")
    parser.add_argument("--table", choices=TABLES)
    arguments = parser.parse_args()
    names = [arguments.table] if arguments.table else TABLES
    pictures = None
    for name in names:
        say(f"\n## {name}\n")
        start = time.perf_counter()
        if name == "vae":
            print_likelihood(Split(arguments.mnist, 500))
        else:
            pictures = pictures or Split(arguments.fashion, 5000)
            FASHION_TABLES[name](pictures)
        say(f"\n{(time.perf_counter() - start) / 60:.1f} minutes.")


if __name__ == "__main__":
    main()
