"""The GAN trainers in this process, on pictures of 16x16 and on points."""

import csv
import json
import shutil

import numpy as np
import pytest
from PIL import Image

from keras_gans import checkpoints
from tests.trainers.in_process import run

TRAINERS = ("gan", "conditional_gan")


@pytest.fixture(scope="module", params=TRAINERS)
def trained(request, tiny_image_flags, tmp_path_factory):
    """Name of the trainer and a finished run of it."""
    run_dir = tmp_path_factory.mktemp(request.param) / "run"
    assert run(request.param, *tiny_image_flags, f"--run_dir={run_dir}") == 0
    return request.param, run_dir


@pytest.fixture(scope="module")
def mixture_run(tiny_mixture_flags, tmp_path_factory):
    run_dir = tmp_path_factory.mktemp("mixture") / "run"
    assert run("gan", *tiny_mixture_flags, f"--run_dir={run_dir}") == 0
    return run_dir


def rows_of(run_dir):
    with open(run_dir / "history.csv") as file:
        return list(csv.DictReader(file))


def test_a_run_of_pictures_leaves_what_is_promised(trained):
    trainer, run_dir = trained
    names = {path.name for path in run_dir.iterdir()} - {".lock"}
    assert names == {
        "flags.txt",
        "environment.json",
        "history.csv",
        "alarms.txt",
        "classifier.keras",
        "score.json",
        "summary.json",
        "report.html",
        "plots",
        "samples",
        "checkpoints",
        "logs",
    }
    plots = {path.name for path in (run_dir / "plots").iterdir()}
    assert plots == {
        "losses.png",
        "discriminator.png",
        "instruments.png",
        "nearest.png",
        "real_pictures.png",
    } | ({"classes.png"} if trainer == "gan" else set())
    samples = {path.name for path in (run_dir / "samples").iterdir()}
    assert samples == {
        *(f"epoch_{epoch:03d}.png" for epoch in range(5)),
        "interpolations.png",
        "timeline.gif",
        "inputs.npz",
    }
    with Image.open(run_dir / "samples" / "timeline.gif") as timeline:
        assert timeline.n_frames == 5


def test_history_has_the_law_of_both_rates(trained):
    # The discriminator makes two steps for each of the generator's.
    _, run_dir = trained
    for player in ("generator", "discriminator"):
        rates = [
            float(row[f"{player}_learning_rate"]) for row in rows_of(run_dir)
        ]
        np.testing.assert_allclose(
            rates, [2e-4, 2e-4, 2e-4 * 2 / 3, 2e-4 / 3], rtol=1e-5
        )


def test_score_has_its_protocol_and_a_yardstick(trained):
    trainer, run_dir = trained
    score = json.loads((run_dir / "score.json").read_text())
    assert "20 samples to the test pictures" in score["protocol"]
    assert score["frechet_distance"] > score["frechet_distance_of_real"]
    assert score["alarms"] == []
    assert ("label_accuracy" in score) == (trainer == "conditional_gan")
    assert ("classes_found" in score) == (trainer == "gan")


def test_inputs_for_the_export_are_what_the_generator_takes(trained):
    trainer, run_dir = trained
    inputs = np.load(run_dir / "samples" / "inputs.npz", allow_pickle=False)
    if trainer == "gan":
        assert set(inputs) == {"generator"}
        latents = inputs["generator"]
    else:
        assert set(inputs) == {"generator/latents", "generator/labels"}
        latents = inputs["generator/latents"]
        assert inputs["generator/labels"].tolist() == [0, 1] * 4
        assert inputs["generator/labels"].dtype == np.int32
    assert latents.shape == (8, 3)
    assert latents.dtype == np.float32


def test_a_finished_run_trains_no_further(trained, tmp_path, capsys):
    trainer, run_dir = trained
    copy = shutil.copytree(run_dir, tmp_path / "copy")
    before = checkpoints.newest(copy / "checkpoints")
    score = (copy / "score.json").read_text()
    assert run(trainer, f"--run_dir={copy}") == 0
    assert "Epoch" not in capsys.readouterr().out
    assert checkpoints.newest(copy / "checkpoints") == before
    assert (copy / "score.json").read_text() == score


def test_a_run_killed_after_its_last_epoch_gets_its_pictures(trained, tmp_path):
    trainer, run_dir = trained
    copy = shutil.copytree(run_dir, tmp_path / "copy")
    expected = (copy / "plots" / "nearest.png").read_bytes()
    for name in ("score.json", "plots/nearest.png", "plots/classes.png"):
        (copy / name).unlink(missing_ok=True)
    assert run(trainer, f"--run_dir={copy}") == 0
    assert (copy / "score.json").exists()
    assert (copy / "plots" / "nearest.png").read_bytes() == expected
    assert (copy / "plots" / "classes.png").exists() == (trainer == "gan")


