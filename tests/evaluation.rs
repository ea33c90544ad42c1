//! Evaluations: what is measured, that nothing but policy and world reaches it, what is reported.

use std::collections::BTreeMap;

use trifactor::curriculum::Protocol;
use trifactor::env::{Config, Env};
use trifactor::evaluation::statistics::{Bootstrap, mean};
use trifactor::evaluation::{
    Comparison, Driver, EpisodeScore, Metric, Plan, ProtocolRun, Run, Scores, protocols,
};
use trifactor::robot::ActionMode;
use trifactor::task::overlap::Overlap;
use trifactor::{Result, State, agent};

/// Short episodes of joint angles in rad.
fn env(family: &str) -> Env {
    let (normalize_actions, max_episode_length) = (false, Some(25));
    let own = Config { normalize_actions, max_episode_length, ..Config::new(family) };
    Env::new(Config { skip_frame: 3, ..own }).expect("a built-in family")
}

fn plan(env: &Env, names: &str, worlds: usize, threads: usize) -> Plan {
    let protocols = protocols(env.family(), names).expect("they exist");
    Plan::new(env, &protocols, worlds, 5, threads).expect("accepted")
}

fn run(plan: &mut Plan, driver: &(dyn Fn(&Env) -> Result<Driver> + Sync), name: &str) -> Run {
    let count = plan.protocols().len();
    let each = |index| plan.each(index, driver, &|| ()).expect("every world is accepted");
    Run { name: name.to_string(), protocols: (0..count).map(each).collect() }
}

fn few() -> Bootstrap {
    Bootstrap { resamples: 60, ..Bootstrap::default() }
}

/// Drives the block with all fingers, as a function of the state alone.
fn pawing(_: &Env) -> Result<Driver> {
    Ok(Box::new(|state: &State, action| {
        *action = state.robot.joint_positions;
        let turn = if state.step % 10 < 5 { 0.05 } else { -0.05 };
        action.iter_mut().for_each(|joint| *joint += turn);
        Ok(())
    }))
}

#[test]
fn an_episode_is_measured_as_the_metrics_are_defined() {
    for family in ["pushing", "reaching"] {
        let env = env(family);
        let mut plan = plan(&env, "P5", 2, 1);
        let found = plan.each(0, &pawing, &|| ()).expect("accepted");
        for (world, score) in plan.worlds(0).iter().zip(&found) {
            let mut own = env.twin().expect("it could be made");
            world.begin(&mut own).expect("accepted");
            let (mut act, mut action) = (pawing(&own).expect("always"), [0.0; 9]);
            let (mut achieved, mut returned) = ([Vec::new(), Vec::new()], 0.0);
            for _ in 0..25 {
                act(own.state(), &mut action).expect("always");
                returned += own.step(&action).expect("finite").reward;
                for (list, overlap) in achieved.iter_mut().zip([Overlap::Volume, Overlap::Aabb]) {
                    // Reaching has no overlap: both figures are of the tips' distances.
                    list.push(match family {
                        "reaching" => own.info().fractional_success,
                        _ => overlap.of_state(own.state()),
                    });
                }
            }
            let three = |all: &[f64]| [all[24], mean(all), mean(&all[5..])];
            let [volume, boxes] = achieved.each_ref().map(|all| three(all));
            let success = f64::from(u8::from(own.info().success));
            let expected =
                [volume[0], volume[1], volume[2], boxes[0], boxes[1], boxes[2], success, returned];
            assert_eq!(score.values, expected, "{family}");
            assert_eq!((score.steps, score.missed), (25, 0));
        }
    }
}

