#![doc = include_str!("README.md")]

pub mod units;
pub mod estate;
pub mod event;
pub mod framing;
pub mod formats;
pub mod input;
pub mod synth;
