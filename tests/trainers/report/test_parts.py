"""Curves, pictures and settings, each beside something known."""

import re

import pytest

from tests.trainers.report import folders
from trainers import recipes, report
from trainers.report import papers, pictures, score_tables
from trainers.report.charts import Chart, Curve


def test_points_lie_where_their_numbers_say():
    curve = Curve("loss", [(1, 0.0), (2, 0.25), (3, 1.0)])
    svg = str(Chart("Loss", [curve], limits=(0, 1)).svg())
    # From 46 to 350 across, from 170 up to 12.
    assert 'd="M46.0 170.0L198.0 130.5L350.0 12.0"' in svg
    assert svg.count("<circle") == 3
    assert "loss, epoch 2: 0.25" in svg


def test_a_line_and_a_band_lie_on_the_same_axis():
    curve = Curve("answer", [(1, 0.5)])
    chart = Chart(
        "Answers",
        [curve],
        levels=[("even", 0.5)],
        band=(0.25, 0.75),
        limits=(0, 1),
        alarms=[1],
    )
    svg = str(chart.svg())
    assert '<path class="level" d="M46 91.0H350"/>' in svg
    assert (
        '<rect class="band" x="46" y="51.5" width="304" height="79.0"/>' in svg
    )
    assert 'class="alarm-mark"' in svg


def test_words_of_a_curve_are_no_markup():
    curve = Curve('<b> & "c"', [(1, 1.0), (2, 2.0)])
    svg = str(Chart('"x"', [curve]).svg())
    assert "<b>" not in svg and '""' not in svg


@pytest.mark.parametrize("count", [0, 1, 8, 9, 40, 400])
def test_a_flipbook_shows_the_first_and_the_last_epoch(count):
    samples = [(epoch, None) for epoch in range(count)]
    chosen = pictures.choose(samples)
    assert min(count, 7) <= len(chosen) == len(set(chosen)) <= 8
    assert chosen == sorted(chosen)
    if count:
        assert chosen[0] == samples[0] and chosen[-1] == samples[-1]
    if count == 400:
        gaps = [b - a for (a, _), (b, _) in zip(chosen, chosen[1:])]
        assert gaps == sorted(gaps)  # More of them early.


def flags_of(trainer, recipe):
    """The flags of a recipe, read without our parser."""
    found = {}
    for word in recipes.arguments(trainer, recipe):
        name, equals, value = word.removeprefix("--").partition("=")
        if not equals:
            name, value = name.removeprefix("no"), not name.startswith("no")
        found[name] = str(value)
    return found


@pytest.mark.parametrize(
    ("trainer", "paper"),
    [("cyclegan", "horse2zebra"), ("pix2pix", "facades"), ("gan", "dcgan_64")],
)
def test_departures_are_what_differs_from_the_papers_recipe(
    trainer, paper, tmp_path
):
    def departures(recipe):
        lines = [f"# python -m trainers.{trainer} --flagfile=flags.txt"]
        lines += recipes.arguments(trainer, recipe)
        folder = tmp_path / recipe
        folder.mkdir()
        (folder / "flags.txt").write_text("\n".join(lines) + "\n")
        config = report.read(folder).config
        setting = papers.setting_of(trainer, config)
        assert setting.recipe == paper
        return {
            flag.name: (str(flag.value), str(flag.other))
            for flag in papers.compare(trainer, config, setting)
            if flag.departs
        }

    assert departures(paper) == {}
    found = departures("quickstart")
    ours, theirs = flags_of(trainer, "quickstart"), flags_of(trainer, paper)
    assert found["data"] == (ours["data"], theirs["data"])
    assert found["image_size"] == (ours["image_size"], theirs["image_size"])
    # How often pictures are drawn is nothing that a paper has.
    assert "sample_epochs" not in found


def test_a_wasserstein_critic_is_held_beside_its_own_paper(tmp_path):
    run_dir = folders.write_run(
        tmp_path / "run",
        "gan",
        "--adversarial_loss=wasserstein",
        "--penalty=gradient",
        "--discriminator_normalization=none",
    )
    run = report.read(run_dir)
    assert papers.setting_of("gan", run.config).recipe == "wgan_gp"
    # Its answers are no probabilities.
    text = report.write(run_dir).read_text()
    assert "What the discriminator answers" not in text
    assert "2 log 2" not in text


def test_every_recipe_has_a_setting_to_be_held_beside(tmp_path):
    for trainer in recipes.trainers():
        for name in recipes.names(trainer):
            lines = [f"# python -m trainers.{trainer} --flagfile=flags.txt"]
            lines += recipes.arguments(trainer, name)
            (tmp_path / "flags.txt").write_text("\n".join(lines) + "\n")
            config = report.read(tmp_path).config
            setting = papers.setting_of(trainer, config)
            assert papers.compare(trainer, config, setting)
            assert re.search(r"\d{4} \(arXiv:|defaults", setting.source)


def test_dictionaries_of_a_score_are_rows_and_figures_are_rows():
    whole = {**folders.SCORES["cyclegan"], "elbo": -12.5, "active_units": 3}
    del whole["another"]
    by_direction, others = score_tables.tables_of(whole)
    assert [name for name, _ in by_direction.rows] == ["a to b", "b to a"]
    assert by_direction.rows[1][1] == ["0.300", "0.400", "0.500"]
    assert by_direction.columns[1][1] == "lower is better"
    assert others.rows == [
        ("ELBO, nats", ["-12.5", "higher is better"]),
        ("numbers of the code in use", ["3", ""]),
    ]
