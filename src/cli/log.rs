//! The log of a run: JSON lines from which every transition can be re-run on its own.
//!
//! The first line is the header. Then, for each episode, a line with the interventions made and
//! the whole state it starts from, a line per control step, and a line with its outcome. A step's
//! next state is written as a JSON merge patch (RFC 7396) on the state before it: most of a state
//! does not change in a step.

use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::output::{file_error, json_reason};
use super::patch::{difference, merge};
use crate::env::{Description, Env};
use crate::error::{Error, Result};
use crate::intervention::Intervention;
use crate::robot::Nine;
use crate::world::State;

/// What the header says the file is.
const FORMAT: &str = "trifactor transitions";
/// Goes up with every change that older readers would misunderstand.
const VERSION: u32 = 2;

/// A line of the log.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Line {
    Header(Box<Header>),
    Episode(Box<Episode>),
    Step(Step),
    End(Outcome),
}

/// From what the world of the log can be made again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Header {
    format: String,
    version: u32,
    /// The version of the program that wrote it.
    program: String,
    /// The world; actions are joint targets in rad.
    pub(super) world: Description,
    /// The seed of all random streams.
    pub(super) seed: u64,
    /// How many episodes were to be written; not said by logs of before this was kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    episodes: Option<u64>,
}

impl Header {
    /// The header of a run.
    pub(super) fn new(world: Description, seed: u64, episodes: u64) -> Self {
        Self {
            format: FORMAT.to_string(),
            version: VERSION,
            program: env!("CARGO_PKG_VERSION").to_string(),
            world,
            seed,
            episodes: Some(episodes),
        }
    }

    /// The environment whose transitions these are.
    pub(super) fn env(&self) -> Result<Env> {
        Env::from_description(&self.world.of_transitions())
    }
}

/// An episode's start.
#[derive(Serialize, Deserialize)]
pub(super) struct Episode {
    /// What was set before the first step, in order.
    pub(super) interventions: Vec<Intervention>,
    /// The state after that.
    pub(super) state: State,
}

#[derive(Serialize, Deserialize)]
struct Step {
    action: Nine,
    reward: f64,
    next: Value,
}

/// An episode's outcome.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Outcome {
    /// How much of the goal was achieved at the end, 0 to 1.
    pub(super) fractional_success: f64,
    /// Whether the goal was reached at the end.
    pub(super) success: bool,
    /// The sum of the rewards.
    pub(super) reward: f64,
}

/// One transition, with where it stands in the file.
pub(super) struct Transition {
    pub(super) line: usize,
    pub(super) before: State,
    pub(super) action: Nine,
    pub(super) reward: f64,
    pub(super) after: State,
}

/// An episode as read back.
pub(super) struct Recorded {
    pub(super) interventions: Vec<Intervention>,
    pub(super) transitions: Vec<Transition>,
    /// `None` where the log breaks off.
    pub(super) outcome: Option<Outcome>,
}

/// Writes a log.
pub(super) struct Writer {
    path: PathBuf,
    file: BufWriter<File>,
    last: Value,
}

impl Writer {
    /// Creates the file, and the folders above it, and writes the header.
    pub(super) fn create(path: &Path, header: &Header) -> Result<Self> {
        let error = |e| file_error(path, &e);
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(error)?;
        }
        let file = BufWriter::new(File::create(path).map_err(error)?);
        let mut writer = Self { path: path.to_path_buf(), file, last: Value::Null };
        writer.line(&Line::Header(Box::new(header.clone())))?;
        Ok(writer)
    }

    pub(super) fn episode(&mut self, interventions: &[Intervention], state: &State) -> Result<()> {
        self.last = self.value(state)?;
        let interventions = interventions.to_vec();
        let episode = Episode { interventions, state: state.clone() };
        self.line(&Line::Episode(Box::new(episode)))
    }

    pub(super) fn step(&mut self, action: &Nine, reward: f64, next: &State) -> Result<()> {
        let value = self.value(next)?;
        let patch = difference(&self.last, &value);
        self.last = value;
        self.line(&Line::Step(Step { action: *action, reward, next: patch }))
    }

    pub(super) fn end(&mut self, outcome: Outcome) -> Result<()> {
        self.line(&Line::End(outcome))?;
        self.file.flush().map_err(|e| file_error(&self.path, &e))
    }

    fn value(&self, state: &State) -> Result<Value> {
        serde_json::to_value(state).map_err(|e| file_error(&self.path, &e.into()))
    }

    fn line(&mut self, line: &Line) -> Result<()> {
        serde_json::to_writer(&mut self.file, line)
            .map_err(std::io::Error::from)
            .and_then(|()| self.file.write_all(b"\n"))
            .map_err(|e| file_error(&self.path, &e))
    }
}

