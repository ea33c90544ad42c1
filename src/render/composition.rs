//! What stands where: the meshes of a scene, and their vertices in the world for one state.

use std::ops::Range;
use std::sync::Arc;

use nalgebra::{Matrix3, Vector3};

use super::Content;
use super::mark::Mark;
use super::mesh::{self, Mesh};
use super::paint::Paint;
use crate::math::{self, IDENTITY, Quat, Triple};
use crate::robot::{self, FINGERS, LINKS, LINKS_PER_FINGER, kinematics};
use crate::world::{GoalShape, Scene, State};

/// The entities before the blocks: nothing, floor, stage, three fingers.
const FIXED_ENTITIES: usize = 3 + FINGERS;

/// How much marks hide of what is behind them.
const MARK_OPACITY: f64 = 0.85;

/// The entities' names, in the order of their numbers in images: nothing, the floor, the stage
/// (which is the ring wall), the fingers, every block, every goal.
pub fn entities(scene: &Scene) -> Vec<String> {
    let fingers = robot::FINGER_NAMES.iter().map(|name| format!("robot_finger_{name}"));
    let fixed = ["nothing", "floor", "stage"].map(String::from).into_iter().chain(fingers);
    let blocks = scene.blocks.iter().map(|block| block.name.clone());
    fixed.chain(blocks).chain(scene.goals.iter().map(|goal| goal.name.clone())).collect()
}

/// What a part is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Owner {
    Floor,
    Wall,
    Link(usize),
    Block(usize),
    Goal(usize),
    Mark(usize),
}

/// A mesh's place among the vertices and triangles of a composition.
#[derive(Clone, Debug)]
pub(super) struct Part {
    pub(super) owner: Owner,
    pub(super) vertices: Range<usize>,
    pub(super) triangles: Range<usize>,
    // Whether another scale along each axis turns its normals.
    pub(super) oblique: bool,
}

/// How a part looks in one state.
#[derive(Clone, Copy, Debug)]
pub(super) struct Look {
    /// RGB, each 0 to 255.
    pub(super) color: [u8; 3],
    pub(super) entity: u16,
    /// 0 to 1; what is 1 hides what is behind it.
    pub(super) opacity: f32,
    /// Whether nothing hides it.
    pub(super) on_top: bool,
    /// Its origin, world frame, m.
    pub(super) center: Triple,
    /// Its pattern, where it has one.
    pub(super) paint: Option<Paint>,
}

/// Every mesh of a scene, and where its vertices are.
#[derive(Debug, Default)]
pub(super) struct Composition {
    scene: Option<Arc<Scene>>,
    goals: bool,
    blocks: bool,
    cutaway: bool,
    // Where every part is.
    pub(super) places: Vec<Place>,
    // How many of the parts are of the scene; marks follow them.
    lasting: usize,
    pub(super) parts: Vec<Part>,
    pub(super) looks: Vec<Look>,
    pub(super) positions: Vec<[f32; 3]>,
    pub(super) normals: Vec<[f32; 3]>,
    /// Corners, as indices of all vertices.
    pub(super) triangles: Vec<[u32; 3]>,
    /// World frame, m.
    pub(super) world: Vec<[f32; 3]>,
    /// The cosine between normal and light.
    pub(super) light: Vec<f32>,
}

impl Composition {
    /// Puts everything where a state has it; allocates only where the scene is another one.
    pub(super) fn pose(&mut self, state: &State, content: &Content, marks: &[Mark], light: Triple) {
        self.arrange(state, content, marks);
        self.world.resize(self.positions.len(), [0.0; 3]);
        self.light.resize(self.positions.len(), 0.0);
        for index in 0..self.parts.len() {
            self.put(index, light);
        }
    }

