"""`python -m trainers.benchmark` in this process, on tiny trainings."""

import json
import subprocess
import sys

import pytest

from trainers import benchmark, memory


def run(*arguments):
    """Exit code of `python -m trainers.benchmark ARGUMENTS`."""
    with pytest.raises(SystemExit) as exit:
        benchmark.main(list(map(str, arguments)))
    return exit.value.code


def message(capsys):
    return capsys.readouterr().err


@pytest.fixture(scope="module")
def measured(tiny_autoencoder_flags, tmp_path_factory):
    """Figures of an autoencoder, and the folder it was started in."""
    folder = tmp_path_factory.mktemp("benchmark")
    file = folder / "figures.json"
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        code = run(
            "--trainer=autoencoder",
            *tiny_autoencoder_flags,
            "--seconds=0.05",
            f"--json={file}",
        )
    assert code == 0
    return json.loads(file.read_text()), folder


def test_nothing_is_kept_but_the_figures(measured):
    _, folder = measured
    assert [path.name for path in folder.iterdir()] == ["figures.json"]


def test_figures_are_complete(measured):
    figures, _ = measured
    ranges = [figures[part] for part in ("pipeline", "step", "together")]
    ranges += [figures["share_of_peak"], *figures["matrix_peak"].values()]
    for values in ranges:
        assert 0 < values["least"] <= values["median"] <= values["most"]
    assert set(figures["matrix_peak"]) == {"float32"}
    assert figures["build_seconds"] > 0
    assert figures["first_step_seconds"] > 0
    assert figures["memory"] >= 0
    assert (figures["device_memory"], figures["one_replica"]) == (None, None)
    assert (figures["trainer"], figures["unit"]) == ("autoencoder", "pictures")
    assert (figures["batch_size"], figures["num_replicas"]) == (4, 1)
    assert figures["bottleneck"].endswith(".")
    assert figures["environment"]["tensorflow"]


def test_operations_are_those_of_the_step(measured):
    """Four pictures of 16x16x3, through 8 units to a code of 4 and back."""
    figures, _ = measured
    widths = [16 * 16 * 3, 8, 4, 8, 16 * 16 * 3]
    passes = [4 * i * o for i, o in zip(widths, widths[1:])]
    # Forward, to the weights, and to what came in, but for the pictures.
    multiply_adds = 3 * sum(passes) - passes[0]
    assert figures["operations"] == 2 * multiply_adds


def test_parts_agree_with_each_other(measured):
    figures, _ = measured
    # Steps a second, times operations, over the peak, in the same rounds.
    steps_per_second = figures["step"]["most"] / figures["batch_size"]
    most = (
        steps_per_second
        * figures["operations"]
        / figures["matrix_peak"]["float32"]["least"]
    )
    assert 0 < figures["share_of_peak"]["most"] <= most * 1.001


@pytest.fixture
def asked_for(monkeypatch):
    """What would be measured: list of `(config, trainer)`."""
    calls = []

    def note(config, trainer, arguments):
        calls.append((config, trainer))

    monkeypatch.setattr(benchmark, "benchmark", note)
    return calls


