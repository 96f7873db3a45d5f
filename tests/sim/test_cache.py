"""Whatever happens to the cache of compiled code, a kernel still gives its answer."""

import json
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CODE = (
    "import numpy as np\n"
    "from segrules.sim.jit import cache_directory\n"
    "from segrules.sim.uniforms import philox\n"
    "zero = np.uint64(0)\n"
    "print(philox(zero, zero, zero, zero, zero, zero)[0] == 0x6627E8D5)\n"
    "print(sum(philox.stats.cache_hits.values()), cache_directory())\n"
)


def call(cache, **environment):
    """Runs a kernel in a fresh process: (right, loaded from the cache, directory)."""
    variables = {**os.environ, "SEGRULES_CACHE": str(cache), "PYTHONPATH": str(ROOT)}
    variables.pop("SEGRULES_NO_CACHE", None)
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", CODE],
        env={**variables, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert run.stderr == ""
    right, rest = run.stdout.splitlines()
    hits, directory = rest.split(" ", 1)
    assert right == "True"
    return int(hits), directory


def files(cache, ending):
    return sorted(cache.rglob("*" + ending))


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    cache = tmp_path_factory.mktemp("filled") / "cache"
    assert call(cache)[0] == 0
    assert call(cache)[0] == 1
    return {
        path.relative_to(cache): path.read_bytes() for path in files(cache, "") if path.is_file()
    }


def restore(content, cache):
    for name, data in content.items():
        path = cache / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def flip(data):
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 16]) + data[middle + 1 :]


DAMAGE = {
    "emptied": lambda data: b"",
    "cut in half": lambda data: data[: len(data) // 2],
    "garbage": lambda data: b"\x93garbage" * 40,
    "one bit": flip,
}


@pytest.mark.parametrize("damage", DAMAGE)
@pytest.mark.parametrize("ending", [".nbi", ".nbc"])
def test_damage_is_compiled_again(filled, tmp_path, ending, damage):
    restore(filled, tmp_path)
    targets = files(tmp_path, ending)
    assert targets
    for path in targets:
        path.write_bytes(DAMAGE[damage](path.read_bytes()))
    assert call(tmp_path)[0] == 0
    assert {path.name for path in files(tmp_path, ending)} == {path.name for path in targets}
    for path in targets:
        assert path.read_bytes() != DAMAGE[damage](filled[path.relative_to(tmp_path)])


@pytest.mark.parametrize("damage", ["garbage", "one bit"])
def test_a_damaged_manifest_refuses_its_files(filled, tmp_path, damage):
    restore(filled, tmp_path)
    for path in files(tmp_path, ".json"):
        path.write_bytes(DAMAGE[damage](path.read_bytes()))
    assert call(tmp_path)[0] == 0
    assert call(tmp_path)[0] == 1


def test_a_file_the_manifest_does_not_know_is_refused(filled, tmp_path):
    restore(filled, tmp_path)
    manifest = files(tmp_path, ".json")[0]
    digests = json.loads(manifest.read_bytes())
    assert any(name.endswith(".nbi") for name in digests)
    manifest.unlink()
    assert call(tmp_path)[0] == 0


def test_unusable_places_do_without_a_cache(tmp_path):
    occupied = tmp_path / "file"
    occupied.write_text("not a directory")
    assert call(occupied) == (0, "None")
    assert call("/proc/nowhere") == (0, "None")
    assert call(tmp_path / "off", SEGRULES_NO_CACHE="1") == (0, "None")
    assert not (tmp_path / "off").exists()


@pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() != 0, reason="only root gives away")
def test_a_directory_of_another_user_is_refused(tmp_path):
    theirs = tmp_path / "theirs"
    theirs.mkdir(mode=0o777)
    os.chown(theirs, 12345, 12345)
    assert call(theirs) == (0, "None")
    assert not any(theirs.iterdir())


def test_the_directory_is_private(tmp_path):
    cache = tmp_path / "cache"
    cache.mkdir(mode=0o755)
    _, directory = call(cache)
    assert stat.S_IMODE(Path(directory).stat().st_mode) == 0o700
    # A directory that was there before is not ours to change.
    assert stat.S_IMODE(cache.stat().st_mode) == 0o755


def test_two_processes_at_once(tmp_path):
    variables = {**os.environ, "SEGRULES_CACHE": str(tmp_path), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-W", "error", "-c", CODE]
    running = [
        subprocess.Popen(command, env=variables, stdout=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    for process in running:
        output, _ = process.communicate()
        assert process.returncode == 0
        assert output.startswith("True")
    call(tmp_path)
    assert call(tmp_path)[0] == 1


NORMAL = (
    "from segrules.sim.draws import normal\n"
    "from segrules.sim.uniforms import Key\n"
    "print(normal(Key(7, 1, 2, 3, 4)), sum(normal.stats.cache_hits.values()))\n"
)


def test_a_change_in_what_a_kernel_calls_compiles_it_anew(tmp_path):
    package = tmp_path / "segrules"
    shutil.copytree(ROOT / "segrules", package, ignore=shutil.ignore_patterns("__pycache__"))
    variables = {**os.environ, "SEGRULES_CACHE": str(tmp_path / "cache")}
    variables.pop("SEGRULES_NO_CACHE", None)

    def drawn():
        run = subprocess.run(
            [sys.executable, "-c", NORMAL],
            cwd=tmp_path,
            env={**variables, "PYTHONPATH": str(tmp_path)},
            capture_output=True,
            text=True,
            check=True,
        )
        value, hits = run.stdout.split()
        return float(value), int(hits)

    first, hits = drawn()
    assert hits == 0
    assert drawn() == (first, 1)
    # what the kernel does not reach leaves it alone
    with (package / "sim" / "luck.py").open("a", encoding="utf-8") as file:
        file.write("\n")
    assert drawn() == (first, 1)
    # another module, from which its own imports
    uniforms = package / "sim" / "uniforms.py"
    text = uniforms.read_text(encoding="utf-8")
    assert text.count("+ 0.5) * _UNIT") == 1
    uniforms.write_text(text.replace("+ 0.5) * _UNIT", "+ 0.5) * 0.5 * _UNIT"), encoding="utf-8")
    other, hits = drawn()
    assert hits == 0
    assert other != first
    assert drawn() == (other, 1)
    # a function that stands on another line leaves nothing behind
    kept = len(files(tmp_path / "cache", ".nbi"))
    text = (package / "sim" / "draws.py").read_text(encoding="utf-8")
    assert text.count("@kernel\ndef normal(") == 1
    moved = text.replace("@kernel\ndef normal(", "\n\n@kernel\ndef normal(")
    (package / "sim" / "draws.py").write_text(moved, encoding="utf-8")
    assert drawn() == (other, 0)
    assert len(files(tmp_path / "cache", ".nbi")) == kept
