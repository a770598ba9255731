"""Prediction on a user's own pictures: the command, in process."""

import errno
import re
import shutil

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from keras_gans import (
    CycleGAN,
    Pix2Pix,
    build_patchgan_discriminator,
    build_resnet_generator,
    build_unet_generator,
    checkpoints,
    data,
    inference_view,
)
from tests.data.files import RGB16, colours, png16
from tests.networks import torch_parity
from trainers import predict

SHAPE = (16, 16, 3)


def make_run(folder, trainer, model, *flags):
    """A run folder with one checkpoint."""
    folder.mkdir(parents=True)
    lines = [f"# python -m trainers.{trainer} --flagfile=flags.txt", *flags]
    (folder / "flags.txt").write_text("\n".join(lines) + "\n")
    for network in (layer for layer in model.layers if layer.weights):
        if isinstance(network, keras.Model):
            torch_parity.randomize(network)
    checkpoints.write(folder / "checkpoints", model, 7, {})
    return folder


def cyclegan(channels_b=3):
    shape_b = (*SHAPE[:2], channels_b)
    model = CycleGAN(
        build_resnet_generator(SHAPE, channels_b, 2, 1),
        build_resnet_generator(shape_b, 3, 2, 1),
        build_patchgan_discriminator(SHAPE, 2, 1),
        build_patchgan_discriminator(shape_b, 2, 1),
        pool_size=0,
    )
    model.compile(lambda_identity=0)
    return model


def pix2pix(norm_mode="instance"):
    model = Pix2Pix(
        build_unet_generator(SHAPE, None, 2),
        build_patchgan_discriminator((16, 16, 6), 2, 1),
        norm_mode,
    )
    model.compile()
    return model


@pytest.fixture(scope="module")
def cyclegan_run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "cyclegan-001"
    return make_run(folder, "cyclegan", cyclegan())


@pytest.fixture(scope="module")
def pix2pix_run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "pix2pix-001"
    return make_run(folder, "pix2pix", pix2pix(), "--data=gone")


@pytest.fixture
def pictures(tmp_path):
    """Three pictures of other sizes than the networks were built for."""
    folder = tmp_path / "pictures"
    (folder / "more" / "of").mkdir(parents=True)
    Image.fromarray(colours(20, 16)).save(folder / "a.jpg")
    Image.fromarray(colours(13, 30)).save(folder / "b.c.png")
    Image.fromarray(colours(16, 16)).save(folder / "more" / "of" / "a.bmp")
    return folder


def run(capsys, *arguments):
    """Exit code, lines that are printed, and errors."""
    with pytest.raises(SystemExit) as exit:
        predict.main(list(map(str, arguments)))
    output, errors = capsys.readouterr()
    return exit.value.code, output.splitlines(), errors


def files_in(folder):
    return {str(path.relative_to(folder)) for path in folder.rglob("*.*")}


def load(run_dir):
    path = checkpoints.newest(run_dir / "checkpoints").model_path
    return keras.saving.load_model(path, compile=False)


def floats(path, channels=3):
    return data.to_float(data.read_image(path, channels))


def translated(run_dir, output, capsys, picture, *flags):
    """Float pixels of one picture that the command made."""
    arguments = [f"--run_dir={run_dir}", f"--input={picture}"]
    code, _, errors = run(capsys, *arguments, f"--output={output}", *flags)
    assert (code, errors) == (0, "")
    return floats(output / f"{picture.stem}.png")


def test_folder_keeps_names_and_subfolders(cyclegan_run, pictures, capsys):
    run_dir = shutil.copytree(cyclegan_run, pictures.parent / "run")
    code, lines, _ = run(capsys, f"--run_dir={run_dir}", f"--input={pictures}")
    output = run_dir / "predictions"
    assert code == 0
    assert lines[0].startswith("device   ")
    assert lines[1] == f"run      {run_dir}: cyclegan, step 7"
    assert lines[2] == f"pictures 3 of {pictures}"
    assert re.fullmatch(r"done     3 of 3 pictures, \d+\.\d\d s each", lines[3])
    assert lines[4:] == [f"look     {output}"]
    assert files_in(output) == {"a.png", "b.c.png", "more/of/a.png"}
    for name in ("a.jpg", "b.c.png", "more/of/a.bmp"):
        made = data.read_image((output / name).with_suffix(".png"))
        assert made.dtype == np.uint8
        assert made.shape == data.read_image(pictures / name).shape


