//! Masks over the numbers of an observation, for learners that see no nodes.

use super::{LocalMask, Source};
use crate::env::Env;
use crate::env::observation::Owner;
use crate::error::{Error, Result};
use crate::robot::{FINGERS, JOINTS};
use crate::world::Node;

/// The mask expanded to an environment's observation: (numbers + 9) × numbers truth values, row by
/// row, the nine numbers of the action last.
///
/// Numbers of one node influence each other; what is the whole world's, such as gravity, influences
/// everything; time, kinds and padding only themselves. A feature of the user's may depend on
/// everything, and everything on it.
///
/// # Errors
/// [`Error::Setting`] where images are observed.
pub fn feature_mask(mask: &LocalMask, env: &Env) -> Result<Vec<bool>> {
    if env.image_shape().is_some() {
        let (name, value) = ("observation_mode", "pixel".to_string());
        let reason = "has no numbers that belong to nodes; observe structured or entities";
        return Err(Error::Setting { name, value, reason });
    }
    let owners = env.observation_owners();
    let blocks = env.state().blocks.len();
    let place = |node: Node| match node {
        Node::Finger(finger) => finger,
        Node::Block(block) => FINGERS + block,
        Node::Goal(goal) => FINGERS + blocks + goal,
    };
    let mut out = Vec::with_capacity((owners.len() + JOINTS) * owners.len());
    for (i, from) in owners.iter().enumerate() {
        out.extend(owners.iter().enumerate().map(|(j, to)| match (from, to) {
            _ if i == j => true,
            (_, Owner::Everybody) | (Owner::Everybody, Owner::Node(_)) => true,
            (Owner::World, Owner::Node(to)) => place(*to) < FINGERS + blocks,
            (Owner::Node(from), Owner::Node(to)) => {
                mask.influences(Source::Node(place(*from)), place(*to))
            }
            _ => false,
        }));
    }
    for number in 0..JOINTS {
        let source = Source::Action(number * FINGERS / JOINTS);
        out.extend(owners.iter().map(|to| match to {
            Owner::Node(to) => mask.influences(source, place(*to)),
            Owner::Everybody => true,
            Owner::Nobody | Owner::World => false,
        }));
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Config;
    use crate::causal::Strength;
    use crate::env::observation::{Context, Mode};

    /// The mask of a step whose second finger's target was changed, with the names.
    fn expanded(config: Config) -> (Vec<String>, Vec<bool>, LocalMask) {
        let mut env = Env::new(config).unwrap();
        env.reset(Some(0));
        env.step(&[0.3; 9]).unwrap();
        let mask = LocalMask::of(env.contacts(), &env.state().scene, Strength::Sound).unwrap();
        (env.observation_names(), feature_mask(&mask, &env).unwrap(), mask)
    }

    #[test]
    fn numbers_of_one_node_influence_each_other_and_others_as_their_nodes_do() {
        let config = Config { context: Context::All, ..Config::new("pushing") };
        let (names, out, mask) = expanded(config);
        let at = |name: &str| names.iter().position(|n| n == name).expect("a name");
        let says = |from: usize, to: &str| out[from * names.len() + at(to)];
        assert_eq!(out.len(), (names.len() + 9) * names.len());
        assert!(says(at("joint_positions[4]"), "joint_velocities[3]"));
        assert!(!says(at("joint_positions[4]"), "joint_velocities[8]"));
        assert!(says(names.len() + 4, "joint_positions[5]"));
        assert!(!says(names.len() + 4, "joint_positions[0]"));
        assert!(says(at("time_left_for_task"), "time_left_for_task"));
        assert!(!says(at("time_left_for_task"), "joint_positions[0]"));
        let touched = mask.influences(Source::Node(1), FINGERS);
        let block = "tool_block_cartesian_position[0]";
        assert_eq!(says(at("joint_positions[4]"), block), touched);
        assert!(names.iter().any(|name| name.contains("friction")), "{names:?}");
    }

    #[test]
    fn padding_of_an_entity_set_is_nobodys() {
        let config = Config {
            observation_mode: Mode::Entities,
            max_entities: Some(9),
            ..Config::new("pushing")
        };
        let (names, out, _) = expanded(config);
        let count = names.len();
        for row in count - 3..count {
            let reached = (0..count).filter(|to| out[row * count + to]).collect::<Vec<_>>();
            assert_eq!(reached, [row], "padding influences itself alone");
        }
    }
}
