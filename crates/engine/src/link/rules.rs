//! What schema and pipeline say about who may be one profile, whatever the evidence.

use vermeil_model::policy::{NO_PURPOSE, Purpose};
use vermeil_model::schema::{Exclusivity, Normaliser};
use vermeil_model::{Schema, SourceId};
use vermeil_resolve::features;
use vermeil_resolve::normalise::{Country, normalise};

use crate::columns::COUNTRY;
use crate::engine::{Engine, EngineConfig};
use crate::error::EngineError;

/// Digits of a SIREN, and of the SIRET that begins with it.
const SIREN: usize = 9;
const SIRET: usize = 14;

/// The rules of one pipeline.
pub(crate) struct LinkRules<'a> {
    pub(crate) exclusive: Vec<ExclusiveField<'a>>,
    /// Fields that prove who someone is, for one source at least.
    pub(crate) proofs: Vec<&'a str>,
    /// By position in the pipeline.
    sources: Vec<SourceRule<'a>>,
}

/// What may make the records of one source one profile with others.
pub(crate) struct SourceRule<'a> {
    pub(crate) source: &'a SourceId,
    pub(crate) joins: JoinsBy,
}

/// By what a record may join others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum JoinsBy {
    /// Whatever is evidence.
    Likeness,
    /// Equal values of these, by their place among all that prove something.
    Proof(Vec<u32>),
    /// Nothing.
    Nothing,
}

/// A field of which a profile has one value at most.
pub(crate) struct ExclusiveField<'a> {
    pub(crate) name: &'a str,
    normaliser: Normaliser,
    exclusivity: Exclusivity,
}

impl<'a> ExclusiveField<'a> {
    pub(crate) fn new(name: &'a str, normaliser: Normaliser, exclusivity: Exclusivity) -> Self {
        Self { name, normaliser, exclusivity }
    }

    /// A number of a value, which stays in this process; `None` where it could not be anyone's alone.
    pub(crate) fn number(&self, country: Country, value: &str) -> Option<u64> {
        let normal = normalise(self.normaliser, country, value)?;
        let exclusive = self.exclusivity.value(&normal)?;
        Some(features::number_of(std::iter::once(exclusive)).0 as u64)
    }
}

impl Engine {
    /// The rules, resolved against the schema.
    ///
    /// # Errors
    /// [`EngineError::UnknownMatchField`], [`EngineError::UnknownMatchPurpose`].
    pub(crate) fn link_rules(&self) -> Result<LinkRules<'_>, EngineError> {
        LinkRules::new(&self.config)
    }

    /// Whether profiles may be read for a purpose: a source may have joined them that must not
    /// be linked for another. Without a purpose nothing personal is opened.
    pub(crate) fn profiles_serve(&self, purpose: &Purpose) -> bool {
        let purposes = self.config.pipeline.matching.purposes.as_ref();
        purpose.0 == NO_PURPOSE || purposes.is_none_or(|served| served.contains(purpose))
    }
}

impl<'a> LinkRules<'a> {
    fn new(config: &'a EngineConfig) -> Result<Self, EngineError> {
        let (schema, matching) = (config.golden_schema(), &config.pipeline.matching);
        let declared = config.policy.purposes();
        if let Some(served) = &matching.purposes {
            check_purposes("match.purposes", declared, served)?;
        }
        let mut proofs: Vec<&str> = Vec::new();
        let mut sources = Vec::new();
        for source in &config.pipeline.sources {
            let own = &source.link;
            let place = |key: &str| format!("sources.{}.link.{key}", source.id);
            check_purposes(&place("never_for"), declared, &own.never_for)?;
            check_fields(&place("proof"), config.schema_of(source), own.proof.iter())?;
            let served = matching.purposes.as_ref();
            let mut never_for = own.never_for.iter();
            let joins = if never_for.any(|never| served.is_none_or(|served| served.contains(never))) {
                JoinsBy::Nothing
            } else if own.proof.is_empty() {
                JoinsBy::Likeness
            } else {
                JoinsBy::Proof(own.proof.iter().map(|field| place_of(&mut proofs, field)).collect())
            };
            sources.push(SourceRule { source: &source.id, joins });
        }
        check_fields("match.exclusive", schema, matching.exclusive.keys())?;
        let exclusive = schema.fields.iter().filter_map(|field| {
            let exclusivity = matching.exclusive.get(&field.name).copied().unwrap_or(field.exclusive)?;
            Some(ExclusiveField { name: &field.name, normaliser: field.normaliser, exclusivity })
        });
        Ok(Self { exclusive: exclusive.collect(), proofs, sources })
    }

