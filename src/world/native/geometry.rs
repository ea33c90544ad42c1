//! Where the parts of a state stand: links and blocks as poses and boxes around them.

use rapier3d_f64::parry::bounding_volume::Aabb;
use rapier3d_f64::parry::shape::Capsule;
use rapier3d_f64::prelude::{Pose, Rotation, Vector};

use super::shape::Shape;
use crate::math;
use crate::robot::{self, FINGERS, JOINTS, JOINTS_PER_FINGER};
use crate::world::State;

/// A capsule of a link, in the link's frame.
pub(super) struct LinkCapsule {
    /// The link, counted as its joint is.
    pub(super) link: usize,
    pub(super) shape: Capsule,
}

/// The poses of all parts, and the boxes around their shapes, at an instant.
pub(super) struct Geometry {
    pub(super) capsules: Vec<LinkCapsule>,
    pub(super) links: [Pose; JOINTS],
    pub(super) blocks: Vec<Pose>,
    /// The blocks' forms; kept from before where they are still those of the state.
    pub(super) shapes: Vec<Shape>,
    /// The blocks' centres of mass, world frame.
    pub(super) centers: Vec<Vector>,
    pub(super) capsule_boxes: Vec<Aabb>,
    pub(super) block_boxes: Vec<Aabb>,
    /// The joints' origins and unit axes, world frame.
    joints: [(Vector, Vector); JOINTS],
    /// The joints' axes in the frames of the links they carry.
    axes: [Vector; JOINTS_PER_FINGER],
}

impl Geometry {
    pub(super) fn new() -> Self {
        let mut capsules = Vec::new();
        for (finger, description) in robot::description().fingers.iter().enumerate() {
            for (joint, link) in description.links[1..].iter().enumerate() {
                for capsule in &link.capsules {
                    let [a, b] = [capsule.a, capsule.b].map(math::to_rapier);
                    capsules.push(LinkCapsule {
                        link: finger * JOINTS_PER_FINGER + joint,
                        shape: Capsule::new(a, b, capsule.radius),
                    });
                }
            }
        }
        Self {
            capsules,
            links: [Pose::IDENTITY; JOINTS],
            blocks: Vec::new(),
            shapes: Vec::new(),
            centers: Vec::new(),
            capsule_boxes: Vec::new(),
            block_boxes: Vec::new(),
            joints: [(Vector::ZERO, Vector::ZERO); JOINTS],
            axes: std::array::from_fn(|joint| {
                let axis = robot::description().fingers[0].joints[joint].axis;
                math::to_rapier(axis.unwrap_or_default())
            }),
        }
    }

    /// A joint's origin and unit axis, world frame.
    pub(super) fn joint(&self, joint: usize) -> (Vector, Vector) {
        self.joints[joint]
    }

    /// Reads where everything stands.
    pub(super) fn place(&mut self, state: &State) {
        let robot = &state.robot;
        for finger in 0..FINGERS {
            let joints = robot::kinematics::of_finger(&robot.joint_positions, finger);
            let poses = robot::kinematics::link_poses(finger, joints, robot.height);
            for joint in 0..JOINTS_PER_FINGER {
                let (position, orientation) = poses[joint + 1];
                let pose = math::to_rapier_pose(position, orientation);
                let index = finger * JOINTS_PER_FINGER + joint;
                self.links[index] = pose;
                self.joints[index] = (pose.translation, pose.rotation * self.axes[joint]);
            }
        }
        self.blocks.clear();
        self.block_boxes.clear();
        self.centers.clear();
        self.shapes.truncate(state.blocks.len());
        for (i, (description, block)) in state.scene.blocks.iter().zip(&state.blocks).enumerate() {
            match self.shapes.get_mut(i) {
                Some(shape) if shape.is_of(description, block.size) => {}
                Some(shape) => *shape = Shape::of(description, block.size),
                None => self.shapes.push(Shape::of(description, block.size)),
            }
            let shape = &self.shapes[i];
            let pose = math::to_rapier_pose(block.position, block.orientation);
            self.block_boxes.push(around_box(&pose, shape.bounds.half_extents));
            self.centers.push(pose.translation + pose.rotation * shape.center);
            self.blocks.push(pose);
        }
        self.capsule_boxes.clear();
        for capsule in &self.capsules {
            let pose = &self.links[capsule.link];
            let segment = capsule.shape.segment;
            let (a, b) = (pose.transform_point(segment.a), pose.transform_point(segment.b));
            let radius = Vector::splat(capsule.shape.radius);
            self.capsule_boxes.push(Aabb::new(a.min(b) - radius, a.max(b) + radius));
        }
    }
}

/// The axis-aligned box around a box.
fn around_box(pose: &Pose, half: Vector) -> Aabb {
    let axes = axes(pose.rotation);
    let extent = axes[0].abs() * half.x + axes[1].abs() * half.y + axes[2].abs() * half.z;
    Aabb::new(pose.translation - extent, pose.translation + extent)
}

/// The three axes of a rotated frame, in the world's.
pub(super) fn axes(rotation: Rotation) -> [Vector; 3] {
    [rotation * Vector::X, rotation * Vector::Y, rotation * Vector::Z]
}