@pytest.mark.parametrize(
    ("flags", "direction"),
    [([], "ab"), (["--direction=ab"], "ab"), (["--direction=ba"], "ba")],
    ids=["default", "ab", "ba"],
)
def test_cyclegan_translates_in_its_direction(
    flags, direction, cyclegan_run, pictures, tmp_path, capsys
):
    picture = pictures / "more" / "of" / "a.bmp"
    output = translated(cyclegan_run, tmp_path / "o", capsys, picture, *flags)
    expected = load(cyclegan_run).predict(
        floats(picture)[None], direction=direction, verbose=0
    )
    np.testing.assert_allclose(output, expected[0], atol=1.1 / 255)


def test_pix2pix_draws_its_noise_by_the_seed(
    pix2pix_run, pictures, tmp_path, capsys
):
    picture = pictures / "more" / "of" / "a.bmp"

    def translate(name, *flags):
        output = tmp_path / name
        return translated(pix2pix_run, output, capsys, picture, *flags)

    model, images = load(pix2pix_run), floats(picture)[None]
    np.testing.assert_allclose(
        translate("zero"), model.translate(images, seed=0)[0], atol=1.1 / 255
    )
    np.testing.assert_array_equal(translate("0"), translate("again"))
    assert np.any(translate("0") != translate("one", "--seed=1"))
    np.testing.assert_allclose(
        translate("off", "--nodropout"),
        model.translate(images, dropout=False)[0],
        atol=1.1 / 255,
    )


def test_noise_does_not_depend_on_other_pictures(
    pix2pix_run, pictures, tmp_path, capsys
):
    flags = [f"--run_dir={pix2pix_run}", f"--input={pictures}"]
    assert run(capsys, *flags, f"--output={tmp_path / 'all'}")[0] == 0
    alone = translated(
        pix2pix_run, tmp_path / "alone", capsys, pictures / "b.c.png"
    )
    np.testing.assert_array_equal(floats(tmp_path / "all" / "b.c.png"), alone)


@pytest.mark.parametrize("norm_mode", ["", "running"])
def test_norm_mode_is_that_of_the_model_or_of_the_flag(
    norm_mode, pix2pix_run, pictures, tmp_path, capsys
):
    picture = pictures / "more" / "of" / "a.bmp"
    flags = [f"--norm_mode={norm_mode}", "--nodropout"]
    output = translated(pix2pix_run, tmp_path / "o", capsys, picture, *flags)
    for mode in ("instance", "running"):
        view = inference_view(load(pix2pix_run).generator, mode)
        expected = np.array(view(floats(picture)[None]))[0]
        is_same = np.max(np.abs(output - expected)) < 1.1 / 255
        assert is_same == (mode == (norm_mode or "instance"))


@pytest.mark.parametrize(
    ("bits", "of_8", "of_16"),
    [
        ("auto", "uint8", "uint16"),
        ("8", "uint8", "uint8"),
        ("16", "uint16", "uint16"),
    ],
)
def test_bits(bits, of_8, of_16, cyclegan_run, tmp_path, capsys):
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    Image.fromarray(colours()).save(pictures / "8.png")
    (pictures / "16.png").write_bytes(png16(RGB16))
    flags = [f"--run_dir={cyclegan_run}", f"--input={pictures}"]
    flags += [f"--output={tmp_path / 'o'}", f"--bits={bits}"]
    assert run(capsys, *flags)[0] == 0
    assert data.read_image(tmp_path / "o" / "8.png").dtype == of_8
    made = data.read_image(tmp_path / "o" / "16.png")
    assert made.dtype == of_16
    # Not 8 bits spread over 16: they would all be multiples of 257.
    assert (of_16 == "uint8") or np.any(made % 257)


def test_picture_is_resized_first(cyclegan_run, pictures, tmp_path, capsys):
    picture = pictures / "a.jpg"
    output = translated(
        cyclegan_run, tmp_path / "o", capsys, picture, "--image_size=8x24"
    )
    small = data.to_float(data.resize(data.read_image(picture), (8, 24)))
    expected = translated_by(load(cyclegan_run).generator_ab, small)
    np.testing.assert_allclose(output, expected, atol=1.1 / 255)


def translated_by(generator, image):
    other = build_resnet_generator(image.shape, None, 2, 1)
    other.set_weights(generator.get_weights())
    return np.array(other(image[None]))[0]


