"""The installed package: its types, its command, its wheel and its source distribution."""

import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from importlib.metadata import distribution, version
from pathlib import Path

import pytest

import trifactor

ROOT = Path(__file__).parents[2]


def run(*command, **options):
    """Run a command; if it fails, fail with all that it printed."""
    result = subprocess.run(
        [str(part) for part in command],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        **options,
    )
    assert result.returncode == 0, f"{command} failed:\n{result.stdout}"
    return result.stdout


def test_stubs_say_what_the_binary_has(tmp_path):
    run(sys.executable, "-m", "mypy.stubtest", "trifactor._trifactor", cwd=tmp_path)


def test_the_package_is_typed_without_a_gap():
    run(sys.executable, "-m", "mypy", cwd=ROOT)


def test_version_is_that_of_the_distribution():
    assert trifactor.__version__ == version("trifactor")


def test_the_core_needs_gymnasium_and_numpy_only():
    needs = [line for line in distribution("trifactor").requires if "extra ==" not in line]
    assert sorted(need.split(">")[0] for need in needs) == ["gymnasium", "numpy"]


def test_module_and_console_script_are_one_command():
    script = Path(sysconfig.get_path("scripts")) / "trifactor"
    assert run(sys.executable, "-m", "trifactor", "--help") == run(script, "--help")


def test_an_unknown_subcommand_fails():
    result = subprocess.run([sys.executable, "-m", "trifactor", "fly"], capture_output=True)
    assert result.returncode == 2


@pytest.mark.sweep
def test_the_source_distribution_builds_without_the_repository(tmp_path):
    run(sys.executable, "-m", "pip", "install", "maturin>=1.9,<2")
    maturin = Path(sysconfig.get_path("scripts")) / "maturin"
    run(maturin, "sdist", "--out", tmp_path, cwd=ROOT)
    (archive,) = tmp_path.glob("*.tar.gz")
    python = fresh_python(tmp_path / "venv")
    # The quick profile: what is tested is that nothing is missing.
    quick = {**os.environ, "MATURIN_PEP517_ARGS": "--profile dev"}
    run(python, "-m", "pip", "install", "--no-binary=trifactor", archive, cwd=tmp_path, env=quick)
    assert_works(python, tmp_path, os.environ)


@pytest.mark.sweep
def test_the_wheel_installs_where_there_is_no_rust(tmp_path):
    wheels = list((ROOT / "target/check/wheel").glob("trifactor-*.whl"))
    assert len(wheels) == 1, "./check builds the wheel"
    assert "-abi3-" in wheels[0].name
    python = fresh_python(tmp_path / "venv")
    bare = {**os.environ, "PATH": str(python.parent)}
    assert shutil.which("cargo", path=bare["PATH"]) is None
    run(python, "-m", "pip", "install", wheels[0], cwd=tmp_path, env=bare)
    assert_works(python, tmp_path, bare)


def fresh_python(folder):
    """The Python of a new virtual environment with nothing but pip."""
    venv.create(folder, with_pip=True)
    return folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def assert_works(python, folder, environment):
    """Import, step and run the command where only the package and its needs are installed."""
    script = (
        "import gymnasium, trifactor\n"
        "env = gymnasium.make('trifactor/Pushing-v0')\n"
        "env.reset(seed=0)\n"
        "env.step(env.action_space.sample())\n"
    )
    run(python, "-c", script, cwd=folder, env=environment)
    run(python, "-m", "trifactor", "--help", cwd=folder, env=environment)
