//! Benchmarks beside their peers. Empty so far.
