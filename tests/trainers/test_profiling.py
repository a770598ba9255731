"""`--profile_steps`: what is written, when, and what is said."""

import pytest
import tensorflow as tf
from tensorflow.tsl.profiler.protobuf import xplane_pb2

from tests.trainers.in_process import run


def profiles(run_dir):
    return sorted(run_dir.glob("logs/plugins/profile/*/*.xplane.pb"))


@pytest.fixture(scope="module")
def flags(tiny_mixture_flags):
    return [*tiny_mixture_flags, "--flat_epochs=2"]


@pytest.fixture(scope="module")
def profiled(flags, tmp_path_factory):
    """A run of 12 steps, of which 4 have been profiled."""
    run_dir = tmp_path_factory.mktemp("profiled") / "run"
    assert run("gan", *flags, "--profile_steps=4", f"--run_dir={run_dir}") == 0
    return run_dir


def test_it_holds_the_steps_that_were_asked_for(profiled):
    [file] = profiles(profiled)
    space = xplane_pb2.XSpace.FromString(file.read_bytes())
    [plane] = [p for p in space.planes if p.name == "/host:CPU"]
    names = {key: event.name for key, event in plane.event_metadata.items()}
    stats = {key: stat.name for key, stat in plane.stat_metadata.items()}
    assert any("discriminator" in n and "MatMul" in n for n in names.values())
    numbers = [
        stat.int64_value
        for line in plane.lines
        for event in line.events
        for stat in event.stats
        if names[event.metadata_id] == "train"
        and stats[stat.metadata_id] == "step_num"
    ]
    # Of 12, without the first five.
    assert numbers == [5, 6, 7, 8]


def test_a_run_that_goes_on_is_not_profiled_again(profiled, capsys):
    before = profiles(profiled)
    assert "--profile_steps=0\n" in (profiled / "flags.txt").read_text()
    assert run("gan", f"--run_dir={profiled}", "--flat_epochs=4") == 0
    assert profiles(profiled) == before
    assert "profile  " not in capsys.readouterr().out


def test_nothing_is_written_unless_asked(flags, tmp_path, capsys):
    assert run("gan", *flags, f"--run_dir={tmp_path}/run") == 0
    assert not (tmp_path / "run" / "logs" / "plugins").exists()
    assert "profile  " not in capsys.readouterr().out


def test_a_run_that_is_too_short_is_profiled_to_its_end(
    flags, tmp_path, capsys
):
    run_dir = tmp_path / "run"
    flags = [*flags, "--flat_epochs=1", "--profile_steps=100"]
    assert run("gan", *flags, f"--run_dir={run_dir}") == 0
    assert (
        "\nprofile  1 steps. Look: pip install xprof, then tensorboard "
        f"--logdir={run_dir}/logs\n"
    ) in capsys.readouterr().out
    assert len(profiles(run_dir)) == 1
    # Now it is finished.
    assert run("gan", f"--run_dir={run_dir}", "--profile_steps=2") == 0
    assert (
        "note     nothing was profiled: that begins after 5 steps, and there "
        "were 0\n"
    ) in capsys.readouterr().out


def test_another_profiler_is_let_alone(flags, tmp_path, capsys):
    run_dir = tmp_path / "run"
    tf.profiler.experimental.start(str(tmp_path / "other"))
    try:
        flags = [*flags, "--profile_steps=2", f"--run_dir={run_dir}"]
        assert run("gan", *flags) == 0
    finally:
        tf.profiler.experimental.stop()
    assert (
        "\nnote     nothing is profiled: another profiler is at work in this "
        "process\n"
    ) in capsys.readouterr().out
    assert profiles(run_dir) == []
    assert list((tmp_path / "other").rglob("*.xplane.pb"))
