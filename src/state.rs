//! What is remembered, written down and read again: the parts of serde's derive that our types need beside it.
//!
//! The store keeps what these give. Names of our own tables (detectors, datasets, formats) are static text; they are
//! written as text and come back as the same static text. Hashes that are remembered are made with a secret that is
//! remembered with them.

use foldhash::quality::FixedState;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::BTreeSet;
use std::hash::BuildHasher;
use std::sync::{Mutex, PoisonError};

/// A name of one of our own tables. An alias, because serde takes `&'static str` for text to be borrowed.
pub type Name = &'static str;

/// The same where a field's attribute cannot stand: in keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Named(#[serde(with = "name")] pub Name);

/// Names of our own tables, for `#[serde(with = "crate::state::name")]`.
pub mod name {
    use super::{Deserialize, Deserializer, Serializer, interned};

    /// As text.
    ///
    /// # Errors
    /// As the serializer's.
    pub fn serialize<S: Serializer>(name: &&'static str, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(name)
    }

    /// The same static text.
    ///
    /// # Errors
    /// As the deserializer's.
    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<&'static str, D::Error> {
        Ok(interned(&String::deserialize(from)?))
    }
}

/// Static text with these letters. Each different text costs its length once and for ever: only for names that we wrote.
pub fn interned(text: &str) -> &'static str {
    static NAMES: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());
    let mut names = NAMES.lock().unwrap_or_else(PoisonError::into_inner);
    match names.get(text) {
        Some(known) => known,
        None => {
            let new: &'static str = Box::leak(text.into());
            names.insert(new);
            new
        }
    }
}

/// Lists of fixed length beyond the 32 that serde knows, for `#[serde(with = "crate::state::array")]`.
pub mod array {
    use super::{Deserialize, Deserializer, Serialize, Serializer};
    use serde::de::Error;

    /// As a list.
    ///
    /// # Errors
    /// As the serializer's.
    pub fn serialize<S: Serializer, T: Serialize, const N: usize>(
        list: &[T; N],
        to: S,
    ) -> Result<S::Ok, S::Error> {
        list.as_slice().serialize(to)
    }

    /// From a list that was as long or shorter: a later version may know more reasons or channels.
    ///
    /// # Errors
    /// As the deserializer's, and where the list is longer.
    pub fn deserialize<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default, const N: usize>(
        from: D,
    ) -> Result<[T; N], D::Error> {
        let mut list = Vec::<T>::deserialize(from)?;
        if list.len() < N {
            list.resize_with(N, T::default);
        }
        list.try_into().map_err(|_| D::Error::custom("a list is longer than this version knows"))
    }
}

/// A hasher with a secret that outsiders cannot guess, and that can be remembered.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Keyed {
    secret: u64,
}

impl Default for Keyed {
    fn default() -> Keyed {
        Keyed { secret: foldhash::quality::RandomState::default().hash_one(0x6f75_7466u32) }
    }
}

impl BuildHasher for Keyed {
    type Hasher = <FixedState as BuildHasher>::Hasher;

    #[inline]
    fn build_hasher(&self) -> Self::Hasher {
        FixedState::with_seed(self.secret).build_hasher()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_back_as_the_same_text() {
        let (one, again) = (interned("zeek-conn"), interned(&String::from("zeek-conn")));
        assert!(std::ptr::eq(one, again));
    }

    #[test]
    fn a_remembered_hasher_hashes_the_same() {
        let keyed = Keyed::default();
        let text = serde_json::to_string(&keyed).unwrap();
        let again: Keyed = serde_json::from_str(&text).unwrap();
        assert_eq!(keyed.hash_one("a host"), again.hash_one("a host"));
        assert_ne!(keyed.hash_one("a host"), Keyed::default().hash_one("a host"), "the secret is one's own");
    }
}
