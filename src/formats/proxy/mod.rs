//! The proxy formats.
pub mod squid;
