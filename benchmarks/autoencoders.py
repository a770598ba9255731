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
MNIST ends; before it, once, the settings in these files, from what stands
beside each. Test pictures are looked at once, by what has been chosen; the
exception is named with its table.

Errors are of pictures in [-1, 1], summed over the pixels and averaged over the
pictures; PSNR in decibels.
"""

import argparse
import time

import keras
import numpy as np
from autoencoder_codes import print_features, print_sampling
from autoencoder_digits import print_likelihood
from autoencoder_ladder import (
    EPOCHS,
    HIDDEN_UNITS,
    NOISE,
    SHAPE,
    SPARSE_ACTIVATIONS,
    SPARSE_CODE_DIM,
    SPARSE_EPOCHS,
    SPARSE_HIDDEN_UNITS,
    SPARSE_WEIGHTS,
    TARGET_ACTIVITY,
    WORSE,
    Split,
    activity,
    choose_weight,
    fit_components,
    near_target,
    print_claims,
    print_table,
    psnr,
    restoration_error,
    say,
    squared_error,
    ssim,
    train,
    train_plain,
    train_sparse,
    train_undercomplete,
)
from scipy.ndimage import median_filter

from keras_gans import (
    DenoisingAutoencoder,
    GaussianCorruption,
    MaskingCorruption,
    SaltAndPepperCorruption,
    build_convolutional_decoder,
    build_convolutional_encoder,
)

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
SPARSE_WIDE_UNITS = (512,)


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
