//! The kinds of reward rules: names, raw terms, default weights.

use super::Rules;

/// What one kind of rules is called and pays.
pub(super) struct Row {
    pub(super) rules: Rules,
    pub(super) name: &'static str,
    /// The raw terms and their default weights.
    pub(super) terms: &'static [(&'static str, f64)],
}

/// All kinds, in the order of their declaration (facts 5.1, 5.6).
pub(super) const TABLE: [Row; 6] = [
    Row {
        rules: Rules::Reaching,
        name: "reaching",
        terms: &[
            ("tips_to_goals_progress", 100_000.0),
            ("tips_to_goals", 0.0),
            ("torques", 0.0),
            ("joint_velocity_change", 0.0),
        ],
    },
    Row {
        rules: Rules::Pushing,
        name: "pushing",
        terms: &[
            ("tips_to_block_progress", 750.0),
            ("block_to_goal_progress", 250.0),
            ("rotation_progress", 100.0),
        ],
    },
    Row {
        rules: Rules::Picking,
        name: "picking",
        terms: &[
            ("height_progress", 250.0),
            ("height", 0.0),
            ("axis_progress", 125.0),
            ("axis", 0.0),
            ("tips_to_block_progress", 750.0),
            ("tips_to_block", 0.0),
            ("two_nearest_tips", 0.0),
            ("joint_velocity_change", 0.005),
        ],
    },
    Row {
        rules: Rules::PickAndPlace,
        name: "pick_and_place",
        terms: &[
            ("tips_to_block_progress", 750.0),
            ("block_to_goal_progress", 50.0),
            ("height_progress", 250.0),
            ("rotation_progress", 0.0),
            ("joint_velocity_change", 0.005),
        ],
    },
    Row {
        rules: Rules::Stacking2,
        name: "stacking2",
        terms: &[
            ("tips_to_block_progress", 750.0),
            ("block_1_to_goal_progress", 250.0),
            ("block_2_height_progress", 250.0),
            ("block_2_over_block_1_progress", 125.0),
            ("joint_velocity_change", 0.005),
        ],
    },
    Row { rules: Rules::Filling, name: "filling", terms: &[] },
];
