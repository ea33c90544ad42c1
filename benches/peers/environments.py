"""What must be installed and built before anything is timed."""

import json
import os
import shutil
import subprocess
import sys
import venv

# Installed without their dependencies: causal_world 1.2 pins versions that no current Python has, and
# the parts of it used here import only these.
REFERENCE_PACKAGES = (
    "causal_world==1.2",
    "pybullet==3.2.7",
    "gym==0.26.2",
    "gym-notices==0.1.0",
    "cloudpickle==3.1.2",
    "numpy==1.26.4",
    "scipy==1.11.4",
    "psutil==7.2.2",
    "mujoco==4.0.0",
    "mujoco-core==4.0.0",
    "absl-py==2.5.1",
    "glfw==2.11.0",
    "pyopengl==3.1.10",
)
OUR_SOURCES = ("Cargo.toml", "pyproject.toml", "src", "python", "assets", "task_generators")


class Missing(Exception):
    """An engine cannot run here; the message says why."""


def run(command, what, **options):
    """Run a command quietly; if it fails raise `Missing` with the end of what it printed."""
    result = subprocess.run(
        [str(part) for part in command],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        **options,
    )
    if result.returncode:
        tail = "\n    ".join(result.stdout.strip().splitlines()[-8:])
        raise Missing(f"{what} failed:\n    {tail}")


def _venv(folder, recipe, install):
    """The Python of a virtual environment made by `install`, kept while `recipe` stays the same."""
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    stamp = folder / "complete.json"
    if stamp.exists() and json.loads(stamp.read_text()) == recipe:
        return python
    print(f"installing {folder.name} ...", file=sys.stderr, flush=True)
    shutil.rmtree(folder, ignore_errors=True)
    venv.create(folder, with_pip=True)
    install(python)
    stamp.write_text(json.dumps(recipe))
    return python


def reference_python(target):
    """Python with the reference and MuJoCo; numpy below 2, because the reference needs it."""

    def install(python):
        pip = [python, "-m", "pip", "install", "--quiet"]
        run([*pip, "--no-deps", *REFERENCE_PACKAGES], "installing the reference")

    return _venv(target / "peers-venv", list(REFERENCE_PACKAGES), install)


def our_python(root, target):
    """Python with the trifactor package of this tree, installed again when its sources changed."""
    if not (root / "pyproject.toml").exists():
        raise Missing("there is no pyproject.toml to install the Python package from")
    files = [path for name in OUR_SOURCES for path in [root / name, *(root / name).rglob("*")]]
    sources = [path for path in files if path.is_file() and "__pycache__" not in path.parts]
    recipe = [max(path.stat().st_mtime_ns for path in sources), len(sources)]

    def install(python):
        build = ["--config-settings", "build-args=--profile dist"]
        run([python, "-m", "pip", "install", "--quiet", *build, root], "pip install of trifactor")

    return _venv(target / "peers-venv-ours", recipe, install)


def our_binary(root, target):
    """The command line in the profile of published figures."""
    if not (root / "src/bin/trifactor.rs").exists():
        raise Missing("there is no src/bin/trifactor.rs to build")
    command = ["cargo", "build", "--profile", "dist", "--bin", "trifactor", "--target-dir", target]
    run(command, "cargo build", cwd=root)
    return target / "dist" / ("trifactor.exe" if os.name == "nt" else "trifactor")


def our_tuned(root, target):
    """The build that benches/tuned.sh has made: profile-guided, x86-64-v3, mimalloc."""
    binary = target / "tuned" / "dist" / "trifactor"
    if not binary.exists():
        raise Missing("no tuned build; benches/tuned.sh makes one")
    return binary
