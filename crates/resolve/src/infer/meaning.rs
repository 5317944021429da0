//! What columns can mean.

use serde::Serialize;

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Meaning {
    /// What tells rows apart.
    RecordKey,
    /// Which silo a row is from.
    Source,
    /// Somebody's answer to who is who: never evidence.
    Answer,
    /// First name or names.
    GivenName,
    /// Names between the first and the last.
    MiddleName,
    /// Family name in use.
    FamilyName,
    /// Family name at birth.
    BirthName,
    /// Given and family name in one.
    FullName,
    /// Name of an organisation.
    OrganisationName,
    /// Day of birth.
    BirthDate,
    /// Year of birth, alone.
    BirthYear,
    /// Month of birth, alone.
    BirthMonth,
    /// Day of the month of birth, alone.
    BirthDay,
    /// Place of birth.
    BirthPlace,
    /// Country of birth.
    BirthCountry,
    /// E-mail address.
    Email,
    /// Phone number of any kind.
    Phone,
    /// Name of the way, with or without number.
    Street,
    /// Number on the way.
    HouseNumber,
    /// Second line of an address.
    AddressExtra,
    /// Address in one.
    WholeAddress,
    /// Postal code.
    PostalCode,
    /// Town.
    City,
    /// State, county, department.
    Region,
    /// Country.
    Country,
    /// Registration number of an organisation.
    RegistrationNumber,
    /// VAT number.
    VatNumber,
    /// Identity document or social security number.
    NationalId,
    /// Number of a loyalty programme.
    LoyaltyNumber,
    /// Civility or title.
    Title,
    /// Gender.
    Gender,
    /// Occupation.
    Occupation,
    /// Something else that may be evidence.
    Text,
    /// No evidence: empty, constant, a moment, an amount, a category.
    Ignored,
}

impl Meaning {
    pub(super) const ALL: [Meaning; 34] = [
        Self::RecordKey,
        Self::Source,
        Self::Answer,
        Self::GivenName,
        Self::MiddleName,
        Self::FamilyName,
        Self::BirthName,
        Self::FullName,
        Self::OrganisationName,
        Self::BirthDate,
        Self::BirthYear,
        Self::BirthMonth,
        Self::BirthDay,
        Self::BirthPlace,
        Self::BirthCountry,
        Self::Email,
        Self::Phone,
        Self::Street,
        Self::HouseNumber,
        Self::AddressExtra,
        Self::WholeAddress,
        Self::PostalCode,
        Self::City,
        Self::Region,
        Self::Country,
        Self::RegistrationNumber,
        Self::VatNumber,
        Self::NationalId,
        Self::LoyaltyNumber,
        Self::Title,
        Self::Gender,
        Self::Occupation,
        Self::Text,
        Self::Ignored,
    ];

    /// The canonical field it becomes, or becomes a part of.
    pub(super) fn field(self) -> Option<&'static str> {
        Some(match self {
            Self::GivenName | Self::MiddleName => "given_name",
            Self::FamilyName => "family_name",
            Self::BirthName => "birth_name",
            Self::FullName => "full_name",
            Self::OrganisationName => "organisation_name",
            Self::BirthDate | Self::BirthYear | Self::BirthMonth | Self::BirthDay => "birth_date",
            Self::BirthPlace => "birth_place",
            Self::BirthCountry => "birth_country",
            Self::Email => "email",
            Self::Phone => "phone",
            Self::Street | Self::HouseNumber | Self::WholeAddress => "street",
            Self::AddressExtra => "address_extra",
            Self::PostalCode => "postal_code",
            Self::City => "city",
            Self::Region => "region",
            Self::Country => "country",
            Self::RegistrationNumber => "registration_number",
            Self::VatNumber => "vat_number",
            Self::NationalId => "national_id",
            Self::LoyaltyNumber => "loyalty_number",
            Self::Title => "title",
            Self::Gender => "gender",
            Self::Occupation => "occupation",
            Self::RecordKey | Self::Source | Self::Answer | Self::Text | Self::Ignored => return None,
        })
    }
}
