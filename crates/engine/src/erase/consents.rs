//! Taking out what someone allowed and refused.

use ahash::AHashSet;
use arrow::array::AsArray;
use datafusion::prelude::{SessionConfig, col};
use futures::TryStreamExt;
use vermeil_model::RecordId;
use vermeil_model::consent::ConsentKey;

use super::kit::KitContents;
use super::names::Names;
use crate::columns::CONTACT_TAGS;
use crate::consent::points;
use crate::engine::Engine;
use crate::error::EngineError;
use crate::lake::TableName;
use crate::session::lake_session;

impl Engine {
    /// Takes out what was said of the records and contact points of those who are erased, and names these
    /// points, so that the proof looks for them. A contact point that someone else has too is theirs: what
    /// was said of it, a no above all, holds on.
    pub(super) async fn forget_consents(
        &self,
        kits: &[KitContents],
        names: &mut Names,
    ) -> Result<(), EngineError> {
        let shared = self.contacts_of_others(kits).await?;
        let mut gone = Vec::new();
        for (position, kit) in kits.iter().enumerate() {
            let own = kit.contacts.iter().filter(|key| !shared.contains(*key));
            names.tags.extend(own.clone().map(|key| (key.id.0, position)));
            gone.extend(own.copied());
            let records = kit.records.iter().map(|id| RecordId(u128::from_be_bytes(*id)));
            gone.extend(records.map(ConsentKey::of_record));
        }
        self.state.erase_consents(&gone).await?;
        Ok(self.state.purge().await?)
    }

    /// The contact points of `kits` that a profile which is left has.
    async fn contacts_of_others(&self, kits: &[KitContents]) -> Result<AHashSet<ConsentKey>, EngineError> {
        let asked: AHashSet<ConsentKey> = kits.iter().flat_map(|kit| &kit.contacts).copied().collect();
        let mut shared = AHashSet::new();
        let Some(publication) = self.publication().await? else { return Ok(shared) };
        let Some(table) = self.published_table(&publication, &TableName::Profiles).await? else {
            return Ok(shared);
        };
        // A lake of before contact points were kept has no statement of any.
        if asked.is_empty() || table.schema().field_with_name(CONTACT_TAGS).is_err() {
            return Ok(shared);
        }
        let rows = lake_session(&self.lake, SessionConfig::new())?
            .read_table(table.provider())?
            .select([CONTACT_TAGS].map(col).to_vec())?;
        let mut batches = rows.execute_stream().await?;
        while let Some(batch) = batches.try_next().await? {
            for encoded in batch.column(0).as_binary::<i32>().iter().flatten() {
                shared.extend(points::decode(encoded)?.filter(|key| asked.contains(key)));
            }
        }
        Ok(shared)
    }
}