@pytest.mark.parametrize("resize", ["bicubic", "nearest"])
def test_label_maps_are_resized_as_in_training(
    resize, tmp_path, pix2pix_run, monkeypatch, capsys
):
    run_dir = shutil.copytree(pix2pix_run, tmp_path / "run")
    with open(run_dir / "flags.txt", "a") as file:
        file.write(f"--input_resize={resize}\n")
    labels = np.repeat(np.uint8([[9, 99, 199]] * 20), 7, axis=1)
    Image.fromarray(labels).save(tmp_path / "labels.png")
    seen = []
    monkeypatch.setattr(
        predict.ImageTranslator,
        "translate",
        lambda _, image: seen.append(image) or image,
    )
    flags = [f"--run_dir={run_dir}", f"--input={tmp_path / 'labels.png'}"]
    assert run(capsys, *flags, "--image_size=16")[0] == 0
    assert seen[0].shape == SHAPE
    assert (len(np.unique(seen[0])) == 3) == (resize == "nearest")


def test_large_pictures_go_in_tiles(pix2pix_run, tmp_path, capsys):
    Image.fromarray(colours(80, 70)).save(tmp_path / "a.png")
    Image.fromarray(colours(64, 64)).save(tmp_path / "b.png")
    flags = [f"--run_dir={pix2pix_run}", f"--input={tmp_path}"]
    flags += [f"--output={tmp_path.parent / 'tiles'}", "--tile_size=64"]
    code, lines, _ = run(capsys, *flags, "--overlap=16")
    assert code == 0
    assert [line for line in lines if line.startswith("note")] == [
        "note     pictures larger than 64x64 are translated in tiles, without "
        "dropout"
    ]
    assert data.read_image(tmp_path.parent / "tiles" / "a.png").shape == (
        80,
        70,
        3,
    )
    _, lines, _ = run(capsys, *flags, "--overlap=16", "--nodropout")
    assert "note     pictures larger than 64x64 are translated in tiles" in (
        lines
    )


def test_tiles_are_the_whole_but_for_rounding(cyclegan_run, tmp_path, capsys):
    pixels = colours(90, 80)
    pixels[:40] //= 4
    Image.fromarray(pixels).save(tmp_path / "a.png")
    picture = tmp_path / "a.png"
    whole = translated(cyclegan_run, tmp_path / "w", capsys, picture)
    flags = ["--tile_size=64", "--overlap=60"]
    tiles = translated(cyclegan_run, tmp_path / "t", capsys, picture, *flags)
    assert np.mean(np.abs(tiles - whole)) < 2 / 255 / 4


def test_what_a_png_cannot_hold_becomes_npy(tmp_path, capsys):
    run_dir = make_run(tmp_path / "run", "cyclegan", cyclegan(channels_b=2))
    Image.fromarray(colours()).save(tmp_path / "a.png")
    flags = [f"--run_dir={run_dir}", f"--input={tmp_path / 'a.png'}"]
    code, lines, _ = run(capsys, *flags)
    assert code == 0
    assert lines[3] == (
        "note     a PNG cannot hold 2 channels: the results are .npy files, "
        "floats in [-1, 1]"
    )
    made = data.read_image(run_dir / "predictions" / "a.npy", 2)
    assert made.shape == (9, 12, 2) and made.dtype == np.float32
    # And back: a picture file has no 2 channels.
    code, lines, _ = run(capsys, *flags, "--direction=ba")
    [bad] = [line for line in lines if line.startswith("bad")]
    assert "is a picture file, which has 1, 3 or 4 channels, not 2" in bad
    assert code == 65


def test_grey_pictures_become_rgb_for_the_network(
    cyclegan_run, tmp_path, capsys
):
    grey = colours(channels=1)
    Image.fromarray(grey[..., 0]).save(tmp_path / "grey.png")
    Image.fromarray(grey.repeat(3, -1)).save(tmp_path / "rgb.png")
    outputs = [
        translated(cyclegan_run, tmp_path / "o", capsys, tmp_path / name)
        for name in ("grey.png", "rgb.png")
    ]
    np.testing.assert_array_equal(*outputs)


def test_broken_pictures_are_named_and_the_others_done(
    cyclegan_run, pictures, tmp_path, capsys
):
    (pictures / "broken.png").write_bytes(b"<html>")
    output = tmp_path / "o"
    flags = [f"--run_dir={cyclegan_run}", f"--input={pictures}"]
    code, lines, errors = run(capsys, *flags, f"--output={output}")
    assert (code, errors) == (65, "")
    assert lines[3].startswith("done     3 of 4 pictures, ")
    assert lines[4] == (
        f"bad      {pictures}/broken.png: is an HTML, XML or SVG file, which "
        "is not read. Convert it to PNG."
    )
    assert files_in(output) == {"a.png", "b.c.png", "more/of/a.png"}


