//! The DNS formats: what clients asked.
mod head;
pub mod bind_query;
pub mod unbound;
pub mod dnsmasq;
pub mod coredns;
pub mod windows_dns;
pub mod route53_resolver;