/// A log as read back.
pub(super) struct Log {
    pub(super) header: Header,
    pub(super) episodes: Vec<Recorded>,
    /// Bytes at the end that are no whole line.
    cut: usize,
}

impl Log {
    /// Reads a whole log; a last line that breaks off is left out, and [`Log::lost`] says so.
    ///
    /// # Errors
    /// [`Error::File`], or [`Error::Malformed`] with the number of the line.
    pub(super) fn read(path: &Path) -> Result<Self> {
        let mut file = BufReader::new(File::open(path).map_err(|e| file_error(path, &e))?);
        let (mut lines, mut bytes, mut cut) = (Lines::default(), Vec::new(), 0);
        for number in 1.. {
            let malformed = |reason: String| malformed(path, number, reason);
            bytes.clear();
            file.read_until(b'\n', &mut bytes).map_err(|e| file_error(path, &e))?;
            if bytes.is_empty() {
                break;
            }
            match serde_json::from_slice::<Line>(&bytes) {
                Ok(line) => lines.add(line, number, &malformed)?,
                Err(_) if number > 1 && bytes.last() != Some(&b'\n') => cut = bytes.len(),
                Err(error) => return Err(malformed(json_reason(&error))),
            }
        }
        let empty = || malformed(path, 1, "expected the header, found an empty file".to_string());
        let Lines { header, episodes, .. } = lines;
        Ok(Self { header: header.ok_or_else(empty)?, episodes, cut })
    }

    /// What is missing at its end, as far as it is known.
    pub(super) fn lost(&self) -> Option<String> {
        let mut lost = Vec::new();
        if self.cut > 0 {
            lost.push(format!("its last {} bytes are no whole line", self.cut));
        }
        let whole = self.episodes.iter().filter(|episode| episode.outcome.is_some()).count();
        if let Some(last) = self.episodes.last().filter(|episode| episode.outcome.is_none()) {
            let (index, steps) = (self.episodes.len() - 1, last.transitions.len());
            lost.push(format!("episode {index} breaks off after {steps} steps"));
        }
        let planned = self.header.episodes.map(|episodes| episodes as usize);
        if let Some(planned) = planned.filter(|planned| whole < *planned) {
            lost.push(format!("{whole} of {planned} episodes are whole"));
        }
        (!lost.is_empty()).then(|| format!("the log was cut off: {}", lost.join("; ")))
    }
}

fn malformed(path: &Path, line: usize, reason: String) -> Error {
    Error::Malformed { what: path.display().to_string(), path: format!("line {line}"), reason }
}

/// What the lines of a log so far were.
#[derive(Default)]
struct Lines {
    header: Option<Header>,
    episodes: Vec<Recorded>,
    // The present state, also as the value that the next patch is of.
    state: Option<(Value, State)>,
}

impl Lines {
    fn add(
        &mut self,
        line: Line,
        number: usize,
        malformed: &impl Fn(String) -> Error,
    ) -> Result<()> {
        match (line, self.episodes.last_mut(), &mut self.state) {
            (Line::Header(found), _, _) if number == 1 => {
                self.header = Some(check(*found, malformed)?);
            }
            (Line::Header(_), _, _) => return Err(malformed("a second header".to_string())),
            _ if self.header.is_none() => {
                return Err(malformed("expected the header".to_string()));
            }
            (Line::Episode(episode), _, state) => {
                let Episode { interventions, state: start } = *episode;
                let value = serde_json::to_value(&start).map_err(|e| malformed(json_reason(&e)))?;
                *state = Some((value, start));
                let (transitions, outcome) = (Vec::new(), None);
                self.episodes.push(Recorded { interventions, transitions, outcome });
            }
            (Line::Step(step), Some(episode), Some((value, before))) => {
                merge(value, &step.next);
                let after = State::deserialize(&*value).map_err(|e| malformed(json_reason(&e)))?;
                episode.transitions.push(Transition {
                    line: number,
                    before: std::mem::replace(before, after.clone()),
                    action: step.action,
                    reward: step.reward,
                    after,
                });
            }
            (Line::End(outcome), Some(episode), _) => {
                (episode.outcome, self.state) = (Some(outcome), None);
            }
            _ => return Err(malformed("expected the start of an episode".to_string())),
        }
        Ok(())
    }
}

fn check(header: Header, malformed: &impl Fn(String) -> Error) -> Result<Header> {
    if header.format != FORMAT || header.version != VERSION {
        return Err(malformed(format!(
            "expected format '{FORMAT}' version {VERSION}, found '{}' version {}",
            header.format, header.version
        )));
    }
    Ok(header)
}
