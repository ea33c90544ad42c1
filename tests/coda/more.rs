//! Contexts, certificates, segments, several sources, goals and looks; the replay on disk.

use trifactor::Error;
use trifactor::augment::{
    Augmenter, Certificate, Coda, Contexts, Coverage, Difference, Drawn, Generator, GoalRelabel,
    Method, Mixture, Resimulator, Samples, Verdict, VisualRelabel,
};
use trifactor::causal::replay::Hindsight;
use trifactor::causal::{Distance, Nulling, Replay, Score, Simulated, Transition};
use trifactor::rng::Rng;
use trifactor::world::Preset;

use super::data::{Plan, arena, record, replay};

const SEED: u64 = 62;

fn oracle(blocks: usize) -> Resimulator {
    Resimulator::new(arena(blocks, Preset::Accurate)).unwrap()
}

/// A few episodes among three cubes.
fn few(episodes: u64) -> Replay {
    replay(&mut arena(3, Preset::Accurate), Plan::default(), 0..episodes).unwrap()
}

/// The transition without what a replay does not keep.
fn kept(t: &Transition) -> Transition {
    let mut t = t.clone();
    t.sweep = None;
    t.before.robot.actions = Default::default();
    t.after.robot.actions = Default::default();
    t
}

#[test]
fn a_row_of_a_replay_is_the_transition_that_was_put_in_and_so_is_it_from_a_file() {
    let mut env = arena(3, Preset::Accurate);
    let (mut all, plan) = (Vec::new(), Plan::default());
    record(&mut env, plan, 0..3, |t| {
        all.push(t);
        Ok(())
    })
    .unwrap();
    // Room for the last two episodes and a little of the one before.
    let mut replay = Replay::new(&all[0].before.scene, 60).unwrap();
    all.iter().for_each(|t| replay.push(t).unwrap());
    assert_eq!(replay.len(), 60);
    let path = std::env::temp_dir().join(format!("trifactor-{}.replay", std::process::id()));
    replay.save(&path).unwrap();
    let read = Replay::load(&path);
    let bytes = std::fs::read(&path).unwrap();
    std::fs::write(&path, &bytes[..bytes.len() - 1]).unwrap();
    let cut_off = Replay::load(&path);
    std::fs::remove_file(&path).unwrap();
    let read = read.unwrap();
    assert!(read == replay, "what was read is not what was saved");
    assert!(cut_off.is_err());
    for (i, t) in all.iter().enumerate().skip(15) {
        assert_eq!(read.transition(i % 60), kept(t), "step {i}");
    }
    // Of the steps that are there only the two episodes' last have none after them.
    let ends = (15..75).filter(|i| read.following(i % 60).is_none()).collect::<Vec<_>>();
    assert_eq!(ends, [24, 49, 74]);
}

