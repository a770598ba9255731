"""Runs side by side: folders by hand, with networks that take milliseconds."""

import base64
import io
import re

import keras
import numpy as np
import pytest
from PIL import Image

from keras_gans import checkpoints, data
from keras_gans.models import GAN, Autoencoder, ConditionalGAN, Pix2Pix
from keras_gans.networks import build_mlp_discriminator, build_mlp_generator
from tests.models import tiny, tiny_autoencoders
from tests.trainers.report import folders, pages
from trainers import report
from trainers.compare import __main__ as command
from trainers.compare import score_rows


def gan(seed, latent_dim=3):
    keras.utils.set_random_seed(seed)
    model = GAN(
        build_mlp_generator(latent_dim, (4, 6, 1), (5,)),
        build_mlp_discriminator((4, 6, 1), (5,)),
    )
    model.compile()
    return model


@pytest.fixture
def make_run(tmp_path):
    """Function that writes a run, its newest checkpoint, and its inputs."""

    def make(name, trainer, model, *flags, **inputs):
        run_dir = folders.write_run(tmp_path / name, trainer, *flags)
        np.savez(run_dir / "samples" / "inputs.npz", **inputs)
        state = {"seconds": 61.0}
        checkpoints.write(run_dir / "checkpoints", model, 7, state)
        return run_dir

    return make


def run_command(*arguments):
    with pytest.raises(SystemExit) as exit:
        command.main(list(map(str, arguments)))
    return exit.value.code


def shown(text):
    """Pixels of the pictures in the tables of same inputs, row by row."""
    section = text.split('id="inputs"')[1].split("</section>")[0]
    return [
        np.asarray(Image.open(io.BytesIO(base64.b64decode(uri))))
        for uri in re.findall(r'src="data:image/webp;base64,([^"]+)"', section)
    ]


def test_the_same_noise_is_in_the_same_row(make_run, tmp_path, capsys):
    latents = np.random.default_rng(0).standard_normal((2, 3), "float32")
    models = [gan(1), gan(2)]
    runs = [
        make_run(f"gan-{i}", "gan", model, generator=latents)
        for i, model in enumerate(models)
    ]
    # The inputs of all but the first are nobody's business.
    np.savez(runs[1] / "samples" / "inputs.npz", generator=latents + 1)
    out = tmp_path / "page.html"
    assert run_command(*runs, f"--out={out}") == 0
    printed = capsys.readouterr().out
    assert f"run      {runs[0]}: gan, step 7" in printed
    assert f"look     {out}" in printed
    text = out.read_text()
    assert pages.problems_of(text) == []
    assert "They differ in nothing that decides what is trained." in text
    found = shown(text)
    expected = [
        data.to_uint8(model.predict(latents, verbose=0))[row]
        for row in range(2)
        for model in models
    ]
    assert len(found) == len(expected)
    for pixels, image in zip(found, expected):
        np.testing.assert_array_equal(pixels, image.repeat(3, axis=-1))
    # The two do not answer alike, so that columns could be taken for another.
    assert np.any(expected[0] != expected[1])


def test_both_directions_have_their_own_inputs(make_run, tmp_path):
    images_a, images_b = tiny.pair(2)
    inputs = {"generator_ab": images_a, "generator_ba": images_b}
    models = [tiny.cyclegan(seed) for seed in (1, 2, 3)]
    runs = [
        make_run(f"run-{i}", "cyclegan", model, f"--seed={i}", **inputs)
        for i, model in enumerate(models)
    ]
    out = tmp_path / "page.html"
    assert run_command(*runs, "--out", out) == 0
    text = out.read_text()
    assert pages.problems_of(text) == []
    found = shown(text)
    assert len(found) == 2 * 2 * (1 + 3)
    np.testing.assert_array_equal(found[0], data.to_uint8(images_a[0]))
    np.testing.assert_array_equal(found[8], data.to_uint8(images_b[0]))
    back = models[2].predict(images_b, verbose=0, direction="ba")
    np.testing.assert_array_equal(found[15], data.to_uint8(back[1]))


def conditional_gan(seed):
    keras.utils.set_random_seed(seed)
    model = ConditionalGAN(
        build_mlp_generator(3, (4, 6, 1), (5,), num_classes=4),
        build_mlp_discriminator((4, 6, 1), (5,), num_classes=4),
        num_classes=4,
    )
    model.compile()
    return model


def pix2pix(seed):
    keras.utils.set_random_seed(seed)
    model = Pix2Pix(tiny.generator(dropout=0.5), tiny.discriminator(6))
    model.compile()
    return model


def autoencoder(seed):
    keras.utils.set_random_seed(seed)
    shape = (tiny.SIZE, tiny.SIZE, 3)
    model = Autoencoder(
        tiny_autoencoders.encoder(shape), tiny_autoencoders.decoder(shape)
    )
    model.compile()
    return model


@pytest.mark.parametrize(
    "trainer", ["conditional_gan", "pix2pix", "autoencoder"]
)
def test_every_trainer_has_its_inputs(trainer, make_run, tmp_path):
    images = tiny.images(2)
    latents = np.random.default_rng(0).standard_normal((2, 3), "float32")
    labels = np.array([1, 3], "int32")
    if trainer == "conditional_gan":
        model = conditional_gan(1)
        inputs = {"generator/latents": latents, "generator/labels": labels}
        given = {"latents": latents, "labels": labels}
        expected = model.predict(given, verbose=0).repeat(3, axis=-1)
    elif trainer == "pix2pix":
        model, inputs = pix2pix(1), {"generator": images}
        expected = model.translate(images, seed=0)
    else:
        model = autoencoder(1)
        inputs = {"encoder": images, "decoder/codes": latents}
        expected = model.reconstruct(images)
    runs = [make_run(name, trainer, model, **inputs) for name in "ab"]
    out = tmp_path / "page.html"
    assert run_command(*runs, f"--out={out}") == 0
    assert pages.problems_of(out.read_text()) == []
    found = shown(out.read_text())
    rows = np.reshape(found, (2, -1, *found[0].shape))
    for column in (-2, -1):
        np.testing.assert_array_equal(rows[:, column], data.to_uint8(expected))
    if trainer != "conditional_gan":
        np.testing.assert_array_equal(rows[:, 0], data.to_uint8(images))


