//! What was not touched need not be compared again: after any history of records that come, change and
//! go, the links kept from before and those of touched records are the links of comparing everything.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use proptest::prelude::*;
use vermeil_model::pipeline::Matching;
use vermeil_model::{Bits, RecordId, Schema};
use vermeil_resolve::block::Touched;
use vermeil_resolve::estimate::{EstimateSettings, estimate};
use vermeil_resolve::frequency::KeptFrequencies;
use vermeil_resolve::plan::FieldIndex;
use vermeil_resolve::{
    Blocks, FeatureStore, FeatureStoreBuilder, Frequencies, MatchModel, MatchPlan, RecordIndex, Scorer,
};

const FIELDS: [&str; 5] = ["given_name", "family_name", "city", "email", "phone"];
const GIVEN: [&str; 6] = ["", "Agathe", "Bruno", "Zoé", "Yann", "Agate"];
const FAMILY: [&str; 5] = ["", "Verrier", "Verier", "Chahour", "Maurin"];
const CITIES: [&str; 3] = ["", "Nice", "Brest"];

/// A threshold that every candidate pair reaches: each is told, with its weight.
const EVERYTHING: Bits = Bits(-1_000.0);

type Values = [u8; 5];
type Lake = BTreeMap<u8, Values>;
type Links = BTreeMap<(RecordId, RecordId), u64>;

/// What is kept of a linkage until the next.
struct Kept {
    digests: BTreeMap<RecordId, (u64, u64)>,
    links: Links,
}

struct Frozen {
    plan: MatchPlan,
    model: MatchModel,
    frequencies: Vec<KeptFrequencies>,
    max_block_pairs: u64,
}

fn plan() -> MatchPlan {
    let rules = ["family_name:phonetic", "given_name + city", "email", "phone", "city"];
    let blocking = rules.iter().map(|rule| rule.parse().expect("a blocking rule")).collect();
    let schema = Schema::built_in("customer.v1").expect("a built-in schema");
    MatchPlan::new(&schema, &Matching { blocking: Some(blocking), ..Matching::default() }).expect("a plan")
}

fn store(plan: &MatchPlan, lake: &Lake) -> FeatureStore {
    let mut builder = FeatureStoreBuilder::new(plan);
    for (record, values) in lake {
        let [given, family, city, email, phone] = values.map(usize::from);
        let texts = [
            GIVEN[given % GIVEN.len()].to_owned(),
            FAMILY[family % FAMILY.len()].to_owned(),
            CITIES[city % CITIES.len()].to_owned(),
            if email % 12 == 0 { String::new() } else { format!("client{}@example.fr", email % 12) },
            if phone % 9 == 0 { String::new() } else { format!("06123456{}0", phone % 9) },
        ];
        let values: Vec<(FieldIndex, &str)> = FIELDS
            .iter()
            .zip(&texts)
            .map(|(field, text)| (plan.field_index(field).expect("a matched field"), text.as_str()))
            .collect();
        // Ids in an order of their own, as those of a lake are.
        builder.push(RecordId(u128::from(record.wrapping_mul(167))), 0, &values);
    }
    builder.finish().expect("records with ids of their own")
}

/// Any name will do here that tells values apart.
fn name(field: &str, value: &str) -> u64 {
    field.bytes().chain(value.bytes()).fold(14_695_981_039_346_656_037, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(1_099_511_628_211)
    })
}

impl Frozen {
    fn of(lake: &Lake, max_block_pairs: u64) -> Frozen {
        let plan = plan();
        let store = store(&plan, lake);
        let blocks = Blocks::build(&store, &plan, max_block_pairs, &[]);
        let model = estimate(&store, &plan, &blocks, EstimateSettings::default());
        let frequencies = Frequencies::counted(&store, &plan).keep(&store, &plan, name);
        Frozen { plan, model, frequencies, max_block_pairs }
    }

    /// Links a lake, reusing what `before` knows; returns how many pairs were compared.
    fn link(&self, lake: &Lake, before: Option<&Kept>) -> (Kept, usize) {
        let store = store(&self.plan, lake);
        let blocks = Blocks::build(&store, &self.plan, self.max_block_pairs, &self.model.limits);
        let frequencies = Frequencies::kept(&store, &self.plan, &self.frequencies, name);
        let scorer =
            Scorer::new(&store, &self.plan, &self.model, &frequencies).expect("a model of this plan");
        let ids: Vec<RecordId> = (0..store.len()).map(|at| store.record_id(RecordIndex(at as u32))).collect();
        let now: BTreeMap<RecordId, (u64, u64)> =
            ids.iter().copied().zip(store.digests().zip(blocks.surroundings(&store))).collect();
        let is_touched =
            |record: &RecordId| before.is_none_or(|before| before.digests.get(record) != now.get(record));
        let touched: Touched = ids.iter().map(is_touched).collect();
        let mut links = Links::new();
        if let Some(before) = before {
            let is_kept = |record: &RecordId| now.contains_key(record) && !is_touched(record);
            links.extend(before.links.iter().filter(|((left, right), _)| is_kept(left) && is_kept(right)));
        }
        let mut compared = 0;
        let pairs = blocks.partition_touching(0, 1, &touched).inspect(|_| compared += 1);
        scorer.find_links(EVERYTHING, pairs, |link| {
            links.insert((store.record_id(link.left), store.record_id(link.right)), link.weight.0.to_bits());
            ControlFlow::Continue(())
        });
        (Kept { digests: now, links }, compared)
    }
}

fn values() -> impl Strategy<Value = Values> {
    prop::array::uniform5(any::<u8>())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn any_history_ends_with_the_links_of_comparing_everything(
        begin in prop::collection::btree_map(any::<u8>(), values(), 0..60),
        history in prop::collection::vec(
            prop::collection::vec((any::<u8>(), prop::option::of(values())), 1..12), 1..6),
        max_block_pairs in prop::sample::select(vec![1_u64, 3, 10, 60, 1_000_000]),
    ) {
        let frozen = Frozen::of(&begin, max_block_pairs);
        let mut lake = begin;
        let mut kept = frozen.link(&lake, None).0;
        for step in history {
            for (record, values) in step {
                match values {
                    Some(values) => { lake.insert(record, values); }
                    None => { lake.remove(&record); }
                }
            }
            let (incremental, compared) = frozen.link(&lake, Some(&kept));
            let (full, all) = frozen.link(&lake, None);
            prop_assert_eq!(&incremental.links, &full.links);
            prop_assert!(compared <= all);
            kept = incremental;
        }
    }
}

#[test]
fn of_a_record_that_changed_only_its_own_pairs_are_compared() {
    let mut lake: Lake =
        (0..200).map(|record| (record, [record, record / 3, record, record, record / 2])).collect();
    let frozen = Frozen::of(&lake, 1_000_000);
    let (kept, all) = frozen.link(&lake, None);
    assert_eq!(frozen.link(&lake, Some(&kept)).1, 0);
    lake.insert(7, [1, 1, 1, 1, 1]);
    let (_, compared) = frozen.link(&lake, Some(&kept));
    assert!(0 < compared && compared < lake.len(), "{compared} of {all}");
}
