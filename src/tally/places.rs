//! Where in a list the entry of a key stands: an open table of eight bytes a slot.
//!
//! Unlike a general hash map it can be asked in two steps, [`Places::guess`] for many keys and then [`Places::find`] for
//! the few that were guessed wrong, so that the waits for memory of many keys overlap; and it grows without looking at the
//! keys. Slots are searched one after the other from a key's home.

use foldhash::fast::RandomState;
use std::hash::BuildHasher;

/// Half of a key's hash, which tells nearly all keys apart; its highest bits are the key's home.
pub(super) type Tag = u32;

#[derive(Clone, Copy, Debug)]
struct Slot {
    tag: Tag,
    /// [`NONE`]: the slot is free.
    place: u32,
}

/// No place.
pub(super) const NONE: u32 = u32::MAX;

const FREE: Slot = Slot { tag: 0, place: NONE };

/// As many slots as the smallest table has.
const SLOTS_MIN: usize = 16;

/// Places by key. The table does not know the keys: whoever asks compares them.
#[derive(Clone, Debug)]
pub(super) struct Places {
    /// A power of two, of which at most 7/8 are taken.
    slots: Vec<Slot>,
    taken: usize,
    /// Keyed, so that an outsider cannot choose names that fall together.
    hasher: RandomState,
}

impl Default for Places {
    fn default() -> Self {
        Places { slots: vec![FREE; SLOTS_MIN], taken: 0, hasher: RandomState::default() }
    }
}

impl Places {
    #[inline]
    pub(super) fn tag(&self, key: u64) -> Tag {
        (self.hasher.hash_one(key) >> 32) as Tag
    }

    #[inline]
    fn home(&self, tag: Tag) -> usize {
        ((u64::from(tag) * self.slots.len() as u64) >> 32) as usize
    }

    /// The place that a look at the home alone suggests, or [`NONE`].
    #[inline]
    pub(super) fn guess(&self, tag: Tag) -> u32 {
        let home = self.slots[self.home(tag)];
        if home.tag == tag { home.place } else { NONE }
    }

    /// The place for which `same` says that its key is the one asked for.
    pub(super) fn find(&self, tag: Tag, same: impl Fn(u32) -> bool) -> Option<u32> {
        let (before, from) = self.slots.split_at(self.home(tag));
        let taken = from.iter().chain(before).take_while(|slot| slot.place != NONE);
        taken.filter(|slot| slot.tag == tag).map(|slot| slot.place).find(|place| same(*place))
    }

    /// Remembers the place of a key that is not in the table.
    pub(super) fn insert(&mut self, tag: Tag, place: u32) {
        if (self.taken + 1) * 8 > self.slots.len() * 7 {
            let larger = vec![FREE; self.slots.len() * 2];
            let slots = std::mem::replace(&mut self.slots, larger);
            slots.into_iter().filter(|slot| slot.place != NONE).for_each(|slot| self.put(slot));
        }
        self.put(Slot { tag, place });
        self.taken += 1;
    }

    fn put(&mut self, slot: Slot) {
        let home = self.home(slot.tag);
        let (before, from) = self.slots.split_at_mut(home);
        if let Some(free) = from.iter_mut().chain(before).find(|slot| slot.place == NONE) {
            *free = slot;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn places_are_those_of_a_search_through_the_list(keys in proptest::collection::vec(0u64..90, 0..300)) {
            let (mut places, mut list) = (Places::default(), Vec::new());
            for key in keys {
                let tag = places.tag(key);
                let found = places.find(tag, |place| list.get(place as usize) == Some(&key));
                prop_assert_eq!(found.map(|place| place as usize), list.iter().position(|other| *other == key));
                let guess = places.guess(tag);
                prop_assert!(guess == NONE || list.get(guess as usize) == Some(&key));
                if found.is_none() {
                    places.insert(tag, u32::try_from(list.len()).unwrap());
                    list.push(key);
                }
            }
        }
    }
}
