//! `outflow watch` beside real servers and logrotate: what it holds at the end is exactly what was written.

mod rotation;
