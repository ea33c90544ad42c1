//! Curricula: each actor acts when its definition says, inside its space, the same in any batch.

use std::sync::{Arc, Mutex};

use trifactor::curriculum::actor::{Draws, Goal, Interpolation, Joints, Pace, Widening};
use trifactor::curriculum::{
    Active, Actor, Choice, Curriculum, CurriculumDocument, Moment, Protocol, REDRAWS, Space,
};
use trifactor::env::Director;
use trifactor::error::{Error, Result};
use trifactor::intervention::{self, Intervention};
use trifactor::rng::Rng;
use trifactor::task::{Family, registry};
use trifactor::variable::Subspace;
use trifactor::vec_env::{Autoreset, VecEnv};
use trifactor::{Config, Env, Info, State};

const FRICTION: &str = "floor/friction";

fn config(name: &str, steps: u64) -> Config {
    Config { max_episode_length: Some(steps), skip_frame: 1, ..Config::new(name) }
}

fn env(name: &str, steps: u64) -> Env {
    Env::new(config(name, steps)).expect("a built-in family")
}

type Calls = Arc<Mutex<Vec<(u64, u64)>>>;

/// Sets the floor's friction to another value each time, and notes when it was asked.
struct Probe(Calls);

impl Actor for Probe {
    fn name(&self) -> &str {
        "probe"
    }

    fn act(&mut self, moment: &mut Moment<'_>) -> Result<Intervention> {
        let mut calls = self.0.lock().expect("one thread");
        calls.push((moment.state().episode, moment.state().step));
        Ok(Intervention::new().with(FRICTION, [0.3 + 1e-4 * calls.len() as f64]))
    }

    fn another(&self) -> Box<dyn Actor> {
        Box::new(Self(Arc::clone(&self.0)))
    }
}

/// When an actor acts, written out: episode by episode and step by step, as one would count.
fn expected(active: &Active, episodes: u64, steps: u64) -> Vec<(u64, u64)> {
    let mut when = Vec::new();
    let mut episode = active.start;
    while episode < episodes && active.end.is_none_or(|end| episode <= end) {
        let mut step = active.step;
        while step <= steps {
            when.push((episode, step));
            match active.every {
                Some(every) => step += every,
                None => break,
            }
        }
        episode += active.period;
    }
    when
}

#[test]
fn an_actor_acts_exactly_when_its_schedule_says() {
    const SEED: u64 = 90;
    let (episodes, steps) = (9, 4);
    for case in 0..60 {
        let mut rng = Rng::stream(SEED, case, "schedule");
        let start = rng.below(5);
        let active = Active {
            start,
            end: (rng.below(2) == 0).then(|| start + rng.below(5)),
            period: 1 + rng.below(4),
            step: rng.below(6),
            every: (rng.below(2) == 0).then(|| 1 + rng.below(3)),
        };
        let calls = Calls::default();
        let probe = Box::new(Probe(Arc::clone(&calls)));
        let curriculum = Curriculum::new().and(probe, active).expect("a schedule");
        let mut env = env("reaching", steps);
        env.set_director(Some(Box::new(curriculum)));
        let mut changed = Vec::new();
        for episode in 0..episodes {
            env.reset((episode == 0).then_some(SEED));
            if env.state().arena.floor.friction != 0.5 {
                changed.push((episode, 0));
            }
            for step in 1..=steps {
                let before = env.state().arena.floor.friction;
                let result = env.step(&[0.0; 9]).expect("it was reset");
                let now = env.state().arena.floor.friction;
                assert_eq!(result.intervened, now != before, "seed {SEED}, case {case}");
                if result.intervened {
                    changed.push((episode, step));
                }
            }
        }
        let told = format!("seed {SEED}, case {case}: {active:?}");
        assert_eq!(
            *calls.lock().expect("one thread"),
            expected(&active, episodes, steps),
            "{told}"
        );
        assert_eq!(changed, expected(&active, episodes, steps), "{told}");
    }
}

