"""The page of a run, of folders written by hand, and its command."""

import base64
import io
import re

import numpy as np
import pytest
from PIL import Image

from tests.trainers.report import folders, pages
from trainers import report
from trainers.report import __main__ as command


@pytest.fixture
def run_dir(tmp_path):
    return folders.write_run(tmp_path / "gan_quickstart-001")


def page_of(run_dir):
    return report.write(run_dir).read_text()


@pytest.mark.parametrize("trainer", folders.FLAGS)
def test_the_page_can_be_read_by_all_and_needs_nothing_else(trainer, tmp_path):
    run_dir = folders.write_run(tmp_path / "run", trainer)
    folders.write_export(run_dir)
    folders.write_evaluation(run_dir)
    text = page_of(run_dir)
    assert pages.problems_of(text) == []
    links = re.findall(r'<li><a href="#(\w+)">', text)
    assert links == re.findall(r'<section id="(\w+)">', text)
    assert len(links) == 9


@pytest.mark.parametrize(
    ("good", "bad"),
    [
        ("</h1>", ""),
        ("<h3>", "<h4>"),
        ('alt="Nearest', 'title="Nearest'),
        ('src="data:', 'src="https://elsewhere.org/'),
        ("</style>", "@import 'x.css';</style>"),
        ('id="scores"', 'id="score"'),
        ('id="scores"', 'id="data"'),
        ('<label for="epoch-0">', '<label for="epoch-1">'),
        ('role="img" aria-label="', 'role="img" data-label="'),
        ('aria-label="Scores, table 1"', 'aria-label="Departures"'),
        ("--soft: #5d5a54", "--soft: #8d8a84"),
        ("--accent: #86bfec", "--accent: #365f87"),
    ],
)
def test_the_check_of_pages_catches(good, bad, run_dir):
    text = page_of(run_dir)
    assert good in text
    assert pages.problems_of(text.replace(good, bad, 1))


def test_contrast_is_that_of_the_standard():
    assert pages.contrast("ffffff", "000000") == pytest.approx(21)
    # The well-known lightest grey on white that passes, and the next one.
    assert pages.contrast("767676", "ffffff") == pytest.approx(4.54, abs=0.01)
    assert pages.contrast("777777", "ffffff") < 4.5


def test_the_page_says_what_the_folder_holds(run_dir):
    page = pages.Page(page_of(run_dir))
    for words in (
        "Nearly there.",
        "Epoch 3.",
        folders.ALARM,  # As text: nothing in a folder is markup.
        "Frechet distance of 20 samples",
        "dcgan: generator 1,234 parameters",
        "Equal pairs would be copies.",
        "Radford et al., 2016",
        "the discriminator",
    ):
        assert words in page.text
    assert "6.25" in page.text and "2.50" in page.text
    # Curves in words: of 2 / epoch, and the line that it should come near.
    drawings = [x.get("aria-label", "") for x in page.all("svg")]
    assert any(
        "generator loss: 2 in epoch 1, 0.4 in epoch 5" in x for x in drawings
    )
    assert any("dashed line at 0.5: cannot tell" in x for x in drawings)
    assert any("alarms in epoch 3" in x for x in drawings)


def test_the_epochs_are_the_pictures_of_the_folder(run_dir):
    text = page_of(run_dir)
    uris = re.findall(r'<img src="data:image/webp;base64,([^"]+)"', text)
    assert len(uris) == 6 + 1
    for epoch, uri in enumerate(uris[:6]):
        shown = Image.open(io.BytesIO(base64.b64decode(uri)))
        path = run_dir / "samples" / f"epoch_{epoch:03d}.png"
        with Image.open(path) as original:
            np.testing.assert_array_equal(shown, original)
    assert text.count(" checked>") == 1
    assert 'id="epoch-5" checked' in text


