"""RLlib on a batch: that it steps it as one, understands its resets, and trains."""

import math

import pytest
import train_rllib
from gymnasium.vector import AutoresetMode

import trifactor
import trifactor.rllib


def test_the_example_trains(capsys):
    arguments = "--worlds 4 --episode-length 10 --rollout 50 --batch-size 100 --iterations 2"
    curve = train_rllib.main(arguments.split())
    assert len(curve) == 2 and all(math.isfinite(value) for value in curve)
    # The steps that only reset a world are none.
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == ["200", "400"]


def test_rllib_steps_the_batch_itself_and_counts_whole_episodes():
    import ray

    ray.init(num_cpus=1, include_dashboard=False, log_to_driver=False)
    options = "--worlds 4 --episode-length 10 --rollout 55 --batch-size 100".split()
    algorithm = train_rllib.configure(train_rllib.arguments(options)).build_algo()
    try:
        result = algorithm.train()
        batch = algorithm.env_runner.env.unwrapped
        assert isinstance(batch, trifactor.TriFingerVectorEnv) and batch.num_envs == 4
        statistics = result["env_runners"]
        assert statistics["episode_len_min"] == statistics["episode_len_max"] == 10
        # Of 55 steps of each world every eleventh or so is a reset, which is no step.
        assert statistics["num_episodes_lifetime"] == 4 * 5
    finally:
        algorithm.stop()
        ray.shutdown()


@pytest.mark.parametrize(
    ("context", "match"),
    [
        ({"num_envs": 2}, "'id' is missing"),
        ({"id": "trifactor/Pushing-v0"}, "vector_entry_point"),
        ({"id": "trifactor/Pushing-v0", "num_envs": 2, "autoreset_mode": "SameStep"}, "NextStep"),
        ({"id": "trifactor/Pushing-v0", "num_envs": 2, "vectorization_mode": "sync"}, "vectorization"),
        ({"id": "trifactor/Pushing-v0", "num_envs": 0}, "num_envs"),
        ({"id": "trifactor/Pushing-v0", "num_envs": 2, "random_goals": "yes"}, "random_goals"),
        ({"id": "trifactor/Pushing-v0", "num_envs": 2, "skip_frame": 0}, "skip_frame"),
        ({"id": "trifactor/Pulling-v0", "num_envs": 2}, "Pulling"),
        ({"id": "trifactor/Sprites-Place1-v0", "num_envs": 2}, "Sprites-Place1"),
        ({"id": "CartPole-v1", "num_envs": 2}, "TriFingerVectorEnv"),
        ({"id": 5, "num_envs": 2}, "'id'"),
        ("trifactor/Pushing-v0", "env_config"),
        (None, "env_config"),
    ],
)
def test_what_rllib_would_misunderstand_is_refused(context, match):
    with pytest.raises(trifactor.SettingError, match=match):
        trifactor.rllib.make(context)


@pytest.mark.parametrize("mode", ["NextStep", AutoresetMode.NEXT_STEP])
def test_the_mode_that_rllib_needs_may_be_named(mode):
    envs = trifactor.rllib.make(
        {"id": "trifactor/Pushing-v0", "num_envs": 2, "autoreset_mode": mode, "random_goals": True}
    )
    assert isinstance(envs, trifactor.RandomGoals)
    assert envs.unwrapped.autoreset_mode == AutoresetMode.NEXT_STEP
