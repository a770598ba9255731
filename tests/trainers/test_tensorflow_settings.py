"""What `import trainers` asks of TensorFlow, in fresh processes."""

import os
import platform
import subprocess
import sys

import pytest

# TensorFlow's own answer; there is no public one.
QUESTION = """
import trainers
from tensorflow.python.util import _pywrap_util_port
print(_pywrap_util_port.IsMklEnabled())
"""


@pytest.mark.skipif(
    platform.machine() != "x86_64", reason="oneDNN is for x86 processors"
)
@pytest.mark.parametrize(
    ("setting", "answer"),
    [({}, "True"), ({"TF_ENABLE_ONEDNN_OPTS": "0"}, "False")],
)
def test_onednn_is_on_unless_the_user_says_no(setting, answer):
    environment = {
        name: value
        for name, value in os.environ.items()
        if name != "TF_ENABLE_ONEDNN_OPTS"
    }
    process = subprocess.run(
        [sys.executable, "-c", QUESTION],
        env=environment | setting,
        capture_output=True,
        text=True,
        check=True,
    )
    assert process.stdout.split() == [answer]
