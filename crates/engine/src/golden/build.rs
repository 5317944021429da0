//! Building profiles: which value survives, field by field and group by group, and what people set
//! right over it.

use std::collections::{BTreeMap, BTreeSet};

use vermeil_model::consent::ConsentKey;
use vermeil_model::pipeline::{Pipeline, Source};
use vermeil_model::schema::{FieldGroup, SurvivorRule};
use vermeil_model::{RecordId, Schema};
use vermeil_protect::ConsentTags;
use vermeil_resolve::normalise::Country;
use vermeil_resolve::survive::group::{self, GroupCandidate};
use vermeil_resolve::survive::{Candidate, StatedBy, choose};

use crate::columns::COUNTRY;
use crate::consent::points;
use crate::error::EngineError;
use crate::records::OpenedRecord;
use crate::rectify::Rectified;

/// The rules of one pipeline.
pub(crate) struct ProfileRules<'a> {
    schema: &'a Schema,
    /// By position of the field in the schema.
    rules: Vec<SurvivorRule>,
    groups: Vec<Group>,
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
    /// What people set right in it.
    set_right: Vec<SetRight>,
}

/// A value that someone set.
struct SetRight {
    /// Position of the field in the schema.
    field: usize,
    value: String,
    /// Of two the higher holds.
    number: i64,
    author: String,
    at: i64,
}

/// A value that survived, and why.
pub(crate) struct GoldenValue {
    /// Position of the field in the schema.
    pub(crate) field: usize,
    pub(crate) value: String,
    pub(crate) record: RecordId,
    /// The rule that chose it, or [`HUMAN_SET`].
    pub(crate) rule: &'static str,
    /// Who set it, where someone did.
    pub(crate) author: Option<String>,
    pub(crate) observed_at: i64,
}

/// What provenance names as the rule where someone set the value right, or another value of its group.
const HUMAN_SET: &str = "human_set";

/// Fields whose values survive together.
struct Group {
    /// Positions in the schema.
    fields: Vec<usize>,
    /// Whether each is of the core.
    core: Vec<bool>,
    rule: SurvivorRule,
}

impl<'a> ProfileRules<'a> {
    /// # Errors
    /// [`EngineError::UnfitGroup`].
    pub(crate) fn new(pipeline: &Pipeline, schema: &'a Schema) -> Result<Self, EngineError> {
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
        Ok(Self {
            schema,
            rules,
            groups: groups(pipeline, schema)?,
            source_ranks: pipeline.sources.iter().map(rank).collect(),
            self_declared: pipeline.sources.iter().map(stated_by).collect(),
        })
    }

    /// What a record brings: the fields that its profile's schema knows.
    pub(crate) fn contribution(&self, record: &OpenedRecord<'_>, source: u32) -> Contribution {
        let position = |name: &str| self.schema.fields.iter().position(|field| field.name == name);
        let values = record
            .fields
            .iter()
            .filter_map(|(name, value)| Some((position(name)?, (*value).to_owned())))
            .collect();
        let (record, observed_at) = (record.record, record.observed_at);
        Contribution { record, source, observed_at, values, set_right: Vec::new() }
    }

    /// Adds to what a record brings what someone set right in it.
    pub(crate) fn set_right(&self, contribution: &mut Contribution, set: &Rectified) {
        let field = self.schema.fields.iter().position(|field| field.name == set.field);
        let Rectified { number, at, .. } = *set;
        contribution.set_right.extend(field.map(|field| SetRight {
            field,
            value: set.value.clone(),
            number,
            author: set.author.clone(),
            at,
        }));
    }

    /// The other fields of the group that a field is in.
    pub(crate) fn companions(&self, field: &str) -> Vec<&str> {
        let name = |position: &usize| self.schema.fields[*position].name.as_str();
        let holds = |group: &&Group| group.fields.iter().any(|position| name(position) == field);
        let fields = self.groups.iter().filter(holds).flat_map(|group| &group.fields);
        fields.map(name).filter(|other| *other != field).collect()
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
        let mut survivors: Vec<GoldenValue> = offered
            .into_iter()
            .filter(|(field, _)| !self.is_grouped(*field) && last_set(contributions, &[*field]).is_none())
            .filter_map(|(field, candidates)| {
                let survivor = choose(self.rules[field], &candidates)?;
                let chosen = &candidates[survivor.index];
                Some(GoldenValue {
                    field,
                    value: chosen.value.to_owned(),
                    record: chosen.record,
                    rule: survivor.rule.as_str(),
                    author: None,
                    observed_at: chosen.observed_at.unwrap_or_default(),
                })
            })
            .collect();
        let set: BTreeSet<usize> =
            contributions.iter().flat_map(|from| &from.set_right).map(|set| set.field).collect();
        let alone = set.into_iter().filter(|field| !self.is_grouped(*field));
        let last = alone.filter_map(|field| last_set(contributions, &[field]));
        survivors.extend(last.map(|(from, set)| from.golden(set)));
        for group in &self.groups {
            self.add_survivors_of(group, contributions, &mut survivors);
        }
        survivors.sort_unstable_by_key(|survivor| survivor.field);
        survivors
    }

