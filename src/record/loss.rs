//! What is missing of a data set that was cut off.

use std::fmt;

use serde::Serialize;

/// What is missing at the end of a data set that was not closed, as far as the file says.
///
/// How many whole episodes are missing after it, no file can say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Loss {
    /// Bytes at the end that belong to no whole episode.
    pub bytes: u64,
    /// How many bytes the episode that they begin had.
    pub length: Option<u64>,
    /// How many rows that episode had: its start, its steps, and what was set within it.
    pub rows: Option<u64>,
}

impl fmt::Display for Loss {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { bytes, length, rows } = *self;
        match (bytes, length) {
            (0, _) => write!(out, "the file was not closed and ends after a whole episode; "),
            (_, None) => write!(
                out,
                "the file was cut off: its last {bytes} bytes begin an episode that is lost; "
            ),
            (_, Some(length)) => {
                let steps = rows.map_or(String::new(), |rows| {
                    format!(" of up to {} steps", rows.saturating_sub(1))
                });
                write!(
                    out,
                    "the file was cut off: an episode{steps} is lost, of which {bytes} of {length} \
                     bytes are there; "
                )
            }
        }?;
        write!(out, "episodes that were recorded after it, if any, are missing")
    }
}

#[cfg(test)]
mod tests {
    use super::Loss;

    #[test]
    fn a_loss_says_bytes_and_steps_as_far_as_they_are_known() {
        let text = |bytes, length, rows| Loss { bytes, length, rows }.to_string();
        assert!(text(0, None, None).contains("ends after a whole episode"));
        assert!(text(17, None, None).contains("its last 17 bytes"));
        let all = text(900, Some(1000), Some(251));
        assert!(all.contains("250 steps") && all.contains("900 of 1000 bytes"), "{all}");
    }
}
