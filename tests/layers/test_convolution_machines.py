"""Which machines go our way; the others have not been measured."""

import types

import pytest
import tensorflow as tf

from keras_gans import processor
from keras_gans.layers import convolution


@pytest.mark.parametrize(
    ("flags", "gpus", "expected"),
    [
        ("fpu avx avx2 fma", [], True),
        ("fpu avx avx2 fma avx512f", [], False),
        ("fpu avx", [], False),
        ("asimd bf16", [], False),
        ("fpu avx avx2 fma", [types.SimpleNamespace(name="GPU:0")], False),
    ],
)
def test_only_avx2_without_more(monkeypatch, tmp_path, flags, gpus, expected):
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text(f"flags : {flags}\n")
    monkeypatch.setattr(processor, "_DESCRIPTION", cpuinfo)
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: gpus)
    assert convolution._is_slow_here.__wrapped__() is expected
