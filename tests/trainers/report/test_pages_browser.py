"""The pages in a headless Chromium: seen, leafed through, and checked by axe.

They need Node.js, Chromium and two packages:

    npm install --prefix DIR axe-core playwright-core
    NODE_PATH=DIR/node_modules pytest -m slow tests/trainers/report

Folders of runs in KERAS_GANS_REPORT_RUNS, with colons, are opened too, and in
a checkout the pictures of their pages become docs/report_TRAINER.png.
"""

import json
import os
import pathlib
import subprocess

import pytest
from PIL import Image

from tests.export.test_snippets_browser import find_chromium, what_is_missing
from tests.trainers.report import folders
from trainers import compare, report

pytestmark = pytest.mark.slow
PACKAGES = ("axe-core", "playwright-core")
ROOT = pathlib.Path(__file__).parents[3]
GIVEN = list(
    filter(None, os.environ.get("KERAS_GANS_REPORT_RUNS", "").split(":"))
)
PICTURE_WIDTH = 900
MOST_BYTES = 400_000
# What passes on no page that is empty, or that axe has not looked at.
RULES = {"color-contrast", "heading-order", "image-alt", "svg-img-alt"}


@pytest.fixture(scope="module", autouse=True)
def _tools():
    missing = what_is_missing(PACKAGES)
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)}")


def open_page(path, tmp_path, width, scheme, picture=None):
    """What a browser says of a page, in the colours of a scheme."""
    modules = pathlib.Path(os.environ["NODE_PATH"])
    job = {
        "chromium": find_chromium(),
        "profile": str(tmp_path / f"profile-{width}-{scheme}"),
        "page": path.resolve().as_uri(),
        "axe": str(modules / "axe-core" / "axe.min.js"),
        "width": width,
        "scheme": scheme,
        "picture": picture and str(picture),
    }
    driver = pathlib.Path(__file__).with_name("browser.cjs")
    done = subprocess.run(
        ["node", driver, json.dumps(job)],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def assert_is_fine(path, tmp_path, width, scheme, picture=None):
    seen = open_page(path, tmp_path, width, scheme, picture)
    assert seen["violations"] == []
    assert RULES - {"svg-img-alt"} <= set(seen["passes"])
    assert seen["problems"] == []
    assert seen["asked"] == [path.resolve().as_uri()]
    assert seen["overflow"] <= 0 and seen["broken"] == 0
    return seen


@pytest.fixture
def whole_run(tmp_path):
    """A run with all that a page can show."""
    run_dir = folders.write_run(tmp_path / "gan_quickstart-001")
    folders.write_export(run_dir)
    folders.write_benchmark(run_dir)
    folders.write_evaluation(run_dir)
    return run_dir


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_a_page_is_fine(width, scheme, whole_run, tmp_path):
    seen = assert_is_fine(report.write(whole_run), tmp_path, width, scheme)
    assert RULES <= set(seen["passes"])
    # One epoch is seen: the last, and after the arrow key the one before it.
    assert seen["shown"] == [
        [False] * 5 + [True],
        [False] * 4 + [True, False],
    ]


def test_the_browser_catches_what_is_not_fine(whole_run, tmp_path):
    path = report.write(whole_run)
    text = path.read_text().replace("--soft: #5d5a54", "--soft: #bdbab4")
    text = text.replace("max-width: 100%", "min-width: 1500px")
    text = text.replace("</main>", '<img src="gone.png"></main>')
    path.write_text(text)
    seen = open_page(path, tmp_path, 390, "light")
    rules = " ".join(seen["violations"])
    assert "color-contrast" in rules and "image-alt" in rules
    assert seen["overflow"] > 0 and seen["broken"] == 1
    assert len(seen["asked"]) == 2


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_runs_side_by_side_are_fine(width, scheme, whole_run, tmp_path):
    other = folders.write_run(tmp_path / "other", "gan", "--seed=1")
    folders.write_evaluation(other, num_fake=100)
    runs = [report.read(path) for path in (whole_run, other)]
    compare.write(runs, tmp_path / "compare.html")
    assert_is_fine(tmp_path / "compare.html", tmp_path, width, scheme)


@pytest.mark.parametrize("run_dir", GIVEN)
def test_the_page_of_a_real_run_is_fine_and_in_the_docs(run_dir, tmp_path):
    path = report.write(run_dir)
    assert path.stat().st_size < 5_000_000
    for width, scheme in ((390, "dark"), (1280, "light")):
        assert_is_fine(path, tmp_path, width, scheme)
    picture = tmp_path / "page.png"
    open_page(path, tmp_path, PICTURE_WIDTH, "light", picture)
    trainer = report.read(run_dir).trainer
    if (ROOT / "docs").is_dir():
        target = ROOT / "docs" / f"report_{trainer}.png"
        with Image.open(picture) as seen:
            seen.convert("RGB").quantize(128, dither=Image.Dither.NONE).save(
                target, optimize=True
            )
        assert target.stat().st_size < MOST_BYTES
