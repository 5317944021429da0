//! Why two records are, or are not, one customer; why a profile is what it is.

mod alternatives;
mod holding;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use arrow::array::{Array, AsArray};
use arrow::datatypes::{Float64Type, Int64Type, TimestampMicrosecondType};
use chrono::{DateTime, Utc};
use datafusion::prelude::{DataFrame, Expr, SessionConfig, col, lit};
use futures::TryStreamExt;
use vermeil_model::{FieldClass, Grant, ProfileId, RecordId};
use vermeil_protect::vault::KeyState;
use vermeil_protect::{payload, subject_tag};

use crate::audit::{Opened, status_of};
use crate::columns::{self, SOURCE_KEY_PREFIX};
use crate::constraints::{ConstraintBook, Ground};
use crate::engine::{Engine, Reader};
use crate::error::EngineError;
use crate::golden::Former;
use crate::lake::TableName;
use crate::land::as_text;
use crate::link::{JoinsBy, LinkRules, PreparedRecords, Weights, blocking};
use crate::publication::Publication;
use crate::records::{SealedRow, key_location};
use crate::report::{
    DecisionReport, EvidenceReport, GroundReport, LinkReport, LinkRole, MemberReport, PairExplanation,
    ProfileExplanation, ProvenanceReport, PublishedAccount,
};
use crate::session::lake_session;

/// What a reader sees of a profile. Its values are personal: it has no `Debug`.
#[derive(Default)]
struct ShownProfile {
    values: BTreeMap<String, String>,
    erased_at: Option<DateTime<Utc>>,
    merge_risk: Option<f64>,
}

impl Engine {
    /// Compares two records as a run would, and says what each comparison gave.
    ///
    /// # Errors
    /// [`EngineError::Unknown`] for an id that is no current record; or the lake or the keys fail.
    pub async fn explain_pair(
        &self,
        left: RecordId,
        right: RecordId,
    ) -> Result<PairExplanation, EngineError> {
        let plan = self.match_plan()?;
        let (records, _) = self.prepare(&plan, &[]).await?;
        let frozen = self.frozen_model(&plan).await?;
        let threshold = self.threshold();
        let publication = self.publication().await?;
        let former = Former::load(self, publication.as_ref()).await?;
        let profile_of = |record| former.profiles.get(&record).map(|former| former.profile);
        let same_profile = profile_of(left).is_some() && profile_of(left) == profile_of(right);
        let rules = self.link_rules()?;
        let book = ConstraintBook::new(&records, &rules, &self.state.decisions().await?);
        let [around_left, around_right] = [left, right].map(|record| former.companions(record));
        let concerned: HashSet<RecordId> = around_left.union(&around_right).copied().collect();
        let grounds = book.about(&records.ids, &concerned);
        let reports = |grounds: BTreeSet<Ground>| grounds.iter().map(Ground::report).collect();
        let joined_by = match same_profile {
            true => reports(grounds.joining(&around_left, &around_left)),
            false => Vec::new(),
        };
        let kept_apart_by: Vec<GroundReport> = match same_profile {
            // Settled since that profile was published.
            true => reports(grounds.parting(&HashSet::from([left]), &HashSet::from([right]))),
            false => {
                let settled = grounds.parting(&around_left, &around_right);
                settled
                    .into_iter()
                    .chain(barred(&records, &rules, [left, right]))
                    .map(|ground| ground.report())
                    .collect()
            }
        };
        let settings = self.weight_settings(frozen.map(|frozen| frozen.weights));
        blocking(move || {
            let find = |id: RecordId| {
                records
                    .ids
                    .find(id)
                    .ok_or_else(|| EngineError::Unknown { what: "record", id: id.to_string() })
            };
            let (one, other) = (find(left)?, find(right)?);
            let store = &records.store;
            let weights = Weights::of(store, &plan, settings)?;
            let explanation = weights.scorer(store, &plan).explain(one, other);
            let evidence = explanation.evidence.into_iter().map(EvidenceReport::of).collect();
            Ok(PairExplanation {
                left: left.to_string(),
                right: right.to_string(),
                prior_bits: explanation.prior.0,
                evidence,
                dependence_bits: explanation.dependence.0,
                weight_bits: explanation.weight.0,
                probability: explanation.weight.to_probability().0,
                threshold: threshold.0,
                rules: weights
                    .blocks
                    .rules_of(one, other)
                    .map(|rule| plan.rules()[rule].rule.to_string())
                    .collect(),
                same_profile,
                joined_by,
                kept_apart_by,
            })
        })
        .await
    }