def test_what_comes_later_joins_the_page(run_dir):
    before = page_of(run_dir)
    assert page_of(run_dir) == before
    assert "Exported files" not in before
    assert f"python -m export --run_dir={run_dir}" in pages.Page(before).text
    folders.write_export(run_dir)
    exported = pages.Page(page_of(run_dir)).text
    for words in ("2.17 MB", "3.5e-05", "120.7 dB", "PSNR must be >= 40 dB."):
        assert words in exported
    assert "python -m export.benchmark" in exported
    assert "12.5 ms" not in exported
    folders.write_benchmark(run_dir)
    assert "12.5 ms" in page_of(run_dir)
    folders.write_evaluation(run_dir)
    evaluated = pages.Page(page_of(run_dir)).text
    assert "kernel distance ab" in evaluated
    assert "the checkpoint of step 24, after epoch 3" in evaluated
    assert "1000 real and 500 fake images" in evaluated
    assert "Few pictures: the figure is noisy." in evaluated


def test_a_run_that_goes_on_has_a_page_too(run_dir):
    (run_dir / "score.json").unlink()
    folders.write_json(run_dir / "summary.json", {"data": {}, "limits": {}})
    text = page_of(run_dir)
    assert pages.problems_of(text) == []
    words = " ".join(pages.Page(text).text.split())
    assert "Not finished." in words
    assert f"python -m trainers.gan --run_dir={run_dir}" in words


def test_a_run_that_has_only_begun_has_a_page_too(tmp_path):
    flags = "# python -m trainers.gan --flagfile=flags.txt\n--data=x\n"
    (tmp_path / "flags.txt").write_text(flags)
    assert pages.problems_of(page_of(tmp_path)) == []


def test_pictures_that_do_not_compress_are_shrunk(tmp_path):
    run_dir = folders.write_run(tmp_path / "run", epochs=2)
    noise = np.random.default_rng(0).integers(0, 256, (800, 600, 3), "uint8")
    for path in (run_dir / "samples").glob("*.png"):
        Image.fromarray(noise).save(path, compress_level=1)
        # As they are, two of them would fill the 5 MB of a page.
        assert path.stat().st_size > 1_400_000
    # A third longer than its bytes is each picture, as text.
    assert len(page_of(run_dir)) < 3 * 270_000 + 50_000


def test_values_that_are_not_finite_leave_the_others(run_dir):
    rows = (run_dir / "history.csv").read_text().replace("1.25,", "nan,")
    (run_dir / "history.csv").write_text(rows.replace("0.4,", "inf,"))
    text = page_of(run_dir)
    assert pages.problems_of(text) == []
    assert "discriminator loss" not in text
    assert "generator loss: 2 in epoch 1, 0.5 in epoch 4" in text


def run_command(*arguments):
    with pytest.raises(SystemExit) as exit:
        command.main(list(map(str, arguments)))
    return exit.value.code


def test_the_command_says_where_to_look(run_dir, capsys):
    assert run_command(f"--run_dir={run_dir}") == 0
    assert f"look     {run_dir}/report.html" in capsys.readouterr().out
    assert run_command("--help") == 0
    assert "--run_dir=" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "text", "code", "sentence"),
    [
        ("flags.txt", None, 2, "--run_dir must be a run folder."),
        ("flags.txt", "# python -m x\n", 2, "was made by python -m x."),
        ("score.json", "{", 65, "score.json is damaged: "),
        ("history.csv", "epoch,x\n1,a\n", 65, "history.csv is damaged: "),
        ("history.csv", "x\n1\n", 65, "history.csv is damaged: a row has no"),
        ("evaluation.json", "[{}]", 65, "evaluation.json is damaged: "),
        ("evaluation.json", "{}", 65, "evaluation.json is damaged: "),
    ],
)
def test_what_cannot_be_read_is_named(
    name, text, code, sentence, run_dir, capsys
):
    (run_dir / name).unlink(missing_ok=True)
    if text is not None:
        (run_dir / name).write_text(text)
    assert run_command(f"--run_dir={run_dir}") == code
    assert sentence in capsys.readouterr().err
    assert not (run_dir / "report.html").exists()


def test_a_run_folder_is_needed(capsys):
    assert run_command() == 2
    assert "--run_dir must be a run folder, such" in capsys.readouterr().err
