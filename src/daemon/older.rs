//! Stores of earlier versions, as they are read; the next commit writes all of it in the form of this one.

use super::log::Log;
use crate::store::{Snapshot, StoreError};
use crate::units::Timestamp;
use serde::Deserialize;
use std::collections::BTreeMap;

/// A log, before there were listeners.
#[derive(Debug, Deserialize)]
struct LogOfForm1 {
    source: Option<u32>,
    head: u64,
    near: Option<Timestamp>,
    headers: Vec<Vec<u8>>,
    at: Timestamp,
    over: bool,
}

/// The logs of form 1.
pub(super) fn logs_of_form_1(snapshot: &Snapshot) -> Result<Option<BTreeMap<u32, Log>>, StoreError> {
    let logs: Option<BTreeMap<u32, LogOfForm1>> = snapshot.get("logs")?;
    let log = |LogOfForm1 { source, head, near, headers, at, over }| Log {
        source,
        head,
        near,
        headers,
        at,
        over,
        ..Log::default()
    };
    Ok(logs.map(|logs| logs.into_iter().map(|(number, one)| (number, log(one))).collect()))
}
