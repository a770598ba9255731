"""What a run says of half precision on a machine, and does with it."""

import types

import keras
import numpy as np
import pytest
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter

from keras_gans import checkpoints, processor
from tests.trainers import processes
from tests.trainers.in_process import run
from trainers import precision

CPUINFO = """processor : 0
model name : Any
{label} : fpu sse2 {flags}

processor : 1
"""


@pytest.fixture(autouse=True)
def _restore_policy():
    before = keras.config.dtype_policy()
    yield
    keras.config.set_dtype_policy(before)


@pytest.fixture
def cpuinfo(tmp_path, monkeypatch):
    """A function that puts another processor into this machine."""

    def replace(flags, label="flags"):
        file = tmp_path / "cpuinfo"
        file.write_text(CPUINFO.format(label=label, flags=flags))
        monkeypatch.setattr(processor, "_DESCRIPTION", file)

    return replace


@pytest.fixture
def gpu(monkeypatch):
    """A function that puts a GPU into this machine."""

    def replace(**details):
        device = types.SimpleNamespace(name="/physical_device:GPU:0")
        monkeypatch.setattr(
            tf.config, "list_physical_devices", lambda kind: [device]
        )
        monkeypatch.setattr(
            tf.config.experimental, "get_device_details", lambda gpu: details
        )

    return replace


def test_float32_has_nothing_to_say():
    keras.config.set_dtype_policy("mixed_float16")  # Of an earlier run.
    assert precision.set_up("float32") == []
    assert keras.config.dtype_policy().name == "float32"


@pytest.mark.parametrize(
    ("name", "flags", "label"),
    [
        ("mixed_bfloat16", "avx512f avx512_bf16", "flags"),
        ("mixed_bfloat16", "amx_tile amx_bf16", "flags"),
        ("mixed_bfloat16", "asimd bf16", "Features"),
        ("mixed_float16", "avx512_fp16", "flags"),
        ("mixed_float16", "asimdhp", "Features"),
    ],
)
def test_fast_processors_are_not_warned_of(cpuinfo, name, flags, label):
    cpuinfo(flags, label)
    half = name.removeprefix("mixed_")
    assert precision.set_up(name) == [
        ("compute", f"in {half}; weights, norms and losses in float32")
    ]
    assert keras.config.dtype_policy().name == name


@pytest.mark.parametrize(
    ("name", "flags"),
    [("mixed_bfloat16", "avx2 f16c"), ("mixed_float16", "avx512_bf16 f16c")],
)
def test_slow_processors_are_warned_of(cpuinfo, name, flags):
    cpuinfo(flags)
    half = name.removeprefix("mixed_")
    assert precision.set_up(name)[1:] == [
        (
            "warning",
            f"--precision={name} is slow here: the processor has no {half} "
            "arithmetic, and imitates it.",
        )
    ]


def test_nothing_is_claimed_of_an_unknown_processor(monkeypatch, tmp_path):
    monkeypatch.setattr(processor, "_DESCRIPTION", tmp_path / "missing")
    assert len(precision.set_up("mixed_float16")) == 1


@pytest.mark.parametrize(
    ("name", "capability", "is_slow"),
    [
        ("mixed_float16", (7, 0), False),
        ("mixed_float16", (6, 1), True),
        ("mixed_bfloat16", (8, 0), False),
        ("mixed_bfloat16", (7, 5), True),
        ("mixed_bfloat16", None, False),
    ],
)
def test_gpus_are_judged_by_their_capability(gpu, name, capability, is_slow):
    details = {"device_name": "Any T4"}
    gpu(**details, **({"compute_capability": capability} if capability else {}))
    warnings = [text for _, text in precision.set_up(name)[1:]]
    assert len(warnings) == is_slow
    assert all("Any T4 has compute capability" in text for text in warnings)


@pytest.mark.slow
def test_a_run_in_float16_is_exported_in_float32(
    tiny_autoencoder_flags, tmp_path, capsys
):
    flags = [*tiny_autoencoder_flags, "--precision=mixed_float16", "--export"]
    flags += ["--model=variational", f"--run_dir={tmp_path}"]
    assert run("autoencoder", *flags) == 0
    assert "in float16" in capsys.readouterr().out
    model = keras.saving.load_model(
        checkpoints.newest(tmp_path / "checkpoints").model_path
    )
    encoder = model.encoder
    assert any(layer.compute_dtype == "float16" for layer in encoder.layers)
    with np.load(tmp_path / "samples" / "inputs.npz") as inputs:
        images = inputs["encoder"][:1]
    file = next((tmp_path / "export").rglob("encoder_float32.tflite"))
    runner = Interpreter(str(file)).get_signature_runner()
    (codes,) = runner(images=images).values()
    x = images.reshape(1, -1)
    for layer in encoder.layers:
        # The code is the mean.
        if hasattr(layer, "kernel") and layer.name != "log_variance":
            kernel, bias = layer.get_weights()
            x = x @ kernel + bias
            x = x if layer.name == "mean" else np.maximum(x, 0)
    np.testing.assert_allclose(codes, x, atol=1e-5)
    # The negative control: in half precision it is another one.
    half = encoder(images)["mean"]
    assert np.max(np.abs(half - x)) > 1e-5


@pytest.mark.slow
def test_a_killed_run_goes_on_with_its_loss_scales(
    tiny_mixture_flags, tmp_path
):
    flags = [*tiny_mixture_flags, "--precision=mixed_float16"]
    whole = processes.finish("gan", "never", flags, tmp_path / "whole")
    resumed = processes.kill_and_finish(
        "gan", "step:10", flags, tmp_path / "killed"
    )
    assert processes.differing(resumed, whole) == []


def test_the_precision_of_a_run_cannot_change(
    tiny_mixture_flags, tmp_path, capsys
):
    flags = [*tiny_mixture_flags, "--flat_epochs=1", f"--run_dir={tmp_path}"]
    assert run("gan", *flags) == 0
    capsys.readouterr()
    code = run("gan", f"--run_dir={tmp_path}", "--precision=mixed_bfloat16")
    assert code == 2
    assert "--precision is float32 in " in capsys.readouterr().err