#[test]
fn threads_and_rows_reach_no_score() {
    let env = env("pushing");
    let names = "P4,within/tool_block/mass/B,cross/picking/P5";
    let mut one = plan(&env, names, 5, 1);
    let expected = run(&mut one, &pawing, "0");
    assert_eq!(run(&mut plan(&env, names, 5, 3), &pawing, "0"), expected);
    for (rows, threads) in [(1, 1), (2, 3), (3, 1), (100, 2)] {
        for (index, expected) in expected.protocols.iter().enumerate() {
            let mut rollout = one.rollout(index, rows, threads).expect("accepted");
            let mut begun = 0;
            while !rollout.is_over() {
                begun += rollout.begun().iter().filter(|begun| **begun).count();
                let states: Vec<State> = rollout.envs().map(|env| env.state().clone()).collect();
                let act = |state: &State| {
                    let mut action = [0.0; 9];
                    pawing(&env).and_then(|mut act| act(state, &mut action)).expect("always");
                    action
                };
                let actions: Vec<f64> = states.iter().flat_map(act).collect();
                rollout.step(&actions).expect("finite");
            }
            assert_eq!((begun, rollout.ended()), (5, 5));
            assert_eq!(&rollout.finish().expect("it is over"), expected, "{rows} rows");
        }
    }
}

#[test]
fn an_action_that_is_no_number_names_its_world_and_an_odd_batch_is_refused() {
    let env = env("pushing");
    let mut plan = plan(&env, "P0", 3, 1);
    let broken = |_: &Env| -> Result<Driver> {
        Ok(Box::new(|_, action| {
            action[2] = f64::NAN;
            Ok(())
        }))
    };
    let refused = plan.each(0, &broken, &|| ()).expect_err("no number").to_string();
    assert!(refused.starts_with("world 0: action[2] contains NaN"), "{refused}");
    let mut rollout = plan.rollout(0, 3, 1).expect("accepted");
    assert!(rollout.step(&[0.0; 9]).is_err());
    assert!(rollout.observe(&mut [0.0_f64; 7]).is_err());
    assert!(rollout.finish().is_err(), "no episode has ended");
    assert!(plan.rollout(0, 0, 1).is_err());
    assert!(Plan::new(&env, &[], 3, 0, 1).is_err());
    assert!(Plan::new(&env, &Protocol::benchmark(env.family()), 0, 0, 1).is_err());
    assert!(protocols(env.family(), "P0,P99").is_err());
}

#[test]
fn all_protocols_are_the_references_and_a_name_counts_once() {
    let names = |family: &str, list: &str| -> Vec<String> {
        let found = protocols(env(family).family(), list).expect("they exist");
        found.into_iter().map(|protocol| protocol.name).collect()
    };
    assert_eq!(names("pushing", "all").len(), 12);
    assert_eq!(names("pushing", "P4, P0,P4"), ["P4", "P0"]);
    assert!(names("towers", "all").contains(&"joint/B".to_string()));
    assert!(names("pushing", "all,generated").len() > 12);
}

/// Scores made by hand: the last fractional success of two runs in three worlds is given.
fn made(plan: &Plan, policy: &str, runs: [[f64; 3]; 2]) -> Scores {
    let episode = |last: f64| {
        let mut values = [0.25; Metric::ALL.len()];
        (values[0], values[7]) = (last, 10.0 * last - 3.0);
        EpisodeScore { values, steps: 25, missed: 0, film: None }
    };
    let protocol = |run: [f64; 3]| -> ProtocolRun { run.map(episode).to_vec() };
    let runs = runs.map(|run| {
        let protocols = plan.protocols().map(|_| protocol(run)).collect();
        Run { name: format!("seed {}", run[0]), protocols }
    });
    Scores::new(plan, policy, &runs, few()).expect("they are of the plan")
}