    /// Decides where every part is and how it looks, without moving a vertex.
    pub(super) fn arrange(&mut self, state: &State, content: &Content, marks: &[Mark]) {
        self.compose(state, content, marks);
        let joints = content.joints.as_ref().unwrap_or(&state.robot.joint_positions);
        let fingers = [0, 1, 2].map(|finger| {
            let joints = kinematics::of_finger(joints, finger);
            kinematics::link_poses(finger, joints, state.robot.height)
        });
        let blocks = state.blocks.len();
        self.looks.clear();
        self.places.clear();
        for index in 0..self.parts.len() {
            let (place, look) = match self.parts[index].owner {
                Owner::Floor => still(state.arena.floor.color, 1),
                Owner::Wall => still(state.arena.wall.color, 2),
                Owner::Link(i) => {
                    let finger = i / LINKS_PER_FINGER;
                    let (position, orientation) = fingers[finger][i % LINKS_PER_FINGER];
                    let place = Place { position, orientation, scale: [1.0; 3] };
                    (place, look(state.robot.links[i].color, 3 + finger, 1.0, position))
                }
                Owner::Block(i) => {
                    let b = state.blocks.get(i).copied().unwrap_or_default();
                    let (position, orientation) = (b.position, b.orientation);
                    let place = Place { position, orientation, scale: b.size };
                    (place, look(b.color, FIXED_ENTITIES + i, 1.0, position))
                }
                Owner::Goal(i) => {
                    let g = state.goals.get(i).copied().unwrap_or_default();
                    let (position, orientation) = (g.position, g.orientation);
                    let place = Place { position, orientation, scale: g.size };
                    let entity = FIXED_ENTITIES + blocks + i;
                    (place, look(g.color, entity, content.goal_opacity, position))
                }
                Owner::Mark(i) => {
                    let mark = &marks[i];
                    let (position, orientation, scale) = mark.place();
                    let look = Look { on_top: true, ..look(mark.color, 0, MARK_OPACITY, position) };
                    (Place { position, orientation, scale }, look)
                }
            };
            self.looks.push(look);
            self.places.push(place);
        }
        self.paint(state);
    }

    /// Gives what has a pattern its own.
    fn paint(&mut self, state: &State) {
        if state.appearance.patterns.is_empty() {
            return;
        }
        for ((part, place), look) in self.parts.iter().zip(&self.places).zip(&mut self.looks) {
            let name = match part.owner {
                Owner::Floor => "floor".to_string(),
                Owner::Wall => "stage".to_string(),
                Owner::Link(i) => robot::link_name(i),
                Owner::Block(i) => state.scene.blocks[i].name.clone(),
                Owner::Goal(i) => state.scene.goals[i].name.clone(),
                Owner::Mark(_) => continue,
            };
            let rotation = math::rotation(place.orientation).to_rotation_matrix().into_inner();
            let pattern = state.appearance.pattern(&name);
            look.paint = Paint::of(&pattern, &rotation, place.position);
        }
    }

    /// Transforms one part's vertices.
    fn put(&mut self, index: usize, light: Triple) {
        let (part, place) = (&self.parts[index], &self.places[index]);
        let rotation = math::rotation(place.orientation).to_rotation_matrix().into_inner();
        let scale = math::vector(place.scale);
        let transform = (rotation * Matrix3::from_diagonal(&scale)).cast::<f32>();
        let origin = math::vector(place.position).cast::<f32>();
        let toward = (rotation.transpose() * math::vector(light)).cast::<f32>();
        let inverse = scale.map(|s| 1.0 / s).cast::<f32>();
        let range = part.vertices.clone();
        let rows = [0, 1, 2].map(|r| [transform[(r, 0)], transform[(r, 1)], transform[(r, 2)]]);
        let from = &self.positions[range.clone()];
        for (to, p) in self.world[range.clone()].iter_mut().zip(from) {
            *to = [0, 1, 2]
                .map(|r| rows[r][0] * p[0] + rows[r][1] * p[1] + rows[r][2] * p[2] + origin[r]);
        }
        let normals = &self.normals[range.clone()];
        for (to, n) in self.light[range].iter_mut().zip(normals) {
            *to = if part.oblique {
                let n = Vector3::from(*n).component_mul(&inverse);
                n.dot(&toward) / n.norm_squared().sqrt().max(f32::MIN_POSITIVE)
            } else {
                n[0] * toward.x + n[1] * toward.y + n[2] * toward.z
            };
        }
    }

    /// Whether it has the meshes of what is shown of a state's scene.
    pub(super) fn is_of(&self, state: &State, content: &Content) -> bool {
        let scene = &state.scene;
        let same = self.scene.as_ref().is_some_and(|s| Arc::ptr_eq(s, scene) || s == scene);
        let goals = content.goal_opacity > 0.0;
        let shown = (goals, content.blocks, content.cutaway);
        same && (self.goals, self.blocks, self.cutaway) == shown
    }

