//! `outflow watch` beside real servers and logrotate, on full and read-only disks, with clocks that jump and ten thousand files:
//! what it holds at the end is exactly what was written.

mod many;
mod rotation;
mod trouble;
