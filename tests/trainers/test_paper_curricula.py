"""The paper's set-up in one file: that it trains, evaluates and writes what it promises."""

import numpy as np
from paper_curricula import run

import trifactor


def test_the_example_trains_evaluates_and_writes(tmp_path):
    arguments = ["--quick", "--seeds", "3", "--out", str(tmp_path)]
    found = run.main(arguments)["pushing"]
    folder = tmp_path / "pushing"
    assert [scores.policy for scores in found] == [f"curriculum {c}" for c in "012"]
    names = [f"P{number}" for number in range(12)]
    for curriculum, scores in zip("012", found, strict=True):
        own = folder / f"curriculum-{curriculum}"
        assert scores.protocols == names and scores.document["runs"] == ["3"]
        assert trifactor.Scores.load(own / "scores.json").document == scores.document
        assert (own / "seed-3/curve.csv").read_text().startswith("steps,seconds,")
    rows = (folder / "results.md").read_text().splitlines()
    assert [row.split(" | ")[:2] for row in rows[2:]] == [
        [f"| {curriculum}", overlap] for curriculum in "012" for overlap in ("exact", "boxes")
    ]
    assert all(len(row.split(" | ")) == 2 + len(names) + 1 for row in rows)
    assert "curriculum 2" in (folder / "report.html").read_text(encoding="utf-8")
    assert (folder / "curves.svg").read_text().startswith("<?xml")
    # The policies are found again, and score the same.
    before = (folder / "curriculum-1/seed-3/policy.zip").stat().st_mtime_ns
    again = run.main([*arguments, "--jobs", "1"])["pushing"]
    assert (folder / "curriculum-1/seed-3/policy.zip").stat().st_mtime_ns == before
    assert [scores.document for scores in again] == [scores.document for scores in found]


def test_a_curriculum_changes_the_worlds_that_are_trained_in():
    """What each curriculum varies between episodes: nothing, goals alone, and the rest too."""
    varied = {}
    for curriculum in run.CURRICULA:
        task = run.TASKS["pushing"]
        envs = run.gym.make_vec(task.id, num_envs=4, num_threads=1, **run.settings(task))
        envs = run.CurriculumWrapper(envs, curriculum)
        envs.reset(seed=0)
        worlds = envs.unwrapped.call("get_current_state_variables")
        paths = {
            (name, part)
            for name, values in worlds[0].items()
            if isinstance(values, dict)
            for part in values
            if len({np.asarray(world[name][part]).tobytes() for world in worlds}) > 1
        }
        varied[curriculum] = paths
    assert varied["0"] == set()
    assert {name for name, _ in varied["1"]} == {"goal_block"}
    assert {("tool_block", "mass"), ("tool_block", "size"), ("goal_block", "cylindrical_position")} <= (
        varied["2"]
    )
