//! The command line of `trifactor`.

fn main() {}
