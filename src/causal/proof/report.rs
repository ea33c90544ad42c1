//! Findings as tables.

use super::{EdgeKind, Findings, Perturbation, Tally};

/// A table of text: a title, a head, rows as long as the head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// What it tells.
    pub title: String,
    /// The columns' names.
    pub head: Vec<&'static str>,
    /// The rows.
    pub rows: Vec<Vec<String>>,
}

impl Table {
    /// The table in Markdown.
    pub fn markdown(&self) -> String {
        let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
        let head: Vec<String> = self.head.iter().map(ToString::to_string).collect();
        let rule = vec!["---".to_string(); head.len()];
        let rows: String = self.rows.iter().map(|row| line(row)).collect();
        format!("{}\n\n{}{}{rows}", self.title, line(&head), line(&rule))
    }
}

impl Findings {
    /// What was found, as tables: the proof and its controls, the coupled pairs, and what each kind
    /// of perturbation did, by kind of edge.
    pub fn tables(&self) -> Vec<Table> {
        let mut tables = vec![self.proof(), self.pairs()];
        tables.extend(Perturbation::ALL.map(|kind| self.by_edge(kind)));
        tables
    }

    fn proof(&self) -> Table {
        let donors = self.total(Perturbation::Donor).both;
        let absent = donors.absent_changed + donors.absent_same;
        let rows = [
            ("steps", self.steps.to_string()),
            (
                "of them with a finger on a block or two blocks in contact",
                share(self.touching, self.steps),
            ),
            ("come out otherwise than recorded", self.not_replayed.to_string()),
            ("nodes copied onto themselves changed a bit", share(self.copied_wrong, self.copied)),
            ("donor swaps", self.swaps.to_string()),
            ("of them pass the cut test", share(self.accepted, self.swaps)),
            ("of these changed a node across the cut", bounded(self.wrong, self.accepted)),
            (
                "of these, bodies that did not go on as in the donor's step",
                bounded(self.carried_wrong, self.carried),
            ),
            ("entries left out that a donor changed", bounded(donors.absent_changed, absent)),
            ("identity mask: swaps that changed another node", share(self.blind, self.swaps)),
            ("donors refused because of their context", self.contexts_refused.to_string()),
            ("forced from another context: wrong", share(self.forced_wrong, self.forced)),
        ];
        Table {
            title: "Proof and controls".to_string(),
            head: vec!["what", "number"],
            rows: rows.map(|(what, number)| vec![what.to_string(), number]).into(),
        }
    }

    fn pairs(&self) -> Table {
        let kinds = EdgeKind::ALL.into_iter().filter(|kind| self.edges(*kind).sound > 0);
        let row = |kind: EdgeKind| {
            let edges = self.edges(kind);
            vec![
                kind.name().to_string(),
                edges.sound.to_string(),
                share(edges.tight, edges.sound),
                share(edges.lost, edges.sound),
            ]
        };
        Table {
            title:
                "Pairs that the solver coupled, and those that the last tick's list alone would \
                    have lost"
                    .to_string(),
            head: vec!["pair", "coupled", "pushed", "lost by the last tick"],
            rows: kinds.map(row).collect(),
        }
    }

    fn by_edge(&self, kind: Perturbation) -> Table {
        let seen = |tally: &Tally| tally.both != Default::default();
        let edges = EdgeKind::ALL.into_iter().map(|edge| (edge.name(), *self.of(kind, edge)));
        let total = ("all but action to its finger", self.total(kind));
        let row = |(name, tally): (&str, Tally)| {
            let Tally { sound, tight, both, missed_by_tight, missed_by_last_tick } = tally;
            let changed = both.there_changed + both.absent_changed;
            vec![
                name.to_string(),
                (both.there_changed + both.there_same).to_string(),
                (both.absent_changed + both.absent_same).to_string(),
                changed.to_string(),
                both.absent_changed.to_string(),
                ratio(sound.precision()),
                ratio(tight.precision()),
                ratio(tight.recall()),
                missed_by_tight.to_string(),
                missed_by_last_tick.to_string(),
            ]
        };
        let all = edges.filter(|(_, tally)| seen(tally)).chain([total]);
        Table {
            title: format!("By {}", kind.name()),
            head: vec![
                "edge",
                "there",
                "left out",
                "changed",
                "violations",
                "precision sound",
                "precision tight",
                "recall tight",
                "missed by tight",
                "missed by the last tick",
            ],
            rows: all.map(row).collect(),
        }
    }
}

/// A part with its share of a whole.
fn share(part: u64, whole: u64) -> String {
    if whole == 0 {
        return "none to look at".to_string();
    }
    format!("{part} of {whole} ({:.1} %)", 100.0 * part as f64 / whole as f64)
}

/// Bad cases of so many, with the 95 % bound of their rate where there is none (rule of three).
fn bounded(bad: u64, all: u64) -> String {
    match (bad, all) {
        (_, 0) => "none to look at".to_string(),
        (0, _) => format!("0 of {all} (95 % bound {:.1e})", 3.0 / all as f64),
        _ => share(bad, all),
    }
}

fn ratio(value: f64) -> String {
    if value.is_nan() { String::new() } else { format!("{value:.3}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bound_is_threes_rule_and_shares_of_nothing_are_not_numbers() {
        assert_eq!(bounded(0, 3000), "0 of 3000 (95 % bound 1.0e-3)");
        assert_eq!(bounded(1, 4), "1 of 4 (25.0 %)");
        assert_eq!(share(0, 0), "none to look at");
        let tables = Findings::default().tables();
        assert!(tables.iter().all(|table| table.rows.iter().all(|r| r.len() == table.head.len())));
        assert!(tables[0].markdown().contains("| steps | 0 |"));
    }
}
