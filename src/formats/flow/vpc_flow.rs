//! vpc_flow: not written yet.
use crate::event::Role;
use crate::formats::{Kind, Sniffed, SpecError, no_header};

/// The row of this format.
pub const KIND: Kind = Kind {
    name: "vpc_flow",
    about: "",
    roles: &[Role::Flow],
    compile: |_, _| Err(SpecError { message: "not written yet".into(), position: 0 }),
    sniff: |_, _| Sniffed::No,
    is_header: no_header,
};