def test_picture_too_large_for_the_memory_is_named(
    cyclegan_run, pictures, tmp_path, monkeypatch, capsys
):
    def fail(_, image):
        raise tf.errors.ResourceExhaustedError(None, None, "OOM")

    monkeypatch.setattr(predict.ImageTranslator, "translate", fail)
    flags = [f"--run_dir={cyclegan_run}", f"--input={pictures / 'a.jpg'}"]
    code, lines, _ = run(capsys, *flags, f"--output={tmp_path / 'o'}")
    assert lines[4] == (
        f"bad      {pictures}/a.jpg: 20x16 pixels are too many for the "
        "memory. Give a smaller --tile_size."
    )
    assert code == 65


def test_full_disk_ends_the_command(
    cyclegan_run, pictures, tmp_path, monkeypatch, capsys
):
    def fail(path, image):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(predict.data, "write_png", fail)
    flags = [f"--run_dir={cyclegan_run}", f"--input={pictures}"]
    code, _, errors = run(capsys, *flags, f"--output={tmp_path / 'o'}")
    assert code == 74
    assert errors == "error: [Errno 28] No space left on device\n"


def test_damaged_checkpoint_gives_way_to_an_older_one(
    cyclegan_run, pictures, tmp_path, capsys
):
    run_dir = shutil.copytree(cyclegan_run, tmp_path / "run")
    steps = run_dir / "checkpoints"
    shutil.copytree(steps / "step_00000007", steps / "step_00000008")
    flags = [f"--run_dir={run_dir}", f"--input={pictures}"]
    code, lines, _ = run(capsys, *flags)
    assert lines[1].startswith(f"warning  checkpoint {steps}/step_00000008 is")
    assert lines[2] == f"run      {run_dir}: cyclegan, step 7"
    assert code == 0


def test_inputs_are_never_overwritten(cyclegan_run, pictures, capsys):
    before = {name: (pictures / name).read_bytes() for name in ("b.c.png",)}
    flags = [f"--run_dir={cyclegan_run}", f"--input={pictures}"]
    for output in (pictures, pictures / "more", pictures / "new"):
        code, _, errors = run(capsys, *flags, f"--output={output}")
        assert errors == (
            "error: --output must lie outside the folder of the pictures, "
            "lest results overwrite pictures or be taken for some the next "
            f"time. Received: {output}, and pictures in {pictures}.\n"
        )
        assert code == 2
    (pictures.parent / "o").mkdir()
    (pictures.parent / "o" / "more").symlink_to(pictures / "more")
    flags.append(f"--output={pictures.parent / 'o'}")
    code, _, errors = run(capsys, *flags)
    assert errors.startswith("error: --output ")
    assert "must not lead elsewhere by links" in errors
    assert code == 2
    assert files_in(pictures) == {"a.jpg", "b.c.png", "more/of/a.bmp"}
    assert (pictures / "b.c.png").read_bytes() == before["b.c.png"]


def test_results_in_a_folder_above_do_not_hit_the_inputs(
    cyclegan_run, tmp_path, capsys
):
    # x/a.png in the folder x becomes x/a.png in the folder above.
    (tmp_path / "x" / "x").mkdir(parents=True)
    Image.fromarray(colours()).save(tmp_path / "x" / "x" / "a.png")
    Image.fromarray(colours()).save(tmp_path / "x" / "a.png")
    flags = [f"--run_dir={cyclegan_run}", f"--input={tmp_path / 'x'}"]
    code, _, errors = run(capsys, *flags, f"--output={tmp_path}")
    assert errors == (
        "error: --output must not overwrite the picture "
        f"{(tmp_path / 'x' / 'a.png').resolve()}. Choose another folder.\n"
    )
    assert code == 2


@pytest.mark.parametrize("other", ["a.png", "A.PNG"])
def test_two_pictures_of_one_name(other, cyclegan_run, pictures, capsys):
    Image.fromarray(colours()).save(pictures / other)
    flags = [f"--run_dir={cyclegan_run}", f"--input={pictures}"]
    code, _, errors = run(capsys, *flags)
    assert f"{pictures / 'a.jpg'}" in errors
    assert f"{pictures / other}" in errors
    assert "would both become" in errors
    assert "Rename one of them." in errors
    assert code == 2
    assert not (cyclegan_run / "predictions").exists()


