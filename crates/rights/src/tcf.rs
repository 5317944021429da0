//! TC strings of IAB Europe's Transparency & Consent Framework, version 2: read, not made.
//!
//! A string is segments of 6 bits a character, with a point between: the core first, then in any order the
//! vendors that were disclosed (mandatory since TCF 2.3), those allowed out of band (gone since 2.2) and the
//! publisher's own purposes. Vendors are kept as ranges: a few bytes may stand for all 65,535 of them.
//!
//! Source: IAB Tech Lab, "Consent string and vendor list formats v2".

use chrono::{DateTime, Utc};
use serde::Serialize;
use vermeil_model::diagnostic::ErrorKind;
use vermeil_model::{Diagnose, Diagnostic};

mod bits;
mod vendors;

use self::bits::Bits;
pub use self::vendors::Vendors;

/// Longer texts are none: the largest string that means anything is a tenth of it.
const LONGEST: usize = 256 * 1024;
/// The policy from which on a string is one of TCF 2.2.
const POLICY_OF_2_2: u8 = 4;
/// The policy from which on disclosed vendors are mandatory: TCF 2.3.
const POLICY_OF_2_3: u8 = 5;

/// What a TC string says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TcString {
    /// When it was made first.
    #[serde(serialize_with = "crate::text::serialize")]
    pub created: DateTime<Utc>,
    /// When it was changed last.
    #[serde(serialize_with = "crate::text::serialize")]
    pub updated: DateTime<Utc>,
    /// The consent management platform that changed it last.
    pub cmp: u16,
    /// Its version.
    pub cmp_version: u16,
    /// The screen on which it was agreed to.
    pub screen: u8,
    /// The language of that screen (ISO 639-1).
    pub language: String,
    /// The version of the list of vendors.
    pub vendor_list: u16,
    /// The version of the policy.
    pub policy: u8,
    /// Whether it is of one service, and not of the whole web.
    pub is_service_specific: bool,
    /// Whether other texts than the standard's were shown.
    pub has_own_texts: bool,
    /// Special features that were opted in to.
    pub special_features: Vec<u8>,
    /// Purposes that were consented to.
    pub purposes: Vec<u8>,
    /// Purposes on legitimate interests that were shown, and not objected to.
    pub legitimate_interests: Vec<u8>,
    /// Whether purpose 1 was not shown at all.
    pub purpose_one_untold: bool,
    /// The country whose law the publisher is under (ISO 3166-1 alpha-2).
    pub country: String,
    /// Vendors that were consented to.
    pub vendors: Vendors,
    /// Vendors on legitimate interests that were shown, and not objected to.
    pub vendor_legitimate_interests: Vendors,
    /// What the publisher restricts.
    pub restrictions: Vec<Restriction>,
    /// Vendors that were shown; `None`: it does not say.
    pub disclosed: Option<Vendors>,
    /// Vendors that may use it out of band; `None`: it does not say.
    pub allowed: Option<Vendors>,
    /// What was agreed to for the publisher's own purposes.
    pub publisher: Option<Publisher>,
}

/// What a publisher restricts of a purpose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Restriction {
    /// The purpose.
    pub purpose: u8,
    /// How.
    pub kind: RestrictionKind,
    /// Which vendors.
    pub vendors: Vendors,
}

/// How a publisher restricts a purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RestrictionKind {
    /// Not at all.
    NotAllowed,
    /// With consent only.
    RequireConsent,
    /// On legitimate interests only.
    RequireLegitimateInterest,
}

/// What was agreed to for a publisher's own purposes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Publisher {
    /// The framework's purposes, consented to.
    pub purposes: Vec<u8>,
    /// The framework's purposes, on legitimate interests.
    pub legitimate_interests: Vec<u8>,
    /// The publisher's own ones, consented to.
    pub custom_purposes: Vec<u8>,
    /// The publisher's own ones, on legitimate interests.
    pub custom_legitimate_interests: Vec<u8>,
}

