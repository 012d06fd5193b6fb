//! Whose network an address lies in, from a MaxMind DB file (MMDB) that the operator gives: the number and the name of its
//! autonomous system.

use maxminddb::Reader;
use serde::Deserialize;
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

/// The autonomous system of an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Owner<'o> {
    /// Its number.
    pub number: u32,
    /// Who runs it; empty where the file does not say.
    pub name: &'o str,
}

/// The file, read into memory; clones share it.
#[derive(Clone)]
pub struct Owners(Arc<Reader<Vec<u8>>>);

impl fmt::Debug for Owners {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Owners by {}", self.0.metadata().database_type)
    }
}

/// What files say, under the names of MaxMind (GeoLite2-ASN, GeoIP2-ISP), DB-IP (the same) and IPinfo.
#[derive(Deserialize)]
struct Row<'o> {
    autonomous_system_number: Option<i64>,
    autonomous_system_organization: Option<&'o str>,
    asn: Option<&'o str>,
    as_name: Option<&'o str>,
    name: Option<&'o str>,
}

impl<'o> Row<'o> {
    fn owner(self) -> Option<Owner<'o>> {
        let spelled = |text: &str| text.strip_prefix("AS").unwrap_or(text).parse().ok();
        let number = self.autonomous_system_number.and_then(|number| u32::try_from(number).ok());
        let number = number.or_else(|| self.asn.and_then(spelled))?;
        let name = self.autonomous_system_organization.or(self.as_name).or(self.name);
        Some(Owner { number, name: name.unwrap_or_default() })
    }
}

/// So many networks are looked at to find out whether a file tells of autonomous systems.
const LOOKED_AT: usize = 1000;

impl Owners {
    /// Reads the bytes of a file.
    ///
    /// # Errors
    /// For what is no MMDB, and for one that does not tell of autonomous systems.
    pub fn read(bytes: Vec<u8>) -> Result<Owners, String> {
        let reader = Reader::from_source(bytes).map_err(|error| format!("is no MMDB: {error}"))?;
        let owners = Owners(Arc::new(reader));
        let networks = owners.0.networks(Default::default()).map_err(|error| error.to_string())?;
        let tells = networks.take(LOOKED_AT).any(|network| {
            network.is_ok_and(|found| {
                found.decode::<Row<'_>>().ok().flatten().is_some_and(|row| row.owner().is_some())
            })
        });
        if !tells {
            let sort = &owners.0.metadata().database_type;
            return Err(format!(
                "is an MMDB of {sort} and names no autonomous systems: give one such as GeoLite2-ASN"
            ));
        }
        Ok(owners)
    }

    /// Whose an address is; `None` where the file does not say, or is broken there.
    pub fn of(&self, address: IpAddr) -> Option<Owner<'_>> {
        self.0.lookup(address).ok()?.decode::<Row<'_>>().ok()??.owner()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Made by `tests/asn/make.py`.
    const FILE: &[u8] = include_bytes!("../../tests/asn/documentation.mmdb");

    #[test]
    fn numbers_and_names() {
        let owners = Owners::read(FILE.to_vec()).unwrap();
        let of = |ip: &str| owners.of(ip.parse().unwrap()).map(|owner| (owner.number, owner.name.to_owned()));
        assert_eq!(of("203.0.113.0"), Some((64496, "Example Hosting".to_owned())));
        assert_eq!(of("2001:db8:1::"), Some((64497, "Example Six".to_owned())));
        assert_eq!(of("192.0.2.7"), Some((14061, "An example of a VPS provider".to_owned())));
        assert_eq!(of("10.1.2.3"), None);
    }

    #[test]
    fn other_files() {
        assert!(Owners::read(b"hello".to_vec()).unwrap_err().starts_with("is no MMDB"));
        let countries = include_bytes!("../../tests/asn/countries.mmdb");
        let error = Owners::read(countries.to_vec()).unwrap_err();
        assert!(error.contains("Test-Country") && error.contains("GeoLite2-ASN"), "{error}");
    }

    proptest::proptest! {
        #[test]
        fn a_damaged_file_does_not_panic(at in 0..FILE.len(), byte: u8, cut in 0..FILE.len()) {
            let mut bytes = FILE.to_vec();
            bytes[at] = byte;
            for bytes in [bytes, FILE[..cut].to_vec()] {
                if let Ok(owners) = Owners::read(bytes) {
                    for ip in ["203.0.113.0", "2001:db8:1::", "192.0.2.7", "10.1.2.3"] {
                        let _ = owners.of(ip.parse().unwrap());
                    }
                }
            }
        }
    }
}
