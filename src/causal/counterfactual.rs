//! What would have come of it: the same actions in another world, other actions in the same.
//!
//! A state is everything that matters, so a counterfactual is no estimate: the world is set to what
//! is asked, everything else stays, and the step is taken.

use crate::env::Env;
use crate::error::{Error, Result};
use crate::intervention::Intervention;
use crate::variable::{Rules, Space, Variable};
use crate::vec_env::{Branch, VecEnv, check_sequence, follow};
use crate::world::State;

/// What shall be otherwise than it was.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Question {
    /// What is set in the state from which it goes on; empty for nothing.
    pub set: Intervention,
    /// The actions in place of those that were taken, nine numbers each; `None` for the same.
    pub actions: Option<Vec<f64>>,
}

/// A state and what came of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Course {
    /// The state that the first action was taken in.
    pub start: State,
    /// What came of the actions, with the state after each.
    pub branch: Branch,
}

impl Course {
    /// The states in order, the first before any action.
    pub fn states(&self) -> impl Iterator<Item = &State> {
        std::iter::once(&self.start).chain(&self.branch.states)
    }
}

/// What came of it, and what would have.
#[derive(Clone, Debug, PartialEq)]
pub struct Courses {
    /// What the actions lead to where nothing is otherwise.
    pub factual: Course,
    /// What they would have led to, a course for each question, or why it can not be asked.
    pub counterfactual: Vec<Result<Course>>,
}

/// A variable that has another value than it had.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// How many actions were taken before; 0 in the state that they began in.
    pub step: usize,
    /// The variable's path.
    pub path: String,
    /// Its value in fact; empty where there is no such variable.
    pub factual: Vec<f64>,
    /// Its value otherwise; empty where there is no such variable.
    pub counterfactual: Vec<f64>,
}

impl Difference {
    /// The largest difference of one of its numbers, in the variable's unit; NaN where the variable
    /// is there in one of the two alone.
    pub fn largest(&self) -> f64 {
        if self.factual.len() != self.counterfactual.len() {
            return f64::NAN;
        }
        let pairs = self.factual.iter().zip(&self.counterfactual);
        pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
    }
}

/// Answers questions about actions, nine numbers each, taken from a state: in parallel, and without
/// touching a world of the batch.
///
/// Interventions are those of [`Env::do_intervention`]: checked, applied whole, or refused; values
/// are held against `space`, if there is one. Every course is followed to the end of its actions or
/// of the episode. Actors of a curriculum do not act in them.
///
/// # Errors
/// [`Error::OtherWorld`] for a state of another world; [`Error::Shape`] or [`Error::NotFinite`] for
/// actions, with 0 for the factual ones and then the question's number from 1.
pub fn counterfactuals(
    worlds: &mut VecEnv,
    state: &State,
    actions: &[f64],
    questions: &[Question],
    space: Option<&Space>,
) -> Result<Courses> {
    let nothing = Question::default();
    let all: Vec<&Question> = std::iter::once(&nothing).chain(questions).collect();
    let actions = |question: &'_ Question| question.actions.clone().unwrap_or(actions.to_vec());
    for (i, question) in all.iter().enumerate() {
        check_sequence(i, &actions(question))?;
    }
    let work = |i: usize, env: &mut Env| {
        env.set_state(state)?;
        let question: &Question = all[i];
        if !question.set.is_empty() {
            env.intervene_within(&question.set, space)?;
        }
        let start = env.state().clone();
        Ok(Course { start, branch: follow(env, &actions(question), true)? })
    };
    let mut courses = worlds.in_scratch(all.len(), work)?.into_iter();
    let missing = || Err(Error::Panicked { reason: "without a result".to_string() });
    let factual = courses.next().unwrap_or_else(missing)?;
    Ok(Courses { factual, counterfactual: courses.collect() })
}

/// Every variable at every step that has another value in a course than it had in fact, in order.
///
/// A pose is compared as it is stored, cartesian and as a quaternion; where one course is longer,
/// its further steps are not compared.
pub fn differences(rules: &Rules, factual: &Course, other: &Course) -> Vec<Difference> {
    let pairs = factual.states().zip(other.states()).enumerate();
    pairs.flat_map(|(step, (a, b))| at_step(rules, step, a, b)).collect()
}

