//! What has landed already, by keyed tag.

use std::collections::hash_map::Entry;

use ahash::{AHashMap, AHashSet};
use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{Int32Type, Int64Type, TimestampMicrosecondType};
use datafusion::prelude::{SessionConfig, col};
use futures::TryStreamExt;
use vermeil_model::{RecordId, Tag};
use vermeil_protect::KeyLocation;

use crate::columns;
use crate::error::EngineError;
use crate::lake::{Lake, LakeTable};
use crate::session::lake_session;

/// The records of one source, in memory: about 130 bytes each, and 32 more a
/// version where the source has a clock.
pub(super) struct LandingIndex {
    records: AHashMap<Tag, Known>,
    /// Every (record, content) that landed; kept only where the source's clock
    /// lets an old version come late.
    versions: Option<AHashSet<(Tag, Tag)>>,
}

/// The current version of a record.
#[derive(Clone, Copy)]
struct Known {
    record: RecordId,
    /// `None` between the moment a record becomes known and the moment its key is durable.
    key: Option<KeyLocation>,
    /// The highest version landed, current or not.
    last_version: i64,
    content: Tag,
    observed_at: Option<i64>,
    seen_in_this_load: bool,
}

/// The record and version a row becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Landing {
    pub(super) record: RecordId,
    pub(super) version: i64,
}

/// What a row is, compared with what has landed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// A record not known yet.
    New,
    /// A new version of a known record.
    Changed,
    /// Known with the same content.
    Unchanged,
    /// Stands in this load already, with the same content.
    Duplicate,
    /// Stands in this load already with another content, and no clock tells
    /// which is later.
    Conflicting,
}

impl LandingIndex {
    /// Reads the tags of everything in `table`; an empty index for a new table.
    pub(super) async fn load(
        lake: &Lake,
        table: Option<&LakeTable>,
        clock: SourceClock,
    ) -> Result<Self, EngineError> {
        let mut index = Self {
            records: AHashMap::new(),
            versions: match clock {
                SourceClock::Present => Some(AHashSet::new()),
                SourceClock::Absent => None,
            },
        };
        let Some(table) = table else { return Ok(index) };
        let session = lake_session(lake, SessionConfig::new().with_target_partitions(1))?;
        let names = [
            columns::RECORD_ID,
            columns::RECORD_TAG,
            columns::CONTENT_TAG,
            columns::VERSION,
            columns::OBSERVED_AT,
            columns::KEY_PAGE,
            columns::KEY_SLOT,
        ];
        let frame = session.read_table(table.provider())?.select(names.map(col).to_vec())?;
        let mut batches = frame.execute_stream().await?;
        while let Some(batch) = batches.try_next().await? {
            index.read(&batch, table)?;
        }
        Ok(index)
    }

    /// How the row (`record`, `content`) stands to what landed.
    pub(super) fn judge(&self, record: Tag, content: Tag, observed_at: Option<i64>) -> Verdict {
        let Some(known) = self.records.get(&record) else { return Verdict::New };
        let landed_before = match &self.versions {
            Some(versions) => versions.contains(&(record, content)),
            None => known.content == content,
        };
        match (landed_before, known.seen_in_this_load) {
            (true, true) => Verdict::Duplicate,
            (true, false) => Verdict::Unchanged,
            (false, true) if observed_at.is_none() => Verdict::Conflicting,
            (false, _) => Verdict::Changed,
        }
    }

    /// Remembers that the row stands in this load, unchanged.
    pub(super) fn saw(&mut self, record: Tag) {
        if let Some(known) = self.records.get_mut(&record) {
            known.seen_in_this_load = true;
        }
    }

    /// Remembers a row that lands in this load.
    pub(super) fn land(&mut self, tag: Tag, content: Tag, observed_at: Option<i64>) -> Landing {
        if let Some(versions) = &mut self.versions {
            versions.insert((tag, content));
        }
        let known = self.records.entry(tag).or_insert_with(|| Known {
            record: RecordId::random(),
            key: None,
            last_version: 0,
            content,
            observed_at,
            seen_in_this_load: true,
        });
        known.last_version += 1;
        known.seen_in_this_load = true;
        // A version that comes late does not become the current one.
        if observed_at >= known.observed_at {
            known.content = content;
            known.observed_at = observed_at;
        }
        Landing { record: known.record, version: known.last_version }
    }

    /// Where the key of a record lies; `None` for one that has no key yet.
    pub(super) fn key(&self, record: Tag) -> Option<KeyLocation> {
        self.records.get(&record).and_then(|known| known.key)
    }

    /// Remembers the key of a record that just became known.
    pub(super) fn set_key(&mut self, record: Tag, key: KeyLocation) {
        if let Some(known) = self.records.get_mut(&record) {
            known.key = Some(key);
        }
    }

    fn read(&mut self, batch: &RecordBatch, table: &LakeTable) -> Result<(), EngineError> {
        let damaged = || EngineError::DamagedValue { table: table.name().to_string() };
        let ids = batch.column(0).as_string::<i32>();
        let tags = batch.column(1).as_binary::<i32>();
        let contents = batch.column(2).as_binary::<i32>();
        let versions = batch.column(3).as_primitive::<Int64Type>();
        let observed = batch.column(4).as_primitive::<TimestampMicrosecondType>();
        let pages = batch.column(5).as_primitive::<Int64Type>();
        let slots = batch.column(6).as_primitive::<Int32Type>();
        for row in 0..batch.num_rows() {
            let tag = Tag(tags.value(row).try_into().map_err(|_| damaged())?);
            let content = Tag(contents.value(row).try_into().map_err(|_| damaged())?);
            let observed_at = observed.is_valid(row).then(|| observed.value(row));
            let version = versions.value(row);
            if let Some(versions) = &mut self.versions {
                versions.insert((tag, content));
            }
            let read = Known {
                record: ids.value(row).parse().map_err(|_| damaged())?,
                key: Some(KeyLocation {
                    page: pages.value(row),
                    slot: u16::try_from(slots.value(row)).map_err(|_| damaged())?,
                }),
                last_version: version,
                content,
                observed_at,
                seen_in_this_load: false,
            };
            match self.records.entry(tag) {
                Entry::Vacant(vacant) => {
                    vacant.insert(read);
                }
                Entry::Occupied(mut occupied) => {
                    let known = occupied.get_mut();
                    let last_version = known.last_version.max(version);
                    // The current version of a clocked source is the latest by its
                    // clock; files come in any order, so versions break ties.
                    if (observed_at, version) > (known.observed_at, known.last_version) {
                        *known = read;
                    }
                    known.last_version = last_version;
                }
            }
        }
        Ok(())
    }
}

/// Whether a source tells when its rows were last changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SourceClock {
    /// It does.
    Present,
    /// It does not: the order of loads is the order of versions.
    Absent,
}

#[cfg(test)]
mod tests;