def test_screen_tells_what_happens_and_what_is_next(
    trained, tiny_image_flags, tmp_path, capsys
):
    trainer, _ = trained
    run_dir = tmp_path / "run"
    flags = ["--flat_epochs=1", "--decay_epochs=0", f"--run_dir={run_dir}"]
    assert run(trainer, *tiny_image_flags, *flags) == 0
    output = capsys.readouterr().out
    for line in (
        "device   CPU",
        "24 pictures, 20 for tests, 2 classes, 16x16",
        "model    dcgan: generator",
        f"run      {run_dir}",
        "score    Frechet distance",
        "verdict  No alarms. The discriminator answers",
        f"look     {run_dir}/report.html",
        f"next     python -m export --run_dir={run_dir}",
    ):
        assert line in output
    # Ten shares of classes would fill the screen.
    assert "class_0_share" not in output
    assert trainer != "gan" or "class_0_share" in rows_of(run_dir)[0]


def test_a_run_of_points_counts_modes_and_draws_the_field(mixture_run):
    score = json.loads((mixture_run / "score.json").read_text())
    assert score["modes"] == 8
    assert 0 <= score["modes_found"] <= 8
    assert not (mixture_run / "export").exists()
    samples = {path.name for path in (mixture_run / "samples").iterdir()}
    assert samples == {
        *(f"epoch_{epoch:03d}.png" for epoch in range(5)),
        "timeline.gif",
    }


def test_alarms_reach_the_screen_the_file_and_the_score(
    tiny_mixture_flags, tmp_path, capsys
):
    """A generator that stands still finds no mode in ten epochs."""
    run_dir = tmp_path / "run"
    # A Wasserstein critic, for its answers can raise no alarm.
    flags = ["--flat_epochs=11", "--generator_learning_rate=1e-9"]
    flags += ["--adversarial_loss=wasserstein", "--penalty=gradient"]
    assert run("gan", *tiny_mixture_flags, *flags, f"--run_dir={run_dir}") == 0
    output = capsys.readouterr().out
    (sentence,) = json.loads((run_dir / "score.json").read_text())["alarms"]
    assert "(mode collapse)" in sentence
    alarms = (run_dir / "alarms.txt").read_text().splitlines()
    assert len(alarms) == 1
    assert alarms[0].startswith("epoch 10: Samples show")
    assert output.count("\nalarm    Samples show") == 1
    assert f"verdict  {sentence}" in output


def test_a_wasserstein_critic_is_not_asked_for_probabilities(
    tiny_mixture_flags, tmp_path, capsys
):
    run_dir = tmp_path / "run"
    flags = ["--adversarial_loss=wasserstein", "--penalty=gradient"]
    assert run("gan", *tiny_mixture_flags, *flags, f"--run_dir={run_dir}") == 0
    assert "answer_deviation" not in rows_of(run_dir)[0]
    assert "modes_found" in rows_of(run_dir)[0]
    assert "The discriminator answers" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("trainer", "network"),
    [
        ("conditional_gan", "mlp"),
        pytest.param("gan", "resnet", marks=pytest.mark.slow),
    ],
)
def test_other_networks_train_and_export(
    trainer, network, tiny_image_flags, tmp_path
):
    run_dir = tmp_path / "run"
    flags = [f"--network={network}", "--hidden_units=4", "--export"]
    flags += ["--flat_epochs=1", "--decay_epochs=0", "--image_size=8"]
    flags += ["--load_size=8"]
    code = run(trainer, *tiny_image_flags, *flags, f"--run_dir={run_dir}")
    assert code == 0
    files = {path.name for path in (run_dir / "export").rglob("*.tflite")}
    assert files == {
        f"generator_{name}.tflite" for name in ("float32", "float16", "dynamic")
    }


def test_pictures_without_labels_and_without_tests(
    class_folder, tiny_image_flags, tmp_path, capsys
):
    run_dir = tmp_path / "run"
    flags = [f"--data={class_folder / 'train' / 'dark'}", "--flat_epochs=1"]
    code = run("gan", *tiny_image_flags, *flags, f"--run_dir={run_dir}")
    assert code == 0
    assert "nobody watches for memorisation" in capsys.readouterr().out
    assert "sample_diversity" in rows_of(run_dir)[0]
    assert "classes_found" not in rows_of(run_dir)[0]
    assert not (run_dir / "classifier.keras").exists()


