//! The library's types as Python's, and back; nothing here knows a native class.

pub(crate) mod arguments;
pub(crate) mod batch;
pub(crate) mod causal;
pub(crate) mod config;
pub(crate) mod curriculum;
pub(crate) mod goals;
pub(crate) mod info;
pub(crate) mod names;
pub(crate) mod numbers;
pub(crate) mod picture;
pub(crate) mod recording;
