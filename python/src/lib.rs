//! The Python face of `trifactor`: it translates and decides nothing.

mod augment;
mod causes;
mod convert;
mod curriculum;
mod env;
mod errors;
mod evaluation;
mod guarded;
mod policy;
mod record;
mod snapshot;
mod sprites;
mod state;
mod vector;

use std::path::PathBuf;

use pyo3::prelude::*;

#[cfg(feature = "mimalloc")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

// No global is written: interpreters without the global lock may call from many threads.
#[pymodule(gil_used = false)]
mod _trifactor {
    use super::*;

    #[pymodule_export]
    use augment::{NativeReplay, NativeSamples, augment_dataset};
    #[pymodule_export]
    use causes::{
        contacts, counterfactuals, feature_mask, link_poses, local_mask, mask_edges, mask_names,
        step_masks,
    };
    #[pymodule_export]
    use convert::config::read_description;
    #[pymodule_export]
    use convert::curriculum::{curriculum_document, parse_space, protocol_manifest, protocols};
    #[pymodule_export]
    use convert::picture::check_camera;
    #[pymodule_export]
    use curriculum::{NativeChoice, begin_world, follow_world};
    #[pymodule_export]
    use env::NativeEnv;
    #[pymodule_export]
    use evaluation::{NativePlan, NativeProbes, NativeRollout, compare_scores, write_report};
    #[pymodule_export]
    use policy::{NativeNetwork, NativePolicy, partial_solution, policy_names};
    #[pymodule_export]
    use record::NativeDataset;
    #[pymodule_export]
    use record::NativeWriter;
    #[pymodule_export]
    use snapshot::Snapshot;
    #[pymodule_export]
    use sprites::NativeSprites;
    #[pymodule_export]
    use state::State;
    #[pymodule_export]
    use vector::NativeVecEnv;

    #[expect(non_upper_case_globals, reason = "Python's name for it")]
    #[pymodule_export]
    const __version__: &str = env!("CARGO_PKG_VERSION");

    /// The JSON document of a built-in task family.
    #[pyfunction]
    fn family_document(name: &str) -> PyResult<&'static str> {
        trifactor::task::registry::document(name).map_err(errors::to_python)
    }

    /// A task family's document with its meshes' files, looked for from a folder, as numbers.
    #[pyfunction]
    fn resolve_family(document: &str, folder: PathBuf) -> PyResult<String> {
        let document = trifactor::task::Document::parse(document).map_err(errors::to_python)?;
        let resolved = document.resolved(&folder).map_err(errors::to_python)?;
        serde_json::to_string(&resolved).map_err(|error| errors::json_error("task family", &error))
    }

    /// Makes a data set of episodes from a manifest's JSON.
    #[pyfunction]
    fn regenerate(py: Python<'_>, manifest: &str, path: PathBuf) -> PyResult<()> {
        record::regenerate(py, manifest, path)
    }

    /// Runs the command line on the arguments after the program's name; returns the exit status.
    #[pyfunction]
    fn main(py: Python<'_>, arguments: Vec<String>) -> i32 {
        let argv = std::iter::once("trifactor".to_string()).chain(arguments).collect();
        py.detach(|| trifactor::cli::main(argv))
    }
}
