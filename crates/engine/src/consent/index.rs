//! Who may be seen for a purpose, as bits beside the profiles of one publication.
//!
//! Made once for a publication, and kept up with the events of the state database: each question first
//! asks there what is new, so that no process answers by what another one's event has changed.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use ahash::{AHashMap, AHashSet};
use arrow::array::{Array, AsArray};
use datafusion::prelude::{SessionConfig, col};
use futures::TryStreamExt;
use vermeil_model::Tag;
use vermeil_model::consent::{ConsentKey, ConsentScope, ConsentStatus, Contradiction, LegalBasis};
use vermeil_model::policy::Purpose;
use vermeil_rights::consent::{Statement, Visible, knows_objection, visible};
use vermeil_state::{ConsentMark, ConsentState};

use super::{ConsentError, points};
use crate::columns::{CONTACT_TAGS, PROFILE_ID, RECORD_ID, RECORD_TAG};
use crate::engine::Engine;
use crate::error::EngineError;
use crate::lake::{Lake, LakeTable, TableName};
use crate::publication::Publication;
use crate::session::lake_session;
use crate::stored;

type Id = [u8; 16];

/// The profiles of one publication, and whose contact points and records are theirs.
pub(super) struct Places {
    /// Profile → its position.
    profiles: AHashMap<Id, u32>,
    /// Record → the position of its profile.
    records: AHashMap<Id, u32>,
    /// Contact point → the positions of the profiles that have it.
    holders: AHashMap<ConsentKey, Vec<u32>>,
    /// Position → contact points and records.
    keys: Vec<Vec<ConsentKey>>,
}

/// Who may be seen for one purpose: a bit a profile.
#[derive(Clone)]
struct Bits {
    profile: Vec<bool>,
    email: Vec<bool>,
    phone: Vec<bool>,
    /// When the first consent ends by itself: microseconds since 1970, UTC.
    ends_at: i64,
}

/// The rule of one purpose; `None`: of readers who name none.
type Rules = (Option<Purpose>, LegalBasis, Contradiction);

/// Who may be seen, of one publication, for every purpose that was asked about.
pub(crate) struct ConsentIndex {
    /// Number of the publication and version of its profiles.
    of: (i64, u64),
    places: Arc<Places>,
    mark: ConsentMark,
    said: AHashMap<ConsentKey, Vec<(Option<Purpose>, Statement)>>,
    bits: BTreeMap<Option<Purpose>, (Rules, Arc<Bits>)>,
}

/// Who may be seen for one purpose, as it stood when it was asked.
pub(crate) struct Visibility {
    places: Arc<Places>,
    bits: Arc<Bits>,
    /// Records in no profile that may be seen: not where some contact point of theirs may have said no.
    others: Others,
}

/// What holds of records that are in no profile yet.
enum Others {
    None,
    /// All but these.
    AllBut(AHashSet<Id>),
}

impl fmt::Debug for Visibility {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Visibility").finish_non_exhaustive()
    }
}

impl Visibility {
    /// Whether a profile may be seen. One that the publication does not have may not.
    pub(crate) fn profile(&self, id: &Id) -> bool {
        self.places.profiles.get(id).is_some_and(|place| self.bits.profile[*place as usize])
    }

    /// Whether a record may be seen: where its profile may.
    pub(crate) fn record(&self, id: &Id) -> bool {
        match (self.places.records.get(id), &self.others) {
            (Some(place), _) => self.bits.profile[*place as usize],
            (None, Others::None) => false,
            (None, Others::AllBut(hidden)) => !hidden.contains(id),
        }
    }

    /// Whether the contact points of that kind of a profile or record may be seen.
    pub(crate) fn reaches(&self, id: &Id, scope: ConsentScope) -> bool {
        let bits = match scope {
            ConsentScope::Email => &self.bits.email,
            ConsentScope::Phone => &self.bits.phone,
            ConsentScope::Record => &self.bits.profile,
        };
        let place = self.places.profiles.get(id).or_else(|| self.places.records.get(id));
        match place {
            Some(place) => bits[*place as usize],
            None => self.record(id),
        }
    }

    /// The profiles that a contact point or record is of, and whether each may be reached by it.
    pub(super) fn holders(&self, key: &ConsentKey) -> Vec<bool> {
        let bits = match key.scope {
            ConsentScope::Email => &self.bits.email,
            ConsentScope::Phone => &self.bits.phone,
            ConsentScope::Record => &self.bits.profile,
        };
        let of_record = self.places.records.get(&key.id.0).filter(|_| key.scope == ConsentScope::Record);
        let holders = self.places.holders.get(key).into_iter().flatten().chain(of_record);
        holders.map(|place| bits[*place as usize]).collect()
    }
}

