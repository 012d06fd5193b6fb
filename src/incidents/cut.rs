//! Which incidents are told: by what is known when a window closes, never by what comes later.
//!
//! A budget of K a day is kept by a bar: the score that nine tenths of K incidents a day reached over the week before. What reaches the
//! bar is told while there is room for K that day; after that only what is worse than the least of those told today, and
//! never more than 2 K: a day on which much happens may be longer, and ordinary days make up for it, as the bar has risen.
//!
//! Hosts that newly send to a group that few use are one story with the first of them that was told: they are told with it,
//! and take no room. At most [`FOLLOW_MAX`] do, so that a roll-out does not fill the list. Of one host at most [`HOST_MAX`]
//! incidents are told a day: who reads them looks at the host, and a mailing to a thousand addresses is one thing to look at.

use super::Budget;
use crate::units::{Span, Timestamp};
use hashbrown::HashMap;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// What an incident is about: host, and destination group (`None`: spread over several).
pub(super) type Key = (u32, Option<u32>);

/// How many days before today the bar looks at.
const DAYS: usize = 7;

/// How long a story goes on after it was last told.
const STORY: Span = Span::DAY.times(7);

/// How many hosts are told with the first: a theft from more is a campaign that its first hundred tell well enough.
const FOLLOW_MAX: u32 = 100;

/// Incidents of one host told a day.
const HOST_MAX: u32 = 2;

/// An incident that was not told before.
#[derive(Clone, Copy, Debug)]
pub(super) struct Candidate {
    pub(super) key: Key,
    pub(super) score: f64,
    /// Whether its destination group is one that few hosts use.
    pub(super) few_use: bool,
    /// Whether the group is new to the host.
    pub(super) is_new: bool,
}

/// A destination group of which something was told.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Story {
    /// The last day.
    told: Timestamp,
    followed: u32,
}

/// The bar, and what was told today.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Cut {
    /// K, at least 1.
    per_day: usize,
    today: Timestamp,
    /// The highest scores of incidents that were not yet told, of each of the last days; at most K for each day of the bar.
    days: VecDeque<Vec<f64>>,
    /// The same of today, by incident; one entry for each that was judged today.
    best: HashMap<Key, f64, foldhash::fast::RandomState>,
    /// From what score on an incident is told today.
    bar: f64,
    /// Scores of those told today, at most 2 K.
    told: Vec<f64>,
    /// How many of each host were told today.
    of_host: HashMap<u32, u32, foldhash::fast::RandomState>,
    /// By group; one entry for each incident told at most.
    stories: HashMap<u32, Story, foldhash::fast::RandomState>,
}

impl Cut {
    /// Nothing was seen yet.
    pub(super) fn new(budget: Budget) -> Cut {
        Cut {
            per_day: usize::try_from(budget.per_day).unwrap_or(usize::MAX),
            today: Timestamp::MIN,
            days: VecDeque::new(),
            best: HashMap::default(),
            bar: 0.0,
            told: Vec::new(),
            of_host: HashMap::default(),
            stories: HashMap::default(),
        }
    }

    /// Whether it is told in the window that closes at `now`.
    pub(super) fn tells(&mut self, now: Timestamp, candidate: &Candidate) -> bool {
        let day = self.reach(now);
        let (host, group) = candidate.key;
        if self.is_full_of(host) {
            return false;
        }
        let tells = self.follows(day, candidate) || self.has_room(candidate);
        if tells {
            *self.of_host.entry(host).or_default() += 1;
            if let Some(group) = group.filter(|_| candidate.few_use) {
                self.stories.entry(group).or_insert(Story { told: day, followed: 0 }).told = day;
            }
        }
        tells
    }

    /// Whether it would be: unlike [`Cut::tells`], this takes no room and is not remembered.
    pub(super) fn would_tell(&mut self, now: Timestamp, candidate: &Candidate) -> bool {
        self.reach(now);
        let reaches = self.story_of(candidate).is_some() || self.reaches(candidate.score);
        !self.is_full_of(candidate.key.0) && reaches
    }

    /// The day in which `now` lies, which begins if it has not.
    fn reach(&mut self, now: Timestamp) -> Timestamp {
        let day = now.floor(Span::DAY);
        if day != self.today {
            self.begin(day);
        }
        day
    }

    fn is_full_of(&self, host: u32) -> bool {
        self.of_host.get(&host).is_some_and(|told| *told >= HOST_MAX)
    }

    /// The story that it would follow.
    fn story_of(&mut self, candidate: &Candidate) -> Option<&mut Story> {
        let story = self.stories.get_mut(&candidate.key.1?);
        story.filter(|story| candidate.few_use && candidate.is_new && story.followed < FOLLOW_MAX)
    }

    fn follows(&mut self, day: Timestamp, candidate: &Candidate) -> bool {
        let Some(story) = self.story_of(candidate) else { return false };
        story.followed += 1;
        story.told = day;
        true
    }

    pub(super) fn budget(&self) -> Budget {
        Budget { per_day: u32::try_from(self.per_day).unwrap_or(u32::MAX) }
    }

    pub(super) fn set_budget(&mut self, budget: Budget) {
        self.per_day = usize::try_from(budget.per_day).unwrap_or(usize::MAX);
    }

