//! The accurate preset and its documentation.

use trifactor::world::Preset;

#[test]
fn the_accurate_preset_in_the_documentation_is_this_one() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/physics.md");
    let text = std::fs::read_to_string(path).unwrap();
    let physics = serde_json::to_value(Preset::Accurate.physics()).unwrap();
    for (name, value) in physics.as_object().unwrap() {
        let start = format!("| `{name}` | {value} | ");
        assert!(text.contains(&start), "docs/physics.md should have a line that starts\n{start}");
    }
}
