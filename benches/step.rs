//! Benchmarks of the step.
fn main() {}
