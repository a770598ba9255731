import copy
import importlib.resources
import pathlib
import re
import tomllib

import pytest

import export
from export import model_card, snippets
from tests.export import sidecars

TRANSLATOR = sidecars.ALL["translator"]


def card_of(document, **figures):
    record = sidecars.parity(document, **figures)
    return model_card.render(document, record)["MODEL_CARD.md"]


def rows_of(card, heading):
    """The cells of the table under a heading."""
    section = card.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    lines = [x for x in section.splitlines() if x.startswith("|")]
    return [[x.strip() for x in line.strip("|").split("|")] for line in lines]


def test_writes_a_card_and_snippets(tmp_path):
    record = sidecars.parity(TRANSLATOR)
    model_card.write_model_card(tmp_path, TRANSLATOR, record)
    assert sorted(x.name for x in tmp_path.iterdir()) == [
        model_card.CARD_NAME,
        model_card.SNIPPETS_NAME,
    ]
    assert sorted(x.name for x in (tmp_path / "snippets").iterdir()) == [
        "Generator.kt",
        "Generator.swift",
        "generator.cc",
        "generator.js",
        "index.html",
        "run.py",
    ]
    for name, text in model_card.render(TRANSLATOR, record).items():
        assert (tmp_path / name).read_text(encoding="utf-8") == text


def test_card_says_what_the_network_is():
    card = card_of(TRANSLATOR | {"mode": {"norm_mode": "batch"}})
    assert card.startswith("# Model card: `generator_ab`\n")
    words = " ".join(card.split())
    assert "From images to images: a generator with 11,378,179" in words
    assert "after 1200 training steps" in words
    assert "`keras_gans 0.1.0`" in words
    assert "`norm_mode = batch`" in words
    assert "norm_mode" not in card_of(TRANSLATOR)
    unknown = card_of(TRANSLATOR | {"step": None})
    assert "its training steps unknown" in unknown
    assert "an encoder with" in card_of(sidecars.ALL["encoder"])


def test_card_says_what_goes_in_and_comes_out():
    (_, _, *rows) = rows_of(
        card_of(sidecars.ALL["labels"]), "What goes in, what comes out"
    )
    assert [row[:5] for row in rows] == [
        ["`serving_default`", "in", "`latents`", "float32", "(1, 64)"],
        ["`serving_default`", "in", "`labels`", "int32", "(1,)"],
        ["`serving_default`", "out", "`images`", "float32", "(1, 28, 20, 1)"],
    ]
    assert "standard normal" in rows[0][5]
    assert "0 to 6" in rows[1][5]
    assert "nearest label" in rows[1][5]
    assert "grey, NHWC, -1 to 1" in rows[2][5]


def test_card_has_each_size():
    card = card_of(sidecars.ALL["sizes"])
    (_, _, *rows) = rows_of(card, "What goes in, what comes out")
    assert [row[0] for row in rows] == 2 * ["`128x128`"] + 2 * ["`256x384`"]
    assert "called by its name" in card


def formula_of(card, name):
    return re.search(f"`{name} = (.*)`", card).group(1)


def test_formulas_are_those_of_the_sidecar():
    """The sidecar's words for -1 to 1, and what the card says, are equal."""
    card = card_of(TRANSLATOR)
    (signature,) = TRANSLATOR["signatures"]
    for text, variable in (
        (signature["inputs"][0]["from_uint8"], "pixels"),
        (signature["output"]["to_uint8"], "images"),
    ):
        name, _, expected = text.partition(" = ")
        for value in (-1.0, 0.0, 0.25, 1.0):
            known = {variable: value, "clip": lambda x, a, b: max(a, min(x, b))}
            assert eval(formula_of(card, name), known) == eval(expected, known)


def test_formulas_follow_the_range():
    shape = sidecars.COLOUR
    card = card_of(
        sidecars.sidecar(sidecars.picture_to_picture(shape, value_range=(0, 1)))
    )
    assert formula_of(card, "images") == "pixels / 255.0"
    assert formula_of(card, "pixels").startswith("round(clip((images) * 255.0")
    assert "Pixels" not in card_of(sidecars.ALL["uint8"])


def test_files_of_a_folder_are_one_row():
    document = sidecars.sidecar(
        sidecars.picture_to_picture(sidecars.COLOUR),
        formats=("saved_model", "float32", "dynamic"),
    )
    (_, _, *rows) = rows_of(card_of(document), "Files")
    assert [row[:2] for row in rows] == [
        ["`saved_model/`", "8.2 kB"],
        ["`generator_float32.tflite`", "4.1 kB"],
        ["`generator_dynamic.tflite`", "4.1 kB"],
    ]
    assert "phones" in rows[2][2]


