"""The autoencoder trainer in this process, on pictures of 16x16."""

import csv
import functools
import json
import shutil

import keras
import numpy as np
import pytest
from PIL import Image

from keras_gans import checkpoints
from tests.trainers import in_process
from trainers import autoencoder_scores as scores

run = functools.partial(in_process.run, "autoencoder")

OWN_FLAGS = {
    "undercomplete": [],
    "denoising": ["--corruption=masking", "--corruption_level=0.25"],
    "sparse": ["--penalty_weight=2"],
    "variational": ["--likelihood=gaussian", "--variance=0.2"],
}
OWN_SCORES = {
    "undercomplete": set(),
    "denoising": {"denoising"},
    "sparse": {"activity", "active_share"},
    "variational": {
        "elbo",
        "kl_loss",
        "negative_log_likelihood",
        "likelihood_protocol",
        "kl_per_dimension",
        "active_units",
    },
}
PLOTS = {
    "activations",
    "codes_in_the_plane",
    "generalization",
    "interpolations",
    "least_and_largest_errors",
    "losses",
    "noise_in_the_code",
    "samples",
    "traversals",
}


@pytest.fixture(scope="module", params=OWN_FLAGS)
def finished(request, tiny_autoencoder_flags, tmp_path_factory):
    """Kind and run folder of a finished run."""
    kind = request.param
    run_dir = tmp_path_factory.mktemp(kind) / "run"
    flags = [*tiny_autoencoder_flags, f"--model={kind}", *OWN_FLAGS[kind]]
    assert run(*flags, f"--run_dir={run_dir}") == 0
    return kind, run_dir


@pytest.fixture
def untrained(monkeypatch):
    """Runs do all but train: `fit` returns at once."""
    monkeypatch.setattr("trainers.training.fit", lambda *args: [{"epoch": 1}])


@pytest.fixture
def undrawn(untrained, monkeypatch):
    """Runs neither train nor draw."""
    monkeypatch.setattr(
        "trainers.autoencoder_task.AutoencoderTask.draw", lambda *args: []
    )


def load(run_dir):
    newest = checkpoints.newest(run_dir / "checkpoints")
    return keras.saving.load_model(newest.model_path)


def pictures_of(folder, split):
    """Pictures of the files, class by class, in [-1, 1]."""
    pictures = []
    for path in sorted((folder / split).glob("*/*.png"), key=_order):
        with Image.open(path) as picture:
            pictures.append(np.asarray(picture, "float32") / 127.5 - 1)
    return np.stack(pictures)


def _order(path):
    return path.parent.name, path.name


def test_a_run_leaves_what_is_promised(finished):
    kind, run_dir = finished
    names = {path.name for path in run_dir.iterdir()} - {".lock"}
    assert names == {
        "flags.txt",
        "environment.json",
        "history.csv",
        "score.json",
        "alarms.txt",
        "report.html",
        "summary.json",
        "plots",
        "samples",
        "checkpoints",
        "logs",
    }
    plots = {path.stem for path in (run_dir / "plots").iterdir()}
    assert plots == PLOTS | ({"denoising"} if kind == "denoising" else set())
    for epoch in range(5):
        with Image.open(run_dir / "samples" / f"epoch_{epoch:03d}.png") as rows:
            # Ten columns of 16 pixels, enlarged five times.
            assert rows.width > 10 * 80
    with open(run_dir / "history.csv") as file:
        rows = list(csv.DictReader(file))
    assert [row["epoch"] for row in rows] == ["1", "2", "3", "4"]
    assert float(rows[-1]["loss"]) < float(rows[0]["loss"])
    assert float(rows[-1]["val_mse"]) < float(rows[0]["val_mse"])