/// Whether a string may be relied on now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// It is of TCF 2.2 or later, and says what that asks for.
    Valid,
    /// Of a policy before TCF 2.2: it has to be asked for anew.
    Outdated,
    /// Of TCF 2.3 or later, without the vendors that were shown: it proves nothing of any.
    Undisclosed,
}

/// A text is no TC string. Nothing of it is repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoTcString {
    /// Longer than any.
    #[error("longer than any TC string")]
    TooLong,
    /// A character that is none of base 64 for addresses.
    #[error("character {at} is none of a TC string")]
    Character {
        /// Counted from 1.
        at: usize,
    },
    /// Of another version of the format.
    #[error("version {found} of TC strings is not read, but 2")]
    Version {
        /// Its version.
        found: u8,
    },
    /// It ends before it has said everything.
    #[error("the TC string ends within `{field}`")]
    Truncated {
        /// What was being read.
        field: &'static str,
    },
    /// What stands there means nothing.
    #[error("the TC string has no meaning at `{field}`")]
    Meaningless {
        /// What was being read.
        field: &'static str,
    },
    /// A segment stands twice, or is of no kind that there is.
    #[error("segment {segment} of the TC string stands twice, or is of an unknown kind")]
    Segment {
        /// Counted from 1.
        segment: usize,
    },
}

impl Diagnose for NoTcString {
    fn diagnostic(&self) -> Option<Diagnostic> {
        Some(match self {
            Self::TooLong => Diagnostic::new("tcf-too-long"),
            Self::Character { at } => Diagnostic::new("tcf-character").with("at", at),
            Self::Version { found } => Diagnostic::new("tcf-version").with("found", found),
            Self::Truncated { field } => Diagnostic::new("tcf-truncated").with("field", field),
            Self::Meaningless { field } => Diagnostic::new("tcf-meaningless").with("field", field),
            Self::Segment { segment } => Diagnostic::new("tcf-segment").with("segment", segment),
        })
    }

    fn kind(&self) -> ErrorKind {
        ErrorKind::Usage
    }
}

impl TcString {
    /// Reads a string.
    ///
    /// # Errors
    /// [`NoTcString`].
    pub fn parse(text: &str) -> Result<Self, NoTcString> {
        let text = text.trim();
        if text.len() > LONGEST {
            return Err(NoTcString::TooLong);
        }
        let mut start = 0;
        let mut segments = text.split('.').map(|segment| {
            let bits = Bits::of(segment, start);
            start += segment.len() + 1;
            bits
        });
        let mut string = Self::core(segments.next().expect("splitting gives at least one")?)?;
        for (number, bits) in (2..).zip(segments) {
            let mut bits = bits?;
            let twice = NoTcString::Segment { segment: number };
            let is_new = match bits.take(3, "segment type")? {
                1 => string.disclosed.replace(Vendors::read(&mut bits, "disclosed vendors")?).is_none(),
                2 => string.allowed.replace(Vendors::read(&mut bits, "allowed vendors")?).is_none(),
                3 => string.publisher.replace(Publisher::read(&mut bits)?).is_none(),
                _ => false,
            };
            if !is_new {
                return Err(twice);
            }
        }
        Ok(string)
    }

    /// Whether it may be relied on.
    pub fn standing(&self) -> Standing {
        if self.policy < POLICY_OF_2_2 {
            Standing::Outdated
        } else if self.policy >= POLICY_OF_2_3 && self.disclosed.is_none() {
            Standing::Undisclosed
        } else {
            Standing::Valid
        }
    }

