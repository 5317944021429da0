//! Mistakes in the command line, told in the user's language.
//!
//! Clap tells them in English only. The kinds that people meet are told from
//! the message files; the rest as clap has them.

use clap::error::{ContextKind, ContextValue, ErrorKind};
use fluent_bundle::FluentValue;

use crate::language::Catalog;

/// What is wrong with the command line, and a hint where there is one.
pub fn tell(error: &clap::Error, catalog: &Catalog) -> String {
    let mut message = headline(error, catalog).unwrap_or_else(|| {
        let rendered = error.to_string();
        rendered.strip_prefix("error: ").unwrap_or(&rendered).trim_end().to_owned()
    });
    if let Some(suggestion) = suggestion(error) {
        message.push('\n');
        message.push_str(&catalog.message("usage-did-you-mean", &[("suggestion", suggestion.into())]));
    }
    message.push('\n');
    message.push_str(&catalog.text("usage-see-help"));
    message
}

fn headline(error: &clap::Error, catalog: &Catalog) -> Option<String> {
    let argument = || context(error, ContextKind::InvalidArg).unwrap_or_default();
    let value = || context(error, ContextKind::InvalidValue).unwrap_or_default();
    let (id, arguments): (&str, Vec<(&str, FluentValue<'_>)>) = match error.kind() {
        ErrorKind::UnknownArgument => ("usage-unknown-argument", vec![("argument", argument().into())]),
        ErrorKind::InvalidSubcommand => {
            let command = context(error, ContextKind::InvalidSubcommand)?;
            ("usage-unknown-command", vec![("command", command.into())])
        }
        ErrorKind::MissingRequiredArgument => {
            ("usage-missing-argument", vec![("argument", argument().into())])
        }
        // Empty where the option stands last and its value is missing.
        ErrorKind::InvalidValue if value().is_empty() => {
            ("usage-missing-value", vec![("argument", argument().into())])
        }
        ErrorKind::InvalidValue => {
            let valid = context(error, ContextKind::ValidValue).unwrap_or_default();
            (
                "usage-invalid-value",
                vec![("argument", argument().into()), ("value", value().into()), ("valid", valid.into())],
            )
        }
        ErrorKind::ValueValidation => {
            ("usage-unreadable-value", vec![("argument", argument().into()), ("value", value().into())])
        }
        ErrorKind::ArgumentConflict => ("usage-twice", vec![("argument", argument().into())]),
        _ => return None,
    };
    catalog.find(id, &arguments)
}

fn suggestion(error: &clap::Error) -> Option<String> {
    [ContextKind::SuggestedArg, ContextKind::SuggestedSubcommand, ContextKind::SuggestedValue]
        .into_iter()
        .find_map(|kind| context(error, kind))
}

fn context(error: &clap::Error, kind: ContextKind) -> Option<String> {
    match error.get(kind)? {
        ContextValue::String(text) => Some(text.clone()),
        ContextValue::Strings(texts) => Some(texts.join(", ")),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
