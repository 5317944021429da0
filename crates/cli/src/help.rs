//! Help texts in the user's language.
//!
//! The command line is defined once, in [`crate::args`]; this puts the texts in
//! from the message files by id: `help-vermeil` for the whole, `help-run` for a
//! command, `help-run-until` for its argument, `help-vermeil-format` for an
//! option of every command.

use clap::builder::StyledStr;
use clap::{Arg, ArgAction, Command, CommandFactory};

use crate::args::Arguments;
use crate::language::Catalog;

/// The command line with all its help in the catalog's language.
pub fn command(catalog: &Catalog) -> Command {
    localise(Arguments::command().disable_help_subcommand(true), "help-vermeil", catalog)
        .disable_version_flag(true)
        .arg(
            Arg::new("version")
                .short('V')
                .long("version")
                .action(ArgAction::Version)
                .help(catalog.text("help-version-flag")),
        )
}

fn localise(command: Command, id: &str, catalog: &Catalog) -> Command {
    let prefix = if id == "help-vermeil" { "help" } else { id }.to_owned();
    command
        .about(catalog.text(id))
        .disable_help_flag(true)
        .arg(
            Arg::new("help")
                .short('h')
                .long("help")
                .action(ArgAction::Help)
                .help(catalog.text("help-help-flag")),
        )
        .subcommand_help_heading(lasting(catalog.text("help-commands-heading")))
        .subcommand_value_name(lasting(catalog.text("help-command-placeholder")))
        .help_template(template(catalog))
        .mut_args(|argument| describe(argument, id, catalog))
        .mut_subcommands(|subcommand| {
            let id = format!("{prefix}-{}", subcommand.get_name());
            localise(subcommand, &id, catalog)
        })
}

/// Clap keeps headings for as long as the program runs, unless it is built with one more
/// feature; a few words per command may stay that long.
fn lasting(text: String) -> &'static str {
    text.leak()
}

fn template(catalog: &Catalog) -> StyledStr {
    let usage = catalog.text("help-usage-heading");
    StyledStr::from(format!("{{about-with-newline}}\n{usage} {{usage}}\n\n{{all-args}}"))
}

fn describe(argument: Arg, id: &str, catalog: &Catalog) -> Arg {
    if argument.get_id() == "help" {
        return argument;
    }
    let mut help = catalog.text(&format!("{id}-{}", argument.get_id()));
    let argument = if argument.is_global_set() {
        // Else clap would mix them with the command's own.
        argument.help_heading(lasting(catalog.text("help-global-heading")))
    } else {
        argument
    };
    if !argument.get_action().takes_values() {
        return argument.help(help);
    }
    let values: Vec<_> =
        argument.get_possible_values().iter().map(|value| value.get_name().to_owned()).collect();
    if !values.is_empty() {
        help.push(' ');
        help.push_str(&catalog.message("help-possible-values", &[("values", values.join(", ").into())]));
    }
    if let [default] = argument.get_default_values() {
        help.push(' ');
        let default = default.to_string_lossy().into_owned();
        help.push_str(&catalog.message("help-default-value", &[("value", default.into())]));
    }
    // Clap would add both in English.
    argument.help(help).hide_possible_values(true).hide_default_value(true)
}

#[cfg(test)]
mod tests;
