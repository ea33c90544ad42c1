"""Exports a recorded episode to Rerun: robot, blocks, goals, contact forces, variables and reward.

    pip install trifactor[viewer]
    python examples/viewer.py episodes.arrow --episode 0 --output episode.rrd
    rerun episode.rrd

A data set is what `trifactor.record.RecordEpisodes` or `trifactor run --data` writes. Every step is
taken again to know who pushed on whom: arrows are the mean forces of the step on the second of two
bodies.
"""

import argparse
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import rerun as rr

from trifactor.record import Dataset

ASSETS = Path(__file__).resolve().parents[1] / "assets"
# Length of an arrow, m/N.
FORCE = 0.06
# A tick of the physics, s.
TICK = 0.004
# What stands in the pictures already, or changes with every step.
DRAWN = ("joint_", "cartesian_", "cylindrical_", "orientation", "euler_", "linear_v", "angular_v", "type")


def visuals():
    """{a link's kind (base, upper, middle, lower): [(mesh, where it is in the link's frame)]}."""
    found = []
    for link in ElementTree.parse(ASSETS / "trifinger.urdf").iter("link"):
        meshes = []
        for visual in link.findall("visual"):
            origin = visual.find("origin")
            text = "0 0 0" if origin is None else origin.get("xyz", "0 0 0")
            mesh = visual.find("geometry/mesh").get("filename")
            meshes.append((ASSETS / mesh, [float(x) for x in text.split()]))
        if meshes:
            found.append(meshes)
    # The links of the first finger; the others have the same.
    return found[:4]


def log_robot(recording, env):
    """Where the links are."""
    for name, (position, quaternion) in env.get_link_poses().items():
        place = rr.Transform3D(translation=position, quaternion=quaternion)
        recording.log(f"world/robot/{name}", place)


def log_meshes(recording, variables):
    """The robot's meshes in its links' frames, in the colours of the first state."""
    links = visuals()
    for finger in ("60", "120", "300"):
        for i, meshes in enumerate(links):
            name = f"robot_finger_{finger}_link_{i}"
            color = [*np.asarray(variables[name]["color"]).tolist(), 1.0]
            for number, (path, origin) in enumerate(meshes):
                entity = f"world/robot/{name}/mesh_{number}"
                recording.log(entity, rr.Transform3D(translation=origin), static=True)
                mesh = rr.Asset3D(path=path, albedo_factor=color)
                recording.log(f"{entity}/form", mesh, static=True)


def log_bodies(recording, variables, blocks, goals):
    """Blocks as solid boxes, goals as outlines."""
    for names, folder, mode in ((blocks, "blocks", "solid"), (goals, "goals", "majorwireframe")):
        for name in names:
            body = variables[name]
            box = rr.Boxes3D(
                half_sizes=[0.5 * np.asarray(body["size"])],
                centers=[body["cartesian_position"]],
                quaternions=[body["orientation"]],
                colors=[[*np.asarray(body["color"]).tolist(), 1.0]],
                fill_mode=mode,
            )
            recording.log(f"world/{folder}/{name}", box)


def log_contacts(recording, contacts, seconds):
    """An arrow for every pair that pushed: where, and the mean force on the second of them."""
    pairs = {}
    for contact in contacts:
        key = (contact["first"], contact["second"])
        place, push = pairs.get(key, (None, np.zeros(3)))
        pairs[key] = (contact["place"], push + contact["push"])
    arrows = rr.Arrows3D(
        origins=[place for place, _ in pairs.values()],
        vectors=[FORCE * push / seconds for _, push in pairs.values()],
        labels=[f"{second} by {first}" for first, second in pairs],
        show_labels=False,
        colors=[[255, 190, 0]],
    )
    recording.log("world/contacts", arrows)


def flat(variables):
    """(path, numbers) of every variable that no picture shows."""
    for name, value in variables.items():
        below = value if isinstance(value, dict) else {"": value}
        for attribute, numbers in below.items():
            if not (attribute or name).startswith(DRAWN):
                yield f"variables/{name}/{attribute}".rstrip("/"), np.atleast_1d(numbers)


def export(dataset, index, output):
    """Write an episode of a data set to an .rrd file; returns how many states it has."""
    dataset = Dataset(dataset) if isinstance(dataset, str | Path) else dataset
    episode, env = dataset[index], dataset.recover_environment()
    env.reset()
    recording = rr.RecordingStream("trifactor")
    recording.save(output)
    recording.log("world", rr.ViewCoordinates.RIGHT_HAND_Z_UP, static=True)
    dt = TICK * dataset.world["config"]["skip_frame"]
    told = {}
    steps = {step.index: step for step in episode.transitions()}
    for row, state in enumerate(episode.states):
        recording.set_time("row", sequence=row)
        recording.set_time("time", duration=dt * row)
        contacts = []
        if row in steps:
            env.set_state(steps[row].state)
            env.step(steps[row].action)
            contacts = env.get_contacts()
        env.set_state(state)
        variables = env.get_current_state_variables()
        if row == 0:
            log_meshes(recording, variables)
            floor = rr.Boxes3D(half_sizes=[[0.355, 0.38, 0.005]], centers=[[0, 0, -0.005]])
            recording.log("world/floor", floor, static=True)
        bodies = [n for n, v in variables.items() if isinstance(v, dict) and "size" in v]
        goals = [name for name in bodies if variables[name]["type"] >= 20]
        log_robot(recording, env)
        log_bodies(recording, variables, [n for n in bodies if n not in goals], goals)
        log_contacts(recording, contacts, dt)
        for path, numbers in flat(variables):
            if not np.array_equal(told.get(path), numbers):
                told[path] = numbers
                recording.log(path, rr.Scalars(numbers))
        if not np.isnan(episode.rewards[row]):
            recording.log("reward", rr.Scalars(episode.rewards[row]))
        recording.log("success", rr.Scalars(episode.fractional_success[row]))
        for event in episode.interventions[row]:
            recording.log("interventions", rr.TextLog(str(event)))
    recording.flush()
    return len(episode)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("dataset", type=Path, help="a data set of recorded episodes")
    parser.add_argument("--episode", type=int, default=0)
    parser.add_argument("--output", type=Path, default=Path("episode.rrd"))
    chosen = parser.parse_args()
    count = export(chosen.dataset, chosen.episode, chosen.output)
    print(f"{count} states written to {chosen.output}; look at them: rerun {chosen.output}")


if __name__ == "__main__":
    main()