    /// Whether a vendor may pursue a purpose by consent: the person agreed to both, the vendor was shown
    /// where the string says who was, and the publisher does not forbid it or ask for another basis.
    pub fn consents(&self, vendor: u16, purpose: u8) -> bool {
        let is_restricted = self.restrictions.iter().any(|restriction| {
            let is_other = restriction.kind != RestrictionKind::RequireConsent;
            restriction.purpose == purpose && is_other && restriction.vendors.contains(vendor)
        });
        let was_shown = self.disclosed.as_ref().is_none_or(|disclosed| disclosed.contains(vendor));
        self.standing() == Standing::Valid
            && self.purposes.contains(&purpose)
            && self.vendors.contains(vendor)
            && was_shown
            && !is_restricted
    }

    fn core(mut bits: Bits<'_>) -> Result<Self, NoTcString> {
        let found = bits.small(6, "version")?;
        if found != 2 {
            return Err(NoTcString::Version { found });
        }
        Ok(Self {
            created: moment(&mut bits, "created")?,
            updated: moment(&mut bits, "last updated")?,
            cmp: bits.medium(12, "CMP")?,
            cmp_version: bits.medium(12, "CMP version")?,
            screen: bits.small(6, "consent screen")?,
            language: letters(&mut bits, "consent language")?,
            vendor_list: bits.medium(12, "vendor list version")?,
            policy: bits.small(6, "policy version")?,
            is_service_specific: bits.flag("service specific")?,
            has_own_texts: bits.flag("own texts")?,
            special_features: bits.set(12, "special features")?,
            purposes: bits.set(24, "purposes")?,
            legitimate_interests: bits.set(24, "purposes on legitimate interests")?,
            purpose_one_untold: bits.flag("purpose one treatment")?,
            country: letters(&mut bits, "publisher country")?.to_uppercase(),
            vendors: Vendors::read(&mut bits, "vendors")?,
            vendor_legitimate_interests: Vendors::read(&mut bits, "vendors on legitimate interests")?,
            restrictions: restrictions(&mut bits)?,
            disclosed: None,
            allowed: None,
            publisher: None,
        })
    }
}

impl Publisher {
    fn read(bits: &mut Bits<'_>) -> Result<Self, NoTcString> {
        let (purposes, legitimate_interests) = (
            bits.set(24, "publisher purposes")?,
            bits.set(24, "publisher purposes on legitimate interests")?,
        );
        let own = u32::from(bits.small(6, "number of custom purposes")?);
        Ok(Self {
            purposes,
            legitimate_interests,
            custom_purposes: bits.set(own, "custom purposes")?,
            custom_legitimate_interests: bits.set(own, "custom purposes on legitimate interests")?,
        })
    }
}

fn restrictions(bits: &mut Bits<'_>) -> Result<Vec<Restriction>, NoTcString> {
    const FIELD: &str = "publisher restrictions";
    let number = bits.medium(12, FIELD)?;
    let restriction = |_| {
        let purpose = bits.small(6, FIELD)?;
        let kind = match bits.small(2, FIELD)? {
            0 => RestrictionKind::NotAllowed,
            1 => RestrictionKind::RequireConsent,
            2 => RestrictionKind::RequireLegitimateInterest,
            _ => return Err(NoTcString::Meaningless { field: FIELD }),
        };
        Ok(Restriction { purpose, kind, vendors: Vendors::ranges(bits, u16::MAX, FIELD)? })
    };
    (0..number).map(restriction).collect()
}

/// Tenths of seconds since 1970.
fn moment(bits: &mut Bits<'_>, field: &'static str) -> Result<DateTime<Utc>, NoTcString> {
    let tenths = i64::try_from(bits.take(36, field)?).expect("36 bits");
    DateTime::from_timestamp_millis(tenths * 100).ok_or(NoTcString::Meaningless { field })
}

/// Two letters, as 0 to 25 each.
fn letters(bits: &mut Bits<'_>, field: &'static str) -> Result<String, NoTcString> {
    let letter = |_| match bits.small(6, field)? {
        letter @ 0..26 => Ok(char::from(b'a' + letter)),
        _ => Err(NoTcString::Meaningless { field }),
    };
    (0..2).map(letter).collect()
}

#[cfg(test)]
mod tests;
