"""`python -m trainers.evaluate`, on untrained runs and on folders."""

import html
import importlib
import json

import numpy as np
import pytest
from PIL import Image

from keras_gans import checkpoints, metrics
from trainers import config as config_lib
from trainers import evaluate, report, run_folder

FLAGS = {
    "autoencoder": "tiny_autoencoder_flags",
    "gan": "tiny_image_flags",
    "conditional_gan": "tiny_image_flags",
    "pix2pix": "tiny_pair_flags",
    "cyclegan": "tiny_flags",
}
PAIRS = {"l1", "psnr", "ssim"}
SETS = {
    "frechet_distance",
    "kernel_distance",
    "precision",
    "recall",
    "density",
    "coverage",
    "diversity",
}


def run(*arguments):
    with pytest.raises(SystemExit) as exit:
        evaluate.main(list(map(str, arguments)))
    return exit.value.code


def make_run(trainer, flags, run_dir):
    """A run folder with checkpoints of an untrained model: 3, the best, 9."""
    module = importlib.import_module(f"trainers.{trainer}")
    config = module.Config(
        **{**config_lib.parse(module.Config, flags), "run_dir": str(run_dir)}
    )
    model = module.make_task(config).build_model()
    with run_folder.RunFolder(config, trainer) as made:
        for step in (3, 6, 9):
            state = {"best": {"step": 3}, "history": [{}] * (step // 3)}
            checkpoints.write(made.checkpoints, model, step, state)
    return run_dir


@pytest.fixture(scope="module")
def untrained(request, tmp_path_factory):
    """Run folder of a trainer, made when it is asked for."""
    made = {}

    def get(trainer):
        if trainer not in made:
            flags = request.getfixturevalue(FLAGS[trainer])
            run_dir = tmp_path_factory.mktemp(trainer) / "run"
            made[trainer] = make_run(trainer, flags, run_dir)
        return made[trainer]

    return get


def write_pictures(folder, count, size=(8, 6), mode="RGB", seed=0):
    folder.mkdir()
    rng = np.random.default_rng(seed)
    channels = {"RGB": (3,), "L": ()}[mode]
    for i in range(count):
        pixels = rng.integers(0, 256, (*size, *channels)).astype("uint8")
        Image.fromarray(pixels).save(folder / f"{i}.png")
    return folder


@pytest.mark.parametrize(
    ("trainer", "names"),
    [
        ("autoencoder", PAIRS),
        ("gan", SETS),
        ("conditional_gan", SETS),
        ("pix2pix", PAIRS),
    ],
)
def test_every_trainer_has_its_scores(trainer, names, untrained, capsys):
    run_dir = untrained(trainer)
    assert run(f"--run_dir={run_dir}") == 0
    output = capsys.readouterr().out
    for name in names:
        assert f"\n{name} " in output
    result = json.loads((run_dir / "evaluation.json").read_text())
    assert (result["trainer"], result["step"]) == (trainer, 9)
    scores = {
        name: metrics.Score.from_json(record)
        for name, record in result["scores"].items()
    }
    assert set(scores) == names
    for score in scores.values():
        assert str(score.protocol) in output
        assert score.protocol.split.endswith(" test")
    # The pages read what the command wrote.
    read = report.read(run_dir).evaluation
    assert (read.step, read.scores) == (9, scores)
    assert str(score.protocol) in html.unescape(
        report.write(run_dir).read_text()
    )


def test_a_cyclegan_of_too_few_pictures_is_told_so(untrained, capsys):
    run_dir = untrained("cyclegan")
    assert run(f"--run_dir={run_dir}") == 2
    assert "error: --features=auto: " in capsys.readouterr().err
    assert not (run_dir / "evaluation.json").exists()


def test_equal_seeds_give_equal_scores_and_others_others(untrained, tmp_path):
    run_dir, scores = untrained("gan"), []
    for i, seed in enumerate((0, 0, 1)):
        file = tmp_path / f"{i}.json"
        code = run(f"--run_dir={run_dir}", f"--seed={seed}", f"--json={file}")
        assert code == 0
        scores.append(json.loads(file.read_text())["scores"])
    assert scores[0] == scores[1]
    distances = [s["frechet_distance"]["value"] for s in scores]
    assert distances[0] != distances[2]


@pytest.mark.parametrize(
    ("checkpoint", "step"), [("best", 3), ("last", 9), ("6", 6)]
)
def test_checkpoints_are_chosen_by_name_or_step(
    checkpoint, step, untrained, tmp_path, capsys
):
    run_dir, file = untrained("autoencoder"), tmp_path / "scores.json"
    code = run(
        f"--run_dir={run_dir}", f"--checkpoint={checkpoint}", f"--json={file}"
    )
    assert code == 0
    assert f"autoencoder, step {step}\n" in capsys.readouterr().out
    result = json.loads(file.read_text())
    assert (result["step"], result["epoch"]) == (step, step // 3)


def test_a_step_that_is_not_there_is_an_error(untrained, capsys):
    run_dir = untrained("autoencoder")
    assert run(f"--run_dir={run_dir}", "--checkpoint=4") == 65
    assert "There are: step_00000003, step_" in capsys.readouterr().err


def test_a_folder_and_itself_are_alike(tmp_path, capsys):
    folder = write_pictures(tmp_path / "one", 30)
    file = tmp_path / "scores.json"
    flags = [f"--real={folder}", f"--fake={folder}", f"--json={file}"]
    assert run(*flags) == 0
    assert "30 of --real=" in capsys.readouterr().out
    scores = json.loads(file.read_text())["scores"]
    assert set(scores) == SETS
    assert scores["frechet_distance"]["value"] == pytest.approx(0, abs=1e-6)
    assert scores["precision"]["value"] == 1
    # 192 numbers of 30 pictures: a note says what that means.
    assert "singular" in " ".join(scores["frechet_distance"]["notes"])


def test_folders_can_be_made_alike(tmp_path, capsys):
    real = write_pictures(tmp_path / "real", 8, (8, 6))
    fake = write_pictures(tmp_path / "fake", 8, (9, 9))
    flags = [f"--real={real}", f"--fake={fake}"]
    assert run(*flags) == 2
    assert (
        "--real and --fake must hold pictures of equal sizes. Received: 8x6 "
        f"pixels and 3 channels in --real={real}, 9x9 pixels and 3 channels "
        f"in --fake={fake}. Resize both with --image_size.\n"
    ) in capsys.readouterr().err
    assert run(*flags, "--image_size=8") == 0


def test_grey_and_coloured_folders_are_refused(tmp_path, capsys):
    real = write_pictures(tmp_path / "real", 8)
    fake = write_pictures(tmp_path / "fake", 8, mode="L")
    assert run(f"--real={real}", f"--fake={fake}") == 2
    errors = capsys.readouterr().err
    assert "must hold pictures of equal numbers of channels" in errors
    assert "3 channels in --real" in errors
    assert "1 channel in --fake" in errors


def test_a_folder_of_several_sizes_names_two_of_its_pictures(tmp_path, capsys):
    folder = write_pictures(tmp_path / "one", 8)
    Image.new("RGB", (7, 7)).save(folder / "99.png")
    assert run(f"--real={folder}", f"--fake={folder}") == 2
    errors = capsys.readouterr().err
    assert f"{folder / '0.png'} has 8x6 pixels" in errors
    assert f"{folder / '99.png'} 7x7 pixels" in errors


def test_too_few_pictures_are_told(tmp_path, capsys):
    folder = write_pictures(tmp_path / "one", 3)
    assert run(f"--real={folder}", f"--fake={folder}") == 2
    assert "error: --features=auto: " in capsys.readouterr().err


def test_features_of_another_hash_are_refused(tmp_path, capsys):
    folder = write_pictures(tmp_path / "one", 12, (8, 8))
    images = np.random.default_rng(0).uniform(-1, 1, (12, 8, 8, 3))
    classifier = metrics.ImageClassifier.train(
        images.astype("float32"), np.arange(12) % 2, 2, epochs=1
    )
    classifier.save(tmp_path / "classifier.keras")
    digest = metrics.ClassifierFeatures(classifier).hash
    spec = f"--features=classifier:{tmp_path / 'classifier.keras'}"
    flags = [f"--real={folder}", f"--fake={folder}"]
    assert run(*flags, f"{spec}#{digest[:12]}") == 0
    assert f"features classifier ({digest[:12]})" in capsys.readouterr().out
    assert run(*flags, f"{spec}#0000") == 2
    assert (
        "must have features of the hash 0000, or scores cannot be compared."
        in capsys.readouterr().err
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "What is to be scored must be a run, --run_dir=RUN, or two"),
        (
            ["--run_dir=a", "--real=b", "--fake=c"],
            "What is to be scored must be a run",
        ),
        (["--real=b"], "--real and --fake must be given together."),
        (
            ["--run_dir=a", "--checkpoint=bets"],
            "Received: bets. Did you mean best?",
        ),
        (
            ["--run_dir=a", "--features=fid"],
            "--features=fid: must be auto, classifier, classifier:FILE.keras",
        ),
        (
            ["--run_dir=a", "--image_size=8"],
            "--image_size is for --real and --fake",
        ),
        (["--run_dir=nowhere"], "nowhere has no flags.txt"),
    ],
)
def test_bad_flags_are_refused(arguments, message, capsys):
    assert run(*arguments) == 2
    assert message in capsys.readouterr().err


def test_help_names_the_flags(capsys):
    assert run("--help") == 0
    output = capsys.readouterr().out
    for flag in ("run_dir", "checkpoint", "real", "fake", "features", "json"):
        assert f"--{flag}=" in output
