//! Bytes → lines.