def test_scores_of_test_pictures_stand_beside_principal_components(
    finished, class_folder
):
    kind, run_dir = finished
    score = json.loads((run_dir / "score.json").read_text())
    assert score.keys() == OWN_SCORES[kind] | {
        "protocol",
        "reconstruction",
        "principal_components",
        "alarms",
    } | ({"trustworthiness"} & score.keys())  # Only with scikit-learn.
    assert score["protocol"].startswith("means over 20 pictures, test split")
    if kind == "denoising":
        return  # Of the corrupted pictures, below.
    images = pictures_of(class_folder, "test")
    left = load(run_dir).reconstruct(images)
    squares = ((left - images) ** 2).reshape(20, -1)
    assert score["reconstruction"] == pytest.approx(
        {
            "squared_error": squares.sum(axis=1).mean(),
            "mse": squares.mean(),
            "psnr": np.mean(10 * np.log10(4 / squares.mean(axis=1))),
            "ssim": score["reconstruction"]["ssim"],
        },
        rel=1e-4,
    )
    train = pictures_of(class_folder, "train").reshape(24, -1)
    _, _, components = np.linalg.svd(train - train.mean(0), False)
    offsets = images.reshape(20, -1) - train.mean(0)
    left = np.clip(offsets @ components[:4].T @ components[:4], -9, 9)
    left = np.clip(left + train.mean(0), -1, 1)
    assert score["principal_components"]["squared_error"] == pytest.approx(
        ((left - images.reshape(20, -1)) ** 2).sum(axis=1).mean(), rel=1e-3
    )


def test_inputs_for_the_export_are_test_pictures_and_their_codes(
    finished, class_folder
):
    _, run_dir = finished
    inputs = np.load(run_dir / "samples" / "inputs.npz", allow_pickle=False)
    assert set(inputs) == {"encoder", "decoder/codes"}
    images = pictures_of(class_folder, "test")
    shown = np.linspace(0, 19, 8).astype(int)
    np.testing.assert_allclose(inputs["encoder"], images[shown], atol=1e-6)
    np.testing.assert_allclose(
        inputs["decoder/codes"], load(run_dir).encode(images[shown]), atol=1e-5
    )


def test_calibration_is_by_training_pictures(finished, class_folder):
    _, run_dir = finished
    path = run_dir / "samples" / "calibration.npz"
    pictures = np.load(path, allow_pickle=False)["encoder"]
    assert pictures.dtype == np.uint8
    images = pictures_of(class_folder, "train")
    chosen = np.linspace(0, len(images) - 1, len(pictures)).astype(int)
    np.testing.assert_allclose(
        pictures / 127.5 - 1, images[chosen], atol=0.51 / 127.5
    )


def test_the_page_shows_epochs_and_what_is_drawn_at_the_end(finished):
    kind, run_dir = finished
    text = (run_dir / "report.html").read_text()
    assert text.count("<img") == 5 + 7 + (kind == "denoising")
    for title in ("Activations", "Codes in the plane", "Traversals"):
        assert f"<h3>{title}</h3>" in text
    assert "summed over the pixels in [-1, 1], PSNR in dB, SSIM" in text


def test_a_denoising_run_measures_each_level_of_noise(
    undrawn, tiny_autoencoder_flags, class_folder, tmp_path, capsys
):
    flags = [*tiny_autoencoder_flags, "--model=denoising"]
    flags += ["--corruption=masking", "--corruption_level=0.25"]
    assert run(*flags, f"--run_dir={tmp_path / 'run'}") == 0
    score = json.loads((tmp_path / "run" / "score.json").read_text())
    levels = score["denoising"]
    assert list(levels) == ["0.1", "0.2", "0.25", "0.3", "0.5"]
    images = pictures_of(class_folder, "test")
    for level, values in levels.items():
        # Masked pixels are black: so much is lost on average.
        lost = float(level) * ((images + 1) ** 2).mean(axis=(1, 2, 3))
        assert values["corrupted_psnr"] == pytest.approx(
            np.mean(10 * np.log10(4 / lost)), abs=0.7
        )
    printed = capsys.readouterr().out
    assert "noise 0.25: PSNR from" in printed


