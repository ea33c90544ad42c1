//! What a policy loses where variables leave the range that it could be trained on.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::compare::{Paired, Pairing};
use super::statistics::{Bootstrap, Picks};
use super::{Metric, ProtocolScores};
use crate::curriculum::{Part, Protocol, Space};
use crate::variable::Subspace;

/// Two protocols of which one draws from range B what the other draws from A.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gap {
    /// What is drawn from B instead of A, as paths and globs.
    pub axis: String,
    /// The protocol in distribution, by name.
    pub inside: String,
    /// The protocol out of distribution, by name.
    pub outside: String,
    /// In distribution less out of distribution, by metric, world by world: their draws are shared.
    pub metrics: BTreeMap<Metric, Paired>,
}

/// Every pair of protocols that differ in this way only.
pub(super) fn gaps(
    protocols: &[ProtocolScores],
    runs: &Picks,
    worlds: &Picks,
    bootstrap: &Bootstrap,
) -> Vec<Gap> {
    let mut found = Vec::new();
    for inside in protocols {
        for outside in protocols {
            let Some(axis) = axis(&inside.protocol, &outside.protocol) else { continue };
            let of = |metric| {
                let tables = [inside, outside].map(|scores| vec![scores.table(metric)]);
                Pairing { tables, runs: [runs, runs], worlds }.judge(bootstrap)
            };
            found.push(Gap {
                axis,
                inside: inside.protocol.name.clone(),
                outside: outside.protocol.name.clone(),
                metrics: Metric::ALL.into_iter().map(|metric| (metric, of(metric))).collect(),
            });
        }
    }
    found
}

/// What the second draws from B where the first draws it from A; none where that is not all that
/// they differ in.
fn axis(inside: &Protocol, outside: &Protocol) -> Option<String> {
    let times = |protocol: &Protocol| protocol.within.iter().map(|w| w.at).collect::<Vec<_>>();
    if inside.family != outside.family || times(inside) != times(outside) {
        return None;
    }
    let spaces = |protocol: &'_ Protocol| -> Vec<Space> {
        let within = protocol.within.iter().map(|within| within.space.clone());
        std::iter::once(protocol.start.clone()).chain(within).collect()
    };
    let mut axes = Vec::new();
    for (inside, outside) in spaces(inside).iter().zip(&spaces(outside)) {
        axes.extend(shifted(inside, outside)?);
    }
    (!axes.is_empty()).then(|| axes.join(", "))
}

fn shifted(inside: &Space, outside: &Space) -> Option<Vec<String>> {
    let globs: BTreeSet<&str> =
        [inside, outside].iter().flat_map(|space| space.exceptions()).map(|(g, _)| g).collect();
    let own = globs.iter().map(|glob| (*glob, inside.part(glob), outside.part(glob)));
    let mut axes = Vec::new();
    for (glob, a, b) in std::iter::once(("everything", inside.all(), outside.all())).chain(own) {
        match (a, b) {
            (Part::Range(Subspace::B | Subspace::Both), _) => return None,
            (Part::Range(Subspace::A), Part::Range(Subspace::B)) => axes.push(glob.to_string()),
            _ if a == b => {}
            _ => return None,
        }
    }
    Some(axes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::task::Family;

    #[test]
    fn protocols_are_partners_where_b_stands_for_a_and_nothing_else_differs() {
        let family = Family::named("pushing").unwrap();
        let of = |a: &str, b: &str| {
            let named = |name| Protocol::named(&family, name).unwrap();
            axis(&named(a), &named(b))
        };
        assert_eq!(of("P1", "P2").as_deref(), Some("tool_block/mass"));
        assert_eq!(of("P2", "P1"), None, "the other way round");
        let moved = "goal_block/cylindrical_position, tool_block/cylindrical_position";
        assert_eq!(of("P7", "P8"), Some(format!("{moved}, tool_block/mass")));
        assert!(of("P10", "P11").is_some());
        assert_eq!(of("P5", "P6"), None, "P6 moves the block too");
        assert_eq!(of("P1", "P8"), None);
        assert_eq!(of("P0", "P0"), None);
        assert_eq!(of("joint/A", "joint/B").as_deref(), Some("everything"));
        assert_eq!(of("joint/A", "axis/tool_block/mass").as_deref(), Some("tool_block/mass"));
        let single = ["single/floor/friction/A", "single/floor/friction/B"];
        assert_eq!(of(single[0], single[1]).as_deref(), Some("floor/friction"));
        let within = ["within/tool_block/mass/A", "within/tool_block/mass/B"];
        assert_eq!(of(within[0], within[1]).as_deref(), Some("tool_block/mass"));
        assert_eq!(of("single/tool_block/mass/A", within[1]), None);
    }
}
