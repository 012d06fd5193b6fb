//! The proxy formats.
pub mod squid;
pub mod cisco_wsa;
pub mod fortiproxy;
mod named_columns;
pub mod netskope;
pub mod proxysg_pairs;
pub mod skyhigh;
pub mod tinyproxy;
pub mod umbrella_proxy;
pub mod zscaler_web;