/// One actor of every kind that fits a family.
fn actors(name: &str) -> Vec<Box<dyn Actor>> {
    let pace = Pace { window: 1, narrow_to: 0.0, width: 0.3, ..Pace::default() };
    let widening = Widening::new(&["*/mass".to_string(), "*/size".to_string()], None, pace);
    let to = Intervention::new().with(FRICTION, [0.6]);
    vec![
        Box::new(Draws::random()),
        Box::new(Draws::rigid_pose(true, true)),
        Box::new(Draws::physical_properties(if name == "reaching" { "robot" } else { "tool" })),
        Box::new(Draws::visual()),
        Box::new(Joints),
        Box::new(Goal),
        Box::new(widening.expect("a pace")),
        Box::new(Interpolation::new(Intervention::new(), to, [0, 3]).expect("in order")),
    ]
}

/// A curriculum of every actor, one of them within the episode.
fn all(name: &str) -> Curriculum {
    let mut curriculum = Curriculum::new();
    for (index, actor) in actors(name).into_iter().enumerate() {
        let step = if index == 2 { 3 } else { 0 };
        let active = Active { step, ..Active::ALWAYS };
        curriculum = curriculum.and(actor, active).expect("a schedule");
    }
    curriculum
}

#[test]
fn actors_draw_only_inside_the_space_in_force() {
    for name in registry::names().filter(|name| !name.contains("stack") || *name == "stacking2") {
        for subspace in [Subspace::A, Subspace::B, Subspace::Both] {
            let space = Space::from(subspace);
            let mut counted = 0;
            for actor in actors(name) {
                let mut env = env(name, 5);
                env.reset(Some(3));
                counted += judged(actor, &space, &mut env);
            }
            assert!(counted > 0, "{name} {subspace:?}: nothing was drawn");
        }
    }
}

/// Asks an actor in a few episodes; every answer lies in the space. How many answers there were.
fn judged(actor: Box<dyn Actor>, space: &Space, env: &mut Env) -> usize {
    let name = actor.name().to_string();
    let judge = Judge { actor, told: Arc::default() };
    let told = Arc::clone(&judge.told);
    let curriculum = Curriculum::new().within(space.clone());
    let curriculum = curriculum.and(Box::new(judge), Active::ALWAYS).expect("a schedule");
    env.set_director(Some(Box::new(curriculum)));
    for _ in 0..4 {
        env.reset(None);
    }
    let told = told.lock().expect("one thread");
    for (wanted, verdict) in told.iter() {
        assert_eq!(*verdict, Ok(()), "{}, {name}: {wanted:?}", env.family().name());
    }
    told.iter().filter(|(wanted, _)| !wanted.is_empty()).count()
}

type Verdicts = Arc<Mutex<Vec<(Intervention, Result<()>)>>>;

/// Notes what an actor wants, and whether the space in force holds it.
struct Judge {
    actor: Box<dyn Actor>,
    told: Verdicts,
}

impl Actor for Judge {
    fn name(&self) -> &str {
        self.actor.name()
    }

    fn act(&mut self, moment: &mut Moment<'_>) -> Result<Intervention> {
        let wanted = self.actor.act(moment)?;
        // An interpolation sets what it was told to set, inside or not.
        if self.name() != "interpolation_actor" {
            let verdict =
                intervention::within(moment.rules(), moment.state(), &wanted, moment.space());
            self.told.lock().expect("one thread").push((wanted.clone(), verdict));
        }
        Ok(wanted)
    }

    fn another(&self) -> Box<dyn Actor> {
        Box::new(Self { actor: self.actor.another(), told: Arc::clone(&self.told) })
    }
}

/// The states of a world after every step of three short episodes, alone.
fn alone(name: &str, seed: u64, actions: impl Fn(usize) -> [f64; 9]) -> Vec<State> {
    let mut env = env(name, 4);
    env.set_director(Some(Box::new(all(name))));
    let mut states = Vec::new();
    for episode in 0..3 {
        env.reset((episode == 0).then_some(seed));
        for step in 0..4 {
            env.step(&actions(4 * episode + step)).expect("it was reset");
            states.push(env.state().clone());
        }
    }
    states
}

