//! The server formats.
pub mod w3c;
pub mod apache;
pub mod nginx;
