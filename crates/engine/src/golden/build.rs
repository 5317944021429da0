//! Building profiles: which value survives, field by field.

use std::collections::BTreeMap;

use vermeil_model::pipeline::{Pipeline, Source};
use vermeil_model::schema::SurvivorRule;
use vermeil_model::{RecordId, Schema};
use vermeil_resolve::survive::{Candidate, StatedBy, choose};

use crate::records::OpenedRecord;

/// The rules of one pipeline.
pub(crate) struct ProfileRules<'a> {
    schema: &'a Schema,
    rules: Vec<SurvivorRule>,
    /// By position of the source in the pipeline.
    source_ranks: Vec<u32>,
    self_declared: Vec<StatedBy>,
}

/// What one record brings to its profile. Personal: no `Debug`.
pub(crate) struct Contribution {
    pub(crate) record: RecordId,
    /// Position of its source in the pipeline.
    pub(crate) source: u32,
    pub(crate) observed_at: i64,
    /// Position of a field in the schema → value.
    values: Vec<(usize, String)>,
}

/// A value that survived, and why.
pub(crate) struct GoldenValue {
    /// Position of the field in the schema.
    pub(crate) field: usize,
    pub(crate) value: String,
    pub(crate) record: RecordId,
    pub(crate) rule: SurvivorRule,
    pub(crate) observed_at: i64,
}

impl<'a> ProfileRules<'a> {
    pub(crate) fn new(pipeline: &Pipeline, schema: &'a Schema) -> Self {
        let golden = &pipeline.golden;
        let rules = schema
            .fields
            .iter()
            .map(|field| {
                let configured = golden.fields.get(&field.name).copied();
                configured.or(golden.default).or(field.golden).unwrap_or(SurvivorRule::MostRecent)
            })
            .collect();
        let rank = |source: &Source| {
            let listed = golden.source_priority.iter().position(|id| *id == source.id);
            // Sources that are not listed come last, all alike.
            u32::try_from(listed.unwrap_or(golden.source_priority.len())).unwrap_or(u32::MAX)
        };
        let stated_by =
            |source: &Source| if source.self_declared { StatedBy::Oneself } else { StatedBy::Others };
        Self {
            schema,
            rules,
            source_ranks: pipeline.sources.iter().map(rank).collect(),
            self_declared: pipeline.sources.iter().map(stated_by).collect(),
        }
    }

    /// What a record brings: the fields that its profile's schema knows.
    pub(crate) fn contribution(&self, record: &OpenedRecord<'_>, source: u32) -> Contribution {
        let position = |name: &str| self.schema.fields.iter().position(|field| field.name == name);
        let values = record
            .fields
            .iter()
            .filter_map(|(name, value)| Some((position(name)?, (*value).to_owned())))
            .collect();
        Contribution { record: record.record, source, observed_at: record.observed_at, values }
    }

    /// The golden values of one profile, in the order of the schema.
    pub(crate) fn survivors(&self, contributions: &[Contribution]) -> Vec<GoldenValue> {
        let mut offered: BTreeMap<usize, Vec<Candidate<'_>>> = BTreeMap::new();
        for contribution in contributions {
            let source = contribution.source as usize;
            for (field, value) in &contribution.values {
                offered.entry(*field).or_default().push(Candidate {
                    value,
                    source_rank: self.source_ranks[source],
                    stated_by: self.self_declared[source],
                    observed_at: Some(contribution.observed_at),
                    record: contribution.record,
                });
            }
        }
        offered
            .into_iter()
            .filter_map(|(field, candidates)| {
                let survivor = choose(self.rules[field], &candidates)?;
                let chosen = &candidates[survivor.index];
                Some(GoldenValue {
                    field,
                    value: chosen.value.to_owned(),
                    record: chosen.record,
                    rule: survivor.rule,
                    observed_at: chosen.observed_at.unwrap_or_default(),
                })
            })
            .collect()
    }
}
