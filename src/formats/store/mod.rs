//! The formats of object stores.
pub mod s3_access;
