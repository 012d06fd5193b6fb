//! The flow formats.
pub mod zeek_conn;
mod zeek;
pub mod zeek_http;
pub mod zeek_dns;
pub mod zeek_ssl;
pub mod zeek_files;
pub mod vpc_flow;
pub mod suricata_eve;
pub mod nfdump_csv;
pub mod argus;
pub mod gcp_vpc;
mod azure_tuples;
pub mod azure_nsg;
pub mod azure_vnet;
