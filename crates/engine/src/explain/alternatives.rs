//! What the records of a profile say, field by field, writings folded together.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use vermeil_model::pipeline::Source;
use vermeil_model::{Grant, RecordId, Schema};
use vermeil_resolve::normalise::text::fold;

use super::rfc3339;
use crate::engine::{Engine, Reader};
use crate::error::EngineError;
use crate::records::OpenedRecord;
use crate::report::{AlternativeReport, MemberReport};

/// Values by position of their field and folded text.
#[derive(Default)]
struct Alternatives(BTreeMap<(usize, String), Folded>);

/// Writings that differ in case, accents or punctuation only. Personal: no `Debug`.
#[derive(Default)]
struct Folded {
    /// Writing → how many records have it, and when it was last seen.
    writings: BTreeMap<String, (u64, i64)>,
    sources: BTreeSet<String>,
}

impl Engine {
    /// All that the records of a profile say, as far as `grant` opens it.
    pub(super) async fn alternatives_of(
        &self,
        members: &[MemberReport],
        reader: &Reader,
        grant: &Grant,
    ) -> Result<Vec<AlternativeReport>, EngineError> {
        let schema = self.config.golden_schema();
        let records: HashSet<RecordId> =
            members.iter().filter_map(|member| member.record.parse().ok()).collect();
        let holds = |source: &Source| members.iter().any(|member| member.source == source.id.as_str());
        let mut alternatives = Alternatives::default();
        for source in self.config.record_sources().filter(|source| holds(source)) {
            self.open_records_of(source, &records, (&reader.actor, grant), &mut |record| {
                alternatives.add(schema, source.id.as_str(), &record);
            })
            .await?;
        }
        Ok(alternatives.reports(schema))
    }
}

impl Alternatives {
    fn add(&mut self, schema: &Schema, source: &str, record: &OpenedRecord<'_>) {
        for (name, value) in record.fields {
            let Some(field) = schema.fields.iter().position(|field| field.name == *name) else { continue };
            let folded = self.0.entry((field, folded(value))).or_default();
            let (records, last_seen) = folded.writings.entry((*value).to_owned()).or_insert((0, i64::MIN));
            *records += 1;
            *last_seen = (*last_seen).max(record.observed_at);
            folded.sources.insert(source.to_owned());
        }
    }

    /// In the order of the schema, and of one field what most records say first.
    fn reports(self, schema: &Schema) -> Vec<AlternativeReport> {
        let mut all: Vec<(usize, u64, i64, AlternativeReport)> = self
            .0
            .into_iter()
            .filter_map(|((field, _), folded)| {
                let records = folded.writings.values().map(|(records, _)| records).sum();
                let last_seen = folded.writings.values().map(|(_, last_seen)| *last_seen).max()?;
                let (value, _) = folded.writings.into_iter().max_by_key(|(_, often)| *often)?;
                let report = AlternativeReport {
                    field: schema.fields[field].name.clone(),
                    value,
                    records,
                    sources: folded.sources.into_iter().collect(),
                    last_seen: rfc3339(last_seen),
                };
                Some((field, records, last_seen, report))
            })
            .collect();
        // Stable: what ties stays in the order of the folded texts.
        all.sort_by_key(|(field, records, last_seen, _)| (*field, std::cmp::Reverse((*records, *last_seen))));
        all.into_iter().map(|(.., report)| report).collect()
    }
}

/// What is nothing but punctuation stays what it is.
fn folded(value: &str) -> String {
    let folded = fold(value);
    if folded.is_empty() { value.to_owned() } else { folded }
}

#[cfg(test)]
mod tests {
    use super::*;
    use vermeil_protect::KeyLocation;

    /// Checks what becomes of names: (source, name, when) → (writing, records, sources, when).
    #[track_caller]
    fn check(said: &[(&str, &str, i64)], expected: &[(&str, u64, &[&str], i64)]) {
        let schema = Schema::built_in("customer.v1").expect("shipped");
        let mut alternatives = Alternatives::default();
        for (number, (source, name, observed_at)) in (0..).zip(said) {
            let key = KeyLocation { page: 0, slot: 0 };
            let fields = [("family_name", *name), ("_key_0", "7")];
            let record = RecordId(number);
            let opened = OpenedRecord { record, version: 1, key, observed_at: *observed_at, fields: &fields };
            alternatives.add(&schema, source, &opened);
        }
        let found = alternatives.reports(&schema);
        assert!(found.iter().all(|report| report.field == "family_name"));
        let found: Vec<_> = found
            .iter()
            .map(|report| {
                (report.value.as_str(), report.records, report.sources.clone(), report.last_seen.clone())
            })
            .collect();
        let expected: Vec<_> = expected
            .iter()
            .map(|(value, records, sources, at)| {
                (*value, *records, sources.iter().map(ToString::to_string).collect(), rfc3339(*at))
            })
            .collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn writings_of_one_value_are_one_and_show_as_most_write_them() {
        check(
            &[("erp", "LEFEVRE", 1), ("web", "Lefèvre", 5), ("erp", "Lefèvre", 3), ("crm", "Martel", 9)],
            &[("Lefèvre", 3, &["erp", "web"], 5), ("Martel", 1, &["crm"], 9)],
        );
    }

    #[test]
    fn of_values_that_as_many_have_the_last_seen_stands_first() {
        check(
            &[("erp", "Martel", 1), ("web", "Verrier", 5), ("web", "--", 2)],
            &[("Verrier", 1, &["web"], 5), ("--", 1, &["web"], 2), ("Martel", 1, &["erp"], 1)],
        );
    }
}
