"""What can be seen of the programs without running them."""

import ast
import re
import shutil
import subprocess

import pytest

from export import snippets
from tests.export import sidecars

# The first file of each language: the one that calls the network.
FILES = {x.language: x for x in snippets.SNIPPETS}
LANGUAGES = list(FILES)


def text_of(document, language):
    texts, reasons = snippets.render(document)
    assert language not in reasons
    return texts[FILES[language].file_names(document["role"])[0]]


def numbers_in(text):
    """Numbers of a shape's literal, in whatever brackets."""
    return tuple(int(x) for x in re.findall(r"\d+", text))


def shape_literals(text):
    """All lists of numbers: those with 1, the batch, at the start."""
    literals = re.findall(r"[\[({] ?(1(?:, \d+)*),? ?[\])}]", text)
    return {numbers_in(x) for x in literals}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", sidecars.ALL)
def test_names_and_shapes_are_there(name, language):
    document = sidecars.ALL[name]
    text = text_of(document, language)
    for signature in document["signatures"]:
        assert f'"{signature["name"]}"' in text
        for tensor in signature["inputs"]:
            assert re.search(rf'\b{tensor["name"]}"?\b', text)
            assert tuple(tensor["shape"]) in shape_literals(text)
        if language != "Python":  # It asks the file for the output's shape.
            shape = tuple(signature["output"]["shape"])
            assert shape in shape_literals(text)
    assert f'{document["signatures"][0]["output"]["name"]}"' in text
    if language != "C++":  # It takes the file's path on the command line.
        assert document["files"][0]["name"] in text


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", sidecars.ALL)
def test_only_what_the_network_takes_is_there(name, language):
    """A program holds no input of another kind, and no template's marks."""
    document = sidecars.ALL[name]
    text = text_of(document, language)
    inputs = {x["name"] for x in document["signatures"][0]["inputs"]}
    words = {"latents": "atents", "labels": "abel"}
    for kind, word in words.items():
        assert (word in text) == (kind in inputs)
    assert not re.search(r"\{%|%\}|\{#|#\}|Undefined|\bNone,", text)
    assert "\n\n\n\n" not in text
    assert text.endswith("\n") and not text.endswith("\n\n")


def arithmetic(text):
    """The numbers that pixels are divided by, and images multiplied by."""
    text = text.replace("f", "")
    divisors = set(re.findall(r"[)\w] / (\d+\.\d+)", text))
    factors = set(re.findall(r"\) \* (\d+\.\d+)", text))
    # Box and Muller's numbers are in noise only.
    return divisors - {"4294967296.0"}, factors


@pytest.mark.parametrize("language", LANGUAGES)
def test_normalisation_follows_the_range(language):
    shape = sidecars.COLOUR

    def text(low, high):
        values = sidecars.picture_to_picture(shape, value_range=(low, high))
        return text_of(sidecars.sidecar(values), language)

    assert arithmetic(text(-1, 1)) == ({"127.5"}, {"127.5"})
    assert arithmetic(text(0, 1)) == ({"255.0"}, {"255.0"})
    assert arithmetic(text(-2, 1)) == ({"85.0"}, {"85.0"})
    ours = text(-1, 1)
    assert re.search(r"127\.5f? - 1\.0", ours)
    assert re.search(r"\+ 1\.0f?\) \* 127\.5", ours)
    without_shift = text(0, 1)
    assert not re.search(r"255\.0f? [+-] \d", without_shift)
    shifted = text(0.5, 1)
    assert re.search(r"510\.0f? \+ 0\.5", shifted)
    assert re.search(r"- 0\.5f?\) \* 510\.0", shifted)


@pytest.mark.parametrize("language", LANGUAGES)
def test_bytes_need_no_arithmetic(language):
    text = text_of(sidecars.ALL["uint8"], language)
    assert arithmetic(text) == (set(), set())
    assert "127.5" not in text
    kind = {
        "Python": '"uint8"',
        "Kotlin": "writeInt8(",
        "Swift": "[UInt8]",
        "C++": "std::uint8_t",
        "JavaScript": "new Uint8Array(",
    }[language]
    assert kind in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_labels_are_checked_against_their_range(language):
    """Seven classes: 6 is the last, and where nobody knows there is no last."""
    texts = snippets.render(sidecars.ALL["labels"])[0]
    others = snippets.render(sidecars.ALL["any_label"])[0]
    # The page asks for the label, and the module takes an array.
    name = FILES[language].file_names("generator")[-1]
    last = {
        "Python": "range(0, 7)",
        "Kotlin": "label in 0..6",
        "Swift": "(0...6).contains(label)",
        "C++": "label < 0 || label > 6",
        "JavaScript": 'min="0" max="6"',
    }[language]
    assert last in texts[name]
    assert not re.search(r"\.\.6|> 6|max=|range\(", others[name])


