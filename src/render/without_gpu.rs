//! Where the library was built without the feature `gpu`.

use super::{Backend, Style};
use crate::error::{Error, Result};

/// No graphics processor.
///
/// # Errors
/// [`Error::Device`], always.
pub(super) fn open(_: &Style) -> Result<Box<dyn Backend>> {
    Err(Error::Device { reason: "it was built without the feature gpu".to_string() })
}
