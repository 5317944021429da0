use super::*;
use crate::language::Language;

/// The ids of the help texts of a command, its arguments and its subcommands.
fn ids(command: &Command, id: &str, ids_so_far: &mut Vec<String>) {
    ids_so_far.push(id.to_owned());
    let arguments = command.get_arguments().filter(|argument| argument.get_id() != "help");
    ids_so_far.extend(arguments.map(|argument| format!("{id}-{}", argument.get_id())));
    let prefix = if id == "help-vermeil" { "help" } else { id };
    for subcommand in command.get_subcommands() {
        ids(subcommand, &format!("{prefix}-{}", subcommand.get_name()), ids_so_far);
    }
}

#[test]
fn every_command_and_argument_has_a_help_text_in_both_languages() {
    let mut wanted = Vec::new();
    ids(&Arguments::command(), "help-vermeil", &mut wanted);
    assert!(wanted.contains(&"help-quarantine-show-purpose".to_owned()), "{wanted:?}");
    for language in Language::ALL {
        let catalog = Catalog::new(language);
        for id in &wanted {
            assert!(catalog.find(id, &[]).is_some(), "{language:?} has no text `{id}`");
        }
    }
}

#[test]
fn french_help_has_no_english_headings() {
    let help = command(&Catalog::new(Language::French))
        .try_get_matches_from(["vermeil", "run", "--help"])
        .unwrap_err()
        .to_string();
    assert!(help.contains("Utilisation\u{a0}: vermeil run"), "{help}");
    assert!(help.contains("[par défaut\u{a0}: publish]"), "{help}");
    assert!(help.contains("Affiche l'aide"), "{help}");
    for english in ["Usage:", "Print help", "[default", "[possible"] {
        assert!(!help.contains(english), "{english} in {help}");
    }
}

#[test]
fn the_command_line_contradicts_itself_nowhere() {
    command(&Catalog::new(Language::English)).debug_assert();
}
