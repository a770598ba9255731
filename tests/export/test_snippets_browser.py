"""The JavaScript programs, in a headless Chromium, against Keras.

They need Node.js, Chromium and two packages:

    npm install --prefix DIR @litertjs/core@2.5.3 playwright-core
    NODE_PATH=DIR/node_modules pytest -m slow tests/export
"""

import functools
import http.server
import json
import os
import pathlib
import shutil
import subprocess
import threading

import numpy as np
import pytest

from tests.export import sidecars, snippet_exports
from tests.export.snippet_exports import CODE_DIM, COLOUR, GREY, LATENT_DIM
from tests.export.test_snippets_python import (
    assert_shows,
    blended,
    save_picture,
    write_blend,
)

pytestmark = pytest.mark.slow
PACKAGES = ("@litertjs/core", "@litertjs/wasm-utils", "playwright-core")


def find_chromium():
    names = ("chromium", "chromium-browser", "google-chrome")
    return next(filter(None, map(shutil.which, names)), None)


def what_is_missing(packages=PACKAGES):
    missing = [] if shutil.which("node") else ["Node.js"]
    missing += [] if find_chromium() else ["Chromium"]
    modules = pathlib.Path(os.environ.get("NODE_PATH") or "nowhere")
    return missing + [x for x in packages if not (modules / x).is_dir()]


@pytest.fixture(scope="module")
def cases(tmp_path_factory):
    if missing := what_is_missing():
        pytest.skip(f"not installed: {', '.join(missing)}")
    return snippet_exports.export_all(tmp_path_factory.mktemp("snippets"))


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *words):
        pass


@pytest.fixture
def show(tmp_path):
    """Function that fills in the page of an export, and reads its answer."""
    servers = []

    def run(folder, picture=None, draw=None, **fields):
        modules = folder / "snippets" / "node_modules"
        if not modules.exists():
            modules.symlink_to(pathlib.Path(os.environ["NODE_PATH"]).resolve())
        handler = functools.partial(_Quiet, directory=str(folder))
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        servers.append(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        job = {
            "chromium": find_chromium(),
            "profile": str(tmp_path / f"profile-{len(servers)}"),
            "url": f"http://127.0.0.1:{server.server_port}/snippets/",
            "fields": {name: str(value) for name, value in fields.items()},
            "picture": picture and str(picture),
            "draw": draw,
        }
        driver = pathlib.Path(__file__).with_name("browser.cjs")
        done = subprocess.run(
            ["node", driver, json.dumps(job)],
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr
        answer = json.loads(done.stdout)
        if "pixels" in answer:
            pixels = np.uint8(answer["pixels"]).reshape(answer["shape"])
            assert (pixels[..., 3] == 255).all()  # Nothing is transparent.
            answer["pixels"] = pixels[..., :3]
        if "drawn" in answer:
            answer["drawn"] = np.float32(answer["drawn"])
        return answer

    yield run
    for server in servers:
        server.shutdown()
        server.server_close()


def draw(role, seed, size):
    return {"module": f"./{role}.js", "seed": seed, "size": size}


def test_translator(cases, show, tmp_path):
    case = cases["generator_ab"]
    _, images = save_picture(tmp_path / "photo.png", COLOUR)
    answer = show(case.folder, tmp_path / "photo.png")
    assert_shows(answer["pixels"], case.answer(images=images))


def test_latents(cases, show):
    case = cases["generator"]
    answer = show(case.folder, draw=draw("generator", 3, LATENT_DIM), seed=3)
    image = case.answer(latents=answer["drawn"][None])
    assert_shows(answer["pixels"], image)


def test_labels(cases, show):
    case = cases["conditional"]
    answer = show(
        case.folder, draw=draw("generator", 3, LATENT_DIM), seed=3, label=2
    )
    image = case.answer(
        latents=answer["drawn"][None], labels=np.array([2], "int32")
    )
    assert_shows(answer["pixels"], np.repeat(image, 3, axis=-1))


def test_noise_is_standard_normal(cases, show):
    """Moments of 20,000 numbers, five standard errors around the true ones."""
    size = 20_000
    folder = cases["generator"].folder
    drawn = show(folder, draw=draw("generator", 1, size))["drawn"]
    for power, moment, variance in ((1, 0, 1), (2, 1, 2), (4, 3, 96)):
        error = 5 * np.sqrt(variance / size)
        assert abs((drawn**power).mean() - moment) < error
    assert abs(np.corrcoef(drawn[:-1], drawn[1:])[0, 1]) < 5 / np.sqrt(size)
    other = show(folder, draw=draw("generator", 2, size))["drawn"]
    assert abs(np.corrcoef(drawn, other)[0, 1]) < 5 / np.sqrt(size)


def test_encoder(cases, show, tmp_path):
    """Grey pictures alone: a grey canvas has three equal levels."""
    case = cases["encoder"]
    _, images = save_picture(tmp_path / "digit.png", GREY)
    answer = show(case.folder, tmp_path / "digit.png")
    codes = np.array(answer["text"].split(", "), "float32")
    np.testing.assert_allclose(codes, case.answer(images=images), atol=1e-5)


def test_decoder(cases, show):
    case = cases["decoder"]
    answer = show(case.folder, draw=draw("decoder", 5, CODE_DIM), seed=5)
    image = case.answer(codes=answer["drawn"][None])
    assert_shows(answer["pixels"], np.repeat(image, 3, axis=-1))


def test_sizes_are_chosen_by_name(cases, show, tmp_path):
    document = sidecars.sidecar(
        sidecars.picture_to_picture((1, 8, 12, 3)) | {"name": "8x12"},
        sidecars.picture_to_picture((1, 10, 6, 3)) | {"name": "10x6"},
    )
    write_blend(tmp_path / "export", document, "__call__")
    _, images = save_picture(tmp_path / "photo.png", (10, 6, 3))
    answer = show(tmp_path / "export", tmp_path / "photo.png", signature="10x6")
    assert_shows(answer["pixels"], blended(images)[0])


def test_bytes_stay_bytes(cases, show, tmp_path):
    document = sidecars.sidecar(
        sidecars.picture_to_picture((1, 8, 12, 3), dtype="uint8")
    )
    write_blend(tmp_path / "export", document, "on_bytes")
    _, images = save_picture(tmp_path / "photo.png", (8, 12, 3))
    answer = show(tmp_path / "export", tmp_path / "photo.png")
    assert_shows(answer["pixels"], blended(images)[0])