@pytest.mark.parametrize(
    ("words", "trainer", "batch_size"),
    [
        (["--recipe=quickstart"], "cyclegan", 1),
        (["--recipe=gan/quickstart", "--batch_size=9"], "gan", 9),
        (["--recipe", "autoencoder/quickstart"], "autoencoder", 64),
        (["--trainer=gan", "--recipe=quickstart"], "gan", 64),
        (["--trainer=gan", "--recipe=gan/quickstart"], "gan", 64),
        (["--recipe=edges2shoes"], "pix2pix", 4),
        (["--trainer", "pix2pix", "--data=x"], "pix2pix", 1),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_is_measured(asked_for, words, trainer, batch_size):
    assert run(*words, "--seconds=3") == 0
    [(config, asked_trainer)] = asked_for
    assert asked_trainer == trainer
    assert isinstance(config, benchmark.TRAINERS[trainer].Config)
    assert (config.batch_size, config.seconds) == (batch_size, 3)


def test_a_choice_among_trainers_is_told(asked_for, capsys):
    run("--recipe=maps")
    assert capsys.readouterr().out == (
        "note     this is cyclegan/maps; there are pix2pix/maps, too\n"
    )


def test_flags_of_a_run_are_taken_without_a_trace(
    asked_for, tmp_path, tiny_mixture_flags
):
    (tmp_path / "flags.txt").write_text(
        "\n".join(
            ["# python -m trainers.gan --flagfile=flags.txt"]
            + tiny_mixture_flags
        )
    )
    before = sorted(tmp_path.iterdir())
    assert run("--trainer=gan", f"--run_dir={tmp_path}") == 0
    [(config, _)] = asked_for
    assert (config.batch_size, config.latent_dim) == (16, 2)
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (
            [],
            "--trainer or --recipe must say what is measured: "
            "--trainer=cyclegan with its flags, --recipe=quickstart, or "
            "--recipe=TRAINER/NAME. --recipe=list lists them.",
        ),
        (
            ["--trainer=cyclgan"],
            "--trainer must be one of autoencoder, conditional_gan, cyclegan, "
            "gan, pix2pix. Received: cyclgan. Did you mean cyclegan?",
        ),
        (
            ["--recipe=pixpix/maps"],
            "--recipe must be NAME, or TRAINER/NAME with one of autoencoder, "
            "conditional_gan, cyclegan, gan, pix2pix. Received: pixpix/maps. "
            "Did you mean pix2pix?",
        ),
        (
            ["--trainer=gan", "--recipe=pix2pix/maps"],
            "--trainer and --recipe must name one trainer. Received: "
            "--trainer=gan and --recipe=pix2pix/maps.",
        ),
        (
            ["--recipe=emoji"],
            "--recipe=emoji is one of autoencoder and gan. Say "
            "--recipe=autoencoder/emoji or --recipe=gan/emoji.",
        ),
        (
            ["--recipe=facades", "--seconds=0"],
            "--seconds must be > 0. Received: 0.",
        ),
        (
            ["--recipe=facades", "--json=there/is/none.json"],
            "--json must be a file in a folder that there is. Received: "
            "there/is/none.json.",
        ),
        (
            ["--recipe=facades", "--batch_siz=2"],
            "Unknown command line flag 'batch_siz'. Did you mean: batch_size ?",
        ),
        (
            ["--recipe=facades", "--strategy=multi_worker"],
            "--strategy=multi_worker cannot be measured: the benchmark is of "
            "one machine.",
        ),
        (
            ["--recipe=facades", "--num_replicas=2", "--jit_compile"],
            "--jit_compile is for one replica: XLA compiles for one device, "
            "and cannot reach the weights of the others. Received: 2 "
            "replicas.",
        ),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_bad_usage(words, sentence, capsys):
    assert run(*words) == 2
    assert message(capsys) == f"error: {sentence}\n"


def test_an_unknown_recipe(capsys):
    assert run("--recipe=quikstart") == 2
    assert message(capsys).endswith(
        "wgan_gp, or list. Received: quikstart. Did you mean quickstart?\n"
    )


def test_missing_data(tmp_path, capsys):
    assert run("--trainer=autoencoder", f"--data={tmp_path}/none") == 65
    assert f"--data={tmp_path}/none: " in message(capsys)


def test_help_and_lists(capsys):
    assert run("--help") == 0
    text = capsys.readouterr().out
    assert "--seconds=2.0" in text and "--batch_size=128" not in text
    assert run("--trainer=gan", "--help") == 0
    text = capsys.readouterr().out
    assert "--seconds=2.0" in text and "--batch_size=128" in text
    assert run("--recipe=list") == 0
    text = capsys.readouterr().out
    assert text.count("  quickstart ") == len(benchmark.TRAINERS)


def test_memory_grows_with_what_is_held():
    before = memory.now()
    held = bytearray(b"x" * 2**26)
    assert memory.now() - before > 0.9 * len(held)
    at_least = before + 0.9 * len(held)
    assert memory.peak() >= at_least
    del held
    assert memory.now() < at_least <= memory.peak()


@pytest.mark.slow
def test_replicas_are_compared_with_one(tiny_mixture_flags, tmp_path):
    """In a process of its own: devices are set once."""
    file = tmp_path / "figures.json"
    process = subprocess.run(
        [sys.executable, "-m", "trainers.benchmark", "--trainer=gan"]
        + [*tiny_mixture_flags, "--num_replicas=2", "--seconds=0.1"]
        + [f"--json={file}"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert process.returncode == 0, process.stderr
    assert "2 replicas to 1" in process.stdout
    figures = json.loads(file.read_text())
    assert figures["num_replicas"] == 2
    assert figures["one_replica"]["median"] > 0
    assert sorted(tmp_path.iterdir()) == [file]