#[test]
fn scores_survive_a_write_and_a_read_and_say_what_is_wrong() {
    let env = env("pushing");
    let plan = plan(&env, "P1,P2", 3, 1);
    let scores = made(&plan, "by hand", [[0.1, 0.2, 0.3], [0.5, 0.6, 0.7]]);
    let last = &scores.protocols[0].summary[&Metric::LastFractionalSuccess];
    assert!((last.mean - 0.4).abs() < 1e-12);
    assert!((last.across_runs.expect("two runs").standard_deviation - 0.2).abs() < 1e-12);
    assert_eq!(scores.gaps.len(), 1, "P2 is P1 out of distribution");
    assert_eq!(scores.gaps[0].metrics[&Metric::Return].difference, 0.0);
    let json = scores.to_json().expect("JSON");
    assert_eq!(Scores::from_json(&json), Ok(scores.clone()));
    for (from, to, reason) in [
        ("trifactor scores", "trifactor guesses", "trifactor guesses"),
        ("\"policy\"", "\"polity\"", "polity"),
        ("\"worlds\": 3", "\"worlds\": 4", "protocols[0].episodes"),
        ("\"seed 0.5\"", "\"seed 0.5\", \"seed 1\"", "protocols[0].episodes"),
    ] {
        let broken = json.replacen(from, to, 1);
        assert_ne!(broken, json, "{from}");
        let refused = Scores::from_json(&broken).expect_err("broken").to_string();
        assert!(refused.starts_with("scores: ") && refused.contains(reason), "{refused}");
    }
    let none = Scores::new(&plan, "none", &[], few()).expect_err("no run").to_string();
    assert!(none.contains("one or more"), "{none}");
}

#[test]
fn policies_are_paired_in_the_same_worlds_and_in_no_others() {
    let env = env("pushing");
    let one = plan(&env, "P1,P2", 3, 1);
    let good = made(&one, "good", [[0.3, 0.4, 0.5], [0.3, 0.4, 0.5]]);
    let poor = made(&one, "poor", [[0.1, 0.2, 0.3], [0.1, 0.2, 0.3]]);
    let found = Comparison::new(&good, &poor).expect("the same worlds");
    let last = found.overall[&Metric::LastFractionalSuccess];
    assert!((last.difference - 0.2).abs() < 1e-12 && last.better == 1.0, "{last:?}");
    assert!(last.interval.iter().all(|end| (end - 0.2).abs() < 1e-12), "{last:?}");
    assert_eq!(found.overall[&Metric::Success].better, 0.5, "a tie counts half");
    assert_eq!(found.protocols.len(), 2);
    let other = |plan: &Plan| made(plan, "other", [[0.1, 0.2, 0.3]; 2]);
    let protocols = protocols(env.family(), "P1").expect("it exists");
    let seeded = Plan::new(&env, &protocols, 3, 6, 1).expect("accepted");
    let refused = Comparison::new(&good, &other(&seeded)).expect_err("other worlds").to_string();
    assert!(refused.contains("seed 5") && refused.contains("seed 6"), "{refused}");
    let elsewhere = other(&plan(&self::env("picking"), "P1", 3, 1));
    assert!(Comparison::new(&good, &elsewhere).is_err());
    assert!(Comparison::new(&good, &other(&plan(&env, "P3", 3, 1))).is_err());
}

#[test]
fn a_policy_that_looks_at_colours_is_found_out() {
    let env = env("pushing");
    let probes = plan(&env, "P0,P10", 2, 1).probes("*/color", 4).expect("accepted");
    assert_eq!(probes.len(), 4);
    for (before, after) in probes.envs(false).zip(probes.envs(true)) {
        assert_ne!(before.state().blocks[0].color, after.state().blocks[0].color);
        assert_eq!(before.state().blocks[0].position, after.state().blocks[0].position);
        assert_eq!(before.state().blocks[0].mass, after.state().blocks[0].mass);
    }
    assert_eq!(probes.drive(&pawing).expect("always").share_altered, 0.0);
    let looking = |_: &Env| -> Result<Driver> {
        Ok(Box::new(|state, action| {
            action[4] = state.blocks[0].color[0];
            Ok(())
        }))
    };
    let found = probes.drive(&looking).expect("always");
    assert_eq!((found.share_altered, found.worlds), (1.0, 4));
    assert!(found.largest_change >= found.mean_change && found.mean_change > 0.0);
    assert!(plan(&env, "P0", 1, 1).probes("*/taste", 1).is_err());
}