#[test]
fn a_curriculum_is_the_same_in_batches_of_any_size() {
    let actions = |step: usize| std::array::from_fn(|i| 0.1 * ((step * 9 + i) % 7) as f64 - 0.3);
    for name in ["pushing", "reaching"] {
        for worlds in [1, 2, 5] {
            let mut batch = VecEnv::new(config(name, 4), worlds, 2, Autoreset::NextStep)
                .expect("a built-in family");
            batch.set_director(Some(&all(name)));
            let mut out = batch.batch::<f64>();
            // Obstacles would change the observation's length: refused in a batch alone.
            batch.reset(&batch.seeds(40), None, &mut out.observations).expect("one seed each");
            let mut states: Vec<Vec<State>> = vec![Vec::new(); worlds];
            let mut flags = Vec::new();
            for episode in 0..3 {
                if episode > 0 {
                    batch.step(&vec![0.0; 9 * worlds], out.rows()).expect("a reset");
                }
                for step in 0..4 {
                    let action: [f64; 9] = actions(4 * episode + step);
                    batch.step(&action.repeat(worlds), out.rows()).expect("a step");
                    flags.push(batch.intervened(0));
                    for (all, env) in states.iter_mut().zip(batch.worlds()) {
                        all.push(env.state().clone());
                    }
                }
            }
            if name == "pushing" {
                for (world, states) in states.iter().enumerate() {
                    let alone = alone(name, 40 + world as u64, actions);
                    assert_eq!(*states, alone, "{name}: world {world} of {worlds}");
                }
                let third = |i: usize| i % 4 == 2;
                assert!(flags.iter().enumerate().all(|(i, flag)| *flag == third(i)), "{flags:?}");
            }
        }
    }
}

#[test]
fn a_step_is_paid_before_an_actor_acts_and_observed_after_it() {
    let mass = Intervention::new().with("goal_block/cylindrical_position", [0.1, 1.0, 0.0325]);
    let actor = Interpolation::new(Intervention::new(), mass, [0, 0]).expect("in order");
    let active = Active { step: 2, ..Active::ALWAYS };
    let curriculum = Curriculum::new().and(Box::new(actor), active).expect("a schedule");
    let (mut directed, mut free) = (env("pushing", 9), env("pushing", 9));
    directed.set_director(Some(Box::new(curriculum)));
    directed.reset(Some(1));
    free.reset(Some(1));
    for step in 1..=2 {
        let (a, b) = (directed.step(&[0.4; 9]).unwrap(), free.step(&[0.4; 9]).unwrap());
        assert_eq!((a.reward, a.intervened, b.intervened), (b.reward, step == 2, false));
    }
    let told = |info: &Info| (info.success, info.fractional_success, info.reward_terms.clone());
    assert_eq!(told(&directed.info()), told(&free.info()));
    assert_ne!(directed.info().desired_goal, free.info().desired_goal);
    let seen = |env: &Env| {
        let mut seen = vec![0.0_f64; env.observation_len()];
        env.observe(&mut seen).unwrap();
        seen
    };
    assert_ne!(seen(&directed), seen(&free), "the goal is seen where it is now");
    directed.do_intervention(&Intervention::new(), true).unwrap();
    assert!(free.has_stepped());
}

#[test]
fn the_papers_curricula_change_nothing_the_goal_or_everything_within_space_a() {
    let mut seen = Vec::new();
    for name in ["0", "1", "2"] {
        let mut env = env("pushing", 3);
        env.set_director(Some(Box::new(Curriculum::named(name).unwrap())));
        env.reset(Some(6));
        let before = env.family().initial_state();
        let changed: Vec<String> = env
            .variables()
            .into_iter()
            .zip(env.family().variables(&before))
            .filter(|(now, then)| now != then)
            .map(|((path, _), _)| path)
            .collect();
        seen.push(changed);
    }
    assert!(seen[0].is_empty());
    assert!(!seen[1].is_empty() && seen[1].iter().all(|path| path.starts_with("goal_block/")));
    for path in ["tool_block/mass", "tool_block/size", "goal_block/cartesian_position", FRICTION] {
        assert!(seen[2].iter().any(|changed| changed == path), "{path}");
    }
    assert!(!seen[2].iter().any(|path| path == "world/gravity" || path.contains("joint")));
    assert!(Curriculum::named("3").is_err());
    let p10 = Protocol::named(&Family::named("pushing").unwrap(), "P10").unwrap();
    for glob in trifactor::curriculum::actor::REFERENCE_VARIABLES {
        assert!(p10.start.to_string().contains(glob), "P10 is the random actor's draw: {glob}");
    }
}

