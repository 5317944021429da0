use super::*;
use crate::help;
use crate::language::Language;

#[track_caller]
fn check(language: Language, line: &str, told: &str) {
    let catalog = Catalog::new(language);
    let error = help::command(&catalog).try_get_matches_from(line.split(' ')).unwrap_err();
    assert_eq!(tell(&error, &catalog).lines().next(), Some(told), "{line}");
}

#[test]
fn common_mistakes_are_told_in_both_languages() {
    check(Language::English, "vermeil rnu", "there is no command `rnu`");
    check(Language::French, "vermeil rnu", "il n'y a pas de commande `rnu`");
    check(Language::French, "vermeil run --untli land", "il n'y a pas d'option `--untli` ici");
    check(Language::French, "vermeil run --until", "`--until <STAGE>` attend une valeur");
    check(Language::French, "vermeil synth --people 5", "il manque --out <DIR>");
    check(
        Language::French,
        "vermeil --log xml run",
        "`xml` n'est pas une valeur de `--log <LOG>` (valeurs admises\u{a0}: text, json)",
    );
    check(
        Language::English,
        "vermeil demo --people many",
        "`many` cannot be read as a value for `--people <N>`",
    );
}

#[test]
fn a_near_command_is_suggested() {
    let catalog = Catalog::new(Language::English);
    let error = help::command(&catalog).try_get_matches_from(["vermeil", "statsu"]).unwrap_err();
    assert!(tell(&error, &catalog).contains("did you mean `status`?"));
}
