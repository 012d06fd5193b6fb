//! Formats that many programs write: a schema rather than one program's log.

pub mod cef;
pub mod leef;
pub mod ecs;
pub mod ocsf;
pub mod cloudtrail;
pub mod mapped;
