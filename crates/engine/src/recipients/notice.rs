//! Notices: whom to tell what about someone, sealed under a key of this notice alone.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use vermeil_model::{Field, Policy, RecordId, Tag};
use vermeil_protect::KeyOwner;
use vermeil_rights::notice::{DeliveryState, NoticeKind};
use vermeil_state::{NewNotice, Notice};

use super::handles::{Known, Received};
use crate::engine::Engine;
use crate::erase::Owners;
use crate::error::EngineError;
use crate::kit::KitPlace;

/// Who a notice is about. Personal: no `Debug`.
#[derive(Default, Serialize, Deserialize)]
pub(super) struct NoticeKit {
    /// Ids of the profile, and of those that had gone into it.
    pub(super) profiles: Vec<[u8; 16]>,
    /// Name → what that recipient is told.
    pub(super) recipients: BTreeMap<String, Told>,
}

/// What one recipient is told. Personal: no `Debug`.
#[derive(Default, Serialize, Deserialize)]
pub(super) struct Told {
    pub(super) handles: BTreeSet<String>,
    /// Fields that were set right; their values where the recipient may have them.
    pub(super) fields: Option<BTreeMap<String, Option<String>>>,
}

/// A field that was set right, and its value; `None`: what was set was withdrawn. Personal: no `Debug`.
pub(crate) struct RectifiedValue<'a> {
    pub(crate) field: &'a Field,
    pub(crate) value: Option<&'a str>,
}

/// For whom the key of a notice's kit is taken.
pub(crate) fn notice_owner(number: i64) -> KeyOwner {
    KeyOwner::new(format!("notice/{number}"))
}

fn place(number: i64) -> KitPlace {
    KitPlace { table: "notices", owner: notice_owner(number), number }
}

impl Engine {
    /// Keeps which recipients an erasure has to tell, unless it is kept, and forgets how they know the person.
    /// Returns the tags that must stand nowhere any more.
    pub(crate) async fn make_erasure_notice(
        &self,
        erasure: i64,
        profiles: &[[u8; 16]],
    ) -> Result<Vec<Tag>, EngineError> {
        let notices = self.state.notices().await?;
        let received = self.received(profiles).await?;
        self.supersede(&notices, profiles).await?;
        let is_made = notices.iter().any(|notice| notice.erasure == Some(erasure));
        if is_made || received.recipients.is_empty() {
            self.state.forget_handles(&received.tags).await?;
        } else {
            self.make_notice((NoticeKind::Erase, Some(erasure)), profiles, &received, None).await?;
        }
        Ok(received.tags)
    }

    /// Keeps which recipients have to be told that a field of these records was set right.
    pub(crate) async fn make_rectification_notice(
        &self,
        records: &[RecordId],
        rectified: &RectifiedValue<'_>,
    ) -> Result<(), EngineError> {
        let publication = self.publication().await?;
        let meant: Owners = records.iter().map(|record| (record.to_bytes(), 0)).collect();
        let (profiles, _) = self.published_with(publication.as_ref(), &meant).await?;
        let profiles = self.with_former(publication.as_ref(), profiles).await?;
        let profiles: Vec<[u8; 16]> = profiles.into_keys().collect();
        let received = self.received(&profiles).await?;
        match received.recipients.is_empty() {
            true => Ok(()),
            false => {
                self.make_notice((NoticeKind::Rectify, None), &profiles, &received, Some(rectified)).await
            }
        }
    }

    async fn make_notice(
        &self,
        (kind, erasure): (NoticeKind, Option<i64>),
        profiles: &[[u8; 16]],
        received: &Received,
        rectified: Option<&RectifiedValue<'_>>,
    ) -> Result<(), EngineError> {
        let number = self.state.begin_notice().await?;
        let told = |known: &Known| Told {
            handles: known.handles.clone(),
            fields: rectified.map(|rectified| self.field_told(known, rectified)),
        };
        let kit = NoticeKit {
            profiles: profiles.to_vec(),
            recipients: received.recipients.iter().map(|(name, known)| (name.clone(), told(known))).collect(),
        };
        let messages =
            received.recipients.keys().map(|name| (name.clone(), format!("msg_{}", Uuid::new_v4().simple())));
        let days = TimeDelta::days(i64::from(self.config.pipeline.notices.days.get()));
        let new = NewNotice {
            number,
            kind,
            erasure,
            due_at: Utc::now().checked_add_signed(days).unwrap_or(chrono::DateTime::<Utc>::MAX_UTC),
            messages: messages.collect(),
            kit: self.seal_for(&place(number), &kit).await?,
        };
        let forgotten: &[Tag] = if kind == NoticeKind::Erase { &received.tags } else { &[] };
        Ok(self.state.make_notice(&new, forgotten).await?)
    }

    /// The field, with its value where the recipient may see it as it received the person.
    fn field_told(&self, known: &Known, rectified: &RectifiedValue<'_>) -> BTreeMap<String, Option<String>> {
        let field = rectified.field;
        let may_see = known.received_as.iter().any(|(actor, role, purpose)| {
            let serves = field.purposes.is_empty() || field.purposes.contains(&purpose.0);
            let grant = self.config.policy.grant(actor, role, Some(purpose));
            serves && grant.is_ok_and(|grant| grant.covers(field.class))
        });
        let value = rectified.value.filter(|_| may_see).map(str::to_owned);
        BTreeMap::from([(field.name.clone(), value)])
    }

    /// Whoever is erased is not to be set right any more: what was told of that goes with them.
    async fn supersede(&self, notices: &[Notice], profiles: &[[u8; 16]]) -> Result<(), EngineError> {
        for notice in notices.iter().filter(|notice| notice.kind == NoticeKind::Rectify) {
            let Some(kit) = self.open_notice_kit(notice.number).await? else { continue };
            if !kit.profiles.iter().any(|profile| profiles.contains(profile)) {
                continue;
            }
            for delivery in notice.deliveries.iter().filter(|one| one.state == DeliveryState::Pending) {
                self.settle(notice.number, &delivery.recipient, DeliveryState::Superseded, None).await?;
                self.take_back(delivery);
            }
            self.vault.destroy_owner(&notice_owner(notice.number)).await?;
        }
        Ok(())
    }

    /// The kit of a notice; `None` where nobody is left to be told.
    pub(super) async fn open_notice_kit(&self, number: i64) -> Result<Option<NoticeKit>, EngineError> {
        let Some(kit) = self.state.notice_kit(number).await? else { return Ok(None) };
        self.open_sealed(&place(number), &kit, &Policy::erasing()).await
    }
}