#[test]
fn policies_have_names_and_act_alike_whatever_the_form_of_actions() {
    let radians = env("reaching");
    let normalized = Config { normalize_actions: true, ..radians.config().clone() };
    let normalized = Env::new(normalized).expect("a built-in family");
    for name in ["scripted", "idle"] {
        let driver = |env: &Env| agent::driver(name, env);
        let scores = run(&mut plan(&radians, "P0", 1, 1), &driver, "0");
        let other = run(&mut plan(&normalized, "P0", 1, 1), &driver, "0");
        let last = |run: &Run| run.protocols[0][0].values[0];
        assert!((last(&scores) - last(&other)).abs() < 1e-6, "{name}");
    }
    let random = |env: &Env| agent::driver("random", env);
    let twice = [0, 1].map(|_| run(&mut plan(&radians, "P0", 1, 1), &random, "0"));
    assert_eq!(twice[0], twice[1]);
    let known = agent::driver("wise", &radians).err().map(|error| error.to_string());
    assert!(known.is_some_and(|text| text.contains("scripted")));
    let torques = ActionMode::JointTorques;
    let torques = Config { action_mode: torques, ..radians.config().clone() };
    let torques = Env::new(torques).expect("a built-in family");
    assert!(agent::driver("idle", &torques).is_err());
    assert!(agent::driver("random", &torques).is_ok());
}

#[test]
fn the_worst_and_the_best_episode_of_a_protocol_are_kept_as_they_were_seen() {
    let env = env("pushing");
    let mut plan = plan(&env, "P4,within/tool_block/mass/B", 4, 1);
    let runs = [run(&mut plan, &pawing, "0"), run(&mut plan, &pawing, "1")];
    let scores = Scores::new(&plan, "pawing", &runs, few()).expect("they are of the plan");
    let json = scores.to_json().expect("JSON");
    assert_eq!(Scores::from_json(&json), Ok(scores.clone()));
    let last = Metric::LastFractionalSuccess;
    for (number, found) in scores.protocols.iter().enumerate() {
        let values = found.table(last)[0];
        let [low, high] =
            [f64::min, f64::max].map(|pick| values.iter().copied().reduce(pick).expect("some"));
        let shown: Vec<f64> = found.shown.iter().map(|shown| values[shown.world]).collect();
        assert_eq!(shown, if low < high { vec![low, high] } else { vec![low] });
        for shown in &found.shown {
            // The runs are the same, so the first comes first.
            assert_eq!(shown.run, "0");
            let mut own = env.twin().expect("it could be made");
            let world = &plan.worlds(number)[shown.world];
            world.begin(&mut own).expect("accepted");
            let mut states = vec![own.state().clone()];
            let (mut act, mut action) = (pawing(&own).expect("always"), [0.0; 9]);
            for _ in 0..25 {
                act(own.state(), &mut action).expect("always");
                own.step(&action).expect("finite");
                let ended = own.state().step == 25;
                let changed = !ended && world.follow(&mut own).expect("accepted");
                // Every second step of 25 is kept, and what an intervention changed.
                if changed || own.state().step.is_multiple_of(2) || ended {
                    states.push(own.state().clone());
                }
            }
            let kept = shown.film.states();
            assert_eq!(kept.len(), states.len());
            assert_eq!((&kept[0], kept.last()), (&states[0], states.last()));
            for (kept, state) in kept.iter().zip(&states) {
                let near =
                    |a: &[f64], b: &[f64]| a.iter().zip(b).all(|(a, b)| (a - b).abs() < 2e-4);
                assert!(near(&kept.robot.joint_positions, &state.robot.joint_positions));
                assert!(near(&kept.blocks[0].position, &state.blocks[0].position));
                assert_eq!(kept.blocks[0].mass, state.blocks[0].mass);
            }
        }
    }
}