#[test]
fn an_interpolation_begins_and_ends_in_its_worlds_to_the_bit() {
    let (pushing, picking) = (Family::named("pushing"), Family::named("picking"));
    let (pushing, picking) = (pushing.unwrap(), picking.unwrap());
    let actor = Interpolation::between(&pushing, &picking, [1, 5]).unwrap();
    let space = Space::parse("anything").unwrap();
    let curriculum = Curriculum::new().within(space).and(Box::new(actor), Active::ALWAYS).unwrap();
    let mut env = env("picking", 3);
    env.set_director(Some(Box::new(curriculum)));
    let mut heights = Vec::new();
    for episode in 0..8 {
        env.reset((episode == 0).then_some(0));
        heights.push(env.state().goals[0].position[2]);
        let end = match episode {
            0 | 1 => &pushing,
            5.. => &picking,
            _ => continue,
        };
        let end = end.initial_state();
        assert_eq!(env.state().goals, end.goals, "episode {episode}");
        assert_eq!(env.state().blocks, end.blocks, "episode {episode}");
    }
    assert!(heights[1..6].windows(2).all(|pair| pair[0] < pair[1]), "{heights:?}");
    assert!(
        Interpolation::between(&pushing, &Family::named("stacking2").unwrap(), [0, 1]).is_err()
    );
    assert!(Interpolation::between(&pushing, &picking, [2, 1]).is_err());
}

#[test]
fn a_widening_range_follows_success_and_failure() {
    let env = env("pushing", 3);
    let end = |success| Info { success, ..env.info() };
    let pace = Pace { window: 2, narrow_to: 0.0, step: 0.25, ..Pace::default() };
    let mut actor = Widening::new(&["tool_block/mass".to_string()], None, pace).unwrap();
    let mut widths = Vec::new();
    for success in [true, true, true, true, true, false, false, false, true, true] {
        actor.hear(&end(success));
        widths.push(actor.width());
    }
    assert_eq!(widths, [0.0, 0.25, 0.25, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25, 0.5]);
    for (window, step) in [(0, 0.1), (1, 1.1)] {
        let pace = Pace { window, step, ..pace };
        assert!(Widening::new(&[], None, pace).is_err());
    }
}

#[test]
fn a_widening_range_draws_that_share_of_its_space() {
    for (width, low, high) in [(0.0, 0.02, 0.02), (0.5, 0.0175, 0.0325), (1.0, 0.015, 0.045)] {
        let pace = Pace { width, ..Pace::default() };
        let actor = Widening::new(&["tool_block/mass".to_string()], None, pace).unwrap();
        let curriculum = Curriculum::new().within(Subspace::A.into());
        let curriculum = curriculum.and(Box::new(actor), Active::ALWAYS).unwrap();
        let mut env = env("pushing", 3);
        env.set_director(Some(Box::new(curriculum)));
        env.reset(Some(0));
        let masses = (0..200).map(|_| {
            env.reset(None);
            env.state().blocks[0].mass
        });
        let (least, most) = masses.fold((1.0_f64, 0.0_f64), |(a, b), m| (a.min(m), b.max(m)));
        let rounding = 1e-12;
        assert!(least >= low - rounding && most <= high + rounding, "{width}: {least} to {most}");
        // 200 draws leave a tenth of the range empty at one end once in a billion times.
        let tenth = 0.1 * (high - low) + rounding;
        assert!(least <= low + tenth && most >= high - tenth, "{width}: {least} to {most}");
    }
}

#[test]
fn what_is_refused_is_asked_for_again_and_then_left() {
    let mut curriculum = Curriculum::new().within(Space::nothing());
    let own = Space::parse("A").unwrap();
    let mass = Draws::random().over(&["tool_block/mass".to_string()]).unwrap().from(own);
    curriculum = curriculum.and(Box::new(mass), Active::ALWAYS).unwrap();
    let mut env = env("pushing", 3);
    env.reset(Some(0));
    let before = env.state().clone();
    curriculum.begin(&mut env);
    assert_eq!(*env.state(), before);
    let events = curriculum.take_events();
    assert_eq!(events.len(), 1 + REDRAWS);
    for event in &events {
        assert_eq!((event.by.as_str(), event.step), ("random_actor", 0));
        let refused = event.refused.as_ref().expect("refused");
        assert!(refused.contains("not in the intervention space in force"), "{refused}");
    }
    assert_ne!(events[0].values, events[1].values, "another draw each time");
    assert!(curriculum.take_events().is_empty() && curriculum.take_failure().is_none());
}

