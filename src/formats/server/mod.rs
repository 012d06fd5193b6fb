//! The server formats.
mod clf;
pub mod w3c;
pub mod apache;
pub mod nginx;
pub mod haproxy;
pub mod envoy;
pub mod nginx_json;
pub mod caddy;
pub mod aws_alb;
pub mod aws_elb;
pub mod aws_nlb;
pub mod traefik;
pub mod traefik_clf;
pub mod tomcat;
pub mod lighttpd;
pub mod varnish;
