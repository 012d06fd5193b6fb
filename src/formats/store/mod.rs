//! The formats of object stores.
pub mod s3_access;
pub mod gcs_usage;
pub mod azure_storage;
