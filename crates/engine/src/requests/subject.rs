//! Who a request is about: everybody whom all that they said names, and that must be one.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use vermeil_model::{Grant, Plaintext, RecordId, Tag};
use vermeil_protect::RequestTags;
use vermeil_state::KnownRequest;

use super::kit::RequestKit;
use crate::engine::{Engine, Reader};
use crate::erase::{KitContents, Opener, Owners, Subject};
use crate::error::EngineError;

/// The identifier that is an id of a profile or a record.
pub(super) const ID: &str = "id";

impl Engine {
    /// Everything about the one person whom a kit names, or whom `chosen` does; `None` where nobody is known.
    pub(crate) async fn closure_of(
        &self,
        contents: &RequestKit,
        chosen: Option<u128>,
        (reader, grant): (&Reader, &Grant),
    ) -> Result<Option<KitContents>, EngineError> {
        let subject = match (chosen, contents.records.first()) {
            (Some(chosen), _) => Some(chosen),
            (None, Some(record)) => Some(u128::from_be_bytes(*record)),
            (None, None) => self.named_by(&contents.identifiers, grant).await?,
        };
        let Some(subject) = subject else { return Ok(None) };
        let opener = Opener { actor: &reader.actor, grant };
        let mut gathered = self.gathered(&[Subject::Id(subject)], grant, opener).await?;
        Ok(gathered.kits.pop().filter(|kit| !kit.records.is_empty()))
    }

    /// The one person whom identifiers name: of those whom each names, who is named by all that name anyone.
    async fn named_by(
        &self,
        identifiers: &[(String, String)],
        grant: &Grant,
    ) -> Result<Option<u128>, EngineError> {
        let mut named: Option<BTreeSet<[u8; 16]>> = None;
        let mut most = 0;
        for (field, value) in identifiers {
            let subject = match field == ID {
                true => value.parse().ok().map(|id: RecordId| Subject::Id(id.0)),
                false => Some(Subject::Value { field: field.clone(), value: Plaintext::new(value.clone()) }),
            };
            let Some(subject) = subject else { continue };
            let people = self.people_of(&subject, grant).await?;
            if people.is_empty() {
                continue;
            }
            most = most.max(people.len());
            named = Some(match named {
                None => people,
                Some(before) => before.intersection(&people).copied().collect(),
            });
        }
        match named.as_ref().map(BTreeSet::len) {
            None => Ok(None),
            Some(1) => Ok(named.and_then(|people| people.first().map(|id| u128::from_be_bytes(*id)))),
            // What they said names different people.
            Some(0) => Err(EngineError::SeveralPeople { people: most.max(2) }),
            Some(people) => Err(EngineError::SeveralPeople { people }),
        }
    }

    /// The profiles, and the records that are in none yet, that something names.
    async fn people_of(&self, subject: &Subject, grant: &Grant) -> Result<BTreeSet<[u8; 16]>, EngineError> {
        let meant: Owners = self.ids_of(subject, grant).await?.into_iter().map(|id| (id, 0)).collect();
        let publication = self.publication().await?;
        let (profiles, records) = self.published_with(publication.as_ref(), &meant).await?;
        let unpublished =
            meant.into_keys().filter(|id| !profiles.contains_key(id) && !records.contains_key(id));
        let unpublished: Vec<[u8; 16]> = unpublished.collect();
        Ok(profiles.into_keys().chain(unpublished).collect())
    }

    /// The records of someone as they are now, and the profile that they are in, where there is one.
    pub(super) async fn records_now(
        &self,
        contents: &RequestKit,
    ) -> Result<(Vec<RecordId>, Option<u128>), EngineError> {
        let meant: Owners = contents.records.iter().map(|record| (*record, 0)).collect();
        let publication = self.publication().await?;
        let (profiles, records) = self.published_with(publication.as_ref(), &meant).await?;
        let all: BTreeSet<[u8; 16]> = records.into_keys().chain(contents.records.iter().copied()).collect();
        let records = all.into_iter().map(|record| RecordId(u128::from_be_bytes(record))).collect();
        Ok((records, profiles.into_keys().next().map(u128::from_be_bytes)))
    }

    /// The tags by which the requests about some records are told.
    pub(crate) fn request_tags_of(&self, records: &[[u8; 16]]) -> Vec<Tag> {
        let tags = RequestTags::of(&self.keyring);
        records.iter().map(|record| tags.request_tag(RecordId(u128::from_be_bytes(*record)))).collect()
    }

    /// The erasure that carries a request out; it is opened where it is not, unless nobody is known.
    pub(super) async fn linked_erasure(
        &self,
        known: &KnownRequest,
        (reader, grant): (&Reader, &Grant),
    ) -> Result<Option<i64>, EngineError> {
        let contents = self.open_request_kit(known.number, grant).await?;
        let Some(record) = contents.records.first() else { return Ok(None) };
        let number = match known.erasure {
            Some(number) => number,
            None => {
                // Named before it is opened: an erasure that was cut off here is found again.
                let number = self.state.begin_erasure().await?;
                self.state.link_erasure(known.number, Some(number)).await?;
                number
            }
        };
        if self.state.erasure(number).await?.is_none() {
            let subject = Subject::Id(u128::from_be_bytes(*record));
            // It is opened for whoever opened the request: another approves it.
            let opener = Reader { actor: known.request.opened().by.clone(), ..reader.clone() };
            self.open_erasure_under(number, &subject, (reader, &opener)).await?;
        }
        Ok(Some(number))
    }
}

/// What is about someone, in counts.
pub(super) fn summary(closure: Option<&KitContents>) -> Value {
    let count = |of: fn(&KitContents) -> usize| closure.map_or(0, of);
    json!({
        "records": count(|kit| kit.records.len()),
        "events": count(|kit| kit.events.len()),
        "profiles": count(|kit| kit.profiles.len()),
        "quarantined": count(|kit| kit.quarantined.len()),
    })
}