def test_a_sparse_run_says_weight_and_target(
    undrawn, tiny_autoencoder_flags, tmp_path, capsys
):
    flags = [*tiny_autoencoder_flags, "--model=sparse", "--penalty_weight=3"]
    assert run(*flags, "--target_activity=0.1", f"--run_dir={tmp_path}") == 0
    printed = capsys.readouterr().out
    assert "sparsity kl, weight 3.0, target activity 0.1" in printed
    assert "target 0.1: give --penalty_weight" in printed


def test_pictures_are_black_and_white_if_asked_for(
    undrawn, tiny_autoencoder_flags, tmp_path
):
    flags = [*tiny_autoencoder_flags, "--channels=1", "--binarize"]
    assert run(*flags, "--model=variational", f"--run_dir={tmp_path}") == 0
    inputs = np.load(tmp_path / "samples" / "inputs.npz")["encoder"]
    assert set(np.unique(inputs)) == {-1, 1}


def test_sides_need_be_neither_equal_nor_even(
    undrawn, tiny_autoencoder_flags, tmp_path
):
    flags = [*tiny_autoencoder_flags, "--image_size=15x9"]
    assert run(*flags, f"--run_dir={tmp_path}") == 0
    inputs = np.load(tmp_path / "samples" / "inputs.npz")["encoder"]
    assert inputs.shape == (8, 15, 9, 3)


def test_pictures_without_classes_and_without_tests(
    untrained, tiny_autoencoder_flags, class_folder, tmp_path, capsys
):
    folder = class_folder / "train" / "dark"
    flags = [*tiny_autoencoder_flags, f"--data={folder}", "--code_dim=2"]
    assert run(*flags, f"--run_dir={tmp_path}") == 0
    printed = capsys.readouterr().out
    assert "note     no test pictures: training pictures are scored" in printed
    assert "means over 12 pictures, train split" in printed


def test_one_picture_is_enough(
    untrained, tiny_autoencoder_flags, class_folder, tmp_path, capsys
):
    (tmp_path / "one").mkdir()
    shutil.copy(class_folder / "train" / "dark" / "0.png", tmp_path / "one")
    flags = [*tiny_autoencoder_flags, f"--data={tmp_path / 'one'}"]
    run_dir = tmp_path / "run"
    assert run(*flags, "--batch_size=1", f"--run_dir={run_dir}") == 0
    assert "a single picture: nothing to compare" in capsys.readouterr().out
    assert (run_dir / "report.html").exists()


def test_a_code_that_is_no_smaller_is_warned_of(
    undrawn, tiny_autoencoder_flags, tmp_path, capsys
):
    flags = [*tiny_autoencoder_flags, "--code_dim=768"]
    assert run(*flags, f"--run_dir={tmp_path}") == 0
    printed = capsys.readouterr()
    assert "warning  An undercomplete autoencoder has a code of" in printed.out
    # There are no so many components to compare with.
    assert "principal components" not in printed.out
    assert printed.err == ""


