//! Protocols by name: the reference's as data, others generated from a family's variables.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::axes::axes;
use super::{Protocol, Within};
use crate::error::{Error, Result};
use crate::task::{Family, registry};
use crate::variable::{Part, Space, Subspace};

/// The reference's protocols by family (facts 8.4).
const DATA: &str = include_str!("../../../assets/protocols.json");

/// When in the episode the generated protocols intervene within it.
const HALF_WAY: f64 = 0.5;

/// Drawn at random, joint positions put fingers into blocks, the floor and each other more often
/// than not, so no joint protocol has them; nor has the reference's random actor (facts 8.1).
const NEVER_JOINT: &str = "robot/joint_positions";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Data {
    descriptions: BTreeMap<String, String>,
    families: BTreeMap<String, BTreeMap<String, Space>>,
}

/// The reference's protocols of a family, in the order of their numbers.
pub(super) fn benchmark(family: &str) -> Vec<Protocol> {
    // The embedded document is read by a test.
    let Ok(mut data) = serde_json::from_str::<Data>(DATA) else { return Vec::new() };
    let spaces = data.families.remove(family).unwrap_or_default();
    let number = |name: &str| name.trim_start_matches('P').parse::<u32>().unwrap_or(u32::MAX);
    let mut protocols: Vec<Protocol> = spaces
        .into_iter()
        .map(|(name, space)| {
            let description = data.descriptions.get(&name).cloned().unwrap_or_default();
            Protocol::new(&name, &description, space)
        })
        .collect();
    protocols.sort_by_key(|protocol| number(&protocol.name));
    protocols
}

/// Those generated from the family's variables.
pub(super) fn generated(family: &Family) -> Vec<Protocol> {
    let axes = axes(family);
    let mut names: Vec<String> = Vec::new();
    for axis in &axes {
        names.extend(["A", "B"].map(|space| format!("single/{axis}/{space}")));
    }
    let mut attributes: Vec<&str> = axes.iter().filter_map(|a| a.split('/').nth(1)).collect();
    let often = |attribute: &&str| {
        axes.iter().filter(|axis| axis.split('/').nth(1) == Some(attribute)).count() > 1
    };
    attributes.retain(often);
    attributes.sort_unstable();
    attributes.dedup();
    for attribute in attributes {
        names.extend(["A", "B"].map(|space| format!("joint/{attribute}/{space}")));
    }
    names.extend(["joint/A".to_string(), "joint/B".to_string()]);
    names.extend(axes.iter().filter(|a| *a != NEVER_JOINT).map(|axis| format!("axis/{axis}")));
    names.extend(axes.iter().filter(|axis| is_felt(axis)).map(|axis| format!("within/{axis}/B")));
    names.extend(crossings(family));
    names.iter().filter_map(|name| named(family, name).ok()).collect()
}

/// Whether changing it in mid-episode moves no body.
fn is_felt(axis: &str) -> bool {
    let (entity, attribute) = axis.split_once('/').unwrap_or((axis, ""));
    let felt = ["mass", "friction", "restitution", "gravity", "action_delay", "torque_limit"];
    let pose = ["cylindrical_position", "euler_orientation"];
    felt.contains(&attribute) || (entity.starts_with("goal") && pose.contains(&attribute))
}

/// The protocols of other families that are observed in the same form.
fn crossings(family: &Family) -> Vec<String> {
    let form = |family: &Family| family.observation(&family.initial_state());
    let others = registry::names().filter(|name| *name != family.name());
    let same =
        others.filter(|name| Family::named(name).is_ok_and(|other| form(&other) == form(family)));
    same.flat_map(|other| {
        benchmark(other).into_iter().map(move |p| format!("cross/{other}/{}", p.name))
    })
    .collect()
}

