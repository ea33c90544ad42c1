"""The benchmark of training runs and fills its three columns."""

import json
import subprocess
import sys

import bench_training


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