def test_grey_pictures_weigh_colours_alike():
    """ITU-R BT.601 in thousandths, as Pillow's mode L does."""
    texts = snippets.render(sidecars.ALL["encoder"])[0]
    for name in ("Encoder.kt", "Encoder.swift", "encoder.js"):
        weights = re.findall(r"(?:0\.|\b)(299|587|114)\b", texts[name])
        assert weights == ["299", "587", "114"], name
    assert 'convert("L")' in texts["run.py"]
    assert "P5" in texts["encoder.cc"]


def test_red_is_first():
    texts = snippets.render(sidecars.ALL["translator"])[0]
    kotlin = re.findall(
        r"images\[3 \* i(.*)\] = Color\.(\w+)", texts["Generator.kt"]
    )
    assert kotlin == [("", "red"), (" + 1", "green"), (" + 2", "blue")]
    script = re.findall(r"images\[3 \* i(.*)\] = (\w+)", texts["generator.js"])
    assert script == kotlin
    assert 'convert("RGB")' in texts["run.py"]


@pytest.mark.parametrize(
    ("formats", "expected"),
    [
        (("saved_model", "float32", "float16", "dynamic"), "dynamic"),
        (("float32", "float16"), "float16"),
        (("int8", "float32"), "float32"),
        (("winograd",), "winograd"),
    ],
    ids=["dynamic", "float16", "float32", "unknown"],
)
def test_the_file_for_phones_is_taken(formats, expected):
    document = sidecars.sidecar(
        sidecars.picture_to_picture(sidecars.COLOUR), formats=formats
    )
    name = f"generator_{expected}.tflite"
    assert snippets.file_for_phones(document) == name
    assert name in text_of(document, "Kotlin")


def test_no_programs_without_a_file_that_they_run():
    document = sidecars.sidecar(
        sidecars.picture_to_picture(sidecars.COLOUR), formats=("saved_model",)
    )
    texts, reasons = snippets.render(document)
    assert texts == {}
    assert list(reasons) == LANGUAGES
    assert set(reasons.values()) == {"there is no .tflite file"}


def test_five_channels_are_no_picture():
    shape = (1, 8, 8, 5)
    document = sidecars.sidecar(sidecars.picture_to_picture(shape))
    texts, reasons = snippets.render(document)
    assert texts == {}
    assert set(reasons.values()) == {"5 channels are no picture"}


def test_free_sizes_are_for_python():
    document = sidecars.sidecar(sidecars.picture_to_picture((1, None, None, 3)))
    texts, reasons = snippets.render(document)
    assert list(texts) == ["run.py"]
    assert list(reasons) == LANGUAGES[1:]
    assert "step = 4" in texts["run.py"]


@pytest.mark.parametrize("name", sidecars.ALL)
def test_python_is_python(name):
    tree = ast.parse(text_of(sidecars.ALL[name], "Python"))
    called = {x.id for x in ast.walk(tree) if isinstance(x, ast.Name)}
    imported = {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    assert imported <= called  # Nothing that this network does not need.


@pytest.mark.parametrize("name", ["labels", "encoder", "decoder"])
def test_javascript_is_javascript(name, tmp_path):
    if shutil.which("node") is None:
        pytest.skip("Node.js is not installed")
    texts, _ = snippets.render(sidecars.ALL[name])
    role = sidecars.ALL[name]["role"]
    page = texts["index.html"]
    sources = {"module": texts[f"{role}.js"]}
    sources["page"] = page.split('<script type="module">')[1].split("</sc")[0]
    for stem, source in sources.items():
        path = tmp_path / f"{stem}.mjs"
        path.write_text(source)
        subprocess.run(["node", "--check", path], check=True)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", sidecars.ALL)
def test_brackets_are_closed(name, language):
    text = text_of(sidecars.ALL[name], language)
    text = re.sub(r'"[^"\n]*"', '""', text)
    text = re.sub(r"(//|#).*", "", text)
    stack = []
    for character in re.findall(r"[][(){}]", text):
        if character in "([{":
            stack.append(character)
        else:
            assert "([{".index(stack.pop()) == ")]}".index(character)
    assert stack == []