    /// The rule of the source at that position of the pipeline.
    pub(crate) fn source(&self, position: u32) -> &SourceRule<'a> {
        &self.sources[position as usize]
    }

    /// The fields of a record that prove something: the field's place among them, and a number
    /// of the value. Not normalised: what is alike proves nothing.
    pub(crate) fn proof_values<'v>(
        &self,
        fields: impl Iterator<Item = (&'v str, &'v str)>,
    ) -> Vec<(u32, u128)> {
        let place =
            |name: &str| (0..).zip(&self.proofs).find(|(_, proof)| **proof == name).map(|(place, _)| place);
        let number = |value: &str| features::number_of(std::iter::once(value.trim())).0;
        let given = fields.filter(|(_, value)| !value.trim().is_empty());
        given.filter_map(|(name, value)| Some((place(name)?, number(value)))).collect()
    }

    /// What a record has in exclusive fields: the field's place among them, and a number of the value.
    pub(crate) fn exclusive_values<'v>(
        &self,
        fields: impl Iterator<Item = (&'v str, &'v str)> + Clone,
    ) -> Vec<(u32, u64)> {
        let value_of = |name: &str| fields.clone().find(|(field, _)| *field == name).map(|(_, value)| value);
        let places = (0..).zip(&self.exclusive);
        let numbered = places.filter_map(|(place, exclusive)| {
            let country = || value_of(COUNTRY).map(Country::from_hint).unwrap_or_default();
            Some((place, exclusive.number(country(), value_of(exclusive.name)?)?))
        });
        numbered.collect()
    }
}

/// What of a normalised value is exclusive.
trait ExclusiveValue {
    /// `None` where the value is none that could be anyone's alone.
    fn value(self, normal: &str) -> Option<&str>;
}

impl ExclusiveValue for Exclusivity {
    fn value(self, normal: &str) -> Option<&str> {
        match self {
            // `unknown` and `n/a` are no numbers.
            Self::Value => normal.bytes().any(|byte| byte.is_ascii_digit()).then_some(normal),
            Self::Siren => {
                let is_number =
                    matches!(normal.len(), SIREN | SIRET) && normal.bytes().all(|byte| byte.is_ascii_digit());
                // A slip of the pen is no other organisation.
                normal.get(..SIREN).filter(|siren| is_number && has_luhn_checksum(siren))
            }
        }
    }
}

/// ISO/IEC 7812-1, annex B: the sum that a SIREN fulfils.
fn has_luhn_checksum(digits: &str) -> bool {
    let sum: u32 = digits
        .bytes()
        .rev()
        .enumerate()
        .map(|(place, byte)| {
            let digit = u32::from(byte - b'0') * if place % 2 == 1 { 2 } else { 1 };
            digit / 10 + digit % 10
        })
        .sum();
    sum.is_multiple_of(10)
}

/// The place of a field in `proofs`, added where it is not there yet.
fn place_of<'a>(proofs: &mut Vec<&'a str>, field: &'a str) -> u32 {
    let known = proofs.iter().position(|proof| *proof == field);
    let place = known.unwrap_or_else(|| {
        proofs.push(field);
        proofs.len() - 1
    });
    u32::try_from(place).expect("a pipeline names few fields")
}

/// A purpose that nobody declared would forbid nothing.
fn check_purposes(place: &str, declared: &[Purpose], named: &[Purpose]) -> Result<(), EngineError> {
    match named.iter().find(|purpose| !declared.contains(purpose)) {
        None => Ok(()),
        Some(unknown) => Err(EngineError::UnknownMatchPurpose {
            place: place.to_owned(),
            purpose: unknown.to_string(),
            declared: declared.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
        }),
    }
}

/// Names of fields that stand at `place` of the pipeline file must be the schema's.
fn check_fields<'n>(
    place: &str,
    schema: &Schema,
    mut names: impl Iterator<Item = &'n String>,
) -> Result<(), EngineError> {
    match names.find(|name| schema.field(name).is_none()) {
        None => Ok(()),
        Some(unknown) => Err(EngineError::UnknownMatchField {
            place: place.to_owned(),
            schema: schema.id(),
            field: unknown.clone(),
            nearest: schema.nearest_field(unknown).unwrap_or_default().to_owned(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(exclusivity: Exclusivity, written: &str, expected: Option<&str>) {
        let normal = normalise(Normaliser::Identifier, Country::Unknown, written);
        assert_eq!(normal.as_deref().and_then(|normal| exclusivity.value(normal)), expected, "{written}");
    }

    #[test]
    fn a_siret_counts_as_its_siren_and_what_is_neither_counts_for_nothing() {
        check(Exclusivity::Siren, "732 829 320", Some("732829320"));
        check(Exclusivity::Siren, "732 829 320 00074", Some("732829320"));
        for other in ["732 829 321", "73282932", "DE 123456788", "n/a", "000000000", "732829320000"] {
            check(Exclusivity::Siren, other, None);
        }
    }

    #[test]
    fn a_number_is_exclusive_and_a_word_for_none_is_not() {
        check(Exclusivity::Value, "fid-0042", Some("FID0042"));
        check(Exclusivity::Value, "inconnu", None);
        check(Exclusivity::Value, "0000", None);
    }
}
