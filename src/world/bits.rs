//! States compared to the last bit: -0.0 is not 0.0, and a number that is none equals itself.

use super::{
    Appearance, ArenaState, BlockState, CameraState, GoalState, LightState, Pattern, State,
    SurfaceState, TaskState,
};
use crate::robot::{ActionQueue, RobotState};

impl State {
    /// Whether two states are the same, scene included, to the last bit of every number.
    pub fn same_bits(&self, other: &Self) -> bool {
        let same_scene =
            std::sync::Arc::ptr_eq(&self.scene, &other.scene) || self.scene == other.scene;
        same_scene && self.bits() == other.bits()
    }

    /// The bits of every number, in the order of the fields.
    fn bits(&self) -> Vec<u64> {
        // Whatever is added to a state must be named here.
        let Self {
            world,
            seed,
            episode,
            step,
            scene: _,
            robot,
            arena,
            task,
            blocks,
            goals,
            appearance,
        } = self;
        let mut bits = Bits(Vec::with_capacity(256 + 32 * (blocks.len() + goals.len())));
        bits.0.extend([*world, *seed, *episode, *step]);
        bits.robot(robot);
        bits.arena(arena);
        bits.task(task);
        bits.0.extend([blocks.len() as u64, goals.len() as u64]);
        blocks.iter().for_each(|block| bits.block(block));
        goals.iter().for_each(|goal| bits.goal(goal));
        bits.appearance(appearance);
        bits.0
    }
}

struct Bits(Vec<u64>);

impl Bits {
    fn add(&mut self, numbers: &[f64]) {
        self.0.extend(numbers.iter().map(|number| number.to_bits()));
    }

    fn robot(&mut self, robot: &RobotState) {
        let RobotState {
            joint_positions,
            joint_velocities,
            height,
            links,
            friction,
            restitution,
            joint_damping,
            position_gain_factor,
            velocity_gain_factor,
            torque_limit,
            action_delay,
            action_smoothing,
            joint_position_noise,
            target,
            torques,
            actions: ActionQueue { count, recent },
        } = robot;
        for nine in [joint_positions, joint_velocities, target, torques] {
            self.add(nine);
        }
        for link in links {
            self.add(&[link.mass]);
            self.add(&link.color);
        }
        self.add(&[*height, *friction, *restitution, *joint_damping]);
        self.add(&[*position_gain_factor, *velocity_gain_factor, *torque_limit]);
        self.add(&[*joint_position_noise]);
        self.0.extend([*action_delay, *action_smoothing, *count].map(|whole| whole as u64));
        self.add(recent.as_flattened());
    }

    fn arena(&mut self, ArenaState { floor, wall, gravity }: &ArenaState) {
        for SurfaceState { friction, restitution, color } in [floor, wall] {
            self.add(&[*friction, *restitution]);
            self.add(color);
        }
        self.add(gravity);
    }

    fn task(&mut self, task: &TaskState) {
        match task {
            TaskState::Listed => self.0.push(0),
            TaskState::Tower(tower) => {
                self.0.push(1);
                self.0.extend(tower.number_of_blocks_in_tower.map(u64::from));
                self.add(&tower.tower_dims);
                self.add(&tower.tower_center);
                self.add(&[tower.blocks_mass]);
            }
            TaskState::Stack(stack) => {
                self.0.extend([2, u64::from(stack.stack_levels), stack.goals as u64]);
                self.add(&[stack.blocks_min_size, stack.max_level_width, stack.blocks_mass]);
            }
            TaskState::Pile(pile) => {
                self.0.extend([3, u64::from(pile.nums_objects)]);
                self.add(&[pile.tool_block_size, pile.blocks_mass]);
            }
        }
    }

    fn block(&mut self, block: &BlockState) {
        let BlockState {
            size,
            mass,
            friction,
            restitution,
            linear_damping,
            angular_damping,
            color,
            position,
            orientation,
            linear_velocity,
            angular_velocity,
        } = block;
        for triple in [size, color, position, linear_velocity, angular_velocity] {
            self.add(triple);
        }
        self.add(orientation);
        self.add(&[*mass, *friction, *restitution, *linear_damping, *angular_damping]);
    }

    fn appearance(&mut self, Appearance { light, cameras, patterns }: &Appearance) {
        let LightState { turn, intensity, ambient } = light;
        self.add(turn);
        self.add(&[*intensity, *ambient]);
        for CameraState { shift, turn, field_of_view_factor } in cameras {
            self.add(shift);
            self.add(turn);
            self.add(&[*field_of_view_factor]);
        }
        for (name, Pattern { kind, color, scale }) in patterns {
            self.0.push(name.len() as u64);
            self.0.extend(name.bytes().map(u64::from));
            self.0.push(kind.number() as u64);
            self.add(color);
            self.add(&[*scale]);
        }
    }

    fn goal(&mut self, GoalState { size, color, position, orientation }: &GoalState) {
        for triple in [size, color, position] {
            self.add(triple);
        }
        self.add(orientation);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use crate::robot::{REST, RobotState};
    use crate::world::{GoalShape, Pattern, PatternKind, Scene, State};

    #[test]
    fn every_number_that_json_writes_of_a_state_is_compared() {
        let scene = Scene::new().movable("a").goal("goal", GoalShape::Cuboid);
        let mut state = State::new(Arc::new(scene), RobotState::resting(REST));
        let pattern = Pattern { kind: PatternKind::Dots, color: [0.1, 0.2, 0.3], scale: 0.02 };
        Arc::make_mut(&mut state.appearance).set_pattern("a", pattern);
        let value = serde_json::to_value(&state).unwrap();
        assert!(state.same_bits(&state.clone()));
        let mut changed = 0;
        each_number(&value, &mut Vec::new(), &mut |place| {
            let mut other = value.clone();
            let number = other.pointer_mut(place).unwrap();
            *number = match number.as_u64() {
                Some(whole) => (whole + 1).into(),
                None => (-number.as_f64().unwrap()).into(),
            };
            let other: State = serde_json::from_value(other).unwrap();
            assert!(!state.same_bits(&other), "{place} is not compared");
            changed += 1;
        });
        assert!(changed > 200, "only {changed} numbers were found");
    }

    /// Calls with the place of every number, as a JSON pointer.
    fn each_number(
        value: &serde_json::Value,
        place: &mut Vec<String>,
        call: &mut impl FnMut(&str),
    ) {
        let below: Vec<(String, &serde_json::Value)> = match value {
            serde_json::Value::Object(map) => map.iter().map(|(k, v)| (k.clone(), v)).collect(),
            serde_json::Value::Array(list) => {
                list.iter().enumerate().map(|(i, v)| (i.to_string(), v)).collect()
            }
            serde_json::Value::Number(_) => return call(&format!("/{}", place.join("/"))),
            _ => return,
        };
        for (key, value) in below {
            place.push(key);
            each_number(value, place, call);
            place.pop();
        }
    }
}
