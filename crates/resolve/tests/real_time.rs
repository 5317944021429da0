//! A query made of a record's raw values is weighed as the record is: whom the batch compares the record with,
//! the index finds, by the same rules, and weighs to the same bits.

#![expect(clippy::unwrap_used, reason = "every function here is part of a test")]

mod common;

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use proptest::prelude::*;
use vermeil_model::pipeline::Matching;
use vermeil_model::{Bits, RecordId, Schema};
use vermeil_resolve::estimate::{EstimateSettings, estimate};
use vermeil_resolve::frequency::KeptFrequencies;
use vermeil_resolve::index::{Candidate, Candidates, FoundBy, IndexedWeights, Query};
use vermeil_resolve::plan::FieldIndex;
use vermeil_resolve::{
    Blocks, CandidateIndex, FeatureStore, FeatureStoreBuilder, Frequencies, MatchModel, MatchPlan,
    RecordIndex, Scorer,
};

use common::data_folder;

/// A threshold that every pair reaches.
const EVERYTHING: Bits = Bits(-10_000.0);

type Row = (RecordId, Vec<(FieldIndex, String)>);
/// Of one record: who it is compared with, by which rules, at how many bits.
type Partners = BTreeMap<RecordId, (Vec<usize>, u64)>;

/// What is frozen between runs.
struct Frozen {
    plan: MatchPlan,
    model: MatchModel,
    kept: Vec<KeptFrequencies>,
    max_block_pairs: u64,
}

fn store<'r>(plan: &MatchPlan, rows: impl Iterator<Item = &'r Row>) -> FeatureStore {
    let mut builder = FeatureStoreBuilder::new(plan);
    for (record, values) in rows {
        builder.push(*record, 0, &borrowed(values));
    }
    builder.finish().expect("records with ids of their own")
}

fn borrowed(values: &[(FieldIndex, String)]) -> Vec<(FieldIndex, &str)> {
    values.iter().map(|(field, value)| (*field, value.as_str())).collect()
}

/// Any name will do here that tells values apart.
fn name(field: &str, value: &str) -> u64 {
    field.bytes().chain(value.bytes()).fold(14_695_981_039_346_656_037, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(1_099_511_628_211)
    })
}

impl Frozen {
    fn of(plan: MatchPlan, rows: &[Row], max_block_pairs: u64) -> Frozen {
        let store = store(&plan, rows.iter());
        let blocks = Blocks::build(&store, &plan, max_block_pairs, &[]);
        let model = estimate(&store, &plan, &blocks, EstimateSettings::default());
        let kept = Frequencies::counted(&store, &plan).keep(&store, &plan, name);
        Frozen { plan, model, kept, max_block_pairs }
    }

    /// What the batch compares, and what it comes to.
    fn batch(&self, rows: &[Row]) -> BTreeMap<RecordId, Partners> {
        let store = store(&self.plan, rows.iter());
        let blocks = Blocks::build(&store, &self.plan, self.max_block_pairs, &self.model.limits);
        let frequencies = Frequencies::kept(&store, &self.plan, &self.kept, name);
        let scorer = Scorer::new(&store, &self.plan, &self.model, &frequencies).unwrap();
        let mut found: BTreeMap<RecordId, Partners> = BTreeMap::new();
        scorer.find_links(EVERYTHING, blocks.pairs(), |link| {
            let (left, right) = (store.record_id(link.left), store.record_id(link.right));
            let rules: Vec<usize> = blocks.rules_of(link.left, link.right).collect();
            let bits = link.weight.0.to_bits();
            found.entry(left).or_default().insert(right, (rules.clone(), bits));
            found.entry(right).or_default().insert(left, (rules, bits));
            ControlFlow::Continue(())
        });
        found
    }

    fn index<'r>(&self, rows: impl Iterator<Item = &'r Row>) -> CandidateIndex {
        let store = store(&self.plan, rows);
        let frequencies = Frequencies::kept(&store, &self.plan, &self.kept, name);
        let (kept, plan) = (self.kept.clone(), self.plan.clone());
        let unseen = move |comparison: usize, value: &str| {
            kept[comparison].count(name(&plan.comparisons()[comparison].field, value))
        };
        let weights = IndexedWeights {
            model: self.model.clone(),
            frequencies,
            unseen: Box::new(unseen),
            limits: self.model.limits.clone(),
            max_block_pairs: self.max_block_pairs,
        };
        CandidateIndex::build(store, self.plan.clone(), weights).unwrap()
    }
}

