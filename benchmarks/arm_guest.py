"""A 64-bit ARM Linux that runs Python in emulation; nothing is installed.

QEMU, the distribution's Python and the wheels of LiteRT are downloaded and
unpacked into one folder. apt works in a folder of its own with the sources,
keys and proxies of this machine, so neither root nor a change to the machine is
needed. `arm_parity.py` uses it.
"""

import contextlib
import fcntl
import importlib.metadata
import os
import pathlib
import platform
import shutil
import subprocess
import sys
import tempfile

ENVIRONMENT_VARIABLE = "KERAS_GANS_ARM_GUEST"
# QEMU's default processor, which has every extension there is, made garbage of
# full int8. This one is of a phone of 2018.
PROCESSOR = "cortex-a76"
# What the kernel says of it. A library asks this file which kernels to use:
# from that of an x86 processor LiteRT's dies of SIGSEGV.
_PROCESSOR_INFO = """\
processor\t: {}
Features\t: fp asimd evtstrm aes pmull sha1 sha2 crc32 atomics fphp asimdhp \
cpuid asimdrdm lrcpc dcpop asimddp
CPU implementer\t: 0x41
CPU architecture: 8
CPU variant\t: 0x4
CPU part\t: 0xd0b
CPU revision\t: 1

"""
_GUEST_PACKAGES = ("python3", "libstdc++6", "libgcc-s1")
# Ubuntu keeps what is not for PCs on another server. The oldest of today's
# releases has glibc 2.35.
_UBUNTU_SOURCE = "deb http://ports.ubuntu.com/ubuntu-ports {} main universe\n"
_NEWEST_GLIBC = 35
_APT_CONFIGURATION = """\
Dir "{folder}/";
Dir::Etc "/etc/apt/";
Dir::State "state/";
Dir::State::status "{folder}/status";
Dir::Cache "cache/";
APT::Architecture "{architecture}";
#clear APT::Architectures;
APT::Architectures {{ "{architecture}"; }};
APT::Sandbox::User "";
Acquire::Languages "none";
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
"""
_SMOKE_TEST = (
    "import platform; from ai_edge_litert.interpreter import Interpreter; "
    "print(platform.machine())"
)


class GuestUnavailable(Exception):
    """This machine cannot have a guest, in one sentence."""


def default_root():
    """Returns the folder that keeps guests if nobody names another one."""
    named = os.environ.get(ENVIRONMENT_VARIABLE)
    cache = os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache"
    return pathlib.Path(named or pathlib.Path(cache) / "keras_gans_arm")


def python_command(root):
    """Returns what starts the guest's Python, and downloads it if need be.

    The guest has the version of LiteRT that is installed here.

    Args:
        root: Folder that keeps guests, one for each version of LiteRT. A guest
            is some 210 MB, downloads of 130 MB.

    Returns:
        List of words, to be followed by Python's arguments.

    Raises:
        GuestUnavailable: If this is no Debian or Ubuntu on x86-64, or a
            download fails.
        RuntimeError: If the guest does not run.
    """
    version = importlib.metadata.version("ai-edge-litert")
    guest = pathlib.Path(root).resolve() / f"litert-{version}"
    with _locked(guest.with_name(f"{guest.name}.lock")):
        if not guest.exists():
            _check_machine()
            # Renamed when it has run: what a killed program leaves is no guest.
            with tempfile.TemporaryDirectory(
                prefix=".unfinished-", dir=guest.parent
            ) as folder:
                finished = pathlib.Path(folder) / "guest"
                _prepare(finished, f"ai-edge-litert=={version}")
                finished.rename(guest)
    return _command(guest)


