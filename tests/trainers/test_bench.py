"""The benchmark of training runs and fills its three columns."""

import json
import subprocess
import sys

import bench_training
import pytest

import trifactor
from trifactor.rates import training_rates


def test_every_column_is_measured(capsys):
    rounds = bench_training.main("--worlds 2 --threads 1 2 --steps 5 --rounds 1".split())
    assert set(rounds) == {(2, 1), (2, 2)}
    for measured in rounds.values():
        assert all(rates[name] > 0 for rates in measured for name in bench_training.COLUMNS)
    table = capsys.readouterr().out.splitlines()[-2:]
    assert [row.split("|")[1:3] for row in table] == [[" 2 ", " 1 "], [" 2 ", " 2 "]]


def test_the_command_has_a_column_of_training():
    words = "bench --worlds 2 --threads 1 --rounds 1 --json".split()
    told = subprocess.run([sys.executable, "-m", "trifactor", *words], capture_output=True, check=True)
    (row,) = json.loads(told.stdout)["rows"]
    assert all(row[column] > 0 for column in ("environment", "policy", "training"))


@pytest.mark.parametrize(
    ("wrong", "name"),
    [
        ({"id": 5}, "id"),
        ({"worlds": 0}, "worlds"),
        ({"worlds": True}, "worlds"),
        ({"threads": 0}, "threads"),
        ({"threads": 2**70}, "threads"),
        ({"steps": 1.5}, "steps"),
    ],
)
def test_an_argument_of_the_rates_that_is_none_is_refused_by_name(wrong, name):
    arguments = {"id": "trifactor/Pushing-v0", "worlds": 2, "threads": 1, "steps": 5, **wrong}
    with pytest.raises(trifactor.SettingError, match=f"^{name}"):
        training_rates(**arguments)