    /// Gathers the meshes, where the scene or what is shown of it is another than before.
    fn compose(&mut self, state: &State, content: &Content, marks: &[Mark]) {
        let scene = &state.scene;
        let goals = content.goal_opacity > 0.0;
        let (blocks, cutaway) = (content.blocks, content.cutaway);
        if !self.is_of(state, content) {
            self.truncate(0);
            self.add_lasting(scene, goals, content);
            self.lasting = self.parts.len();
        }
        self.scene = Some(Arc::clone(scene));
        (self.goals, self.blocks, self.cutaway) = (goals, blocks, cutaway);
        self.truncate(self.lasting);
        for (i, mark) in marks.iter().enumerate() {
            self.add(Owner::Mark(i), mark.mesh(), false);
        }
    }

    fn add_lasting(&mut self, scene: &Scene, goals: bool, content: &Content) {
        self.add(Owner::Floor, Mesh::floor(scene.without_wall), false);
        if !scene.without_wall {
            self.add(Owner::Wall, Mesh::wall(content.cutaway), false);
        }
        for i in 0..LINKS {
            let finger = &robot::description().fingers[i / LINKS_PER_FINGER];
            for visual in &finger.links[i % LINKS_PER_FINGER].visuals {
                let turn = math::rotation(visual.orientation);
                let shift = math::vector(visual.position);
                let mut mesh = mesh::visual(&visual.mesh).clone();
                for p in &mut mesh.positions {
                    *p = (turn * Vector3::from(p.map(f64::from)) + shift).cast::<f32>().into();
                }
                for n in &mut mesh.normals {
                    *n = (turn * Vector3::from(n.map(f64::from))).cast::<f32>().into();
                }
                self.add(Owner::Link(i), &mesh, false);
            }
        }
        for (i, block) in scene.blocks.iter().enumerate().filter(|_| content.blocks) {
            match &block.mesh {
                None => self.add(Owner::Block(i), Mesh::cube(), false),
                Some(form) => self.add(Owner::Block(i), &Mesh::of_block(form), true),
            }
        }
        for (i, goal) in scene.goals.iter().enumerate().filter(|_| goals) {
            match (&goal.mesh, goal.shape) {
                (Some(form), _) => self.add(Owner::Goal(i), &Mesh::of_block(form), true),
                (None, GoalShape::Cuboid) => self.add(Owner::Goal(i), Mesh::cube(), false),
                (None, GoalShape::Sphere) => self.add(Owner::Goal(i), Mesh::ball(), false),
            }
        }
    }

    fn add(&mut self, owner: Owner, mesh: &Mesh, oblique: bool) {
        let (vertex, triangle) = (self.positions.len(), self.triangles.len());
        self.positions.extend_from_slice(&mesh.positions);
        self.normals.extend_from_slice(&mesh.normals);
        let shifted = mesh.triangles.iter().map(|t| t.map(|i| i + vertex as u32));
        self.triangles.extend(shifted);
        self.parts.push(Part {
            owner,
            vertices: vertex..self.positions.len(),
            triangles: triangle..self.triangles.len(),
            oblique,
        });
    }

    /// Keeps the first parts.
    fn truncate(&mut self, parts: usize) {
        let first = parts.checked_sub(1).and_then(|last| self.parts.get(last));
        let (vertices, triangles) = first.map_or((0, 0), |p| (p.vertices.end, p.triangles.end));
        self.parts.truncate(parts);
        self.positions.truncate(vertices);
        self.normals.truncate(vertices);
        self.triangles.truncate(triangles);
    }
}

/// Where a mesh goes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub(super) position: Triple,
    pub(super) orientation: Quat,
    pub(super) scale: Triple,
}

/// What never moves.
fn still(color: Triple, entity: usize) -> (Place, Look) {
    let place = Place { position: [0.0; 3], orientation: IDENTITY, scale: [1.0; 3] };
    (place, look(color, entity, 1.0, [0.0; 3]))
}

fn look(color: Triple, entity: usize, opacity: f64, center: Triple) -> Look {
    let color = color.map(byte);
    // More entities than numbers share the last one.
    let entity = entity.min(usize::from(u16::MAX)) as u16;
    Look { color, entity, opacity: opacity as f32, on_top: false, center, paint: None }
}

/// A share of 1 as a byte; what is beyond is clipped.
pub(super) fn byte(share: f64) -> u8 {
    (share * 255.0 + 0.5) as u8
}