    /// The profile that holds a record.
    ///
    /// # Errors
    /// As [`Engine::explain_profile`].
    pub async fn explain_record(
        &self,
        record: RecordId,
        reader: &Reader,
    ) -> Result<ProfileExplanation, EngineError> {
        let publication = self.publication().await?.ok_or(EngineError::NothingPublished)?;
        let former = Former::load(self, Some(&publication)).await?;
        let unknown = || EngineError::Unknown { what: "record", id: record.to_string() };
        let holder = former.profiles.get(&record).ok_or_else(unknown)?;
        self.explain_profile(holder.profile, reader).await
    }

    /// The records, values and links of a profile. Values are opened only where
    /// the reader's role and purpose may.
    ///
    /// # Errors
    /// [`EngineError::Unknown`] for an id that is no published profile; or the lake or the keys fail.
    pub async fn explain_profile(
        &self,
        profile: ProfileId,
        reader: &Reader,
    ) -> Result<ProfileExplanation, EngineError> {
        // Refused before anything is read.
        let grant = self.profile_grant(reader)?;
        let publication = self.publication().await?.ok_or(EngineError::NothingPublished)?;
        let members = self.members_of(&publication, profile).await?;
        if members.is_empty() {
            return Err(EngineError::Unknown { what: "profile", id: profile.to_string() });
        }
        let source_of: HashMap<&str, &str> =
            members.iter().map(|member| (member.record.as_str(), member.source.as_str())).collect();
        let (values, shown) = self.values_of(&publication, profile, &source_of, reader).await?;
        let links = self.links_of(&publication, &members).await?;
        let decisions = self.decisions_about(&members).await?;
        let records: Vec<RecordId> = members.iter().filter_map(|member| member.record.parse().ok()).collect();
        let rectifications = self.rectifications_of(&records, (&reader.actor, &grant)).await?;
        let alternatives = self.alternatives_of(&members, reader, &grant).await?;
        let erased_at = shown.erased_at.map(|at| at.to_rfc3339());
        let (profile, merge_risk) = (profile.to_string(), shown.merge_risk);
        Ok(ProfileExplanation {
            profile,
            erased_at,
            merge_risk,
            values,
            links,
            decisions,
            members,
            rectifications,
            alternatives,
        })
    }

    /// Every published account with its key in its source: to compare profiles with a known truth.
    ///
    /// # Errors
    /// Denied unless the reader may open identifiers; or the lake or the keys fail.
    pub async fn published_accounts(&self, reader: &Reader) -> Result<Vec<PublishedAccount>, EngineError> {
        let grant = self.profile_grant(reader)?;
        let publication = self.publication().await?.ok_or(EngineError::NothingPublished)?;
        let former = Former::load(self, Some(&publication)).await?;
        let mut accounts = Vec::new();
        for source in self.config.record_sources() {
            self.open_records(source, &reader.actor, &grant, &mut |record| {
                let Some(holder) = former.profiles.get(&record.record) else { return };
                let mut key: Vec<(&str, &str)> = record
                    .fields
                    .iter()
                    .copied()
                    .filter(|(name, _)| name.starts_with(SOURCE_KEY_PREFIX))
                    .collect();
                key.sort_unstable();
                let parts: Vec<&str> = key.into_iter().map(|(_, part)| part).collect();
                accounts.push(PublishedAccount {
                    source: source.id.to_string(),
                    key: parts.join("\u{1f}"),
                    record: record.record,
                    profile: holder.profile,
                });
            })
            .await?;
        }
        Ok(accounts)
    }

    /// The leave of a reader of profiles.
    pub(crate) fn profile_grant(&self, reader: &Reader) -> Result<Grant, EngineError> {
        let grant = self.grant(reader)?;
        match self.profiles_serve(grant.purpose()) {
            true => Ok(grant),
            false => Err(EngineError::ProfilesNotFor { purpose: grant.purpose().to_string() }),
        }
    }