/// Everyone that the index compares a record's raw values with, but for the record itself.
fn found(index: &CandidateIndex, (record, values): &Row) -> Partners {
    let candidates = index.candidates(Query { number: *record, values: &borrowed(values), named: &[] });
    let scorer = index.scorer(&candidates);
    let partners = candidates.iter().map(|(place, candidate)| {
        let rules = candidate.found_by.iter().filter_map(|found_by| match found_by {
            FoundBy::Rule(rule) => Some(*rule),
            FoundBy::Identifier(_) | FoundBy::Named => None,
        });
        let weight = scorer.weight(Candidates::QUERY, place);
        assert_eq!(scorer.explain(Candidates::QUERY, place).weight, weight);
        assert_eq!(scorer.weight(place, Candidates::QUERY), weight);
        (index.store().record_id(candidate.record), (rules.collect(), weight.0.to_bits()))
    });
    partners.filter(|(partner, _)| partner != record).collect()
}

/// Asks for every `each`-th record among all, and as if it were not there yet.
#[track_caller]
fn check(frozen: &Frozen, rows: &[Row], each: usize) {
    let batch = frozen.batch(rows);
    let index = frozen.index(rows.iter());
    let mut asked = 0;
    for row in rows.iter().step_by(each) {
        let expected = batch.get(&row.0).cloned().unwrap_or_default();
        let mut found = found(&index, row);
        // Found by an identifier alone.
        found.retain(|_, (rules, _)| !rules.is_empty());
        assert!(found == expected, "{}: {found:?} is not {expected:?}", row.0);
        asked += expected.len();
    }
    assert!(asked > 0 || batch.is_empty(), "nobody has a partner");
}

fn plan(blocking: Option<&[&str]>) -> MatchPlan {
    let blocking =
        blocking.map(|rules| rules.iter().map(|rule| rule.parse().expect("a blocking rule")).collect());
    let schema = Schema::built_in("customer.v1").expect("a built-in schema");
    MatchPlan::new(&schema, &Matching { blocking, ..Matching::default() }).expect("a plan")
}

const GIVEN: [&str; 6] = ["", "Agathe", "Bruno", "Zoé Anne", "Yann", "Agate"];
const FAMILY: [&str; 5] = ["", "Verrier", "Verier", "Chahour", "de Maurin"];
const CITIES: [&str; 3] = ["", "Nice", "Brest"];
const FIRMS: [&str; 5] = ["", "Verdier Transports", "Transports Verdier SARL", "Moreau Levage", "BLM"];

fn row(plan: &MatchPlan, record: u8, values: [u8; 8]) -> Row {
    let [given, family, city, email, phone, mobile, firm, whole] = values.map(usize::from);
    let optional =
        |number: usize, of: usize, text: String| if number.is_multiple_of(of) { String::new() } else { text };
    let (given, family) = (GIVEN[given % GIVEN.len()], FAMILY[family % FAMILY.len()]);
    let texts = match whole % 4 {
        // A whole name that is to be parted.
        0 => [
            ("given_name", String::new()),
            ("family_name", String::new()),
            ("full_name", format!("{given} {family}")),
        ],
        _ => [
            ("given_name", given.to_owned()),
            ("family_name", family.to_owned()),
            ("full_name", String::new()),
        ],
    };
    let others = [
        ("city", CITIES[city % CITIES.len()].to_owned()),
        ("email", optional(email, 12, format!("client{}@example.fr", email % 12))),
        ("phone", optional(phone, 9, format!("06123456{}0", phone % 9))),
        ("mobile", optional(mobile, 9, format!("06 12 34 56 {}0", mobile % 9))),
        ("organisation_name", FIRMS[firm % FIRMS.len()].to_owned()),
    ];
    let values = texts.into_iter().chain(others).filter(|(_, value)| !value.trim().is_empty());
    let values = values.map(|(field, value)| (plan.field_index(field).expect("a matched field"), value));
    // Ids in an order of their own, as those of a lake are.
    (RecordId(u128::from(record.wrapping_mul(167))), values.collect())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn a_query_of_a_records_values_has_the_partners_and_weights_of_the_record(
        rows in prop::collection::btree_map(any::<u8>(), prop::array::uniform8(any::<u8>()), 2..90),
        max_block_pairs in prop::sample::select(vec![1_u64, 3, 10, 60, 1_000_000]),
    ) {
        let rules = ["family_name:phonetic", "given_name + city", "phone", "city", "organisation_name:any_word + city"];
        let plan = plan(Some(&rules));
        let rows: Vec<Row> = rows.into_iter().map(|(record, values)| row(&plan, record, values)).collect();
        check(&Frozen::of(plan, &rows, max_block_pairs), &rows, 1);
    }

    #[test]
    fn a_query_has_the_weights_that_its_record_will_have(
        rows in prop::collection::btree_map(any::<u8>(), prop::array::uniform8(any::<u8>()), 2..60),
    ) {
        let plan = plan(Some(&["family_name:phonetic", "given_name + city", "phone", "mobile", "email"]));
        let families: Vec<usize> = rows.values().map(|values| usize::from(values[1]) % FAMILY.len()).collect();
        // How common words of firms' names are is not frozen.
        let person = |values: [u8; 8]| { let mut person = values; person[6] = 0; person };
        let rows: Vec<Row> = rows.into_iter().map(|(record, values)| row(&plan, record, person(values))).collect();
        let frozen = Frozen::of(plan, &rows, 1_000_000);
        let batch = frozen.batch(&rows);
        for (place, asked) in rows.iter().enumerate() {
            let but = |left_out: &dyn Fn(usize) -> bool| -> Vec<&Row> {
                rows.iter().enumerate().filter(|(other, _)| !left_out(*other)).map(|(_, row)| row).collect()
            };
            let others = but(&|other| other == place);
            // Nobody has its family name any more, however common that was once.
            let strangers = but(&|other| families[other] == families[place]);
            for those in [others, strangers] {
                let mut expected = batch.get(&asked.0).cloned().unwrap_or_default();
                expected.retain(|partner, _| those.iter().any(|other| other.0 == *partner));
                prop_assert_eq!(&found(&frozen.index(those.into_iter()), asked), &expected);
            }
        }
    }
}