def test_a_network_that_takes_other_inputs_is_left_out(make_run, tmp_path):
    latents = np.zeros((2, 3), "float32")
    runs = [
        make_run("a", "gan", gan(1), generator=latents),
        make_run("b", "gan", gan(1, latent_dim=4), "--latent_dim=4"),
        folders.write_run(tmp_path / "c"),
    ]
    out = tmp_path / "page.html"
    assert run_command(*runs, f"--out={out}") == 0
    text = out.read_text()
    assert pages.problems_of(text) == []
    words = " ".join(pages.Page(text).text.split())
    assert "b is not shown: its network takes inputs of shape (4,)" in words
    assert "c is not shown: There is no checkpoint in" in words
    assert len(shown(text)) == 2
    assert '<td data-label="a">100</td><td data-label="b">4</td>' in text


def read_pair(tmp_path, *flags, other_score=None):
    first = folders.write_run(tmp_path / "first")
    second = folders.write_run(tmp_path / "second", "gan", *flags)
    score = {**folders.SCORES["gan"], "frechet_distance": 5.0}
    folders.write_json(second / "score.json", {**score, **(other_score or {})})
    return [report.read(first), report.read(second)]


def test_the_lower_distance_is_the_better_one(tmp_path):
    distance, yardstick = score_rows.rows_of(read_pair(tmp_path))
    assert distance.cells == ["6.25", "5"]
    assert (distance.best, distance.problem) == (1, "")
    assert yardstick.best is None


def test_yardsticks_are_no_contest(tmp_path):
    runs = read_pair(tmp_path)
    for i, run in enumerate(runs):
        run.score.clear()
        run.score["protocol"] = "means over pictures"
        run.score["translated"] = {"l1": 0.5 + i, "ssim": 0.5 + i}
        run.score["mean target"] = {"l1": 0.5 + i, "ssim": 0.5 + i}
    best = {row.name: row.best for row in score_rows.rows_of(runs)}
    assert best == {
        "translations, to the truth: L1": 0,
        "translations, to the truth: SSIM": 1,
        "mean target: L1": None,
        "mean target: SSIM": None,
    }


@pytest.mark.parametrize(
    ("flags", "score", "problem"),
    [
        ([], {"protocol": "another"}, "protocols differ"),
        (
            ["--image_size=32"],
            {},
            "scored on other pictures: image_size differs",
        ),
        (["--seed=1"], {}, ""),
    ],
)
def test_what_was_measured_unlike_is_not_compared(
    flags, score, problem, tmp_path
):
    distance, _ = score_rows.rows_of(
        read_pair(tmp_path, *flags, other_score=score)
    )
    assert distance.problem == problem
    assert distance.best == (None if problem else 1)


def test_classifiers_of_other_seeds_are_other_judges(tmp_path):
    runs = read_pair(tmp_path, "--seed=1")
    for run in runs:
        run.score["protocol"] = (
            "in the features of the run's own small classifier"
        )
    distance, _ = score_rows.rows_of(runs)
    assert "each judged by a classifier of its own" in distance.problem
    assert distance.best is None


@pytest.mark.parametrize(
    ("num_fake", "best", "problem"),
    [(500, 1, ""), (100, None, "num_fake: 500 and 100")],
)
def test_evaluations_are_compared_if_their_protocols_are_alike(
    num_fake, best, problem, tmp_path
):
    runs = read_pair(tmp_path)
    folders.write_evaluation(runs[0].path, value=3.5)
    folders.write_evaluation(runs[1].path, value=2.5, num_fake=num_fake)
    rows = score_rows.rows_of([report.read(run.path) for run in runs])
    distance = rows[-1]
    assert distance.name == "kernel distance ab, evaluated"
    assert (distance.best, distance.problem) == (best, problem)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "Name two run folders or more"),
        (["gan"], "Received: gan."),
        (["gan", "gan/../gan"], "Name two run folders or more"),
        (["gan", "cyclegan"], "Received: gan of gan, cyclegan of cyclegan."),
        (["gan", "nowhere"], "--run_dir must be a run folder."),
        (["gan", "other", "--out=no/x.html"], "There is no no."),
        (["gan", "other", "--outt=x"], "Unknown command line flag 'outt'"),
    ],
)
def test_what_cannot_be_compared_is_refused(
    arguments, sentence, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    for name, trainer in (
        ("gan", "gan"),
        ("other", "gan"),
        ("cyclegan", "cyclegan"),
    ):
        folders.write_run(tmp_path / name, trainer)
    assert run_command(*arguments) == 2
    assert sentence in capsys.readouterr().err
    assert not (tmp_path / "compare.html").exists()


def test_help_is_short_and_names_the_flag(capsys):
    assert run_command("--help") == 0
    printed = capsys.readouterr().out
    assert "--out=compare.html" in printed
    assert "python -m trainers.compare runs/gan-001 runs/gan-002" in printed
