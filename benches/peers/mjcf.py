"""The same robot and blocks as a MuJoCo model, written from the numbers of the reference.

Masses and inertias are those that the reference simulates with after a reset. Links are capsules;
the lowest ends in a fingertip of effective radius 0.0105 m. Friction coefficients are the products
of the two surfaces (finger 0.5, block 1, floor 0.5), given pair by pair because MuJoCo would take
the larger of the two. The softness of contacts (solref, solimp) is MuJoCo's default. Left out: the
ring wall, which nothing reaches, and the drag on each link, for which MuJoCo has no equal.
"""

from itertools import combinations

from scene import (
    BASE_HEIGHT,
    BLOCK_CENTRES,
    BLOCK_MASS,
    BLOCK_SIZE,
    FINGER_YAWS,
    KD,
    KP,
    MAX_TORQUE,
    SAFETY_DAMPING,
    SHOULDER_OFFSET,
    TICK,
)

# position of the joint in the parent, axis, range; mass, centre of mass, quaternion (wxyz) of the
# principal axes, principal inertias; ends of the capsule, radius.
LINKS = (
    ("upper", "0 0 0", "-1 0 0", "-1.5708 1.5708",
     0.14854, "-0.079 0 0", "0.9979315 0 0 -0.0642866", "9.4304e-5 5.7442e-4 6.0436e-4",
     "-0.1578 0.0070 0 0.0009 -0.0004 0.0002", 0.0213),
    ("middle", "0 -0.014 0", "0 1 0", "-1.5708 1.5708",
     0.14854, "0 -0.019 -0.079", "0.9979315 0.0642866 0 0", "5.9349e-4 5.6358e-4 9.2791e-5",
     "0 -0.0258 -0.1575 0 -0.0132 -0.0139", 0.0211),
    ("lower", "0 -0.03745 -0.16", "0 1 0", "-3.14159 3.14159",
     0.0307, "0 -0.009 -0.089", "1 0 0 0", "9.3854e-5 9.4822e-5 4.9411e-6",
     "0 -0.0075 -0.002 0 -0.008 -0.16", 0.0105),
)  # fmt: skip
TIP = '<inertial pos="0 0 0" mass="0.01" diaginertia="1.66667e-7 1.66667e-7 1.66667e-7"/>'
FRICTION = {"finger": 0.5, "block": 1.0, "floor": 0.5}


def _finger(index, servo):
    text, close = "", ""
    for joint, link in enumerate(LINKS):
        name, pos, axis, limits, mass, com, quat, inertia, ends, radius = link
        damping = SAFETY_DAMPING[joint] if servo else 0.0
        text += (
            f'<body name="{name}_{index}" pos="{pos}">'
            f'<joint name="{name}_{index}" axis="{axis}" range="{limits}" damping="{damping}"/>'
            f'<inertial pos="{com}" quat="{quat}" mass="{mass}" diaginertia="{inertia}"/>'
            f'<geom name="finger_{name}_{index}" type="capsule" fromto="{ends}" size="{radius}"/>'
        )
        close += "</body>"
    text += f'<body pos="0 -0.008 -0.16">{TIP}</body>{close}'
    yaw = FINGER_YAWS[index]
    return (
        f'<body pos="0 0 {BASE_HEIGHT}" euler="0 0 {yaw}">'
        f'<body pos="{-SHOULDER_OFFSET} 0 0">{text}</body></body>'
    )


def _block(index):
    x, y = BLOCK_CENTRES[index]
    half = BLOCK_SIZE / 2
    return (
        f'<body name="block_{index}" pos="{x} {y} {half}"><freejoint/>'
        f'<geom name="block_{index}" type="box" size="{half} {half} {half}" mass="{BLOCK_MASS}"/>'
        "</body>"
    )


def _pairs(geoms):
    text = ""
    for a, b in combinations(geoms, 2):
        (kind_a, *rest_a), (kind_b, *rest_b) = a.split("_"), b.split("_")
        # Within a finger only upper and lower collide: neighbours in the chain do not.
        if kind_a == kind_b == "finger" and rest_a[1] == rest_b[1]:
            if {rest_a[0], rest_b[0]} != {"upper", "lower"}:
                continue
        # The shoulder turns about the axis of the upper link, which so stays high above the floor.
        if "finger_upper" in (a[:12], b[:12]) and "floor" in (kind_a, kind_b):
            continue
        mu = FRICTION[kind_a] * FRICTION[kind_b]
        text += f'<pair geom1="{a}" geom2="{b}" condim="3" friction="{mu} {mu} 0 0 0"/>'
    return text


def _actuators(servo):
    text = ""
    for joint in range(9):
        name = f"{LINKS[joint % 3][0]}_{joint // 3}"
        if servo:
            text += (
                f'<general joint="{name}" gainprm="{KP[joint]}" biastype="affine" '
                f'biasprm="0 {-KP[joint]} {-KD[joint]}" forcerange="{-MAX_TORQUE} {MAX_TORQUE}"/>'
            )
        else:
            text += f'<motor joint="{name}"/>'
    return text


def model_text(blocks, servo):
    """The model as XML. `servo`: MuJoCo closes the position loop; otherwise it takes torques."""
    geoms = ["floor"]
    geoms += [f"finger_{link[0]}_{finger}" for finger in range(3) for link in LINKS]
    geoms += [f"block_{index}" for index in range(blocks)]
    return f"""<mujoco model="trifinger">
  <compiler angle="radian" autolimits="true"/>
  <option timestep="{TICK}" integrator="Euler" cone="elliptic" solver="Newton">
    <flag eulerdamp="disable"/>
  </option>
  <default><geom contype="0" conaffinity="0"/></default>
  <worldbody>
    <geom name="floor" type="plane" size="0.4 0.4 0.01"/>
    {"".join(_finger(index, servo) for index in range(3))}
    {"".join(_block(index) for index in range(blocks))}
  </worldbody>
  <contact>{_pairs(geoms)}</contact>
  <actuator>{_actuators(servo)}</actuator>
</mujoco>"""
