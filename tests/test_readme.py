"""What the README tells people to type."""

import os
import pathlib
import re
import subprocess
import sys

from trainers import (
    autoencoder,
    benchmark,
    check_data,
    conditional_gan,
    cyclegan,
    evaluate,
    gan,
    import_weights,
    pix2pix,
    predict,
    recipes,
)
from trainers import config as config_lib
from trainers.compare import __main__ as compare
from trainers.report import __main__ as report

ROOT = pathlib.Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
CONFIGS = {
    "autoencoder": autoencoder.Config,
    "benchmark": benchmark.config_of("cyclegan"),
    "check_data": check_data.Config,
    "compare": compare.Config,
    "conditional_gan": conditional_gan.Config,
    "cyclegan": cyclegan.Config,
    "evaluate": evaluate.Config,
    "gan": gan.Config,
    "import_weights": import_weights.Config,
    "pix2pix": pix2pix.Config,
    "predict": predict.Config,
    "report": report.Config,
}


def test_python_snippets_run_one_after_the_other(tmp_path):
    snippets = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    assert len(snippets) == 6
    (tmp_path / "snippets.py").write_text("\n".join(snippets))
    process = subprocess.run(
        [sys.executable, "snippets.py"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert process.returncode == 0, process.stderr[-3000:]
    assert (tmp_path / "cyclegan.keras").exists()
    assert (tmp_path / "for_the_phone" / "parity.json").exists()


def test_commands_have_flags_that_exist():
    commands = re.findall(r"python -m trainers\.(\w+) (.*)", README)
    assert {trainer for trainer, _ in commands} == set(CONFIGS)
    for trainer, command in commands:
        words = re.split(r"\s+#|`", command)[0].split()
        if trainer == "compare":
            words = [word for word in words if word.startswith("--")]
        for word in words:
            name, _, value = word.partition("=")
            if name == "--recipe":
                owner = "cyclegan" if trainer == "benchmark" else trainer
                assert value in [*recipes.names(owner), "list"]
            elif name not in ("--help", "--flagfile"):
                config_lib.parse(CONFIGS[trainer], [word])


def test_what_it_links_to_is_there():
    targets = re.findall(r"\]\(([^)]+)\)", README)
    assert "docs/quickstart.png" in targets
    for target in targets:
        # Outside the checkout the tests have the pages, not the pictures.
        if (ROOT / "setup.py").exists():
            assert (ROOT / target).exists(), target
