//! Runs the program as its users do and compares what it prints.
//!
//! Cases are data (`tests/cases/*.toml`); only `outflow.rs` here touches the program.

mod bad_input;
mod cases;
mod outflow;
mod roads;
mod samples;
