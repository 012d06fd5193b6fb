//! Runs the program as its users do and compares what it prints.
//!
//! Cases are data (`tests/cases/*.toml`); only `outflow.rs` here touches the program.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod ack;
mod allow;
mod bad_input;
mod bench;
mod captures;
mod cases;
mod config;
mod destinations;
mod doctor;
mod drill;
mod estate;
mod eval;
mod explain;
mod format_from;
mod floor;
mod formats;
mod listen;
mod older;
mod outflow;
mod pairing;
mod ports;
mod readme;
mod report;
mod roads;
mod robustness;
mod samples;
mod silence;
mod view;
mod watch;
mod watch_outputs;
mod zeek;
