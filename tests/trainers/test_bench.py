"""The benchmark of training runs and fills its three columns."""

import bench_training


def test_every_column_is_measured(capsys):
    rounds = bench_training.main("--worlds 2 --threads 1 2 --steps 5 --rounds 1".split())
    assert set(rounds) == {(2, 1), (2, 2)}
    for measured in rounds.values():
        assert all(rates[name] > 0 for rates in measured for name in bench_training.COLUMNS)
    table = capsys.readouterr().out.splitlines()[-2:]
    assert [row.split("|")[1:3] for row in table] == [[" 2 ", " 1 "], [" 2 ", " 2 "]]