/// The tags of the records of whoever may be seen, by which events name them.
pub(crate) struct VisibleSubjects(AHashSet<Id>);

impl VisibleSubjects {
    /// Those of the records of one source.
    pub(crate) async fn of(
        lake: &Lake,
        records: Option<&LakeTable>,
        visibility: &Visibility,
    ) -> Result<Self, EngineError> {
        let mut tags = AHashSet::new();
        let Some(table) = records else { return Ok(Self(tags)) };
        let rows = lake_session(lake, SessionConfig::new())?
            .read_table(table.provider())?
            .select([RECORD_ID, RECORD_TAG].map(col).to_vec())?;
        let mut batches = rows.execute_stream().await?;
        while let Some(batch) = batches.try_next().await? {
            let ids = batch.column(0).as_string::<i32>().iter().flatten();
            for (id, tag) in ids.zip(batch.column(1).as_binary::<i32>().iter().flatten()) {
                let is_seen = visibility.record(&stored::id(id)?);
                tags.extend(<Id>::try_from(tag).ok().filter(|_| is_seen));
            }
        }
        Ok(Self(tags))
    }

    pub(crate) fn contains(&self, tag: &[u8]) -> bool {
        <&Id>::try_from(tag).is_ok_and(|tag| self.0.contains(tag))
    }
}

impl ConsentIndex {
    /// The index of a publication, before anything is known of what was said.
    pub(super) async fn of(engine: &Engine, publication: Option<&Publication>) -> Result<Self, EngineError> {
        Ok(Self {
            of: publication.map_or((0, 0), identity),
            places: Arc::new(Places::of(engine, publication).await?),
            mark: ConsentMark::default(),
            said: AHashMap::new(),
            bits: BTreeMap::new(),
        })
    }

    pub(super) fn is_of(&self, publication: &Publication) -> bool {
        self.of == identity(publication)
    }

    /// Takes in what was said since.
    pub(super) async fn follow(&mut self, engine: &Engine, now: i64) -> Result<(), EngineError> {
        let (reached, states) = engine.state.consent_states_since(self.mark).await?;
        if reached.epoch != self.mark.epoch {
            self.said.clear();
            self.bits.clear();
        }
        self.mark = reached;
        for state in &states {
            self.take_in(state);
        }
        let places = Arc::clone(&self.places);
        for (rules, bits) in self.bits.values_mut() {
            if bits.ends_at <= now {
                *bits = Arc::new(Bits::of(&places, &self.said, rules, now));
                continue;
            }
            let concerns = |state: &&ConsentState| state.purpose.is_none() || state.purpose == rules.0;
            for state in states.iter().filter(concerns) {
                for place in places.of_key(&state.key) {
                    Arc::make_mut(bits).set(place, &places, &self.said, rules, now);
                }
            }
        }
        Ok(())
    }

    /// Who may be seen by those rules, as far as is known.
    pub(super) fn visibility(&mut self, rules: Rules, now: i64) -> Visibility {
        let others = match knows_objection(rules.1) {
            true => Others::None,
            false => Others::AllBut(self.restricted().collect()),
        };
        let known = self.bits.get(&rules.0).filter(|(made_by, _)| *made_by == rules);
        let bits = match known {
            Some((_, bits)) => Arc::clone(bits),
            None => {
                let made = Arc::new(Bits::of(&self.places, &self.said, &rules, now));
                self.bits.insert(rules.0.clone(), (rules, Arc::clone(&made)));
                made
            }
        };
        Visibility { places: Arc::clone(&self.places), bits, others }
    }

    /// Records whose own processing is restricted.
    fn restricted(&self) -> impl Iterator<Item = Id> {
        let of_records = self.said.iter().filter(|(key, _)| key.scope == ConsentScope::Record);
        let is_restricted = |said: &[(Option<Purpose>, Statement)]| {
            said.iter().any(|(_, said)| said.status == ConsentStatus::Restricted)
        };
        of_records.filter(move |(_, said)| is_restricted(said)).map(|(key, _)| key.id.0)
    }

    fn take_in(&mut self, state: &ConsentState) {
        let said = self.said.entry(state.key).or_default();
        let statement = Statement {
            scope: state.key.scope,
            status: state.status,
            occurred_at: state.occurred_at.timestamp_micros(),
            expires_at: state.expires_at.map(|end| end.timestamp_micros()),
        };
        match said.iter_mut().find(|(purpose, _)| *purpose == state.purpose) {
            Some((_, known)) => *known = statement,
            None => said.push((state.purpose.clone(), statement)),
        }
    }
}