/// The attributes of every element of a document that has one of that name.
#[cfg(feature = "report")]
fn attributes(document: &str, having: &str) -> Vec<BTreeMap<String, String>> {
    let options = roxmltree::ParsingOptions { allow_dtd: true, ..Default::default() };
    let tree = roxmltree::Document::parse_with_options(document, options).expect("well-formed");
    let with = tree.descendants().filter(|node| node.has_attribute(having));
    let of = |node: roxmltree::Node<'_, '_>| {
        let own = node.attributes().map(|a| (a.name().to_string(), a.value().to_string()));
        let text: String = node.descendants().filter_map(|n| n.text()).collect();
        own.chain([("text".to_string(), text)]).collect()
    };
    with.map(of).collect()
}

#[test]
#[cfg(feature = "report")]
fn a_reports_figures_are_those_of_the_scores() {
    use trifactor::report;

    let env = env("pushing");
    let plan = plan(&env, "P1,P2,P3", 3, 1);
    let good = made(&plan, "good & <wise>", [[0.31, 0.42, 0.53], [0.36, 0.47, 0.58]]);
    let poor = made(&plan, "poor", [[0.11, 0.22, 0.33], [0.16, 0.27, 0.38]]);
    let all = [good, poor];
    let page = report::page(&all).expect("it can be written");
    let mut seen = 0;
    for cell in attributes(&page, "data-value") {
        let get = |name: &str| cell.get(name).map_or("", String::as_str);
        let number = |name: &str| get(name).parse::<f64>().expect("a number");
        let value = number("data-value");
        assert!(get("text").starts_with(&format!("{value:.3}")), "{cell:?}");
        if !["mean", "interquartile_mean"].contains(&get("data-statistic")) {
            continue;
        }
        let scores = all.iter().find(|s| s.policy == get("data-policy")).expect("a policy");
        let of = scores.protocols.iter().find(|p| p.protocol.name == get("data-protocol"));
        let metric = Metric::ALL.into_iter().find(|m| m.name() == get("data-metric"));
        let summary = of.map_or(&scores.overall, |p| &p.summary)[&metric.expect("a metric")];
        let (expected, interval) = match get("data-statistic") {
            "mean" => (summary.mean, summary.mean_interval),
            _ => (summary.interquartile_mean, summary.interquartile_mean_interval),
        };
        assert_eq!(value, expected, "{cell:?}");
        assert_eq!([number("data-low"), number("data-high")], interval, "{cell:?}");
        seen += 1;
    }
    // Two policies: means of eight metrics in three protocols and over all, the latter also
    // interquartile; and the interquartile means of one metric in three protocols.
    assert_eq!(seen, 2 * (8 * (3 + 1 + 1) + 3));
    let picture = report::bars(&all, Metric::LastFractionalSuccess);
    let mut lengths = Vec::new();
    for (scores, colour) in all.iter().zip(["#0072b2", "#d55e00"]) {
        let bars = attributes(&picture, "fill");
        let bars: Vec<f64> = (bars.iter())
            // The legend's mark has an edge of 10 px.
            .filter(|bar| bar["fill"] == colour && bar.get("width").is_some_and(|w| w != "10"))
            .map(|bar| bar["height"].parse().expect("pixels"))
            .collect();
        assert_eq!(bars.len(), 3);
        for (bar, protocol) in bars.iter().zip(&scores.protocols) {
            let mean = protocol.summary[&Metric::LastFractionalSuccess].mean;
            lengths.push((*bar, mean));
        }
    }
    // One scale for all bars, from zero.
    let scale = lengths.iter().map(|(bar, mean)| bar / mean).fold(0.0, f64::max);
    for (bar, mean) in &lengths {
        assert!((bar - scale * mean).abs() <= 2.0, "{bar} px for {mean}");
    }
    assert!(report::radar(&all, Metric::Success).is_some());
    assert!(report::radar(&all, Metric::Return).is_none(), "it is no share");
    for words in [all[0].made_by().as_str(), "physics accurate (native solver)", "rapier 0."] {
        assert!(page.contains(words), "{words}");
    }
    assert!(
        page.contains(env!("CARGO_PKG_VERSION"))
            && page.contains("<td>2: seed 0.31, seed 0.36</td>")
    );
    assert!(report::write(&std::env::temp_dir().join("trifactor-nothing"), &[]).is_err());
}