/// The protocol of that name for a family.
pub(super) fn named(family: &Family, name: &str) -> Result<Protocol> {
    if let Some(protocol) = benchmark(family.name()).into_iter().find(|p| p.name == name) {
        return Ok(protocol);
    }
    let parts: Vec<&str> = name.split('/').collect();
    let both = |entity: &str, attribute: &str| format!("{entity}/{attribute}");
    match parts[..] {
        ["single", entity, attribute, word] => {
            let (path, space) = (both(entity, attribute), subspace(word)?);
            let start = only(family, &path, space)?;
            Ok(Protocol::new(name, &format!("{path} from {word}"), start))
        }
        ["joint", word] => {
            let start = all_from(subspace(word)?)?;
            Ok(Protocol::new(name, &format!("everything but joint positions from {word}"), start))
        }
        ["joint", attribute, word] => {
            let start = only(family, &both("*", attribute), subspace(word)?)?;
            Ok(Protocol::new(name, &format!("every {attribute} from {word}"), start))
        }
        ["axis", entity, attribute] => {
            let path = both(entity, attribute);
            let start = all_from(Subspace::A)?.except(&path, Part::Range(Subspace::B))?;
            check(family, &start)?;
            Ok(Protocol::new(name, &format!("everything from A, but {path} from B"), start))
        }
        ["within", entity, attribute, word] => {
            let (path, space) = (both(entity, attribute), subspace(word)?);
            let within = Within { at: HALF_WAY, space: only(family, &path, space)? };
            let description = format!("{path} from {word}, half way through the episode");
            let calm = Protocol::new(name, &description, Space::nothing());
            Ok(Protocol { within: vec![within], ..calm })
        }
        ["cross", other, ..] if parts.len() > 2 => {
            let inner = named(&Family::named(other)?, &parts[2..].join("/"))?;
            Ok(Protocol {
                name: name.to_string(),
                description: format!("{other}: {}", inner.description),
                family: Some(other.to_string()),
                ..inner
            })
        }
        _ => Err(unknown(family, name)),
    }
}

fn unknown(family: &Family, name: &str) -> Error {
    let own: Vec<String> = benchmark(family.name()).into_iter().map(|p| p.name).collect();
    let generated = "single/PATH/B, joint/B, joint/ATTRIBUTE/B, axis/PATH, within/PATH/B, \
                     cross/FAMILY/NAME";
    let known = own.into_iter().chain([generated.to_string()]).collect::<Vec<_>>().join(", ");
    Error::UnknownName { what: "protocol", name: name.to_string(), known }
}

fn subspace(word: &str) -> Result<Subspace> {
    match Space::parse(word)?.all() {
        Part::Range(subspace) => Ok(*subspace),
        _ => Err(Error::UnknownName {
            what: "range",
            name: word.to_string(),
            known: "A, B, A∪B".to_string(),
        }),
    }
}

/// The space of one variable, or of those that a glob fits, and nothing else.
fn only(family: &Family, glob: &str, subspace: Subspace) -> Result<Space> {
    let space = Space::nothing().except(glob, Part::Range(subspace))?;
    check(family, &space)?;
    Ok(space)
}

fn all_from(subspace: Subspace) -> Result<Space> {
    Space::from(subspace).except(NEVER_JOINT, Part::Nothing)
}

/// Refuses a space that names what the family has not, or nothing that has a range.
fn check(family: &Family, space: &Space) -> Result<()> {
    let start = family.initial_state();
    space.check_names(&start, family.rules())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_references_protocols_are_data_that_fits_its_families() {
        let data: Data = serde_json::from_str(DATA).unwrap();
        for (family, spaces) in &data.families {
            let family = Family::named(family).unwrap();
            assert_eq!(benchmark(family.name()).len(), spaces.len());
            for (name, space) in spaces {
                assert!(data.descriptions.contains_key(name), "{name}");
                // The reference's everything is one list for all families.
                if !["P10", "P11"].contains(&name.as_str()) {
                    check(&family, space).unwrap();
                }
            }
        }
        let names = |family| benchmark(family).into_iter().map(|p| p.name).collect::<Vec<_>>();
        assert_eq!(names("reaching"), ["P0", "P5", "P12"]);
        assert_eq!(names("pushing").len(), 12);
        assert!(!names("stacking2").contains(&"P3".to_string()), "facts 8.4");
        assert_eq!(names("towers").len(), 0);
    }

    #[test]
    fn every_generated_name_means_the_protocol_that_bears_it() {
        for name in registry::names() {
            let family = Family::named(name).unwrap();
            for protocol in generated(&family) {
                assert_eq!(named(&family, &protocol.name), Ok(protocol));
            }
        }
    }

    #[test]
    fn an_unknown_protocol_is_refused_with_what_there_is() {
        let family = Family::named("pushing").unwrap();
        for (name, reason) in [
            ("P13", "known: P0, P1"),
            ("single/tool_blok/mass/A", "did you mean 'tool_block/mass'?"),
            ("single/tool_block/mass/C", "expected A, B"),
            ("joint/colour/A", "*/colour"),
            ("cross/pulling/P1", "unknown task family 'pulling'"),
        ] {
            let message = named(&family, name).map(|p| p.name).expect_err(name).to_string();
            assert!(message.contains(reason), "{name}: {message}");
        }
    }
}
