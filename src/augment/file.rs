//! Samples as bytes: a line of JSON, one more for every context, then the columns as they lie in
//! memory.

use std::collections::BTreeMap;
use std::io::{BufRead, Write};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::Samples;
use super::origins::Origins;
use super::samples::colors_of;
use crate::causal::replay::{Columns, Layout, get, put, read_contexts, write_contexts};
use crate::error::{Error, Result};
use crate::saved::Format;
use crate::world::Scene;

const FORMAT: Format = Format { what: "samples", version: 1 };

/// What stands before the columns.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    scene: Arc<Scene>,
    samples: usize,
    contexts: usize,
    /// How many colours there are, of all samples.
    colors: usize,
}

impl Samples {
    /// Writes the samples with all that they need.
    ///
    /// # Errors
    /// Those of what is written to.
    pub fn write_to(&self, file: &mut impl Write) -> std::io::Result<()> {
        // Of the replay's contexts only those that a sample has.
        let mut places = BTreeMap::from_iter(self.origins.numbers.iter().map(|old| (*old, 0)));
        places.values_mut().zip(0_u32..).for_each(|(place, new)| *place = new);
        let of = |old: &u32| Arc::clone(&self.origins.contexts[*old as usize]);
        let contexts: Vec<_> = places.keys().map(of).collect();
        let numbers: Vec<u32> = self.origins.numbers.iter().map(|old| places[old]).collect();
        let header = Header {
            scene: Arc::clone(self.columns.layout().scene()),
            samples: self.len(),
            contexts: contexts.len(),
            colors: self.colors.len(),
        };
        let header = FORMAT.write(&header).map_err(std::io::Error::other)?;
        writeln!(file, "{header}")?;
        write_contexts(file, &contexts)?;
        self.columns.write_numbers(file)?;
        put(file, &self.origins.rows, |x| x.to_le_bytes())?;
        put(file, &self.origins.bases, |x| x.to_le_bytes())?;
        put(file, &self.origins.steps, |x| x.to_le_bytes())?;
        put(file, &numbers, |x| x.to_le_bytes())?;
        put(file, self.colors.as_flattened(), |x| x.to_le_bytes())
    }

    /// Reads what [`Samples::write_to`] wrote, to its end.
    ///
    /// # Errors
    /// [`Error::Malformed`].
    pub fn read_from(file: &mut impl BufRead) -> Result<Self> {
        let unread = |error: std::io::Error| malformed(&error.to_string());
        let mut line = String::new();
        file.read_line(&mut line).map_err(unread)?;
        let Header { scene, samples: count, contexts, colors } = FORMAT.read(&line)?;
        let layout = Layout::new(&scene)?;
        let bodies = layout.bodies();
        let contexts = read_contexts(file, contexts, &layout)?;
        let columns = Columns::read_numbers(file, layout, count).map_err(unread)?;
        let mut read = || -> std::io::Result<(Origins, Vec<[f64; 3]>)> {
            let mut origins = Origins::default();
            origins.rows = get(file, count * bodies, u32::from_le_bytes)?;
            origins.bases = get(file, count, u32::from_le_bytes)?;
            origins.steps = get(file, count, u64::from_le_bytes)?;
            origins.numbers = get(file, count * (bodies + 1), u32::from_le_bytes)?;
            let colors = get(file, 3 * colors, f64::from_le_bytes)?;
            Ok((origins, colors.as_chunks().0.to_vec()))
        };
        let (mut origins, colors) = read().map_err(unread)?;
        let width = contexts.first().map_or(0, |context| colors_of(context.state()).len());
        let fits = origins.numbers.iter().all(|number| (*number as usize) < contexts.len())
            && [0, count * width].contains(&colors.len());
        if !fits || !file.fill_buf().map_err(unread)?.is_empty() {
            return Err(malformed("they are not what the first lines announce"));
        }
        origins.contexts = contexts;
        Ok(Self { columns, origins, colors })
    }
}

fn malformed(reason: &str) -> Error {
    let (what, path) = ("samples".to_string(), "columns".to_string());
    Error::Malformed { what, path, reason: reason.to_string() }
}