    /// The values of the one record whose values of `group` survive.
    fn add_survivors_of(
        &self,
        group: &Group,
        contributions: &[Contribution],
        survivors: &mut Vec<GoldenValue>,
    ) {
        if let Some((from, last)) = last_set(contributions, &group.fields) {
            survivors.extend(group.fields.iter().filter_map(|field| {
                let own = from.set_right.iter().find(|set| set.field == *field);
                own.map(|set| from.golden(set)).or_else(|| {
                    Some(GoldenValue {
                        field: *field,
                        value: from.value(*field)?.to_owned(),
                        record: from.record,
                        rule: HUMAN_SET,
                        author: Some(last.author.clone()),
                        observed_at: from.observed_at,
                    })
                })
            }));
            return;
        }
        let candidates: Vec<GroupCandidate<'_>> =
            contributions.iter().map(|contribution| self.candidate(group, contribution)).collect();
        let Some(survivor) = group::choose(group.rule, &group.core, &candidates) else { return };
        let chosen = &contributions[survivor.index];
        survivors.extend(group.fields.iter().filter_map(|field| {
            Some(GoldenValue {
                field: *field,
                value: chosen.value(*field)?.to_owned(),
                record: chosen.record,
                rule: survivor.rule.as_str(),
                author: None,
                observed_at: chosen.observed_at,
            })
        }));
    }

    fn is_grouped(&self, field: usize) -> bool {
        self.groups.iter().any(|group| group.fields.contains(&field))
    }

    fn candidate<'c>(&self, group: &Group, contribution: &'c Contribution) -> GroupCandidate<'c> {
        let source = contribution.source as usize;
        GroupCandidate {
            values: group.fields.iter().map(|field| contribution.value(*field)).collect(),
            source_rank: self.source_ranks[source],
            stated_by: self.self_declared[source],
            observed_at: Some(contribution.observed_at),
            record: contribution.record,
        }
    }
}

impl Contribution {
    /// The record's value of the field at that position of the schema.
    fn value(&self, field: usize) -> Option<&str> {
        self.values.iter().find(|(own, _)| *own == field).map(|(_, value)| value.as_str())
    }

    /// Its contact points, those that someone set right among them.
    pub(crate) fn add_contact_points(
        &self,
        schema: &Schema,
        tags: &ConsentTags,
        points: &mut BTreeSet<ConsentKey>,
    ) {
        let set_right = self.set_right.iter().map(|set| (set.field, &set.value));
        let all = self.values.iter().map(|(field, value)| (*field, value)).chain(set_right);
        let country = schema.fields.iter().position(|field| field.name == COUNTRY);
        let country = country.and_then(|country| self.value(country)).map(Country::from_hint);
        points.extend(all.filter_map(|(field, value)| {
            let scope = points::scope_of(&schema.fields[field])?;
            points::point(tags, scope, country.unwrap_or_default(), value)
        }));
    }

    /// When its source, or someone who set it right, changed it last: microseconds since 1970, UTC.
    pub(crate) fn changed_at(&self) -> i64 {
        self.set_right.iter().map(|set| set.at).fold(self.observed_at, i64::max)
    }

    fn golden(&self, set: &SetRight) -> GoldenValue {
        GoldenValue {
            field: set.field,
            value: set.value.clone(),
            record: self.record,
            rule: HUMAN_SET,
            author: Some(set.author.clone()),
            observed_at: set.at,
        }
    }
}

/// What was set right last in any of some fields, and in which record.
fn last_set<'c>(
    contributions: &'c [Contribution],
    fields: &[usize],
) -> Option<(&'c Contribution, &'c SetRight)> {
    let all = contributions.iter().flat_map(|from| from.set_right.iter().map(move |set| (from, set)));
    all.filter(|(_, set)| fields.contains(&set.field)).max_by_key(|(_, set)| set.number)
}

/// The groups of the pipeline, and those of the schema that it leaves as they are, without the
/// fields that it gives a rule of their own.
fn groups(pipeline: &Pipeline, schema: &Schema) -> Result<Vec<Group>, EngineError> {
    let golden = &pipeline.golden;
    let of_pipeline = golden.groups.iter().filter_map(|(name, group)| Some((name, group.clone()?)));
    let is_alone = |field: &String| golden.fields.contains_key(field);
    let of_schema = schema.groups.iter().filter(|(name, _)| !golden.groups.contains_key(*name));
    let of_schema = of_schema.map(|(name, group)| {
        let mut group = FieldGroup { golden: golden.default.or(group.golden), ..group.clone() };
        group.fields.retain(|field| !is_alone(field));
        group.core.retain(|field| !is_alone(field));
        (name, group)
    });
    let all: Vec<(&String, FieldGroup)> = of_pipeline.chain(of_schema).collect();
    let unfit = |group: &str, field: &str| {
        let (group, schema, field) = (group.to_owned(), schema.id(), field.to_owned());
        EngineError::UnfitGroup { group, schema, field }
    };
    for (name, group) in &all {
        if let Some(field) = group.fields.iter().find(|field| is_alone(field)) {
            return Err(unfit(name, field));
        }
    }
    if let Some((group, field)) = schema.unfit_group(all.iter().map(|(name, group)| (*name, group))) {
        return Err(unfit(group, field));
    }
    let position = |name: &String| schema.fields.iter().position(|field| field.name == *name);
    let resolved = all.into_iter().map(|(_, group)| Group {
        fields: group.fields.iter().filter_map(position).collect(),
        core: group.fields.iter().map(|field| group.core.contains(field)).collect(),
        rule: group.golden.or(golden.default).unwrap_or(SurvivorRule::MostRecent),
    });
    Ok(resolved.filter(|group| !group.fields.is_empty()).collect())
}