#[test]
fn an_equal_identifier_finds_a_record_where_no_rule_does() {
    let plan = plan(Some(&["birth_date"]));
    let rows: Vec<Row> =
        (0..40).map(|number| row(&plan, number, [number, number, number, number, number, 3, 0, 1])).collect();
    let index = Frozen::of(plan, &rows, 1_000_000).index(rows.iter());
    let email = index.plan().field_index("email").unwrap();
    let asked = |value: &str| {
        let candidates =
            index.candidates(Query { number: RecordId(0), values: &[(email, value)], named: &[] });
        let comparison =
            index.plan().comparisons().iter().position(|planned| planned.field == "email").unwrap();
        assert!(candidates.iter().all(|(_, found)| found.found_by == [FoundBy::Identifier(comparison)]));
        candidates.iter().len()
    };
    assert_eq!(asked("  Client5@EXAMPLE.fr "), 3);
    assert_eq!(asked("client5@example.com"), 0);
    assert_eq!(asked(""), 0);
}

#[test]
fn a_query_that_says_nothing_finds_whom_it_names() {
    let plan = plan(None);
    let rows: Vec<Row> = (0..40).map(|number| row(&plan, number, [number; 8])).collect();
    let index = Frozen::of(plan, &rows, 1_000_000).index(rows.iter());
    assert_eq!(index.candidates(Query { number: RecordId(7), values: &[], named: &[] }).iter().len(), 0);
    let named = [RecordIndex(3)];
    let candidates = index.candidates(Query { number: RecordId(7), values: &[], named: &named });
    let only: Vec<&Candidate> = candidates.iter().map(|(_, candidate)| candidate).collect();
    assert_eq!(only, [&Candidate { record: RecordIndex(3), found_by: vec![FoundBy::Named] }]);
    let explained = index.scorer(&candidates).explain(Candidates::QUERY, RecordIndex(1));
    assert!(explained.prior == index.prior() && explained.evidence.iter().all(|said| said.level.is_none()));
    let nobody: [Row; 0] = [];
    let empty = Frozen::of(self::plan(None), &rows, 1_000_000).index(nobody.iter());
    assert!(found(&empty, &rows[3]).is_empty());
}

#[test]
fn small_and_noisy_records_are_found_as_the_batch_finds_them() {
    let columns = [
        ("first_name", "given_name"),
        ("surname", "family_name"),
        ("dob", "birth_date"),
        ("city", "city"),
        ("email", "email"),
    ];
    check_file("fake_1000", &columns, 1);
}

#[test]
fn records_of_two_clean_files_are_found_as_the_batch_finds_them() {
    let columns = [
        ("given_name", "given_name"),
        ("surname", "family_name"),
        ("address_1", "street"),
        ("suburb", "city"),
        ("postcode", "postal_code"),
        ("date_of_birth", "birth_date"),
        ("soc_sec_id", "national_id"),
    ];
    check_file("febrl4", &columns, 20);
}

#[track_caller]
fn check_file(folder: &str, columns: &[(&str, &str)], each: usize) {
    let Some(file) = data_folder(folder).map(|folder| folder.join("input.csv")) else { return };
    let plan = plan(None);
    let mut reader = csv::Reader::from_path(file).unwrap();
    let headers = reader.headers().unwrap().clone();
    let place = |column: &str| headers.iter().position(|header| header == column).unwrap();
    let columns: Vec<(usize, FieldIndex)> =
        columns.iter().map(|(column, field)| (place(column), plan.field_index(field).unwrap())).collect();
    let rows = reader.records().map(|row| {
        let row = row.unwrap();
        let values = columns.iter().map(|(column, field)| (*field, row[*column].to_owned())).collect();
        (RecordId(row[0].parse().unwrap()), values)
    });
    let rows: Vec<Row> = rows.collect();
    // As groups are parted in files of millions, where a run has the room for a thousand times more.
    for max_block_pairs in [1_000_000, 300] {
        check(&Frozen::of(plan.clone(), &rows, max_block_pairs), &rows, each);
    }
}
