//! What the columns of an unknown file mean, from their names and their values.
//!
//! A name is believed unless the values speak against it; a column whose name says nothing
//! is judged by its values. What nothing is known about is still compared as text:
//! estimation finds out by itself whether agreeing on it is evidence.
//!
//! [`infer`] reads a sample of the values and answers with a [`Mapping`]: which
//! canonical fields there are, of which columns each is made, a schema of just these fields,
//! and why every column was taken for what it is. Nothing of it holds a value.

mod headers;
mod mapped;
mod meaning;
mod places;
mod values;

use serde::Serialize;
use vermeil_model::schema::{BlockingRule, Comparison, Field, Schema};

pub use mapped::{Joined, MappedField};
pub use meaning::Meaning;
use values::Profile;

/// Rules beside those of the schema: a file may lack the fields that these rely on, and what it
/// costs to compare a file's records has a bound whatever the rules, see [`crate::block`].
const WIDER_RULES: [&str; 6] = [
    "street",
    "birth_date",
    "city + given_name:initial",
    "city + family_name:initial",
    "given_name:phonetic + family_name:initial",
    "organisation_name:sorted_words",
];

/// Why a column was taken for what it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Because {
    /// Its name says so, and the values do not speak against it.
    Name,
    /// Its values look like it.
    Values,
    /// The name says something that the values are not.
    ValuesAgainstName,
    /// The other columns leave no other reading.
    OtherColumns,
    /// It has no value in the sample.
    Empty,
    /// It has one value in the sample.
    Constant,
    /// It was told.
    Told,
}

/// A column's name and a sample of its values; an empty text is no value.
pub struct ColumnSample<'a> {
    /// As the file has it.
    pub name: &'a str,
    /// Values of some rows.
    pub values: Vec<&'a str>,
}

/// What one column was taken for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ColumnMeaning {
    /// As the file has it.
    pub column: String,
    /// What it holds.
    pub meaning: Meaning,
    /// The field it becomes; `None` where it is not compared.
    pub field: Option<String>,
    /// Why.
    pub because: Because,
}

/// What was understood of a file.
#[derive(Debug, Clone)]
pub struct Mapping {
    /// One entry a column, in the file's order.
    pub columns: Vec<ColumnMeaning>,
    /// The fields that are compared or read, each once.
    pub fields: Vec<MappedField>,
    /// The canonical schema of just these fields.
    pub schema: Schema,
    /// The column that says which silo a row is from.
    pub source: Option<usize>,
}

/// Understands the columns of a file. `told` are fields given by name of column; `key` is the
/// column that tells rows apart, which is never evidence.
pub fn infer(
    samples: &[ColumnSample],
    canonical: &Schema,
    told: &[(String, String)],
    key: Option<&str>,
) -> Mapping {
    let profiles: Vec<Profile> = samples.iter().map(|sample| Profile::of(&sample.values)).collect();
    let mut judged: Vec<(Meaning, Because)> =
        samples.iter().zip(&profiles).map(|(sample, profile)| judge(sample.name, profile)).collect();
    if let Some(key) = samples.iter().position(|sample| Some(sample.name) == key) {
        judged[key] = (Meaning::RecordKey, Because::Told);
    }
    settle_names(&mut judged, &profiles);
    settle_ambiguous(&mut judged, &profiles);
    places::settle(&mut judged, samples);
    let mut fields: Vec<Option<String>> =
        judged.iter().map(|(meaning, _)| meaning.field().map(str::to_owned)).collect();
    for (column, field) in told {
        if let Some(place) = samples.iter().position(|sample| sample.name == column) {
            let meaning = Meaning::ALL.into_iter().find(|meaning| meaning.field() == Some(field));
            judged[place] = (
                meaning.unwrap_or(if field == "-" { Meaning::Ignored } else { Meaning::Text }),
                Because::Told,
            );
            fields[place] = (field != "-").then(|| field.clone());
        }
    }
    for (place, (meaning, because)) in judged.iter().enumerate() {
        if *meaning == Meaning::Text && *because != Because::Told {
            fields[place] = Some(format!("column_{}", place + 1));
        }
    }
    let mut mapped = map_fields(&judged, &fields, &profiles, canonical);
    mapped::part_addresses(&mut mapped, &judged, samples);
    mapped::spare_names(&mut mapped, &judged, samples);
    let used = |place: usize| mapped.iter().any(|field| field.uses(place));
    let columns = samples
        .iter()
        .enumerate()
        .map(|(place, sample)| ColumnMeaning {
            column: sample.name.to_owned(),
            meaning: judged[place].0,
            field: match used(place) {
                true => fields[place].clone().or_else(|| Some(mapped::FULL_NAME.to_owned())),
                false => None,
            },
            because: judged[place].1,
        })
        .collect();
    Mapping {
        columns,
        schema: schema_of(&mapped, canonical),
        fields: mapped,
        source: judged.iter().position(|(meaning, _)| *meaning == Meaning::Source),
    }
}