#[test]
#[cfg(feature = "report")]
fn a_report_is_files_of_charts_in_both_forms_and_of_what_was_seen() {
    use trifactor::report;

    let env = env("pushing");
    let mut plan = plan(&env, "P3,P4,P5", 3, 1);
    let runs = [run(&mut plan, &pawing, "0")];
    let seen = Scores::new(&plan, "pawing", &runs, few()).expect("they are of the plan");
    let poor = made(&plan, "poor", [[0.11, 0.22, 0.33], [0.16, 0.27, 0.38]]);
    let all = [poor, seen];
    let folder = std::env::temp_dir().join(format!("trifactor-report-{}", std::process::id()));
    let files = report::write(&folder, &all).expect("it can be written");
    assert!(files.iter().all(|file| file.is_file()) && files[0].ends_with(report::PAGE));
    let chart = image::open(folder.join("bars_last_fractional_success.png")).expect("a PNG");
    let chart = chart.into_rgb8();
    // How long a bar of 1 is in the same chart as SVG, half as fine.
    let drawn = attributes(&report::bars(&all, Metric::LastFractionalSuccess), "fill");
    let first = drawn.iter().find(|mark| {
        mark["fill"] == "#0072b2" && mark.get("width").is_some_and(|width| width != "10")
    });
    let length: f64 = first.expect("a bar")["height"].parse().expect("px");
    let scale = length / all[0].protocols[0].summary[&Metric::LastFractionalSuccess].mean;
    for (scores, colour) in all.iter().zip([[0, 114, 178], [213, 94, 0]]) {
        // The longest runs of the colour, column by column, beyond the legend's square: the bars.
        let longest = |x: u32| {
            let column = (0..chart.height()).map(|y| chart.get_pixel(x, y).0 == colour);
            let fold = |(best, now): (u32, u32), same: bool| {
                let now = if same { now + 1 } else { 0 };
                (best.max(now), now)
            };
            column.skip(90).fold((0, 0), fold).0
        };
        let columns: Vec<u32> = (0..chart.width()).map(longest).collect();
        for protocol in &scores.protocols {
            let mean = protocol.summary[&Metric::LastFractionalSuccess].mean;
            let bar = 2.0 * scale * mean;
            assert!(
                mean == 0.0 || columns.iter().any(|column| (f64::from(*column) - bar).abs() <= 2.0),
                "{} {}: no bar of {bar} px",
                scores.policy,
                protocol.protocol.name
            );
        }
    }
    let page = std::fs::read_to_string(&files[0]).expect("a page");
    let stills = folder.join(report::STILLS);
    let shown: usize = all[1].protocols.iter().map(|protocol| protocol.shown.len()).sum();
    assert!(shown >= 3);
    assert_eq!(page.matches("data:image/png").count(), 2 * shown);
    assert_eq!(page.matches("data:image/gif").count(), shown);
    assert!(!page.contains("src=\"stills"), "the page needs nothing beside it");
    for end in ["start", "end"] {
        let still = image::open(stills.join(format!("1_P4_worst_{end}.png"))).expect("a PNG");
        let still = still.into_rgb8();
        assert_eq!(still.dimensions(), (320, 240));
        let colours: std::collections::BTreeSet<_> = still.pixels().map(|p| p.0).collect();
        assert!(colours.len() > 100, "floor, robot, block and goal are shaded: {}", colours.len());
    }
    let clip = std::fs::read(stills.join("1_P4_worst.gif")).expect("a clip");
    assert!(clip.starts_with(b"GIF89a"));
    std::fs::remove_dir_all(&folder).expect("it was written");
}
