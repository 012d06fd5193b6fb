//! The driver that never ends: it follows logs as they grow, and what it knows survives whatever happens to it.
//!
//! One thread owns everything that must agree: where reading stopped, the sums, what was told ([`Engine`]). It writes all of
//! that in one transaction ([`Keeper`]), every few seconds and whenever something was told. Whoever only looks or
//! sends (outputs, the web page of metrics) has threads of its own and reads what was written.

mod checkpoint;
pub mod deliver;
mod engine;
pub mod http;
mod journal;
pub mod listen;
mod log;
mod notify;
mod numbers;
mod older;
mod outbox;
mod senders;
pub mod status;
#[cfg(test)]
mod tests;
mod watermark;

pub use checkpoint::{Keeper, Kept, settings};
pub use engine::{Engine, Followed, Step};
pub use journal::{complain, note, start as start_journal};
pub use notify::Supervisor;
pub use outbox::StoredOutbox;