/// Wants what does not exist.
struct Wrong;

impl Actor for Wrong {
    fn name(&self) -> &str {
        "wrong"
    }

    fn act(&mut self, _: &mut Moment<'_>) -> Result<Intervention> {
        Ok(Intervention::new().with("tool_block/colour", [0.0]))
    }

    fn another(&self) -> Box<dyn Actor> {
        Box::new(Self)
    }
}

#[test]
fn an_actor_that_can_not_do_its_work_is_told_of_once() {
    let curriculum = Curriculum::new().and(Box::new(Wrong), Active::ALWAYS).unwrap();
    let mut batch = VecEnv::new(config("pushing", 3), 2, 1, Autoreset::NextStep).unwrap();
    batch.set_director(Some(&curriculum));
    let mut out = batch.batch::<f32>();
    batch.reset(&batch.seeds(0), None, &mut out.observations).unwrap();
    match batch.take_failure() {
        Some(Error::InWorld { world: 0, error }) => {
            assert!(error.to_string().contains("did you mean 'tool_block/color'?"));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_an_agent_chooses_lies_in_its_space_from_end_to_end() {
    let mut env = env("pushing", 9);
    env.reset(Some(0));
    let globs = ["tool_block/*".to_string()];
    let space = Space::parse("nothing except tool_block/mass, tool_block/size from A").unwrap();
    let choice = Choice::new(&env, space.clone(), &globs).unwrap();
    assert_eq!(choice.len(), 4);
    for (number, size, mass) in [(-1.0, 0.055, 0.015), (0.0, 0.065, 0.03), (7.0, 0.075, 0.045)] {
        choice.act(&mut env, &[number; 4]).unwrap();
        let block = env.state().blocks[0];
        assert!((block.size[0] - size).abs() < 1e-12 && (block.mass - mass).abs() < 1e-12);
    }
    assert!(choice.act(&mut env, &[0.0; 3]).is_err());
    assert!(Choice::new(&env, Space::nothing(), &globs).is_err());
    // What would set a block into a finger is refused, and nothing changes.
    let globs = ["tool_block/cylindrical_position".to_string()];
    let anywhere = Space::parse("A∪B").unwrap();
    let place = Choice::new(&env, anywhere, &globs).unwrap();
    let before = env.state().clone();
    let angles = (0..40).map(|i| i as f64 / 20.0 - 1.0);
    let refused = angles.filter(|angle| place.act(&mut env, &[0.9, *angle, 0.0]).is_err()).count();
    assert!(refused > 0 && refused < 40, "{refused} of 40");
    assert_ne!(*env.state(), before);
}

#[test]
fn a_curriculum_is_a_document() {
    let json = r#"{"space":"A except tool_block/mass from B","actors":[
        {"actor":"goal","active":[0,null,1,0]},
        {"actor":"random","variables":["*/mass"],"active":[2,9,3,1,5]},
        {"actor":"physical_properties","group":"tool","active":[0,null,1,0]},
        {"actor":"widening","variables":["*/size"],"pace":{"window":5},"active":[0,null,1,0]},
        {"actor":"interpolation","to":{"floor/friction":0.6},"episodes":[0,9],"active":[0,9,1,0]}]}"#;
    let document = CurriculumDocument::from_json(json).unwrap();
    let text = serde_json::to_string(&document).unwrap();
    assert_eq!(CurriculumDocument::from_json(&text), Ok(document.clone()));
    let none = |_| Err(Error::Order("no custom actor"));
    document.build(none).unwrap();
    for (broken, reason) in [
        (json.replace("[2,9,3,1,5]", "[2,9,0,1,5]"), "must be at least 1"),
        (json.replace("[2,9,3,1,5]", "[2,9]"), "expected [first episode"),
        (json.replace("\"goal\"", "\"gaol\""), "gaol"),
        (json.replace("from B", "from C"), "found 'C'"),
    ] {
        let refused = CurriculumDocument::from_json(&broken).expect_err(reason).to_string();
        assert!(refused.contains(reason), "{refused}");
    }
}
