//! Small stores of invented people, for the tests of every module.

use vermeil_model::pipeline::Matching;
use vermeil_model::{RecordId, Schema};

use crate::features::{FeatureStore, FeatureStoreBuilder};
use crate::mix::chain;
use crate::plan::{FieldIndex, MatchPlan};

/// A record: its id and raw values by field.
pub(crate) type Row<'a> = (u128, &'a [(&'a str, &'a str)]);

/// The plan of `customer.v1` with blocking rules of the test's own.
pub(crate) fn plan(blocking: &[&str]) -> MatchPlan {
    let blocking = blocking.iter().map(|rule| rule.parse().expect("a blocking rule")).collect();
    let schema = Schema::built_in("customer.v1").expect("a built-in schema");
    MatchPlan::new(&schema, &Matching { blocking: Some(blocking), ..Matching::default() }).expect("a plan")
}

pub(crate) fn store(plan: &MatchPlan, rows: &[Row]) -> FeatureStore {
    let mut builder = FeatureStoreBuilder::new(plan);
    for (record, values) in rows {
        let values: Vec<(FieldIndex, &str)> = values
            .iter()
            .map(|(field, value)| (plan.field_index(field).expect("a field that matching reads"), *value))
            .collect();
        builder.push(RecordId(*record), 0, &values);
    }
    builder.finish().expect("records with ids of their own")
}

/// The place of a comparison in a plan.
pub(crate) fn comparison(plan: &MatchPlan, field: &str) -> usize {
    plan.comparisons().iter().position(|planned| planned.field == field).expect("a compared field")
}

/// Accounts of a made-up town: `people` persons, two accounts each, the second with a slip
/// in the family name of every third, in the birth date of the next and without e-mail address for every fifth. Every fourth person shares family name, street and phone with the
/// person before. Ids are scattered but fixed; the person is `town_person(id)`.
pub(crate) fn town(people: u64) -> Vec<(u128, Vec<(&'static str, String)>)> {
    const GIVEN: [&str; 12] = [
        "Aline", "Bruno", "Cyprien", "Delphine", "Etienne", "Flavie", "Gaspard", "Honorine", "Ismael",
        "Jacinthe", "Killian", "Lison",
    ];
    const FAMILY: [&str; 15] = [
        "Abadie",
        "Berthelot",
        "Carpentier",
        "Delmas",
        "Escoffier",
        "Fontanel",
        "Guilbert",
        "Hennequin",
        "Imbert",
        "Jourdain",
        "Keller",
        "Lacombe",
        "Maurin",
        "Nadal",
        "Oudinot",
    ];
    const STREETS: [&str; 5] =
        ["rue des Tilleuls", "av. du Lavoir", "chemin Vert", "bd Carnot", "place Haute"];
    let mut rows = Vec::new();
    for person in 0..people {
        let draw = |salt: u64, of: u64, bound: usize| (chain(salt, of) % bound as u64) as usize;
        let home = if person % 4 == 3 { person - 1 } else { person };
        let (month, day) = (1 + draw(4, person, 12), 1 + draw(5, person, 28));
        for account in 0..2 {
            let slip = account == 1 && person % 3 == 0;
            // The last digit of the year is another one.
            let slip_of_year = usize::from(account == 1 && person % 3 == 1);
            let born = format!("{}-{month:02}-{day:02}", (1940 + draw(3, person, 60)) ^ slip_of_year);
            let family = FAMILY[draw(2, home, FAMILY.len())];
            rows.push((
                (u128::from(chain(person, account)) << 64) | u128::from(person),
                vec![
                    // Neighbours in the list never share a first name.
                    ("given_name", GIVEN[(draw(1, home, 11) + (person - home) as usize) % 12].to_owned()),
                    ("family_name", if slip { format!("{family}e") } else { family.to_owned() }),
                    ("birth_date", born),
                    (
                        "email",
                        if account == 1 && person % 5 == 0 {
                            String::new()
                        } else {
                            format!("client{person}@example.fr")
                        },
                    ),
                    ("street", format!("{} {}", 1 + draw(6, home, 90), STREETS[draw(7, home, 5)])),
                    ("phone", format!("01{:08}", draw(8, home, 90_000_000))),
                ],
            ));
        }
    }
    rows
}

/// The person of an account of the [`town`].
pub(crate) fn town_person(record: RecordId) -> u64 {
    record.0 as u64
}

/// The town's records in a store, pushed in the order given.
pub(crate) fn town_store(plan: &MatchPlan, rows: &[(u128, Vec<(&'static str, String)>)]) -> FeatureStore {
    let borrowed: Vec<(u128, Vec<(&str, &str)>)> = rows
        .iter()
        .map(|(record, values)| {
            (*record, values.iter().map(|(field, value)| (*field, value.as_str())).collect())
        })
        .collect();
    let rows: Vec<Row> = borrowed.iter().map(|(record, values)| (*record, values.as_slice())).collect();
    store(plan, &rows)
}