@contextlib.contextmanager
def _locked(path):
    """Lets one process at a time prepare; the others then find the guest."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _check_machine():
    machine = f"{platform.system()} {platform.machine()}"
    missing = [x for x in ("apt-get", "dpkg-deb") if shutil.which(x) is None]
    if machine != "Linux x86_64" or missing:
        without = f" without {' and '.join(missing)}" if missing else ""
        raise GuestUnavailable(
            "The ARM guest must be made on Debian or Ubuntu on x86-64. "
            f"Received: {machine}{without}."
        )


def _prepare(guest, requirement):
    root = guest / "root"
    root.mkdir(parents=True)
    with tempfile.TemporaryDirectory(dir=guest.parent) as scratch:
        scratch = pathlib.Path(scratch)
        _unpack(_download(scratch, "arm64", _GUEST_PACKAGES), root)
        emulator = scratch / "emulator"
        _unpack(_download(scratch, "amd64", ["qemu-user-static"]), emulator)
        # The package holds emulators of thirty other processors.
        shutil.copy(emulator / "usr/bin/qemu-aarch64-static", guest)
    if not (root / "lib").exists():
        # Newer releases leave this link to a package that is not needed.
        (root / "lib").symlink_to("usr/lib")
    (root / "proc").mkdir(exist_ok=True)
    (root / "proc/cpuinfo").write_text(
        "".join(_PROCESSOR_INFO.format(i) for i in range(os.cpu_count()))
    )
    _install_wheels(guest, requirement)
    _smoke_test(guest)


def _download(scratch, architecture, packages):
    """Downloads Debian packages, with what they depend on.

    Args:
        scratch: Folder to work in.
        architecture: Debian's name of the packages' architecture.
        packages: Names of packages.

    Returns:
        List of the files' paths.
    """
    folder = scratch / f"apt-{architecture}"
    archives = folder / "cache/archives"
    for path in (archives / "partial", folder / "state/lists/partial"):
        path.mkdir(parents=True)
    (folder / "status").touch()  # As if nothing were installed.
    configuration = folder / "apt.conf"
    configuration.write_text(
        _APT_CONFIGURATION.format(folder=folder, architecture=architecture)
        + _ubuntu_sources(folder, architecture)
    )
    apt = ["apt-get", "--config-file", configuration, "--quiet", "--yes"]
    update = _run([*apt, "update"])
    install = _run(
        [*apt, "install", "--download-only", "--no-install-recommends"]
        + [*packages]
    )
    if install.returncode:
        raise GuestUnavailable(
            f"apt-get must download {', '.join(packages)} for {architecture}, "
            "which needs a network. Received: "
            f"{_complaint(update.stderr + install.stderr)}"
        )
    return sorted(archives.glob("*.deb"))


def _ubuntu_sources(folder, architecture):
    """Returns the configuration of Ubuntu's sources for ARM, else nothing."""
    release = platform.freedesktop_os_release().get("UBUNTU_CODENAME")
    if architecture != "arm64" or release is None:
        return ""
    sources = folder / "sources.list"
    sources.write_text(_UBUNTU_SOURCE.format(release))
    return f'Dir::Etc::sourcelist "{sources}";\nDir::Etc::sourceparts "-";\n'


def _unpack(archives, folder):
    for archive in archives:
        _run(["dpkg-deb", "--extract", archive, folder]).check_returncode()


def _install_wheels(guest, requirement):
    python = (guest / "root/usr/bin/python3").readlink().name
    version = python.removeprefix("python")
    platforms = [
        "any",
        "manylinux2014_aarch64",
        *(f"manylinux_2_{i}_aarch64" for i in range(17, _NEWEST_GLIBC + 1)),
    ]
    process = _run(
        [sys.executable, "-m", "pip", "install", "--quiet", requirement]
        + ["--target", guest / "site", "--only-binary=:all:"]
        + ["--python-version", version, "--implementation", "cp"]
        + [f"--abi={x}" for x in (f"cp{version.replace('.', '')}", "none")]
        + ["--abi=abi3"]
        + [f"--platform={x}" for x in platforms]
    )
    if process.returncode:
        raise GuestUnavailable(
            f"pip must install {requirement} for {python} on aarch64. "
            f"Received: {_complaint(process.stderr)}"
        )


def _smoke_test(guest):
    process = _run([*_command(guest), "-c", _SMOKE_TEST])
    if process.returncode or process.stdout.strip() != "aarch64":
        raise RuntimeError(
            "LiteRT must load in the emulated guest. Received: exit code "
            f"{process.returncode}, {_complaint(process.stderr)}"
        )


def _command(guest):
    words = [guest / "qemu-aarch64-static", "-cpu", PROCESSOR]
    words += ["-L", guest / "root", "-E", f"PYTHONPATH={guest / 'site'}"]
    # Libraries of this machine are not for that one.
    for name in ("LD_LIBRARY_PATH", "LD_PRELOAD", "PYTHONHOME"):
        words += ["-U", name]
    return [str(x) for x in [*words, guest / "root/usr/bin/python3"]]


def _run(command):
    return subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True
    )


def _complaint(stderr):
    """Returns the most telling of the lines, on one line."""
    lines = [line.strip() for line in stderr.splitlines() if line.strip()]
    telling = [x for x in lines if "Failed to fetch" in x or "ERROR" in x]
    return (telling or lines or ["no message"])[-1]
