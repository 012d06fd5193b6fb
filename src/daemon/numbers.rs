//! Numbers of sources. A log that is rotated for years is a new one each time, and what is known of it by number must not grow
//! with it: a log gets the number of one that was at the same place, is gone, and whose windows are closed. What was remembered
//! of lines by that number stays true: it names the same place, where `explain` looks for them under the names of rotation too.

use super::engine::Engine;
use crate::pipeline::Source;
use std::collections::{BTreeMap, BTreeSet};

/// Numbers that may be given again, by place.
pub(super) type Free = BTreeMap<String, u32>;

impl Engine {
    /// Numbers whose logs are gone.
    pub(super) fn free_numbers(&self) -> Free {
        let used: BTreeSet<u32> = self.logs.values().filter_map(|log| log.source).collect();
        let free = self.sources.iter().zip(0..).filter(|(_, number)| !used.contains(number));
        let past = free.filter(|(_, number)| self.scan.is_past(*number));
        past.map(|(source, number)| (source.path.clone(), number)).collect()
    }

    /// A number for a new source.
    pub(super) fn number(&mut self, source: Source, free: &mut Free) -> Option<u32> {
        let number = free.remove(&source.path);
        let place = number.and_then(|number| self.sources.get_mut(number as usize));
        match (number, place) {
            (Some(number), Some(place)) if place.kind.name == source.kind.name => {
                *place = source;
                self.past.merge(self.scan.begin_again(number));
                Some(number)
            }
            _ => {
                self.sources.push(source);
                u32::try_from(self.sources.len() - 1).ok()
            }
        }
    }
}
