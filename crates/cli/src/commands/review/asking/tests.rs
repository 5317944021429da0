use super::*;
use crate::language::Language;

/// What comes of typing `typed`, and what was asked meanwhile.
fn asked<T>(
    language: Language,
    typed: &str,
    ask: impl FnOnce(&mut Asking<'_, &[u8], &mut Vec<u8>>) -> T,
) -> (T, String) {
    let catalog = Catalog::new(language);
    let mut questions = Vec::new();
    let answer = ask(&mut Asking::new(&catalog, typed.as_bytes(), &mut questions));
    (answer, String::from_utf8(questions).expect("UTF-8"))
}

#[track_caller]
fn check(language: Language, typed: &str, expected: Reply) {
    let (reply, _) = asked(language, typed, |asking| asking.verdict().expect("readable"));
    assert_eq!(reply, expected, "{language:?} {typed:?}");
}

#[test]
fn each_language_has_its_keys_and_says_them() {
    use Verdict::{Apart, Together};
    for (typed, expected) in [
        ("s", Reply::Verdict(Together)),
        ("D\n", Reply::Verdict(Apart)),
        ("k\n", Reply::Skip),
        ("q\n", Reply::Quit),
    ] {
        check(Language::English, typed, expected);
    }
    for (typed, expected) in [
        ("m\n", Reply::Verdict(Together)),
        (" d \r\n", Reply::Verdict(Apart)),
        ("p\n", Reply::Skip),
        ("q\n", Reply::Quit),
    ] {
        check(Language::French, typed, expected);
    }
    for language in Language::ALL {
        let keys: std::collections::BTreeSet<String> =
            REPLIES.iter().map(|(key, _)| Catalog::new(language).text(key)).collect();
        assert_eq!(keys.len(), REPLIES.len(), "a key stands for two in {language:?}");
        let (_, questions) = asked(language, "", |asking| asking.verdict());
        assert!(keys.iter().all(|key| questions.contains(&format!("[{key}]"))), "{questions}");
    }
}

#[test]
fn what_is_no_key_is_asked_again_and_the_end_of_input_quits() {
    let (reply, questions) =
        asked(Language::English, "yes\n\nd\n", |asking| asking.verdict().expect("readable"));
    assert_eq!(reply, Reply::Verdict(Verdict::Apart));
    assert_eq!(questions.matches("[d]").count(), 3, "{questions}");
    check(Language::English, "", Reply::Quit);
}

#[test]
fn a_reason_is_asked_until_it_names_no_one() {
    let typed = "call 06 39 98 01 37\nticket 12\n";
    let (reason, questions) = asked(Language::English, typed, |asking| asking.reason().expect("readable"));
    assert_eq!(reason.expect("a reason").as_str(), "ticket 12");
    assert!(questions.contains("looks like an address or a number of a person"), "{questions}");
    assert!(!questions.contains("06 39"), "{questions}");
    for (language, usual) in [(Language::English, "seen in review"), (Language::French, "vu en revue")] {
        let (reason, questions) = asked(language, "\n", |asking| asking.reason().expect("readable"));
        assert_eq!(reason.expect("a reason").as_str(), usual);
        assert!(questions.contains(usual), "{questions}");
    }
}
