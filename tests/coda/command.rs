//! Data sets made of data sets, on the command line.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use trifactor::augmented::Certificates;
use trifactor::record::Dataset;

/// Runs the command line.
fn trifactor(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_trifactor")).args(arguments).output().expect("it starts")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A path in a folder that this test alone uses.
fn file(name: &str) -> (PathBuf, String) {
    let name = format!("{}-augment-{name}", std::process::id());
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let text = path.to_str().expect("a plain path").to_string();
    (path, text)
}

fn right(arguments: &[&str]) -> String {
    let output = trifactor(arguments);
    assert!(output.status.success(), "{arguments:?}: {}", text(&output.stderr));
    text(&output.stdout)
}

#[test]
fn an_augmented_data_set_verifies_and_a_forged_certificate_of_it_is_found() {
    let [real, made, segments, wrong, claims] =
        ["real.arrow", "made.arrow", "segments.arrow", "wrong.arrow", "claims.json"].map(file);
    let run = ["run", "--family", "pushing", "--episodes", "2", "--quiet", "--record", &real.1];
    right(&run);
    let augment = ["augment", &real.1];
    let certified = ["--count", "40", "--certificates", &claims.1];
    let told = right(&[&augment[..], &[&made.1], &certified].concat());
    assert!(told.contains("in contact"), "{told}");
    right(&["verify", "--quiet", &made.1]);
    assert_eq!(Dataset::open(&made.0).unwrap().len(), 40);
    let told = right(&["augment", &made.1, "--verify", &claims.1]);
    assert!(told.contains("40 of 40 certificates hold; 40 claim"), "{told}");

    let three = ["--count", "10", "--steps", "3", "--sources", "3"];
    right(&[&augment[..], &[&segments.1], &three].concat());
    right(&["verify", "--quiet", &segments.1]);
    let episode = Dataset::open(&segments.0).unwrap().episode(4).unwrap().unwrap();
    assert_eq!((episode.rows.len(), episode.transitions().count()), (4, 3));

    // What is made blindly says so of itself where it is asked to.
    let blind = ["--count", "40", "--method", "blind", "--certificates", &claims.1];
    right(&[&augment[..], &[&wrong.1], &blind].concat());
    assert_eq!(trifactor(&["verify", "--quiet", &wrong.1]).status.code(), Some(1));
    right(&["augment", &wrong.1, "--verify", &claims.1]);
    let mut forged = Certificates::load(&claims.0).unwrap();
    let lie = forged.all.iter().position(|claim| !claim.bitwise).expect("blind exchange errs");
    (forged.all[lie].bitwise, forged.all[lie].error) = (true, 0.0);
    forged.save(&claims.0).unwrap();
    let found = trifactor(&["augment", &wrong.1, "--verify", &claims.1]);
    assert_eq!(found.status.code(), Some(1));
    let told = text(&found.stdout);
    assert!(told.contains(&format!("transition {lie}:")) && told.contains("39 of 40"), "{told}");
    // Those of another data set are not these.
    assert_eq!(trifactor(&["augment", &real.1, "--verify", &claims.1]).status.code(), Some(1));

    let told = right(&["score", &real.1, "--every", "20"]);
    let place = |name: &str| told.find(name).unwrap_or_else(|| panic!("no {name} in {told}"));
    assert!(place("simulation") < place("distance below 0.1 m"), "{told}");
    for (path, _) in [real, made, segments, wrong, claims] {
        std::fs::remove_file(path).unwrap();
    }
}
