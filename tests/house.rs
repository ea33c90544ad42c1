//! The house rules that a machine can check: floors, Rapier's place, the world's one owner.

use std::fs;
use std::path::{Path, PathBuf};

/// Every Rust file under `src`, with its path relative to `src` in slashes.
fn sources() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut folders = vec![root.clone()];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path: PathBuf = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let parts: Vec<_> = path.strip_prefix(&root).unwrap().iter().collect();
                let name: Vec<_> = parts.iter().map(|part| part.to_string_lossy()).collect();
                files.push((name.join("/"), fs::read_to_string(&path).unwrap()));
            }
        }
    }
    files.sort();
    files
}

/// The lines of a file by number, without comments.
fn code(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines()
        .enumerate()
        .map(|(number, line)| (number + 1, line.split("//").next().unwrap_or_default()))
}

/// The floors of `lib.rs`: each is the list of modules between two `// Floor` comments.
///
/// Modules on one floor may use each other.
fn floors() -> Vec<Vec<String>> {
    let (_, text) = sources().into_iter().find(|(name, _)| name == "lib.rs").unwrap();
    let mut floors = Vec::new();
    for line in text.lines() {
        if line.starts_with("// ") && line.contains(':') {
            floors.push(Vec::new());
        }
        if let Some(module) = line.strip_prefix("pub mod ") {
            let module = module.trim_end_matches(';').to_string();
            floors.last_mut().expect("a module stands below no floor's comment").push(module);
        }
    }
    floors
}

fn floor_of(module: &str, floors: &[Vec<String>]) -> Option<usize> {
    floors.iter().position(|floor| floor.iter().any(|m| m == module))
}

/// The modules that some code names through `crate::`, one by one or in a group.
fn named(code: &str) -> Vec<String> {
    let mut names = Vec::new();
    for rest in code.split("crate::").skip(1) {
        match rest.strip_prefix('{') {
            Some(group) => names.extend(members(group)),
            None => names.push(rest),
        }
    }
    let ends = |c: char| !c.is_alphanumeric() && c != '_';
    names.into_iter().filter_map(|name| name.trim().split(ends).next()).map(String::from).collect()
}

/// The members of a group after its opening brace, without their own groups.
fn members(group: &str) -> Vec<&str> {
    let (mut depth, mut start, mut members) = (0, 0, Vec::new());
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth > 0 => depth -= 1,
            ',' | '}' if depth == 0 => {
                members.push(&group[start..at]);
                start = at + 1;
            }
            _ => {}
        }
        if c == '}' && start == at + 1 {
            break;
        }
    }
    members
}

#[test]
fn imports_go_down_the_floors() {
    let floors = floors();
    assert!(floors.len() >= 6, "lib.rs lists only {} floors", floors.len());
    let mut seen = 0;
    for (name, text) in sources() {
        let module = name.split(['/', '.']).next().unwrap();
        let Some(own) = floor_of(module, &floors) else { continue };
        let code: Vec<_> = code(&text).map(|(_, line)| line).collect();
        for target in named(&code.join("\n")) {
            if let Some(other) = floor_of(&target, &floors) {
                seen += 1;
                assert!(other <= own, "src/{name} reaches up to {target}");
            }
        }
    }
    assert!(seen > 0, "no import was found, so none was checked");
}

#[test]
fn the_reader_of_imports_sees_groups() {
    let code = "use crate::{env::{A, B},\n    math, task};\nlet x = crate::rng::Rng::new();";
    assert_eq!(named(code), ["env", "math", "task", "rng"]);
}

#[test]
fn every_module_stands_on_a_floor() {
    let floors = floors();
    for (name, _) in sources() {
        let module = name.split(['/', '.']).next().unwrap();
        if !["lib", "bin"].contains(&module) {
            assert!(floor_of(module, &floors).is_some(), "src/{name} stands on no floor of lib.rs");
        }
    }
}

#[test]
fn rapier_is_spelled_only_in_world_and_math() {
    for (name, text) in sources() {
        let allowed = name.starts_with("world/") || name == "math.rs";
        for (number, line) in code(&text) {
            let spelled = line.contains("rapier3d") || line.contains("parry3d");
            assert!(allowed || !spelled, "src/{name}:{number} names the engine: {line}");
        }
    }
}

/// nalgebra's and Rapier's own methods take libm's square root, inline assembly that stalls in code
/// built for AVX; `math` computes the same bits with the processor's instruction.
#[test]
fn lengths_on_the_path_of_a_step_take_the_standard_square_root() {
    let methods = [".norm()", ".length()", ".normalize()", ".magnitude()", "libm::sqrt"];
    for (name, text) in sources() {
        if !["robot/", "world/", "task/"].iter().any(|folder| name.starts_with(folder)) {
            continue;
        }
        let text = text.split("#[cfg(test)]").next().unwrap_or_default();
        for (number, line) in code(text) {
            let found = methods.iter().find(|method| line.contains(*method));
            assert!(found.is_none(), "src/{name}:{number} takes libm's square root: {line}");
        }
    }
}

#[test]
fn the_world_has_one_owner() {
    for (name, text) in sources() {
        let allowed = ["world/", "env/"].iter().any(|folder| name.starts_with(folder))
            || name == "intervention/apply.rs";
        // Tests may own a world of their own.
        let text = text.split("#[cfg(test)]").next().unwrap_or_default();
        for (number, line) in code(text) {
            assert!(
                allowed || !line.contains("&mut World"),
                "src/{name}:{number} changes a world: {line}"
            );
        }
    }
}

#[test]
fn the_architecture_page_names_every_module() {
    let page =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("ARCHITECTURE.md")).unwrap();
    for module in floors().concat() {
        assert!(page.contains(&format!("`{module}`")), "ARCHITECTURE.md is silent on {module}");
    }
    // And the other way: what stands in its tree exists.
    let tree = page.split("```").nth(3).expect("the second block of the page is the tree");
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut folder = String::new();
    for line in tree.lines().skip(1).filter(|line| !line.trim().is_empty()) {
        let name = line.split_whitespace().next().unwrap();
        let path = if line.starts_with(' ') { format!("{folder}{name}") } else { name.to_string() };
        if !line.starts_with(' ') {
            folder = name.to_string();
        }
        assert!(root.join(&path).exists(), "ARCHITECTURE.md draws {path}, which is not there");
    }
}
