//! Bringing raw values to one form, so that writing habits are no difference.
//!
//! One module per kind of value; [`normalise`] chooses by the schema's [`Normaliser`].
//! Normalising twice changes nothing.

pub mod address;
pub mod date;
pub mod email;
pub mod identifier;
pub mod organisation;
pub mod person;
pub mod phone;
pub mod street;
pub mod text;

use vermeil_model::schema::Normaliser;

/// The longest normalised value in characters; the rest is cut, so that one
/// absurd value cannot make every comparison with it absurdly slow.
pub const MAX_CHARACTERS: usize = 128;

/// The country a record is from, as far as reading phone numbers and postal codes needs it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Country {
    /// Not said: phone numbers are read as French where they can be.
    #[default]
    Unknown,
    /// France, overseas departments included.
    France,
    /// The United Kingdom.
    UnitedKingdom,
    /// Somewhere else.
    Other,
}

impl Country {
    /// Reads a country as sources write it: ISO 3166-1 codes and names in French and English.
    pub fn from_hint(raw: &str) -> Country {
        match text::fold(raw).as_str() {
            "" => Country::Unknown,
            "fr" | "fra" | "france" | "gp" | "mq" | "gf" | "re" | "yt" => Country::France,
            "gb" | "gbr" | "uk" | "united kingdom" | "great britain" | "england" | "scotland" | "wales"
            | "northern ireland" | "royaume uni" | "grande bretagne" | "angleterre" | "ecosse" => {
                Country::UnitedKingdom
            }
            _ => Country::Other,
        }
    }
}

/// The normal form of a raw value; `None` where nothing is left of it.
pub fn normalise(normaliser: Normaliser, country: Country, raw: &str) -> Option<String> {
    // Cut before the work too: folding can lengthen a text (a ligature becomes
    // several letters), but never shortens it enough for this margin to matter.
    let raw = cut(raw, 4 * MAX_CHARACTERS);
    let mut normal = match normaliser {
        Normaliser::Text => text::fold(raw),
        Normaliser::PersonName => person::name(raw),
        Normaliser::OrganisationName => organisation::name(raw),
        Normaliser::Phone => phone::to_e164(raw, country),
        Normaliser::Email => email::address(raw),
        Normaliser::Date => return date::as_written(raw),
        Normaliser::PostalCode => identifier::postal_code(raw, country),
        Normaliser::Street => street::way(raw),
        Normaliser::Identifier => identifier::number(raw),
        Normaliser::Gender => text::gender(raw),
    };
    normal.truncate(cut(&normal, MAX_CHARACTERS).trim_end().len());
    (!normal.is_empty()).then_some(normal)
}

fn cut(text: &str, characters: usize) -> &str {
    // No character is shorter than a byte.
    if text.len() <= characters {
        return text;
    }
    text.char_indices().nth(characters).map_or(text, |(end, _)| &text[..end])
}

#[cfg(test)]
mod tests;
