//! Who somebody may be.

use vermeil_engine::{Resolved, ResolvedProfile};

use super::explain::SHOWN_BITS;
use super::table::{Grid, bits, percent, signed, text};
use crate::language::Catalog;

/// The profiles with their records, and why.
pub fn answer(catalog: &Catalog, found: &Resolved) -> String {
    let mut parts = vec![match found.candidates.is_empty() {
        true => catalog.message("resolve-nothing", &[("compared", found.compared.into())]),
        false => profiles(catalog, &found.candidates),
    }];
    if !found.not_compared.is_empty() {
        let fields = found.not_compared.join(", ");
        parts.push(catalog.message("resolve-not-compared", &[("fields", fields.into())]));
    }
    parts.join("\n")
}

fn profiles(catalog: &Catalog, profiles: &[ResolvedProfile]) -> String {
    let columns = ["profile", "probability", "bits", "source", "record", "evidence"];
    let mut grid = Grid::new(catalog, &columns);
    for profile in profiles {
        for (place, record) in profile.records.iter().enumerate() {
            let unpublished = || catalog.text("resolve-unpublished");
            // Of the best record; of the others less would be said twice.
            let (id, why) = match place {
                0 => (profile.profile_id.clone().unwrap_or_else(unpublished), reasons(catalog, profile)),
                _ => Default::default(),
            };
            grid.row(vec![
                text(id),
                percent(catalog, record.probability),
                bits(catalog, record.weight_bits),
                text(&record.source),
                text(&record.record_id),
                text(why),
            ]);
        }
    }
    grid.finish()
}

/// What each field says, the loudest first.
fn reasons(catalog: &Catalog, profile: &ResolvedProfile) -> String {
    let said = profile.evidence.iter().map(|evidence| {
        let said = evidence.bits + evidence.term_frequency_bits;
        (format!("{} {}", evidence.field, evidence.level), said)
    });
    let prior = (catalog.text("explain-prior"), profile.prior_bits);
    let dependence = (catalog.text("explain-dependence"), profile.dependence_bits);
    let mut said: Vec<(String, f64)> = said.collect();
    said.sort_by(|one, other| other.1.abs().total_cmp(&one.1.abs()));
    let said = said.into_iter().chain([dependence, prior]).filter(|(_, bits)| bits.abs() >= SHOWN_BITS);
    said.map(|(what, bits)| format!("{what} {}", signed(catalog, bits))).collect::<Vec<_>>().join("\n")
}
