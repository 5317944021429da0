//! Values that people set right: a golden value that no source says, or says no more.
//!
//! A rectification is about one field of one record. Records stay as they were delivered, and are
//! matched as they were delivered; what is set right is what the golden profile shows. From the
//! next run on it does, whatever that record's source delivers later, and where the record goes
//! the rectification goes. Of two of one field in one profile the later holds. In a group of
//! fields it also settles whose values survive: the record's that was set right.
//!
//! The value is sealed under the key that the record has when it is set right. That key stays
//! when the source delivers the record anew, and goes with the person: then the value is
//! unreadable, and no profile shows it. The reason is sealed beside it.
//!
//! A rectification is one commit to a table of its own, numbered by it: it is whole or not at all.

mod opened;
mod stored;

use vermeil_audit::{Intent, Status};
use vermeil_model::decision::Reason;
use vermeil_model::{Field, FieldClass, Grant, Plaintext, RecordId, SourceId};

pub(crate) use opened::Rectified;
pub(crate) use stored::{Rectification, canonical, rectified_since};

use crate::audit::{Opened, status_of};
use crate::columns;
use crate::engine::{Engine, Reader};
use crate::error::EngineError;
use crate::lake::TableName;
use crate::progress::Progress;
use crate::recipients::RectifiedValue;
use crate::report::RectificationReport;

/// What becomes of a field of a record.
pub enum Rectify {
    /// This is its value, whatever the source says.
    Set(Plaintext<String>),
    /// What was set is withdrawn: the survivors of what sources say are shown again.
    Withdraw,
}

/// What is about to be set right.
struct Place<'a> {
    record: RecordId,
    source: SourceId,
    field: &'a Field,
}

impl Engine {
    /// Sets a field right, or withdraws what was set, of a published record or of the profile of
    /// that id: of a profile it is the record whose value it shows. Golden profiles follow with
    /// the next run.
    ///
    /// # Errors
    /// - [`EngineError::Denied`], [`EngineError::RectifyDenied`]: the role may not open the field's
    ///   class and identifiers for the purpose;
    /// - [`EngineError::NotAField`], [`EngineError::NotAValue`], [`EngineError::Unknown`],
    ///   [`EngineError::NothingPublished`];
    /// - [`EngineError::Erased`]: the record's key is destroyed;
    /// - the audit log, the keys or the lake fail. Nothing is set then.
    pub async fn rectify(
        &self,
        target: u128,
        field: &str,
        change: Rectify,
        (reader, reason): (&Reader, &Reason),
        progress: &dyn Progress,
    ) -> Result<Vec<RectificationReport>, EngineError> {
        let grant = self.grant(reader)?;
        let schema = self.config.golden_schema();
        let field = schema.field(field).ok_or_else(|| EngineError::NotAField { schema: schema.id() })?;
        let action = match change {
            Rectify::Set(_) => "rectify",
            Rectify::Withdraw => "withdraw",
        };
        let intent = Intent {
            actor: reader.actor.clone(),
            role: grant.role().clone(),
            purpose: grant.purpose().clone(),
            action: action.to_owned(),
            table: TableName::Rectifications.to_string(),
            classes: vec![field.class],
        };
        let entry = self.audit.begin(intent).await?;
        // Whose value it is, and what it is, must be open to who says what it should be.
        let may = grant.covers(FieldClass::Identifier) && grant.covers(field.class);
        if !may || !self.profiles_serve(grant.purpose()) {
            self.audit.conclude(entry, 0, Status::Refused).await?;
            return Err(EngineError::RectifyDenied {
                role: grant.role().to_string(),
                purpose: grant.purpose().to_string(),
                field: field.name.clone(),
            });
        }
        let author = (reader.actor.as_str(), reason);
        let mut touched = Opened::default();
        let done = self.change((target, field), change, author, (&grant, progress), &mut touched).await;
        let noted = self.end_opening(entry, touched, status_of(&done)).await;
        // Where both fail, for a full disk say, the first failure is the one to know.
        let done = done?;
        noted?;
        Ok(done)
    }

    async fn change(
        &self,
        (target, field): (u128, &Field),
        change: Rectify,
        (actor, reason): (&str, &Reason),
        (grant, progress): (&Grant, &dyn Progress),
        touched: &mut Opened,
    ) -> Result<Vec<RectificationReport>, EngineError> {
        // One at a time, so that numbers rise in the order of commits.
        let _lock = self.lock_beside("rectify.lock", progress).await?;
        let known = self.rectifications().await?;
        let in_force = |record: RecordId| {
            known.iter().rfind(|known| known.record == record && known.field == field.name)
        };
        let places: Vec<Place<'_>> = match &change {
            Rectify::Set(_) => vec![self.place(target, field).await?],
            Rectify::Withdraw => {
                let places = self.places(target, field).await?;
                places
                    .into_iter()
                    .filter(|place| in_force(place.record).is_some_and(|known| known.value.is_some()))
                    .collect()
            }
        };
        if places.is_empty() {
            return Err(EngineError::NothingRectified);
        }
        let value = match change {
            Rectify::Set(value) => Some(stored::canonical(field, value.expose(grant))?),
            Rectify::Withdraw => None,
        };
        let done = self.write_rectifications(&places, value.as_deref(), (actor, reason), touched).await?;
        let records: Vec<RecordId> = places.iter().map(|place| place.record).collect();
        let rectified = RectifiedValue { field, value: value.as_deref() };
        self.make_rectification_notice(&records, &rectified).await?;
        Ok(done)
    }

    /// The records that an id stands for, a profile's or its own.
    async fn places<'f>(&self, target: u128, field: &'f Field) -> Result<Vec<Place<'f>>, EngineError> {
        let id = RecordId(target).to_string();
        for column in [columns::PROFILE_ID, columns::RECORD_ID] {
            let mut members = self.member_sources(column, &id).await?;
            members.sort_unstable();
            if !members.is_empty() {
                let places = members.into_iter().map(|(record, source)| Place { record, source, field });
                return Ok(places.collect());
            }
        }
        Err(EngineError::Unknown { what: "record", id })
    }

    /// The one record that is to be set right: of a profile the one that its value is of, or the
    /// values of the field's group, or else the first.
    async fn place<'f>(&self, target: u128, field: &'f Field) -> Result<Place<'f>, EngineError> {
        let mut places = self.places(target, field).await?;
        if places.len() > 1 {
            let shown = self.shown_records(&RecordId(target).to_string()).await?;
            let rules = self.profile_rules()?;
            let of = |name: &str| shown.iter().find(|(field, _)| field == name).map(|(_, record)| *record);
            let holder = of(&field.name).or_else(|| rules.companions(&field.name).into_iter().find_map(of));
            places.sort_by_key(|place| Some(place.record) != holder);
        }
        Ok(places.swap_remove(0))
    }
}
