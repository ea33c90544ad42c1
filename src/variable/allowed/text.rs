//! Spaces as text: `A except tool_block/mass, floor/friction from B, */color from nothing`.

use std::fmt;

use super::{Part, Space, malformed};
use crate::error::Result;

impl Space {
    /// The space that a text says.
    ///
    /// First what all variables may be set to, a word: `A`, `B`, `A∪B` (or `A|B`), `nothing`,
    /// `anything`. Then, after `except`, paths or globs with commas between them, `from` and another
    /// word; and as many more of these, after a comma, as there are.
    ///
    /// # Errors
    /// [`Error::Malformed`](crate::Error::Malformed) with the place and what was expected there.
    pub fn parse(text: &str) -> Result<Self> {
        let (all, exceptions) = match text.split_once(" except ") {
            Some((all, exceptions)) => (all, Some(exceptions)),
            None => (text, None),
        };
        let mut space = Self::of(word(text, all)?)?;
        let mut globs: Vec<&str> = Vec::new();
        for clause in exceptions.into_iter().flat_map(|exceptions| exceptions.split(',')) {
            let (glob, part) = match clause.split_once(" from ") {
                Some((glob, part)) => (glob, Some(word(text, part)?)),
                None => (clause, None),
            };
            globs.push(glob.trim());
            if let Some(part) = part {
                for glob in globs.drain(..) {
                    space = space.except(glob, part.clone())?;
                }
            }
        }
        match globs.first() {
            None => Ok(space),
            Some(glob) => Err(malformed(
                text,
                format!("'{glob}' comes from nowhere; say '{glob} from B', for instance"),
            )),
        }
    }
}

fn word(text: &str, word: &str) -> Result<Part> {
    let word = word.trim();
    Part::word(word).ok_or_else(|| {
        let expected = "expected A, B, A∪B, nothing or anything";
        malformed(text, format!("{expected}, found '{word}'; as in 'A except */mass from B'"))
    })
}

impl fmt::Display for Space {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.all)?;
        let mut before: Option<&Part> = None;
        for (glob, part) in &self.except {
            match before {
                None => write!(f, " except {glob}")?,
                Some(same) if same == part => write!(f, ", {glob}")?,
                Some(other) => write!(f, " from {other}, {glob}")?,
            }
            before = Some(part);
        }
        before.map_or(Ok(()), |part| write!(f, " from {part}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_says_the_part_of_every_variable() {
        let space =
            Space::parse("A except */mass, floor/friction from B, tool_*/mass from nothing")
                .unwrap();
        for (path, part) in [
            ("tool_block/size", "A"),
            ("robot_finger_60_link_0/mass", "B"),
            ("floor/friction", "B"),
            ("tool_block/mass", "nothing"),
        ] {
            assert_eq!(space.part(path).to_string(), part, "{path}");
        }
        for text in ["A", "B", "A∪B", "nothing except */mass from A|B"] {
            let space = Space::parse(text).unwrap();
            assert_eq!(Space::parse(&space.to_string()), Ok(space));
        }
        assert_eq!(Space::parse(&space.to_string()), Ok(space));
    }

    #[test]
    fn a_text_that_says_nothing_is_refused_with_what_was_expected() {
        for (text, reason) in [
            ("C", "expected A, B, A∪B, nothing or anything, found 'C'"),
            ("A except */mass", "'*/mass' comes from nowhere"),
            ("A except */mass from C", "found 'C'"),
            ("A except mass from B", "expected entity/attribute"),
            ("A except , from B", "expected entity/attribute"),
        ] {
            let refused = Space::parse(text).map(|space| space.to_string());
            let message = refused.expect_err(text).to_string();
            assert!(message.contains(reason), "{text}: {message}");
        }
    }

    #[test]
    fn a_space_survives_a_write_and_a_read() {
        for json in [
            r#""A except tool_block/mass from B""#,
            r#"{"all":"nothing","except":{"tool_block/mass":{"low":0.02,"high":0.03}}}"#,
            r#"{"all":"A","except":{"tool_block/mass":{"values":[0.02,0.05]}}}"#,
            r#"{"all":"A∪B","except":{"a/b":{"log_uniform":{"low":0.1,"high":1.0}}}}"#,
            r#"{"all":"A","except":{"a/b":{"normal":{"mean":0.5,"deviation":0.1,"low":0.0,"high":1.0}}}}"#,
        ] {
            let space: Space = serde_json::from_str(json).unwrap();
            assert_eq!(serde_json::to_string(&space).unwrap(), json);
        }
        for json in [
            r#"{"all": "A", "except": {"a/b": {"low": 1.0, "high": 0.0}}}"#,
            r#"{"all": {"low": 0.0, "high": 1.0}}"#,
            r#"{"all": "A", "except": {"a/b": {"values": []}}}"#,
            r#"{"all": "A", "except": {"a/b": {"log_uniform": {"low": 0.0, "high": 1.0}}}}"#,
        ] {
            assert!(serde_json::from_str::<Space>(json).is_err(), "{json}");
        }
    }
}