    async fn members_of(
        &self,
        publication: &Publication,
        profile: ProfileId,
    ) -> Result<Vec<MemberReport>, EngineError> {
        let own = col(columns::PROFILE_ID).eq(lit(profile.to_string()));
        let mut members = Vec::new();
        for batch in self.published_rows(publication, &TableName::Members, own).await? {
            let records = batch[columns::RECORD_ID].as_string::<i32>();
            let sources = batch["source"].as_string::<i32>();
            let since = batch["since"].as_primitive::<TimestampMicrosecondType>();
            members.extend((0..batch.num_rows()).map(|row| MemberReport {
                record: records.value(row).to_owned(),
                source: sources.value(row).to_owned(),
                since: rfc3339(since.value(row)),
            }));
        }
        members.sort_by(|a, b| (&a.source, &a.record).cmp(&(&b.source, &b.record)));
        Ok(members)
    }

    async fn values_of(
        &self,
        publication: &Publication,
        profile: ProfileId,
        source_of: &HashMap<&str, &str>,
        reader: &Reader,
    ) -> Result<(Vec<ProvenanceReport>, ShownProfile), EngineError> {
        let shown = self.opened_values(publication, profile, reader).await?;
        let own = col(columns::PROFILE_ID).eq(lit(profile.to_string()));
        let mut values = Vec::new();
        for batch in self.published_rows(publication, &TableName::Provenance, own).await? {
            let fields = batch["field"].as_string::<i32>();
            let records = batch[columns::RECORD_ID].as_string::<i32>();
            let rules = batch["rule"].as_string::<i32>();
            let observed = batch[columns::OBSERVED_AT].as_primitive::<TimestampMicrosecondType>();
            // Publications of earlier versions know no authors.
            let authors = batch.column_by_name(columns::AUTHOR).map(|authors| authors.as_string::<i32>());
            let author =
                |row| authors.filter(|authors| authors.is_valid(row)).map(|authors| authors.value(row));
            values.extend((0..batch.num_rows()).map(|row| ProvenanceReport {
                field: fields.value(row).to_owned(),
                record: records.value(row).to_owned(),
                source: source_of.get(records.value(row)).copied().unwrap_or_default().to_owned(),
                rule: rules.value(row).to_owned(),
                observed_at: observed.is_valid(row).then(|| rfc3339(observed.value(row))),
                author: author(row).map(str::to_owned),
                value: shown.values.get(fields.value(row)).cloned(),
            }));
        }
        let position =
            |name: &str| self.config.golden_schema().fields.iter().position(|field| field.name == name);
        values.sort_by_key(|value| position(&value.field));
        Ok((values, shown))
    }

    /// The values of a profile that the reader may open, or since when they are erased.
    async fn opened_values(
        &self,
        publication: &Publication,
        profile: ProfileId,
        reader: &Reader,
    ) -> Result<ShownProfile, EngineError> {
        let grant = self.grant(reader)?;
        let entry = self.begin_opening(&reader.actor, &grant, &TableName::Profiles.to_string()).await?;
        let mut counted = Opened::default();
        let opened = self.open_profile(publication, profile, &grant, &mut counted).await;
        self.end_opening(entry, counted, status_of(&opened)).await?;
        opened
    }