#[test]
fn a_replay_on_disk_holds_what_one_in_memory_holds_and_goes_on_where_it_was() {
    let (mut all, mut env) = (Vec::new(), arena(3, Preset::Accurate));
    record(&mut env, Plan::default(), 0..4, |t| {
        all.push(t);
        Ok(())
    })
    .unwrap();
    let scene = &all[0].before.scene;
    let folder = std::env::temp_dir().join(format!("trifactor-{}-mapped", std::process::id()));
    let contexts = folder.join("contexts.jsonl");
    let mut memory = Replay::new(scene, 70).unwrap();
    let mut disk = Replay::create(&folder, scene, 70).unwrap();
    assert!(matches!(Replay::create(&folder, scene, 70), Err(Error::File { .. })));
    for (i, t) in all.iter().enumerate() {
        if i == 60 {
            disk.flush().unwrap();
            // Two would write over each other.
            assert!(matches!(Replay::open(&folder), Err(Error::File { .. })));
            drop(disk);
            // A run that broke off leaves what it never announced.
            let mut lines = std::fs::read(&contexts).unwrap();
            lines.extend(b"{\"state\":");
            std::fs::write(&contexts, lines).unwrap();
            disk = Replay::open(&folder).unwrap();
        }
        memory.push(t).unwrap();
        disk.push(t).unwrap();
    }
    assert!(disk == memory, "what is on disk is not what is in memory");
    let made = [&disk, &memory].map(|replay| {
        let (mut coda, mut samples) = (Coda::default(), Samples::new(replay.layout()));
        let mut rng = Rng::stream(SEED, 7, "mapped");
        Generator::new(replay, &mut coda).unwrap().fill(50, &mut rng, &mut samples).unwrap();
        samples
    });
    assert!(made[0] == made[1]);
    disk.flush().unwrap();
    drop(disk);
    let disk = Replay::open(&folder).unwrap();
    assert!(disk == memory, "what is read again is not what is in memory");
    drop(disk);
    let lines = std::fs::read(&contexts).unwrap();
    std::fs::write(&contexts, &lines[..lines.len() - 9]).unwrap();
    let refused = Replay::open(&folder).unwrap_err().to_string();
    assert!(refused.contains("contexts[3]"), "{refused}");
    std::fs::write(&contexts, lines).unwrap();
    // A body that hangs on one that is not there, and a file that was cut off.
    let labels = folder.join("labels.u8");
    let bytes = std::fs::read(&labels).unwrap();
    std::fs::write(&labels, [vec![200], bytes[1..].to_vec()].concat()).unwrap();
    assert!(matches!(Replay::open(&folder), Err(Error::Malformed { .. })));
    std::fs::write(&labels, &bytes[1..]).unwrap();
    assert!(matches!(Replay::open(&folder), Err(Error::Malformed { .. })));
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn every_pair_of_rows_is_as_likely_as_any_other_however_often_rows_are_used() {
    println!("seed {SEED}");
    let replay = few(1);
    let rows = replay.len();
    for reuse in [1, 16] {
        let settings = Coda { method: Method::Blind, tries: 1, unique: false, ..Coda::default() };
        let mut coda = Coda { reuse, ..settings };
        let mut samples = Samples::new(replay.layout());
        let mut rng = Rng::stream(SEED, reuse as u64, "pairs");
        let mut generator = Generator::new(&replay, &mut coda).unwrap();
        generator.fill(200_000, &mut rng, &mut samples).unwrap();
        let mut counts = vec![0; rows * rows];
        for sample in 0..samples.len() {
            let base = samples.base(sample);
            let other = samples.sources(sample).iter().find(|row| **row as usize != base);
            // A row that meets itself makes itself.
            counts[base * rows + other.map_or(base, |row| *row as usize)] += 1;
        }
        // 320 of every pair; hands of 256 from 25 rows that are used 16 times scatter by half as
        // much again as single draws, which do by 18.
        let [least, most] = [counts.iter().min(), counts.iter().max()].map(Option::unwrap);
        println!("reuse {reuse}: {least} to {most} samples of a pair");
        assert!(*least > 180 && *most < 460, "{least} to {most}");
    }
}

#[test]
fn a_sample_of_one_row_alone_is_that_row() {
    let replay = few(2);
    let mut coda = Coda { unique: false, ..Coda::default() };
    let mut samples = Samples::new(replay.layout());
    let mut generator = Generator::new(&replay, &mut coda).unwrap();
    for row in 0..replay.len() {
        let label = replay.labels(row)[5];
        // The component of the last cube comes from the same row.
        let choice: Vec<u8> = replay.labels(row).iter().map(|l| u8::from(*l == label)).collect();
        let mut kept = samples.len();
        if generator.stitch(&[row, row], &choice, &mut samples).unwrap() {
            let mut t = samples.transition(kept);
            t.touching = replay.touching(row);
            assert_eq!(t, replay.transition(row));
            kept += 1;
        }
        assert_eq!(samples.len(), kept);
    }
    assert!(samples.len() > replay.len() / 3, "{} samples", samples.len());
}

#[test]
fn rows_of_different_floors_are_not_mixed_and_where_they_are_the_outcome_is_wrong() {
    println!("seed {SEED}");
    let mut env = arena(3, Preset::Accurate);
    let plan = Plan { vary: false, ..Plan::default() };
    let mut replay = Replay::new(&env.state().scene, 2000).unwrap();
    for (friction, seeds) in [(0.6, 0..30), (0.05, 30..60)] {
        env.reset(Some(0));
        let icy = trifactor::intervention::Intervention::new().with("floor/friction", [friction]);
        env.set_starting_state(&icy, false).unwrap();
        record(&mut env, plan, seeds, |t| replay.push(&t)).unwrap();
    }
    let rows = [10, replay.len() - 10];
    let mut coda = Coda::default();
    let mut samples = Samples::new(replay.layout());
    let mut generator = Generator::new(&replay, &mut coda).unwrap();
    match generator.stitch(&rows, &[0, 0, 0, 1, 0, 0], &mut samples) {
        Err(Error::OtherWorld { reason }) => assert!(reason.contains("floor/friction"), "{reason}"),
        other => panic!("{other:?}"),
    }
    let mut rng = Rng::stream(SEED, 0, "icy");
    let mut wrong = [0, 0];
    for (contexts, wrong) in [Contexts::Agreeing, Contexts::Any].into_iter().zip(&mut wrong) {
        let mut coda = Coda { contexts, ..Coda::default() };
        samples.clear();
        Generator::new(&replay, &mut coda).unwrap().fill(400, &mut rng, &mut samples).unwrap();
        let mut oracle = oracle(3);
        let check = |i| oracle.check(&samples.transition(i)).unwrap().bitwise;
        *wrong = (0..samples.len()).map(check).filter(|right| !right).count();
        // Both floors have as many rows; some hundred samples are of both.
        let icy = (0..samples.len()).filter(|i| samples.base(*i) >= replay.len() / 2).count();
        assert!((120..280).contains(&icy), "{icy} of 400 begin on the ice");
    }
    println!("wrong among 400: {} as it should be, {} when forced", wrong[0], wrong[1]);
    assert_eq!(wrong[0], 0);
    assert!(wrong[1] > 4, "only {} of the forced ones are wrong", wrong[1]);
}

#[test]
fn a_certificate_holds_and_a_forged_one_is_found() {
    let replay = few(10);
    let mut oracle = oracle(3);
    for (method, right) in [(Method::Cut, true), (Method::Blind, false)] {
        let mut coda = Coda { method, ..Coda::default() };
        let mut samples = Samples::new(replay.layout());
        let mut rng = Rng::stream(SEED, 1, "certificates");
        let name = coda.method.name();
        Generator::new(&replay, &mut coda).unwrap().fill(30, &mut rng, &mut samples).unwrap();
        let make = |i, oracle: &mut _| Certificate::of(name, i, &samples, oracle).unwrap();
        let found = (0..30).find(|i| make(*i, &mut oracle).bitwise == right).expect("one of 30");
        let certificate = make(found, &mut oracle);
        let t = samples.transition(found);
        assert_eq!(certificate.verify(&t, &mut oracle).unwrap(), Verdict::Confirmed);
        assert_eq!(certificate.error == 0.0, right);
        let forged = Certificate { bitwise: !right, ..certificate.clone() };
        assert!(matches!(forged.verify(&t, &mut oracle).unwrap(), Verdict::Forged(_)));
        let forged = Certificate { error: certificate.error + 1e-9, ..certificate.clone() };
        assert!(matches!(forged.verify(&t, &mut oracle).unwrap(), Verdict::Forged(_)));
        let mut other = t.clone();
        other.after.blocks[0].position[0] += 1e-15;
        assert!(matches!(certificate.verify(&other, &mut oracle).unwrap(), Verdict::Forged(_)));
        let json = serde_json::to_string(&certificate).unwrap();
        assert_eq!(serde_json::from_str::<Certificate>(&json).unwrap(), certificate);
    }
}

#[test]
fn segments_and_several_sources_are_what_the_dynamics_would_have_brought() {
    println!("seed {SEED}");
    let replay = few(30);
    for (steps, sources) in [(4, 2), (1, 4), (2, 3)] {
        let mut coda = Coda { steps, sources, ..Coda::default() };
        let mut samples = Samples::new(replay.layout());
        let mut rng = Rng::stream(SEED, 2, "segments");
        let count = 100;
        let report = Generator::new(&replay, &mut coda)
            .unwrap()
            .fill(count, &mut rng, &mut samples)
            .unwrap();
        assert_eq!((report.accepted, samples.len()), (count, count * steps));
        let mut oracle = oracle(3);
        for segment in 0..count {
            let mut state = samples.transition(segment * steps).before;
            let mut rows = samples.sources(segment * steps).to_vec();
            rows.dedup();
            assert!(rows.len() > 1);
            // Played from its first state alone, the segment goes through all of its states.
            for sample in segment * steps..(segment + 1) * steps {
                let t = samples.transition(sample);
                let truth = oracle.step(&state, &t.action).unwrap();
                let difference = Difference::between(&truth.after, &t.after).unwrap();
                assert!(difference.bitwise, "{steps} steps of {sources}: {difference:?}");
                state = truth.after;
            }
        }
    }
}

#[test]
fn guessed_regions_of_data_without_sweeps_are_nearly_always_enough() {
    let mut env = arena(3, Preset::Accurate);
    let (plan, mut rows) = (Plan::default(), Vec::new());
    record(&mut env, plan, 0..30, |t| {
        rows.push(Transition { sweep: None, ..t });
        Ok(())
    })
    .unwrap();
    let mut replay = Replay::new(&rows[0].before.scene, rows.len()).unwrap();
    rows.iter().for_each(|t| replay.push(t).unwrap());
    let mut coda = Coda::default();
    assert!(matches!(Generator::new(&replay, &mut coda), Err(Error::Order(_))));
    replay.guess_regions(&Preset::Accurate.physics(), 0.02);
    let mut samples = Samples::new(replay.layout());
    let mut rng = Rng::stream(SEED, 3, "guessed");
    Generator::new(&replay, &mut coda).unwrap().fill(400, &mut rng, &mut samples).unwrap();
    let mut oracle = oracle(3);
    let check = |i| oracle.check(&samples.transition(i)).unwrap().bitwise;
    let wrong = (0..400).map(check).filter(|right| !right).count();
    println!("{wrong} of 400 wrong");
    assert!(wrong <= 4, "{wrong} of 400 wrong");
}

#[test]
fn other_goals_and_other_looks_change_nothing_else_and_pay_what_they_are_worth() {
    let replay = few(4);
    let mut oracle = oracle(3);
    let mut rng = Rng::stream(SEED, 4, "relabel");
    let goals = oracle.env().goal_layout().clone();
    let goals = GoalRelabel { goals, hindsight: Hindsight::Final };
    let all: [Box<dyn Augmenter>; 3] =
        [Box::new(goals), Box::new(VisualRelabel), Box::new(Coda::default())];
    let mut samples = Samples::new(replay.layout());
    for mut augmenter in all {
        let first = samples.len();
        let made = augmenter.augment(&replay, 40, &mut rng, &mut samples).unwrap();
        assert_eq!((made, samples.len()), (40, first + 40), "{}", augmenter.name());
        for i in first..first + 40 {
            let t = samples.transition(i);
            assert!(oracle.check(&t).unwrap().bitwise, "{}", augmenter.name());
            // What the environment pays for the very step.
            oracle.step(&t.before, &t.action).unwrap();
            let info = oracle.env().info();
            let worth = samples.worth(i, oracle.env()).unwrap();
            assert_eq!(worth.fractional_success, info.fractional_success);
        }
    }
    let row = samples.base(0);
    let end = (row..).find(|row| replay.following(*row).is_none()).unwrap();
    let (relabelled, last) = (samples.transition(0), replay.transition(end));
    assert_eq!(relabelled.before.goals[0].position, last.after.blocks[0].position);
    assert_ne!(relabelled.before.goals, replay.transition(row).before.goals);
    let painted = samples.transition(40).before;
    let plain = replay.transition(samples.base(40)).before;
    assert_ne!(painted.blocks[0].color, plain.blocks[0].color);
    assert_eq!(painted.blocks[0].position, plain.blocks[0].position);
    assert_eq!(samples.transition(0).before.blocks[0].color, plain.blocks[0].color);
}

#[test]
fn a_step_is_worth_what_the_environment_pays_for_it() {
    for goal_conditioned in [false, true] {
        let config = trifactor::Config { goal_conditioned, ..trifactor::Config::new("pushing") };
        let mut env = trifactor::Env::new(config).unwrap();
        env.reset(Some(1));
        let mut rng = Rng::stream(SEED, 5, "worth");
        for _ in 0..50 {
            let before = env.state().clone();
            let action: [f64; 9] = std::array::from_fn(|_| rng.uniform(-1.0, 1.0));
            let step = env.step(&action).unwrap();
            let worth = env.worth(&before, env.state()).unwrap();
            assert_eq!((worth.reward, worth.terminated), (step.reward, step.terminated));
        }
    }
}

#[test]
fn coverage_bounds_what_is_made_of_a_kind_and_a_mixture_has_its_share() {
    let replay = few(10);
    let mut rng = Rng::stream(SEED, 6, "coverage");
    let mut coda = Coda { coverage: Some(Coverage::new(0.05, 2)), ..Coda::default() };
    let mut samples = Samples::new(replay.layout());
    let report =
        Generator::new(&replay, &mut coda).unwrap().fill(300, &mut rng, &mut samples).unwrap();
    assert!(report.crowded > 0);
    let mut kinds = std::collections::BTreeMap::new();
    for i in 0..samples.len() {
        let blocks = samples.transition(i).before.blocks;
        let cells = blocks.iter().flat_map(|b| b.position.map(|x| (x / 0.05).floor() as i32));
        *kinds.entry(cells.collect::<Vec<_>>()).or_insert(0) += 1;
    }
    assert!(kinds.values().all(|count| *count <= 2));
    let drawn = Mixture::one_to(3.0).unwrap().draw(20_000, &replay, &samples, &mut rng).unwrap();
    let made = drawn.iter().filter(|d| matches!(d, Drawn::Counterfactual(_))).count();
    // Five standard deviations of a count are 306.
    assert!((14_694..15_306).contains(&made), "{made}");
}

#[test]
fn masks_from_elsewhere_are_ranked_against_the_truth() {
    let mut env = arena(3, Preset::Accurate);
    let mut all = Vec::new();
    record(&mut env, Plan::default(), 0..8, |t| {
        all.push(t);
        Ok(())
    })
    .unwrap();
    let score = |model: &mut dyn trifactor::causal::MaskModel| {
        let score = Score::of(model, &all).unwrap();
        println!(
            "{}: entries {:.3} right, {:.3} found, area {:.3}; cuts {:.3}, {:.3}, {:.3}",
            model.name(),
            score.entries.precision(),
            score.entries.recall(),
            score.entries.auc(),
            score.cuts.precision(),
            score.cuts.recall(),
            score.cuts.auc()
        );
        score
    };
    let truth = score(&mut Simulated::new(arena(3, Preset::Accurate)));
    assert_eq!((truth.entries.precision(), truth.entries.recall()), (1.0, 1.0));
    assert_eq!((truth.entries.auc(), truth.cuts.auc()), (1.0, 1.0));
    let nulling = score(&mut Nulling::new(arena(3, Preset::Accurate)));
    let distance = score(&mut Distance::default());
    for guess in [nulling, distance] {
        assert!(guess.entries.auc() > 0.5 && guess.entries.auc() < truth.entries.auc());
    }
}