@pytest.mark.parametrize(
    ("trainer", "arguments", "code", "message"),
    [
        ("gan", ["--data=nowhere"], 65, "--data=nowhere: "),
        ("gan", ["--data=embedded:emojis"], 2, "fashion_mnist"),
        ("gan", ["--data=mixture:ring8"], 2, "Did you mean ring_8?"),
        ("gan", ["--data=mixture:ring_8"], 2, "--network must be mlp"),
        ("gan", ["--batch_size=100"], 2, "must be at most 24"),
        ("gan", ["--image_size=16x32"], 2, "--image_size must be one side"),
        ("gan", ["--image_size=18"], 2, "power of two"),
        ("gan", ["--load_size=8"], 2, "`load_size` must not be smaller"),
        ("gan", ["--adversarial_loss=hinges"], 2, "Did you mean hinge?"),
        ("gan", ["--penalty=r3"], 2, "--penalty must be one of none, dragan"),
        ("gan", ["--clip_limit=0.01"], 2, "`weight_clipping` must go with"),
        (
            "gan",
            ["--adversarial_loss=hinge", "--label_smoothing=0.1"],
            2,
            "`label_smoothing` must be 0 unless",
        ),
        (
            "gan",
            ["--discriminator_normalization=batch"],
            2,
            "--penalty=gradient must not go with",
        ),
        ("gan", ["--penalty_weight=0"], 2, "--penalty_weight must be > 0"),
        ("gan", ["--beta_1=1"], 2, "--beta_1 must be less than 1"),
        ("gan", ["--average_decay=1"], 2, "`average_decay` must be in [0, 1)"),
        ("gan", ["--dropout=1"], 2, "`dropout` must be"),
        (
            "gan",
            ["--penalty=none", "--batch_size=1"],
            2,
            "Batch normalisation needs more than one image",
        ),
        ("conditional_gan", ["--data=mixture:ring_8"], 65, "mixture:ring_8"),
        (
            "conditional_gan",
            ["--conditioning=sum"],
            2,
            "--conditioning must be one of concat, projection",
        ),
    ],
    ids=lambda value: str(value)[:30],
)
def test_bad_input_is_one_line_and_leaves_nothing(
    trainer, arguments, code, message, tiny_image_flags, tmp_path, capsys
):
    run_dir = tmp_path / "run"
    flags = [*tiny_image_flags, f"--run_dir={run_dir}", *arguments]
    assert run(trainer, *flags) == code
    error = capsys.readouterr().err
    assert message in error
    assert "Traceback" not in error
    assert error.count("\n") == 1
    assert not run_dir.exists()


@pytest.mark.parametrize("split", ["train", "test"])
def test_a_broken_picture_is_named_and_nothing_half_written(
    split, class_folder, tiny_image_flags, tmp_path, capsys
):
    folder = shutil.copytree(class_folder, tmp_path / "pictures")
    picture = folder / split / "dark" / "1.png"
    picture.write_bytes(picture.read_bytes()[:80])
    flags = [f"--data={folder}", f"--run_dir={tmp_path / 'run'}"]
    assert run("gan", *tiny_image_flags, *flags) == 65
    assert str(picture) in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_pictures_that_are_all_alike_are_refused(
    tiny_image_flags, tmp_path, capsys
):
    for i in range(4):
        Image.new("RGB", (16, 16), "red").save(tmp_path / f"{i}.png")
    flags = [f"--data={tmp_path}", f"--run_dir={tmp_path / 'run'}"]
    assert run("gan", *tiny_image_flags, *flags) == 2
    assert "must differ from each other" in capsys.readouterr().err


def test_labels_are_needed_for_a_conditional_gan(
    class_folder, tiny_image_flags, tmp_path, capsys
):
    run_dir = tmp_path / "run"
    flags = [f"--data={class_folder / 'train' / 'dark'}"]
    code = run(
        "conditional_gan", *tiny_image_flags, *flags, f"--run_dir={run_dir}"
    )
    assert code == 2
    assert "--data must have labels of two classes or more" in (
        capsys.readouterr().err
    )
    assert not run_dir.exists()


@pytest.mark.parametrize("trainer", TRAINERS)
def test_help_and_recipes(trainer, capsys):
    assert run(trainer, "--help") == 0
    output = capsys.readouterr().out
    assert "--recipe=quickstart" in output
    assert "--adversarial_loss=non_saturating" in output
    assert run(trainer, "--recipe=list") == 0
    assert "quickstart" in capsys.readouterr().out