def test_card_has_the_figures_and_what_failed():
    document = sidecars.sidecar(
        sidecars.picture_to_picture(sidecars.COLOUR),
        formats=("float32",),
    )
    record = sidecars.parity(document, ssim=0.98765)
    failed = copy.deepcopy(record["files"][0])
    failed |= {
        "name": "generator_int8.tflite",
        "passed": False,
        "problems": ["PSNR 20.0 dB is under the bound"],
        "figures": {"error": "no"},
    }
    record["files"].append(failed)
    card = model_card.render(document, record)["MODEL_CARD.md"]
    (heads, _, *rows) = rows_of(card, "How it was proven")
    assert rows[0] == [
        "`generator_float32.tflite`",
        "3.1e-06",
        "1.0e-07",
        "105.8 dB",
        "0.9877",
        "1",
        "passed",
    ]
    assert rows[1][0] == "`generator_int8.tflite`"
    assert rows[1][-1].endswith("PSNR 20.0 dB is under the bound")
    assert {len(row) for row in (heads, *rows)} == {7}
    assert "CONV_2D 21, ADD 9" in card
    assert "on 8 inputs" in card
    assert "SSIM" not in card_of(document)


def test_publisher_has_a_list_to_fill_in():
    """What nobody but they can know is asked for, not made up."""
    section = card_of(TRANSLATOR).split("## To be filled in by whoever")[1]
    assert section.count("- [ ]") == 5
    for word in ("training data", "licence", "ask"):
        assert word in section


@pytest.mark.parametrize("name", sidecars.ALL)
def test_tables_are_whole(name):
    card = card_of(sidecars.ALL[name])
    assert "\n\n\n" not in card
    assert "{" not in card
    tables = re.findall(r"(?:^\|.*\n)+", card, flags=re.MULTILINE)
    assert len(tables) == 4
    for table in tables:
        assert len({line.count("|") for line in table.splitlines()}) == 1


def test_card_without_programs_says_why():
    document = sidecars.sidecar(
        sidecars.picture_to_picture(sidecars.COLOUR), formats=("saved_model",)
    )
    record = sidecars.parity(document)
    for name in ("operators", "partitions"):
        del record["files"][0]["figures"][name]
    texts = model_card.render(document, record)
    assert list(texts) == ["MODEL_CARD.md"]
    card = texts["MODEL_CARD.md"]
    assert card.count("there is no .tflite file") == len(snippets.SNIPPETS)
    assert "snippets/" not in card
    assert "partition is" not in card
    assert "\n\n\n" not in card


HOSTILE = (
    "a`b|c\n## Free\n</title><script>alert(1)</script>"
    "*/ \"\"\"; ''' ${x} \\(y) --> [l](http://e) {{ 7*7 }} %s"
)


@pytest.mark.parametrize("name", sidecars.ALL)
def test_odd_names_stay_names(name):
    """They stay in one line and end nothing that they are in."""
    document = sidecars.ALL[name] | {"network": HOSTILE}
    plain = model_card.render(
        sidecars.ALL[name], sidecars.parity(sidecars.ALL[name])
    )
    texts = model_card.render(document, sidecars.parity(document))
    harmless = model_card.cleaned(HOSTILE)
    assert not set(harmless) & set("`|<>*\"'$\\{}[]%#&!~@\n")
    assert "--" not in harmless
    name = sidecars.ALL[name]["network"]
    for file_name, text in texts.items():
        assert harmless in text
        assert text.replace(harmless, name) == plain[file_name]


def test_odd_strings_elsewhere_stay_strings():
    document = TRANSLATOR | {
        "mode": {"a|b": "`c`"},
        "files": [TRANSLATOR["files"][0] | {"rewrites": {"<b>": 1}}],
        "versions": TRANSLATOR["versions"] | {"keras": "3\n# 4"},
    }
    record = sidecars.parity(document, operators={"CUSTOM`|": 1})
    record["inputs"]["source"] = "<img src=x>"
    card = model_card.render(document, record)["MODEL_CARD.md"]
    for text in ("a|b", "`c`", "<b>", "\n# 4", "CUSTOM`", "<img"):
        assert text not in card


def test_letters_of_all_scripts_stay():
    assert model_card.cleaned("générateur_ж") == "générateur_ж"


@pytest.mark.parametrize(
    "change",
    [
        {"role": 'generator"'},
        {"files": [TRANSLATOR["files"][0] | {"name": "a`.tflite"}]},
        {"signatures": [TRANSLATOR["signatures"][0] | {"name": "256x256\n"}]},
    ],
    ids=["role", "file", "signature"],
)
def test_names_that_programs_call_must_be_clean(change):
    record = sidecars.parity(TRANSLATOR)
    with pytest.raises(ValueError, match="must be letters, digits"):
        model_card.render(TRANSLATOR | change, record)


def test_documents_are_not_changed():
    document = copy.deepcopy(TRANSLATOR)
    model_card.render(document, sidecars.parity(document))
    assert document == TRANSLATOR


def test_package_has_its_templates():
    """The wheel's too: these are the files of the installed package."""
    folder = importlib.resources.files(export) / "templates"
    names = {x.name for x in folder.iterdir()}
    wanted = {t for x in snippets.SNIPPETS for t in x.templates.values()}
    assert names == {*wanted, "MODEL_CARD.md.jinja"}
    root = pathlib.Path(__file__).parents[2]
    project = tomllib.loads((root / "pyproject.toml").read_text())
    data = project["tool"]["setuptools"]["package-data"]
    assert data["export"] == ["templates/*.jinja"]


def test_white_space_becomes_one_space():
    assert model_card.cleaned(["a\n \tb"]) == ["a b"]
