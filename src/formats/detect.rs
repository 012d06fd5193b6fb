//! Which format is this?