    async fn open_profile(
        &self,
        publication: &Publication,
        profile: ProfileId,
        grant: &Grant,
        counted: &mut Opened,
    ) -> Result<ShownProfile, EngineError> {
        let own = col(columns::PROFILE_ID).eq(lit(profile.to_string()));
        let name = TableName::Profiles.to_string();
        let damaged = || EngineError::DamagedValue { table: name.clone() };
        let mut shown = ShownProfile::default();
        for batch in self.published_rows(publication, &TableName::Profiles, own).await? {
            for row in 0..batch.num_rows() {
                shown.merge_risk = batch
                    .column_by_name(columns::MERGE_RISK)
                    .map(|risks| risks.as_primitive::<Float64Type>())
                    .and_then(|risks| risks.is_valid(row).then(|| risks.value(row)));
                let location = key_location(&batch, row).ok_or_else(damaged)?;
                let key = match self.vault.states(&[location]).await?.swap_remove(0) {
                    KeyState::Live(key) => key,
                    KeyState::Destroyed { at } => {
                        shown.erased_at = Some(at);
                        continue;
                    }
                    KeyState::Unknown => continue,
                };
                counted.rows += 1;
                counted.pages.insert(location.page);
                counted.subjects.push(subject_tag(&key));
                let version = batch["publication"].as_primitive::<Int64Type>().value(row);
                let sealed = SealedRow { batch: &batch, row, table: &name, id: profile.to_bytes(), version };
                for payload in sealed.open(self, grant, &key)? {
                    let fields = payload::fields(payload.expose(grant)).map_err(|_| damaged())?;
                    shown
                        .values
                        .extend(fields.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())));
                }
                for field in self.config.golden_schema().of_class(FieldClass::Plain) {
                    let text = as_text(&batch[field.name.as_str()])?;
                    if text.is_valid(row) {
                        shown.values.insert(field.name.clone(), text.value(row).to_owned());
                    }
                }
            }
        }
        Ok(shown)
    }

    async fn links_of(
        &self,
        publication: &Publication,
        members: &[MemberReport],
    ) -> Result<Vec<LinkReport>, EngineError> {
        let ids = || members.iter().map(|member| lit(member.record.as_str())).collect::<Vec<Expr>>();
        let within = col("left_id").in_list(ids(), false).and(col("right_id").in_list(ids(), false));
        let mut links = Vec::new();
        for batch in self.published_rows(publication, &TableName::Links, within).await? {
            let left = batch["left_id"].as_string::<i32>();
            let right = batch["right_id"].as_string::<i32>();
            let weights = batch["weight_bits"].as_primitive::<Float64Type>();
            let probabilities = batch["probability"].as_primitive::<Float64Type>();
            links.extend((0..batch.num_rows()).map(|row| LinkReport {
                left: left.value(row).to_owned(),
                right: right.value(row).to_owned(),
                weight_bits: weights.value(row),
                probability: probabilities.value(row),
                role: LinkRole::Further,
            }));
        }
        holding::assign_roles(&mut links);
        Ok(links)
    }

    /// The decisions in force about any of the members.
    async fn decisions_about(&self, members: &[MemberReport]) -> Result<Vec<DecisionReport>, EngineError> {
        let own: HashSet<&str> = members.iter().map(|member| member.record.as_str()).collect();
        let mut decisions = self.decisions().await?;
        decisions.retain(|decision| {
            let mut records = decision.records.iter().chain(&decision.others);
            decision.undone_at.is_none() && records.any(|record| own.contains(record.as_str()))
        });
        Ok(decisions)
    }

    pub(crate) async fn published_rows(
        &self,
        publication: &Publication,
        name: &TableName,
        filter: Expr,
    ) -> Result<Vec<arrow::array::RecordBatch>, EngineError> {
        let Some(table) = self.published_table(publication, name).await? else { return Ok(Vec::new()) };
        let session = lake_session(&self.lake, SessionConfig::new())?;
        let rows: DataFrame = session.read_table(table.provider())?.filter(filter)?;
        Ok(rows.execute_stream().await?.try_collect().await?)
    }
}

/// How the rules of their sources keep records from being compared.
fn barred(records: &PreparedRecords, rules: &LinkRules<'_>, pair: [RecordId; 2]) -> BTreeSet<Ground> {
    let places = pair.into_iter().filter_map(|record| records.ids.find(record));
    let rules = places.map(|place| rules.source(records.store.source(place)));
    let grounds = rules.filter_map(|rule| match rule.joins {
        JoinsBy::Likeness => None,
        JoinsBy::Proof(_) => Some(Ground::ProofOnly(rule.source.clone())),
        JoinsBy::Nothing => Some(Ground::NeverLinked(rule.source.clone())),
    });
    grounds.collect()
}

fn rfc3339(micros: i64) -> String {
    DateTime::from_timestamp_micros(micros).unwrap_or_default().to_rfc3339()
}
