//! French and English: message files, and numbers as each language writes them.

use std::fmt;

use clap::ValueEnum;
use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use unic_langid::LanguageIdentifier;
use vermeil_model::Diagnostic;

/// The languages that messages are written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Language {
    /// Français.
    #[value(name = "fr")]
    French,
    /// English.
    #[value(name = "en")]
    English,
}

impl Language {
    /// Every language.
    #[cfg(test)]
    pub const ALL: [Language; 2] = [Self::French, Self::English];

    /// The language of a POSIX locale such as `fr_FR.UTF-8`; English where it is neither.
    pub fn of_locale(locale: &str) -> Self {
        let language = locale.split(['_', '.', '@', '-']).next().unwrap_or_default();
        if language.eq_ignore_ascii_case("fr") { Self::French } else { Self::English }
    }

    fn messages(self) -> &'static str {
        match self {
            Self::French => include_str!("../i18n/fr.ftl"),
            Self::English => include_str!("../i18n/en.ftl"),
        }
    }

    fn identifier(self) -> LanguageIdentifier {
        let tag = match self {
            Self::French => "fr",
            Self::English => "en",
        };
        tag.parse().expect("both tags are well-formed")
    }

    /// Between groups of three digits. French wants a narrow no-break space (U+202F).
    fn group_mark(self) -> char {
        match self {
            Self::French => '\u{202f}',
            Self::English => ',',
        }
    }

    fn decimal_mark(self) -> char {
        match self {
            Self::French => ',',
            Self::English => '.',
        }
    }

    /// A number with `places` decimals, grouped by thousands.
    pub fn number(self, value: f64, places: usize) -> String {
        let plain = format!("{:.places$}", value.abs());
        let (whole, fraction) = plain.split_once('.').unwrap_or((&plain, ""));
        let mut written = String::new();
        // Not for a value that rounds to zero: `-0` says nothing.
        if value < 0.0 && plain.bytes().any(|digit| (b'1'..=b'9').contains(&digit)) {
            written.push('-');
        }
        for (position, digit) in whole.chars().enumerate() {
            if position > 0 && (whole.len() - position).is_multiple_of(3) {
                written.push(self.group_mark());
            }
            written.push(digit);
        }
        if !fraction.is_empty() {
            written.push(self.decimal_mark());
            written.push_str(fraction);
        }
        written
    }

    /// A whole number, grouped by thousands.
    pub fn integer(self, value: u64) -> String {
        // Counts stay far below 2^53, where f64 begins to skip whole numbers.
        self.number(value as f64, 0)
    }

    /// A share in [0, 1] as per cent with two decimals.
    pub fn percent(self, share: f64) -> String {
        let number = self.number(share * 100.0, 2);
        match self {
            Self::French => format!("{number}\u{202f}%"),
            Self::English => format!("{number}%"),
        }
    }

    /// A duration in seconds.
    pub fn seconds(self, seconds: f64) -> String {
        match self {
            Self::French => format!("{}\u{202f}s", self.number(seconds, 2)),
            Self::English => format!("{} s", self.number(seconds, 2)),
        }
    }
}

/// The messages of one language.
pub struct Catalog {
    /// Which one.
    pub language: Language,
    bundle: FluentBundle<FluentResource>,
}

impl fmt::Debug for Catalog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Catalog").field("language", &self.language).finish_non_exhaustive()
    }
}

/// A diagnostic in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// What happened, and where.
    pub headline: String,
    /// The way out.
    pub help: Option<String>,
}

impl Catalog {
    /// Reads the message file of a language.
    pub fn new(language: Language) -> Self {
        let resource = FluentResource::try_new(language.messages().to_owned())
            .expect("a test parses both message files");
        let mut bundle = FluentBundle::new_concurrent(vec![language.identifier()]);
        // The marks around arguments are invisible and break copying from a terminal.
        bundle.set_use_isolating(false);
        bundle.set_formatter(Some(match language {
            Language::French => number_in_french,
            Language::English => number_in_english,
        }));
        bundle.add_resource(resource).expect("a test finds no id twice");
        Self { language, bundle }
    }

    /// A message without arguments. An unknown id stands for itself.
    pub fn text(&self, id: &str) -> String {
        self.message(id, &[])
    }

    /// A message with arguments. An unknown id stands for itself.
    pub fn message(&self, id: &str, arguments: &[(&str, FluentValue<'_>)]) -> String {
        self.find(id, arguments).unwrap_or_else(|| id.to_owned())
    }

    /// A message with arguments, if there is one.
    pub fn find(&self, id: &str, arguments: &[(&str, FluentValue<'_>)]) -> Option<String> {
        self.format(id, None, arguments).map(|formatted| formatted.text)
    }

    /// Tells a diagnostic; one without a message is told as its code and arguments.
    pub fn tell(&self, diagnostic: &Diagnostic) -> Told {
        // An empty argument, such as no nearest name, counts as none at all.
        let arguments: Vec<_> = diagnostic
            .args
            .iter()
            .filter(|(_, value)| !value.is_empty())
            .map(|(name, value)| (name.as_str(), FluentValue::from(value.as_str())))
            .collect();
        let part = |attribute| self.format(&diagnostic.code, attribute, &arguments);
        let headline = part(None).map(|formatted| formatted.text).unwrap_or_else(|| {
            let arguments: Vec<_> =
                diagnostic.args.iter().map(|(name, value)| format!("{name}: {value}")).collect();
            format!("{} {}", diagnostic.code, arguments.join(", ")).trim_end().to_owned()
        });
        let help = part(Some("help")).filter(|help| help.complete).or_else(|| part(Some("otherwise")));
        Told { headline, help: help.map(|formatted| formatted.text) }
    }

    fn format(
        &self,
        id: &str,
        attribute: Option<&str>,
        arguments: &[(&str, FluentValue<'_>)],
    ) -> Option<Formatted> {
        let message = self.bundle.get_message(id)?;
        let pattern = match attribute {
            None => message.value()?,
            Some(attribute) => message.get_attribute(attribute)?.value(),
        };
        let mut filled = FluentArgs::new();
        for (name, value) in arguments {
            filled.set(*name, value.clone());
        }
        let mut errors = Vec::new();
        // A missing argument shows as `{$name}`: worse than complete, better than silence.
        let text = self.bundle.format_pattern(pattern, Some(&filled), &mut errors).into_owned();
        Some(Formatted { text, complete: errors.is_empty() })
    }
}

/// A message with its arguments filled in.
struct Formatted {
    text: String,
    /// Whether no argument was missing.
    complete: bool,
}

fn number_in_french<M>(value: &FluentValue<'_>, _memoizer: &M) -> Option<String> {
    number_in(Language::French, value)
}

fn number_in_english<M>(value: &FluentValue<'_>, _memoizer: &M) -> Option<String> {
    number_in(Language::English, value)
}

fn number_in(language: Language, value: &FluentValue<'_>) -> Option<String> {
    match value {
        FluentValue::Number(number) => {
            let places = if number.value.fract() == 0.0 { 0 } else { 2 };
            Some(language.number(number.value, places))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests;