fn identity(publication: &Publication) -> (i64, u64) {
    let version = publication.versions.get(&TableName::Profiles.to_string()).copied();
    (publication.number, version.unwrap_or_default())
}

impl Bits {
    fn of(
        places: &Places,
        said: &AHashMap<ConsentKey, Vec<(Option<Purpose>, Statement)>>,
        rules: &Rules,
        now: i64,
    ) -> Self {
        let nobody = || vec![false; places.keys.len()];
        let mut bits = Self { profile: nobody(), email: nobody(), phone: nobody(), ends_at: i64::MAX };
        for place in 0..places.keys.len() {
            bits.set(place, places, said, rules, now);
        }
        bits
    }

    fn set(
        &mut self,
        place: usize,
        places: &Places,
        said: &AHashMap<ConsentKey, Vec<(Option<Purpose>, Statement)>>,
        (purpose, basis, contradiction): &Rules,
        now: i64,
    ) {
        let of_all = places.keys[place].iter().filter_map(|key| said.get(key)).flatten();
        let statements: Vec<Statement> =
            of_all.filter(|(of, _)| of.is_none() || of == purpose).map(|(_, statement)| *statement).collect();
        let ends = statements.iter().filter_map(|said| said.expires_at).filter(|end| *end > now).min();
        self.ends_at = self.ends_at.min(ends.unwrap_or(i64::MAX));
        let Visible { profile, email, phone } = visible(*basis, *contradiction, &statements, now);
        (self.profile[place], self.email[place], self.phone[place]) = (profile, email, phone);
    }
}

impl Places {
    async fn of(engine: &Engine, publication: Option<&Publication>) -> Result<Self, EngineError> {
        let mut places = Self {
            profiles: AHashMap::new(),
            records: AHashMap::new(),
            holders: AHashMap::new(),
            keys: Vec::new(),
        };
        if let Some(publication) = publication {
            places.read_profiles(engine, publication).await?;
            places.read_members(engine, publication).await?;
        }
        Ok(places)
    }

    async fn read_profiles(&mut self, engine: &Engine, publication: &Publication) -> Result<(), EngineError> {
        let Some(table) = engine.published_table(publication, &TableName::Profiles).await? else {
            return Ok(());
        };
        // A lake of before contact points were kept: nobody could tell who said no.
        if table.schema().field_with_name(CONTACT_TAGS).is_err() {
            return Err(ConsentError::PointsMissing.into());
        }
        let rows = lake_session(&engine.lake, SessionConfig::new())?
            .read_table(table.provider())?
            .select([PROFILE_ID, CONTACT_TAGS].map(col).to_vec())?;
        let mut batches = rows.execute_stream().await?;
        while let Some(batch) = batches.try_next().await? {
            let ids = batch.column(0).as_string::<i32>();
            let tags = batch.column(1).as_binary::<i32>();
            for (row, id) in ids.iter().flatten().enumerate() {
                let place = u32::try_from(self.keys.len()).expect("fewer profiles than records");
                self.profiles.insert(stored::id(id)?, place);
                let encoded = if tags.is_null(row) { &[][..] } else { tags.value(row) };
                let keys: Vec<ConsentKey> = points::decode(encoded)?.collect();
                keys.iter().for_each(|key| self.holders.entry(*key).or_default().push(place));
                self.keys.push(keys);
            }
        }
        Ok(())
    }

    async fn read_members(&mut self, engine: &Engine, publication: &Publication) -> Result<(), EngineError> {
        let Some(table) = engine.published_table(publication, &TableName::Members).await? else {
            return Ok(());
        };
        let rows = lake_session(&engine.lake, SessionConfig::new())?
            .read_table(table.provider())?
            .select([PROFILE_ID, RECORD_ID].map(col).to_vec())?;
        let mut batches = rows.execute_stream().await?;
        while let Some(batch) = batches.try_next().await? {
            let [profiles, records] = [0, 1].map(|column| batch.column(column).as_string::<i32>());
            for (profile, record) in profiles.iter().flatten().zip(records.iter().flatten()) {
                let record = stored::id(record)?;
                let Some(place) = self.profiles.get(&stored::id(profile)?) else { continue };
                self.records.insert(record, *place);
                let key = ConsentKey { scope: ConsentScope::Record, id: Tag(record) };
                self.keys[*place as usize].push(key);
            }
        }
        Ok(())
    }

    fn of_key(&self, key: &ConsentKey) -> impl Iterator<Item = usize> {
        let of_record = self.records.get(&key.id.0).filter(|_| key.scope == ConsentScope::Record);
        let holders = self.holders.get(key).into_iter().flatten().chain(of_record);
        holders.map(|place| *place as usize).collect::<Vec<_>>().into_iter()
    }
}
