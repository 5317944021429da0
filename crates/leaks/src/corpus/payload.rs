//! The planted values in every encoding.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use unicode_normalization::UnicodeNormalization;

use crate::forms;
use crate::report::Encoding;

/// An invented name, with a letter that differs between encodings.
pub const NAME: &str = "Zélandine Quoxveil";
/// An invented phone, of the range that France keeps for fiction (Arcep 2018-0881).
pub const PHONE: &str = "06 39 98 12 74";

/// A planted value in one encoding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payload {
    /// Distinguishes payloads of one encoding.
    pub name: &'static str,
    /// How it is written.
    pub encoding: Encoding,
    /// What is planted.
    pub bytes: Vec<u8>,
}

/// Both values in every encoding.
pub(crate) fn all() -> Vec<Payload> {
    let payload = |name, encoding, bytes: Vec<u8>| Payload { name, encoding, bytes };
    let text = |name, encoding, text: &str| Payload { name, encoding, bytes: text.as_bytes().to_vec() };
    let [little, big] = forms::utf_16(NAME);
    let hexadecimal = String::from_utf8_lossy(&forms::hexadecimal(NAME.as_bytes())).into_owned();
    let encoded = |before: &str| STANDARD.encode(format!("{before}{NAME}, Lyon"));
    let wrapped = STANDARD.encode(format!("{}{NAME}{}", "fill ".repeat(9), " fill".repeat(9)));
    let (line, rest) = wrapped.split_at(76);
    vec![
        text("utf-8", Encoding::Utf8, NAME),
        text("decomposed", Encoding::Decomposed, &NAME.nfd().collect::<String>()),
        text("upper-case", Encoding::LetterCase, &NAME.to_uppercase()),
        text("lower-case", Encoding::LetterCase, &NAME.to_lowercase()),
        text("no-accents", Encoding::WithoutAccents, "Zelandine Quoxveil"),
        text("no-accents-upper", Encoding::WithoutAccents, "ZELANDINE QUOXVEIL"),
        payload("latin-1", Encoding::Latin1, forms::latin_1(NAME).unwrap_or_default()),
        payload("utf-16-le", Encoding::Utf16, little),
        payload("utf-16-be", Encoding::Utf16, big),
        text("hyphen", Encoding::Separators, "zelandine-quoxveil"),
        text("joined", Encoding::Separators, "ZélandineQuoxveil"),
        text("spaced", Encoding::Separators, "Z é l a n d i n e  Q u o x v e i l"),
        text("phone-pairs", Encoding::Utf8, PHONE),
        text("phone-dots", Encoding::Separators, "06.39.98.12.74"),
        text("phone-joined", Encoding::Separators, "0639981274"),
        text("phone-international", Encoding::Separators, "+33639981274"),
        text("phone-grouped", Encoding::Separators, "+33 6 39-98-12-74"),
        text("reversed", Encoding::Reversed, &NAME.chars().rev().collect::<String>()),
        text("hexadecimal", Encoding::Hexadecimal, &hexadecimal),
        text("hexadecimal-upper", Encoding::Hexadecimal, &hexadecimal.to_uppercase()),
        text("base64-0", Encoding::Base64, &encoded("")),
        text("base64-1", Encoding::Base64, &encoded("a")),
        text("base64-2", Encoding::Base64, &encoded("ab")),
        text("base64-url", Encoding::Base64, &URL_SAFE.encode(format!("??>{NAME}??>"))),
        text("json", Encoding::Backslash, "Z\\u00e9landine\\u0020Quoxveil"),
        text("json-in-json", Encoding::Backslash, "Z\\\\u00e9landine\\\\u0020Quoxveil"),
        text("bytes-escaped", Encoding::Backslash, "Z\\xc3\\xa9landine Quoxveil"),
        text("percent", Encoding::Percent, "Z%C3%A9landine%20Quoxveil"),
        text("quoted-printable", Encoding::QuotedPrintable, "Z=C3=A9landine Quox=\r\nveil"),
        text("entities", Encoding::Entities, "Z&eacute;landine&#x20;Quoxveil"),
        payload("wrapped-base64", Encoding::Wrapped, format!("{line}\r\n{rest}").into_bytes()),
        text("hash", Encoding::Hash, NAME),
    ]
}