fn judge(name: &str, profile: &Profile) -> (Meaning, Because) {
    if profile.filled == 0 {
        return (Meaning::Ignored, Because::Empty);
    }
    match headers::meaning_of(name) {
        Some(said @ (Meaning::Answer | Meaning::RecordKey | Meaning::Source | Meaning::Ignored)) => {
            (said, Because::Name)
        }
        // A sample need not hold every value: with a name to go by, one value is no reason to
        // look away. It then weighs nothing, and a country still tells how phones are written.
        Some(said) if profile.may_be(said) => (said, Because::Name),
        _ if profile.distinct == 1 && profile.filled > 1 => (Meaning::Ignored, Because::Constant),
        Some(_) => (profile.looks_like(), Because::ValuesAgainstName),
        None => (profile.looks_like(), Because::Values),
    }
}

/// Which columns are names depends on which others there are.
fn settle_names(judged: &mut [(Meaning, Because)], profiles: &[Profile]) {
    let places = |judged: &[(Meaning, Because)], wanted: Meaning| -> Vec<usize> {
        (0..judged.len()).filter(|&place| judged[place].0 == wanted).collect()
    };
    let has_given = !places(judged, Meaning::GivenName).is_empty();
    // `nom` alone is a whole name.
    if !has_given && places(judged, Meaning::FullName).is_empty() {
        for place in places(judged, Meaning::FamilyName) {
            if profiles[place].words > 1.5 {
                judged[place] = (Meaning::FullName, Because::OtherColumns);
            }
        }
    }
    // `Name; Vorname`: beside first names, a name of one word is the family's.
    if has_given
        && places(judged, Meaning::FamilyName).is_empty()
        && let [place] = places(judged, Meaning::FullName)[..]
        && profiles[place].words < 1.5
    {
        judged[place] = (Meaning::FamilyName, Because::OtherColumns);
    }
    // `name` of things that nobody is called by is a firm's, but firms are not born.
    let has_parts = has_given || !places(judged, Meaning::FamilyName).is_empty();
    let has_persons = [Meaning::BirthDate, Meaning::BirthYear, Meaning::BirthPlace, Meaning::Gender]
        .into_iter()
        .any(|meaning| !places(judged, meaning).is_empty());
    if !has_parts && !has_persons && places(judged, Meaning::OrganisationName).is_empty() {
        for place in places(judged, Meaning::FullName) {
            if profiles[place].are_firms() {
                judged[place] = (Meaning::OrganisationName, Because::OtherColumns);
            }
        }
    }
    // Beside a person's own name, a whole name that no header speaks for is the same once more, or an adviser's.
    let is_named = has_parts || judged.contains(&(Meaning::FullName, Because::Name));
    for place in places(judged, Meaning::FullName) {
        if is_named && judged[place].1 == Because::Values {
            judged[place] = (Meaning::Ignored, Because::OtherColumns);
        }
    }
    // The first whole name counts; with parts beside it, it may know more first names.
    for place in places(judged, Meaning::FullName).into_iter().skip(1) {
        judged[place] = (Meaning::Ignored, Because::OtherColumns);
    }
}

/// `by` and `land` mean something among their like only; `address_2` may be the only address.
fn settle_ambiguous(judged: &mut [(Meaning, Because)], profiles: &[Profile]) {
    let has =
        |judged: &[(Meaning, Because)], wanted: Meaning| judged.iter().any(|(meaning, _)| *meaning == wanted);
    let has_year = has(judged, Meaning::BirthYear);
    let has_date = has(judged, Meaning::BirthDate);
    for (place, judgement) in judged.iter_mut().enumerate() {
        let is_part = matches!(judgement.0, Meaning::BirthMonth | Meaning::BirthDay);
        if is_part && !has_year && !has_date && profiles[place].dates > 0.5 {
            *judgement = (Meaning::BirthDate, Because::OtherColumns);
        } else if (is_part && (!has_year || has_date)) || (judgement.0 == Meaning::BirthYear && has_date) {
            *judgement = (Meaning::Ignored, Because::OtherColumns);
        }
    }
    if !has(judged, Meaning::Street) {
        for judgement in judged.iter_mut().filter(|judgement| judgement.0 == Meaning::AddressExtra) {
            *judgement = (Meaning::Street, Because::OtherColumns);
        }
    }
}

