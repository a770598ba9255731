import platform
import re
import shutil
import subprocess

import arm_guest
import pytest


@pytest.fixture
def run(monkeypatch):
    """Replaces the programs that are started; keeps what was asked of them."""
    monkeypatch.setattr(platform, "system", lambda: "Linux")
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    monkeypatch.setattr("shutil.which", lambda name: f"/usr/bin/{name}")
    commands = []
    failures = {}

    def fake(command):
        commands.append([str(x) for x in command])
        for word, stderr in failures.items():
            if word in commands[-1]:
                return subprocess.CompletedProcess(command, 100, "", stderr)
        return subprocess.CompletedProcess(command, 0, "aarch64\n", "")

    def fake_unpack(archives, folder):
        programs = folder / "usr/bin"
        programs.mkdir(parents=True)
        (programs / "qemu-aarch64-static").touch()
        (programs / "python3").symlink_to("python3.12")

    monkeypatch.setattr(arm_guest, "_run", fake)
    monkeypatch.setattr(arm_guest, "_unpack", fake_unpack)
    fake.commands, fake.failures = commands, failures
    return fake


def test_a_guest_is_prepared_once(run, tmp_path):
    words = arm_guest.python_command(tmp_path)
    count = len(run.commands)
    assert count > 0
    assert arm_guest.python_command(tmp_path) == words
    assert len(run.commands) == count
    guest = next(x for x in tmp_path.iterdir() if x.is_dir())
    assert words[0] == str(guest / "qemu-aarch64-static")
    assert words[-1] == str(guest / "root/usr/bin/python3")
    assert f"PYTHONPATH={guest / 'site'}" in words
    assert ".unfinished" not in " ".join(words)


def test_the_guest_follows_the_version_of_litert(run, tmp_path, monkeypatch):
    guests = set()
    for version in ("2.3.0", "2.4.0"):
        monkeypatch.setattr(
            "importlib.metadata.version", {"ai-edge-litert": version}.get
        )
        guests.add(arm_guest.python_command(tmp_path)[0])
        assert any(f"ai-edge-litert=={version}" in x for x in run.commands)
    assert len(guests) == 2


def test_wheels_are_for_the_python_of_the_guest(run, tmp_path):
    arm_guest.python_command(tmp_path)
    (pip,) = (x for x in run.commands if "pip" in x)
    assert pip[pip.index("--python-version") + 1] == "3.12"
    assert {"--abi=cp312", "--platform=manylinux_2_27_aarch64"} <= set(pip)


def test_the_guest_has_a_processor_of_its_own(run, tmp_path):
    guest = arm_guest.python_command(tmp_path)[0]
    path = guest.replace("qemu-aarch64-static", "root/proc/cpuinfo")
    with open(path) as file:
        entries = file.read().strip().split("\n\n")
    for i, entry in enumerate(entries):
        fields = dict(re.split(r"\s*: ", x) for x in entry.split("\n"))
        assert fields["processor"] == str(i)
        # Arm Ltd's Cortex-A76, as QEMU is told.
        assert (fields["CPU implementer"], fields["CPU part"]) == (
            "0x41",
            "0xd0b",
        )


# A word of the command that fails, what it says, what we say.
FAILURES = {
    "no_network": (
        "--download-only",
        "W: Failed to fetch http://mirror/x  Could not resolve 'mirror'\n"
        "E: Unable to locate package python3\n",
        arm_guest.GuestUnavailable,
        "apt-get must download python3, libstdc++6, libgcc-s1 for arm64, "
        "which needs a network. Received: W: Failed to fetch http://mirror/x  "
        "Could not resolve 'mirror'",
    ),
    "no_wheel": (
        "pip",
        "WARNING: slow\nERROR: No matching distribution found for x\n",
        arm_guest.GuestUnavailable,
        "pip must install ai-edge-litert==2.3.0 for python3.12 on aarch64. "
        "Received: ERROR: No matching distribution found for x",
    ),
    "does_not_run": (
        "-c",
        "qemu: uncaught target signal 11\n",
        RuntimeError,
        "LiteRT must load in the emulated guest. Received: exit code 100, "
        "qemu: uncaught target signal 11",
    ),
}


@pytest.mark.parametrize("name", FAILURES)
def test_a_guest_that_fails_is_not_kept(name, run, tmp_path, monkeypatch):
    monkeypatch.setattr("importlib.metadata.version", lambda _: "2.3.0")
    word, stderr, kind, message = FAILURES[name]
    run.failures[word] = stderr
    with pytest.raises(kind, match=f"^{re.escape(message)}$"):
        arm_guest.python_command(tmp_path)
    assert [x.name for x in tmp_path.iterdir()] == ["litert-2.3.0.lock"]
    run.failures.clear()
    assert arm_guest.python_command(tmp_path)


def test_other_machines_are_refused(run, tmp_path, monkeypatch):
    monkeypatch.setattr(platform, "system", lambda: "Darwin")
    monkeypatch.setattr(platform, "machine", lambda: "arm64")
    monkeypatch.setattr("shutil.which", lambda name: None)
    message = (
        "The ARM guest must be made on Debian or Ubuntu on x86-64. "
        "Received: Darwin arm64 without apt-get and dpkg-deb."
    )
    with pytest.raises(arm_guest.GuestUnavailable, match=f"^{message}$"):
        arm_guest.python_command(tmp_path)
    assert run.commands == []


@pytest.mark.parametrize(
    ("release", "architecture", "is_other"),
    [
        ({"UBUNTU_CODENAME": "noble"}, "arm64", True),
        ({"UBUNTU_CODENAME": "noble"}, "amd64", False),
        ({"VERSION_CODENAME": "bookworm"}, "arm64", False),
    ],
    ids=["ubuntu-arm", "ubuntu-x86", "debian"],
)
def test_ubuntu_has_other_sources_for_arm(
    release, architecture, is_other, run, tmp_path, monkeypatch
):
    monkeypatch.setattr(platform, "freedesktop_os_release", lambda: release)
    arm_guest._download(tmp_path, architecture, ["python3"])
    folder = tmp_path / f"apt-{architecture}"
    text = (folder / "apt.conf").read_text()
    assert ("sourcelist" in text) == is_other
    if is_other:
        assert " noble " in (folder / "sources.list").read_text()


@pytest.mark.skipif(
    shutil.which("apt-config") is None, reason="apt is of Debian and Ubuntu"
)
def test_apt_leaves_this_machine_alone(run, tmp_path):
    arm_guest._download(tmp_path, "arm64", ["python3"])
    for command in run.commands:
        path = command[command.index("--config-file") + 1]
        dump = subprocess.run(
            ["apt-config", "--config-file", path, "dump"],
            capture_output=True,
            text=True,
        ).stdout
        pairs = re.findall(r'^(\S+) "(.*)";$', dump, re.MULTILINE)
        settings = dict(pairs)
        for name in ("Dir", "Dir::State::status"):
            assert settings[name].startswith(str(tmp_path))
        for name in ("Dir::State", "Dir::State::lists", "Dir::Cache"):
            assert not settings[name].startswith("/")
        assert settings["Dir::Etc"] == "/etc/apt/"
        assert settings["APT::Architecture"] == "arm64"
        hooks = [x for x in pairs if x[0].startswith("APT::Update::P")]
        assert not any(value for _, value in hooks)


def test_the_folder_can_be_named(monkeypatch, tmp_path):
    monkeypatch.setenv(arm_guest.ENVIRONMENT_VARIABLE, str(tmp_path))
    assert arm_guest.default_root() == tmp_path
