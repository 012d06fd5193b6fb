//! Formats given by a string, such as Squid's `logformat`, Apache's `LogFormat` and nginx's `log_format`.
//!
//! A dialect's grammar ([`squid`], [`apache`], [`nginx`]) turns the operator's string into [`Piece`]s: literal text and
//! [`Directive`]s that name a neutral [`Field`]. [`Layout::compile`] turns the pieces into steps, once; reading a line
//! then walks the steps with `memchr` and borrows what it finds. There is no regular expression.
//!
//! A new dialect is a grammar that yields pieces and a row in the table of kinds; it needs nothing from its siblings.

pub mod escape;
pub mod field;
pub mod stamp;
pub mod strftime;
pub mod target;
pub mod layout;
mod split;
mod anchor;
mod quick;
mod read;
pub(in crate::formats) mod duration;
pub mod squid;
pub mod apache;
pub mod tomcat;
pub mod lighttpd;
pub mod nginx;
pub mod haproxy;
pub mod envoy;
pub mod keyed;
pub mod sample;
#[cfg(test)]
pub(crate) mod tests;

pub use escape::Encoding;
pub use field::{Directive, Field, Padding, Piece};
pub use layout::{Dialect, Layout};
pub use stamp::{Part, Style};
