//! Barring records from landing again, without keeping who they are.

use vermeil_model::{SourceId, Tag};

use crate::engine::Engine;
use crate::error::EngineError;

impl Engine {
    /// Bars the record that `source` knows under `key` (its parts in the order of
    /// the source's `key`) from landing. Only a keyed tag is kept.
    ///
    /// # Errors
    /// The state database cannot be written.
    pub async fn suppress_record(&self, source: &SourceId, key: &[&str]) -> Result<(), EngineError> {
        let tag = self.suppression_tag_of_record(source, key.iter().copied());
        Ok(self.state.suppress(&[tag]).await?)
    }

    pub(crate) fn suppression_tag_of_record<'k>(
        &self,
        source: &SourceId,
        key: impl Iterator<Item = &'k str>,
    ) -> Tag {
        let mut canonical = Vec::new();
        for part in key {
            // Lengths first: ("ab", "c") and ("a", "bc") are different records.
            canonical.extend_from_slice(&(part.len() as u64).to_be_bytes());
            canonical.extend_from_slice(part.as_bytes());
        }
        self.suppression_tags.suppression_tag(&format!("record/{source}"), &canonical)
    }
}
