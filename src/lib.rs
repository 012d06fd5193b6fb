#![doc = include_str!("README.md")]

pub mod units;
pub mod estate;
pub mod event;
pub mod incident;
pub mod framing;
pub mod formats;
pub mod tally;
pub mod baseline;
pub mod detectors;
pub mod incidents;
pub mod outputs;
pub mod pipeline;
pub mod input;
pub mod batch;
pub mod synth;
pub mod cli;