/// Gathers columns into fields, in an order that makes sense of several.
fn map_fields(
    judged: &[(Meaning, Because)],
    fields: &[Option<String>],
    profiles: &[Profile],
    canonical: &Schema,
) -> Vec<MappedField> {
    let mut names: Vec<&str> = Vec::new();
    for name in canonical
        .fields
        .iter()
        .map(|field| field.name.as_str())
        .chain(fields.iter().flatten().map(String::as_str))
    {
        if !names.contains(&name) && fields.iter().flatten().any(|field| field == name) {
            names.push(name);
        }
    }
    let of = |field: &str, wanted: &dyn Fn(Meaning) -> bool| -> Vec<usize> {
        (0..judged.len())
            .filter(|&place| fields[place].as_deref() == Some(field) && wanted(judged[place].0))
            .collect()
    };
    let all = |_: Meaning| true;
    let mut mapped = Vec::new();
    for &name in &names {
        let (columns, joined) = match name {
            "given_name" => {
                let mut columns = of(name, &|meaning| meaning != Meaning::MiddleName);
                columns.extend(of(name, &|meaning| meaning == Meaning::MiddleName));
                (columns, Joined::ByBlanks)
            }
            "family_name" => (of(name, &all), Joined::ByBlanks),
            "birth_date" => {
                let whole = of(name, &|meaning| {
                    !matches!(meaning, Meaning::BirthYear | Meaning::BirthMonth | Meaning::BirthDay)
                });
                if whole.is_empty() {
                    let part = |wanted: Meaning| of(name, &|meaning| meaning == wanted).into_iter().take(1);
                    let columns = part(Meaning::BirthYear)
                        .chain(part(Meaning::BirthMonth))
                        .chain(part(Meaning::BirthDay));
                    (columns.collect(), Joined::AsDate)
                } else {
                    let is_month_first = profiles[whole[0]].is_month_first();
                    (whole, if is_month_first { Joined::MonthFirst } else { Joined::FirstWithValue })
                }
            }
            "street" => {
                let mut columns = of(name, &|meaning| meaning == Meaning::HouseNumber);
                columns.extend(of(name, &|meaning| {
                    !matches!(meaning, Meaning::HouseNumber | Meaning::WholeAddress)
                }));
                (columns, Joined::ByBlanks)
            }
            _ => (of(name, &all), Joined::FirstWithValue),
        };
        let has_room = canonical.field("mobile").is_some() && !names.contains(&"mobile");
        if name == "phone" && columns.len() > 1 && has_room {
            mapped.push(MappedField::new(name, columns[..1].to_vec(), joined));
            mapped.push(MappedField::new("mobile", columns[1..].to_vec(), joined));
            continue;
        }
        mapped.push(MappedField::new(name, columns, joined));
    }
    mapped
}

/// The canonical schema with just the fields there are, and a field of text for each unknown column.
fn schema_of(mapped: &[MappedField], canonical: &Schema) -> Schema {
    let mut schema = canonical.clone();
    let is_mapped = |name: &str| mapped.iter().any(|field| field.field == name);
    let has_names = is_mapped("given_name") || is_mapped("family_name") || is_mapped("full_name");
    // Parts and whole of a name are made of each other.
    let is_kept = |name: &str| {
        is_mapped(name) || (has_names && matches!(name, "given_name" | "family_name" | "full_name"))
    };
    schema.fields.retain(|field| is_kept(&field.name));
    for field in mapped.iter().filter(|field| canonical.field(&field.field).is_none()) {
        schema.fields.push(Field { comparison: Some(Comparison::Text), ..Field::text(field.field.clone()) });
    }
    schema.blocking.extend(WIDER_RULES.iter().filter_map(|rule| rule.parse::<BlockingRule>().ok()));
    schema.blocking.retain(|rule| rule.keys.iter().all(|key| is_kept(&key.field)));
    // Of what nothing is known about, equal values are all there is to go by; so too where no rule is left.
    let has_rules = !schema.blocking.is_empty();
    for field in mapped.iter().filter(|field| !has_rules || canonical.field(&field.field).is_none()) {
        if let Ok(rule) = field.field.parse::<BlockingRule>() {
            schema.blocking.push(rule);
        }
    }
    schema
}

#[cfg(test)]
mod tests;