    fn has_room(&mut self, candidate: &Candidate) -> bool {
        let score = candidate.score;
        let best = self.best.entry(candidate.key).or_insert(score);
        *best = best.max(score);
        let tells = self.reaches(score);
        if tells {
            self.told.push(score);
        }
        tells
    }

    /// Whether a score is above the bar, and there is room for it today.
    fn reaches(&self, score: f64) -> bool {
        let least = self.told.iter().copied().fold(f64::INFINITY, f64::min);
        let room = self.told.len() < self.per_day;
        score >= self.bar && (room || score > least && self.told.len() < 2 * self.per_day)
    }

    /// The score from which on an incident is told on this day, or on the one that was judged last where that is later.
    pub(super) fn bar(&mut self, day: Timestamp) -> f64 {
        if day > self.today {
            self.begin(day);
        }
        self.bar
    }

    fn begin(&mut self, day: Timestamp) {
        if self.today != Timestamp::MIN {
            let mut scores: Vec<f64> = self.best.drain().map(|(_, score)| score).collect();
            scores.sort_unstable_by(|a, b| b.total_cmp(a));
            scores.truncate(self.per_day.saturating_mul(DAYS));
            self.days.push_back(scores);
            if self.days.len() > DAYS {
                self.days.pop_front();
            }
        }
        let mut all: Vec<f64> = self.days.iter().flatten().copied().collect();
        all.sort_unstable_by(|a, b| b.total_cmp(a));
        self.bar = all.get(self.per_day.saturating_mul(self.days.len()) * 9 / 10).copied().unwrap_or(0.0);
        self.told.clear();
        self.of_host.clear();
        self.stories.retain(|_, story| day - story.told <= STORY);
        self.today = day;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(day: i64, hour: i64) -> Timestamp {
        Timestamp(0) + Span::DAY.times(day) + Span::HOUR.times(hour)
    }

    fn alone(host: u32, score: f64) -> Candidate {
        Candidate { key: (host, None), score, few_use: false, is_new: false }
    }

    #[test]
    fn a_day_has_room_for_the_budget_and_for_what_is_worse() {
        let mut cut = Cut::new(Budget { per_day: 2 });
        let told: Vec<bool> = [10.0, 12.0, 9.0, 11.0, 13.0, 30.0]
            .into_iter()
            .zip(0..)
            .map(|(score, host)| cut.tells(at(0, i64::from(host)), &alone(host, score)))
            .collect();
        // Two by room, two that are worse than the least of them; then it is over, whatever comes.
        assert_eq!(told, [true, true, false, true, true, false]);
        assert!(cut.tells(at(1, 0), &alone(9, 12.5)));
    }

    #[test]
    fn what_is_only_asked_takes_no_room() {
        let mut cut = Cut::new(Budget { per_day: 1 });
        for hour in 0..9 {
            assert!(cut.would_tell(at(0, hour), &alone(1, 30.0)));
        }
        assert!(cut.tells(at(0, 9), &alone(2, 10.0)));
        assert!(!cut.would_tell(at(0, 9), &alone(3, 9.0)) && cut.would_tell(at(0, 9), &alone(3, 11.0)));
        // Nor does it raise the bar of the next day.
        assert!(cut.tells(at(1, 0), &alone(4, 10.0)));
    }

    #[test]
    fn the_bar_is_what_the_budget_reached_before() {
        let mut cut = Cut::new(Budget { per_day: 1 });
        for day in 0..7 {
            for host in 0..5 {
                cut.tells(at(day, 0), &alone(host, f64::from(host) + 10.0));
            }
        }
        // Five a day, of 10 to 14 bits: the seven best were of 14.
        assert!(!cut.tells(at(7, 0), &alone(7, 13.9)));
        assert!(cut.tells(at(7, 1), &alone(8, 14.0)));
    }

    #[test]
    fn who_newly_sends_to_where_something_was_told_is_told_with_it() {
        let mut cut = Cut::new(Budget { per_day: 1 });
        let to = |host, is_new| Candidate { key: (host, Some(5)), score: 10.0, few_use: true, is_new };
        assert!(!cut.tells(at(0, 0), &Candidate { score: -1.0, ..to(0, true) }));
        assert!(cut.tells(at(0, 1), &to(1, true)));
        assert!(cut.tells(at(0, 2), &to(2, true)));
        assert!(!cut.tells(at(0, 3), &to(3, false)));
        assert!(!cut.tells(at(0, 4), &Candidate { key: (4, Some(6)), ..to(4, true) }));
        let told = (10..200).filter(|host| cut.tells(at(0, 5), &to(*host, true))).count();
        assert_eq!(told, FOLLOW_MAX as usize - 1);
        // A week later it is another story.
        assert!(cut.tells(at(8, 0), &to(201, true)));
        assert_eq!(cut.stories[&5].followed, 0);
    }

    #[test]
    fn one_host_does_not_fill_the_day() {
        let mut cut = Cut::new(Budget { per_day: 10 });
        let to = |group| Candidate { key: (7, Some(group)), score: 12.0, few_use: true, is_new: true };
        let told = (0..9).filter(|group| cut.tells(at(0, 1), &to(*group))).count();
        assert_eq!(told, HOST_MAX as usize);
        assert!(cut.tells(at(1, 1), &to(8)));
    }
}