def test_output_that_is_a_file(cyclegan_run, pictures, tmp_path, capsys):
    (tmp_path / "o").write_text("mine")
    flags = [f"--run_dir={cyclegan_run}", f"--input={pictures}"]
    code, _, errors = run(capsys, *flags, f"--output={tmp_path / 'o'}")
    assert errors == (
        f"error: --output must be a folder. {tmp_path / 'o'} is a file.\n"
    )
    assert code == 2


@pytest.mark.parametrize(
    ("flag", "message"),
    [
        ("--run_dir=", "--run_dir must be a run folder, such as runs/cycle"),
        ("--input=", "--input must be a picture or a folder of some."),
        ("--direction=b", "--direction must be one of ab, ba. Received: b."),
        (
            "--norm_mode=instant",
            "--norm_mode must be one of instance, batch, running. Received: "
            "instant. Did you mean instance?",
        ),
        ("--bits=10", "--bits must be one of auto, 8, 16. Received: 10."),
        ("--image_size=big", "--image_size must be a side in pixels, such as"),
        ("--seed=-1", "--seed must be >= 0. Received: -1."),
        (
            "--tile_size=5",
            "--tile_size=5: `tile_size` must be at least 12 for this "
            "network and `overlap=2`. Received: tile_size=5.",
        ),
    ],
)
def test_wrong_usage(flag, message, cyclegan_run, pictures, capsys):
    flags = [f"--run_dir={cyclegan_run}", f"--input={pictures}", flag]
    code, _, errors = run(capsys, *flags)
    assert errors.startswith(f"error: {message}")
    assert code == 2


def test_pix2pix_has_one_direction(pix2pix_run, pictures, capsys):
    flags = [f"--run_dir={pix2pix_run}", f"--input={pictures}"]
    code, lines, errors = run(capsys, *flags, "--direction=ba")
    assert errors == (
        "error: --direction must be left out for pix2pix, which was trained "
        "in one. Received: ba.\n"
    )
    assert (code, lines) == (2, [])


def test_run_that_does_not_translate(tmp_path, pictures, capsys):
    (tmp_path / "flags.txt").write_text(
        "# python -m trainers.gan --flagfile=flags.txt\n"
    )
    flags = [f"--run_dir={tmp_path}", f"--input={pictures}"]
    code, _, errors = run(capsys, *flags)
    assert errors == (
        f"error: --run_dir must be a run of cyclegan or pix2pix. {tmp_path} "
        "was made by python -m trainers.gan --flagfile=flags.txt.\n"
    )
    assert code == 2


def test_folder_that_is_no_run(tmp_path, pictures, capsys):
    flags = [f"--run_dir={tmp_path}", f"--input={pictures}"]
    code, _, errors = run(capsys, *flags)
    assert errors == (
        f"error: --run_dir must be a run folder. {tmp_path} has no flags.txt.\n"
    )
    assert code == 2


def test_run_without_a_checkpoint(cyclegan_run, pictures, tmp_path, capsys):
    shutil.copy(cyclegan_run / "flags.txt", tmp_path)
    flags = [f"--run_dir={tmp_path}", f"--input={pictures}"]
    code, _, errors = run(capsys, *flags)
    assert errors.startswith(
        f"error: There is no checkpoint in {tmp_path}/checkpoints."
    )
    assert code == 65


def test_no_pictures(cyclegan_run, tmp_path, capsys):
    flags = [f"--run_dir={cyclegan_run}", f"--input={tmp_path}"]
    code, _, errors = run(capsys, *flags)
    assert errors.startswith(
        f"error: --input={tmp_path}: {tmp_path} must hold pictures"
    )
    assert code == 2
    flags[1] += "/missing"
    code, _, errors = run(capsys, *flags)
    assert "There is no such folder." in errors
    assert code == 65


def test_help_is_complete(capsys):
    code, lines, _ = run(capsys, "--help")
    assert code == 0
    assert lines[0].startswith("Translates your own pictures, of any size")
    flags = {line.split("=")[0].strip() for line in lines if " --" in line[:4]}
    assert flags == {
        "--flagfile",
        "--run_dir",
        "--input",
        "--output",
        "--direction",
        "--norm_mode",
        "--[no]dropout",
        "--seed",
        "--image_size",
        "--tile_size",
        "--overlap",
        "--bits",
    }