@pytest.mark.parametrize(
    ("size", "num_convolutions"),
    [("28", 2), ("32", 2), ("64", 3), ("48x96", 3), ("100", 2), ("6", 1)],
)
def test_convolutions_go_down_to_eight_pixels(
    size, num_convolutions, tiny_autoencoder_flags, tmp_path, monkeypatch
):
    built = []

    def stop(config, make_task):
        built.append(make_task(config).build_model())

    monkeypatch.setattr("trainers.task.run", stop)
    flags = [*tiny_autoencoder_flags, "--network=convolutional", "--filters=2"]
    assert run(*flags, f"--image_size={size}", f"--run_dir={tmp_path}") == 0
    convolutions = [
        layer
        for layer in built[0].encoder.layers
        if isinstance(layer, keras.layers.Conv2D)
    ]
    assert len(convolutions) == num_convolutions


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (
            ["--beta=4"],
            "--beta is for --model=variational. Received: --beta=4.0 with "
            "--model=undercomplete.",
        ),
        (
            ["--model=denoising", "--penalty=l1"],
            "--penalty is for --model=sparse. Received: --penalty=l1 with "
            "--model=denoising.",
        ),
        (
            ["--model=sparse", "--penalty_weight=-1"],
            "--penalty_weight must be >= 0. Received: -1.0.",
        ),
        (
            ["--model=sparse", "--target_activity=1"],
            "--target_activity must be between 0 and 1. Received: 1.0.",
        ),
        (
            ["--model=variational", "--variance=0"],
            "--variance must be > 0. Received: 0.0.",
        ),
        (["--learning_rate=0"], "--learning_rate must be > 0. Received: 0.0."),
        (
            ["--batch_size=25"],
            "--batch_size must be at most 24, the number of pictures. "
            "Received: 25.",
        ),
        (["--model=sparce"], "Did you mean sparse?"),
        (["--binarize"], "one channel"),
        (["--data="], "--data must be a folder, embedded:NAME or tfds:NAME."),
        (
            ["--model=denoising", "--corruption=masking"]
            + ["--corruption_level=1.5"],
            "rate",
        ),
        (
            ["--network=convolutional", "--image_size=15"],
            "Height and width must be multiples of 2",
        ),
    ],
    ids=lambda value: str(value)[:40],
)
def test_wrong_usage_is_one_sentence(
    flags, message, tiny_autoencoder_flags, tmp_path, capsys
):
    run_dir = tmp_path / "run"
    assert run(*tiny_autoencoder_flags, *flags, f"--run_dir={run_dir}") == 2
    error = capsys.readouterr().err
    assert error.startswith("error: ") and error.count("\n") == 1
    assert message in error
    assert not run_dir.exists()


def test_a_finished_run_cannot_become_another_model(finished, capsys):
    kind, run_dir = finished
    other = "sparse" if kind != "sparse" else "denoising"
    assert run(f"--run_dir={run_dir}", f"--model={other}") == 2
    assert f"--model is {kind} in" in capsys.readouterr().err


ERRORS = {"squared_error": 40.0, "psnr": 20.0, "ssim": 0.7}


@pytest.mark.parametrize(
    ("components", "verdict"),
    [
        (50.0, "by 40.0, 8 principal components by 50.0: 20% less is lost."),
        (40.0, "no less than 8 principal components (40.0): train longer"),
        (None, "Reconstructions miss the pictures by 40.0."),
    ],
)
def test_verdict_beside_principal_components(components, verdict):
    score = {"reconstruction": ERRORS}
    if components is not None:
        score["principal_components"] = {
            **ERRORS,
            "squared_error": components,
        }
    assert verdict in scores.compare_with_components(score, 8)


@pytest.mark.parametrize(
    ("sentence", "verdict"),
    [
        (
            scores.describe_gain(
                {
                    "denoising": {
                        "0.3": {"corrupted_psnr": 11, "restored_psnr": 14.5}
                    }
                },
                0.3,
            ),
            "At noise 0.3 PSNR rises by 3.5 dB, from 11.0 to 14.5.",
        ),
        (
            scores.describe_gain(
                {
                    "denoising": {
                        "0.1": {"corrupted_psnr": 20, "restored_psnr": 18}
                    }
                },
                0.1,
            ),
            "no better PSNR (18.0 dB) than the corrupted ones (20.0 dB)",
        ),
        (
            scores.describe_sparsity(
                {"activity": 0.057, "active_share": 0.1}, 0.05
            ),
            "activity of 0.057, target 0.05.",
        ),
        (
            scores.describe_sparsity(
                {"activity": 0.063, "active_share": 0.1}, 0.05
            ),
            "target 0.05: give --penalty_weight a higher value.",
        ),
        (
            scores.describe_sparsity(
                {"activity": 3.0, "active_share": 0.125}, None
            ),
            "12.5% of the units are active in a picture.",
        ),
        (
            scores.describe_code({"active_units": 5, "elbo": -120.0}, 8),
            "5 of 8 numbers of the code are in use, a picture costs 120.0 nats",
        ),
        (
            scores.describe_code({"active_units": 0, "elbo": -200.0}, 8),
            "The posterior has collapsed: lower --beta",
        ),
    ],
)
def test_verdicts_of_the_kinds(sentence, verdict):
    assert verdict in sentence
