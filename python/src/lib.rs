//! The Python face of `trifactor`.
