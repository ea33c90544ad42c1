//! Prints the manifest of a data set, and makes a data set from one.

use std::path::{Path, PathBuf};

use super::data::dataset;
use super::output::{Done, print};
use super::run::SCRIPTED;
use crate::agent::BuiltIn;
use crate::env::Env;
use crate::error::{Error, Result};
use crate::record::Manifest;

#[derive(clap::Args)]
pub(super) struct Options {
    /// A data set
    file: PathBuf,
    /// List the actions, though the policy that chose them is known here by name
    #[arg(long)]
    actions: bool,
}

#[derive(clap::Args)]
pub(super) struct Regenerate {
    /// A manifest, as `manifest` prints it
    manifest: PathBuf,
    /// The data set to write; there must be no such file yet
    file: PathBuf,
}

/// Prints a data set's manifest.
pub(super) fn manifest(options: &Options) -> Done {
    let dataset = dataset(&options.file)?;
    let by_policy = !options.actions && dataset.header().policy == SCRIPTED;
    print(&Manifest::of(&dataset, by_policy)?.to_json()?)?;
    Ok(0)
}

/// Makes a data set from a manifest's file; 1 with the reason where it is not the same.
pub(super) fn regenerate(options: &Regenerate) -> Done {
    from_nothing(&Manifest::load(&options.manifest)?, &options.file)?;
    print(&format!("{} is the same, bit for bit", options.file.display()))?;
    Ok(0)
}

/// Makes a data set from a manifest, with the policies of this library.
///
/// # Errors
/// [`Error::UnknownName`] for a policy that is none of them and whose actions are not listed; as
/// [`Manifest::regenerate`].
pub fn from_nothing(manifest: &Manifest, path: &Path) -> Result<()> {
    if manifest.lists_actions() {
        return manifest.regenerate(path, &mut |_, _, _| ());
    }
    if manifest.policy != SCRIPTED {
        return Err(Error::UnknownName {
            what: "policy",
            name: manifest.policy.clone(),
            known: format!("{SCRIPTED}; of others a manifest must list the actions"),
        });
    }
    let env = Env::from_description(&manifest.world.of_transitions())?;
    let mut policy = BuiltIn::new(&manifest.policy, &env)?;
    let mut refused = Ok(());
    let made = manifest.regenerate(path, &mut |state, begins, action| {
        if begins {
            policy.reset();
        }
        if let Err(error) = policy.act(state, action) {
            refused = Err(error);
        }
    });
    refused.and(made)
}
