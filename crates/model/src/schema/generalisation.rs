//! What of a personal value may be shown to those who may not see the value.

use serde::{Deserialize, Serialize};

use super::{Field, FieldType, Normaliser};

/// How a personal value is made coarse enough for everyone with a role.
///
/// Profiles carry it in a column of its own, [`Field::generalised_column`],
/// which is still data about a person: it is rewritten with each publication,
/// and goes where the profile goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Generalisation {
    /// Of a date of birth: the age in bands of ten years, `65+` above, `0-17` below, on the day of
    /// publication.
    AgeBand,
    /// Of a French postal code: the department, such as `69`, `2A` or `974`.
    Department,
    /// Of a phone number: country, kind and the last two digits.
    MaskedPhone,
    /// Of a date: the year.
    Year,
    /// Of a name or text: the first letter.
    Initial,
}

impl Generalisation {
    /// What the field's name is followed by in the name of the generalised column.
    pub fn suffix(self) -> &'static str {
        match self {
            Self::AgeBand => "age_band",
            Self::Department => "department",
            Self::MaskedPhone => "masked",
            Self::Year => "year",
            Self::Initial => "initial",
        }
    }

    /// Whether values of `field` can be generalised so. Plain fields need none.
    pub(super) fn fits(self, field: &Field) -> bool {
        let is_date = matches!(field.data_type, FieldType::Date | FieldType::Timestamp);
        field.class.is_personal()
            && match self {
                Self::AgeBand | Self::Year => is_date,
                Self::Department => field.normaliser == Normaliser::PostalCode,
                Self::MaskedPhone => field.normaliser == Normaliser::Phone,
                Self::Initial => field.data_type == FieldType::Text,
            }
    }
}

impl Field {
    /// The column of golden profiles that shows what [`Field::generalise`] leaves of
    /// the value, such as `birth_date_age_band`.
    pub fn generalised_column(&self) -> Option<String> {
        self.generalise.map(|generalisation| format!("{}_{}", self.name, generalisation.suffix()))
    }
}