fn at_step(rules: &Rules, step: usize, a: &State, b: &State) -> Vec<Difference> {
    let same_scene = a.scene == b.scene;
    let known = |state: &State| stored(state, rules);
    let mut paths: Vec<String> = known(a).map(|v| v.path(&a.scene)).collect();
    if !same_scene {
        let more: Vec<_> = known(b).map(|v| v.path(&b.scene)).collect();
        paths.extend(more.into_iter().filter(|path| !paths.contains(path)).collect::<Vec<_>>());
    }
    let value = |state: &State, path: &str| {
        Variable::find(&state.scene, rules, path).map_or(Vec::new(), |v| v.read(state))
    };
    let one = |path: String| {
        let (factual, counterfactual) = (value(a, &path), value(b, &path));
        let bits = |values: &[f64]| values.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
        (bits(&factual) != bits(&counterfactual)).then_some(Difference {
            step,
            path,
            factual,
            counterfactual,
        })
    };
    paths.into_iter().filter_map(one).collect()
}

/// The variables of a state, poses only as they are stored.
pub(super) fn stored(state: &State, rules: &Rules) -> impl Iterator<Item = Variable> + use<> {
    let twin = |variable: &Variable| {
        matches!(variable.attribute.name, "cylindrical_position" | "euler_orientation")
    };
    Variable::all(&state.scene, rules).into_iter().filter(move |variable| !twin(variable))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Config;
    use crate::vec_env::Autoreset;

    fn worlds() -> (VecEnv, State) {
        let worlds = VecEnv::new(Config::new("pushing"), 1, 1, Autoreset::Disabled).unwrap();
        let mut env = Env::new(Config::new("pushing")).unwrap();
        env.reset(Some(3));
        (worlds, env.state().clone())
    }

    #[test]
    fn a_question_that_changes_nothing_has_the_factual_course_and_no_difference() {
        let (mut worlds, state) = worlds();
        let same = Question { actions: Some(vec![0.2; 36]), ..Question::default() };
        let all =
            counterfactuals(&mut worlds, &state, &[0.2; 36], &[Question::default(), same], None);
        let all = all.unwrap();
        let rules = worlds.world(0).unwrap().family().rules().clone();
        for course in all.counterfactual {
            let course = course.unwrap();
            assert_eq!(course, all.factual);
            assert!(differences(&rules, &all.factual, &course).is_empty());
        }
        assert_eq!(all.factual.states().count(), 5);
    }

    #[test]
    fn differences_begin_with_what_was_set_and_name_what_followed() {
        let (mut worlds, state) = worlds();
        let set = Intervention::new().with("robot/velocity_gain_factor", [1.3]);
        let questions = [Question { set, actions: None }];
        let all = counterfactuals(&mut worlds, &state, &[0.2; 18], &questions, None).unwrap();
        let rules = worlds.world(0).unwrap().family().rules().clone();
        let course = all.counterfactual[0].as_ref().unwrap();
        let found = differences(&rules, &all.factual, course);
        let at = |step: usize| -> Vec<&str> {
            found.iter().filter(|d| d.step == step).map(|d| d.path.as_str()).collect()
        };
        assert_eq!(at(0), ["robot/velocity_gain_factor"]);
        assert!((found[0].largest() - 0.3).abs() < 1e-12, "{:?}", found[0]);
        assert!(at(2).contains(&"robot/joint_velocities"), "{found:?}");
    }

    #[test]
    fn what_can_not_be_asked_is_refused_and_the_others_are_answered() {
        let (mut worlds, state) = worlds();
        let negative = Intervention::new().with("tool_block/mass", [-1.0]);
        let questions = [Question { set: negative, actions: None }, Question::default()];
        let all = counterfactuals(&mut worlds, &state, &[0.0; 9], &questions, None).unwrap();
        assert!(matches!(all.counterfactual[0], Err(Error::Impossible { .. })));
        assert!(all.counterfactual[1].is_ok());
        let odd = [Question { actions: Some(vec![0.0; 5]), ..Question::default() }];
        assert!(counterfactuals(&mut worlds, &state, &[0.0; 9], &odd, None).is_err());
    }
}
