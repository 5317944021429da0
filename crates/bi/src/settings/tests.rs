use super::*;

fn begun(startup: &[(&str, &str)]) -> Settings {
    let startup = startup.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Settings::begin("ines", &startup.collect())
}

#[test]
fn a_purpose_is_declared_when_coming_or_later() {
    for options in [
        "-c vermeil.purpose=marketing",
        "-cvermeil.purpose=marketing",
        "--vermeil.purpose=marketing",
        "  -c geqo=off   -c vermeil.purpose=marketing -x",
    ] {
        assert_eq!(begun(&[("options", options)]).purpose(), Some("marketing"), "{options}");
    }
    let mut settings = begun(&[("vermeil.purpose", "marketing")]);
    assert_eq!(settings.purpose(), Some("marketing"));
    settings.set("VERMEIL.Purpose", Some("audit".to_owned())).expect("a setting");
    assert_eq!(settings.purpose(), Some("audit"));
    settings.reset_all();
    assert_eq!(settings.purpose(), Some("marketing"), "what it came with");
    settings.set(PURPOSE, Some(String::new())).expect("a setting");
    assert_eq!(settings.purpose(), None);
    assert_eq!(begun(&[("options", "-c vermeil.purpose")]).purpose(), None);
}

#[test]
fn a_backslash_keeps_words_of_an_option_together() {
    let settings = begun(&[("options", r"-c application_name=my\ tool -c search_path=landing")]);
    assert_eq!(settings.get("application_name"), Some("my tool"));
    assert_eq!(settings.search_path(), ["landing"]);
}

#[test]
fn what_is_no_setting_or_not_the_client_s_is_refused() {
    let mut settings = begun(&[("options", "-c server_version=9 -c datafusion.execution.batch_size=1")]);
    assert_eq!(settings.get("server_version"), Some(SERVER_VERSION));
    for (name, value, refused) in [
        ("datafusion.execution.batch_size", "1", Refused::Unknown),
        ("vermeil.role", "admin", Refused::Unknown),
        ("server_version", "9", Refused::Fixed),
        ("session_authorization", "admin", Refused::Fixed),
        ("client_encoding", "LATIN1", Refused::Value),
        ("statement_timeout", "soon", Refused::Value),
        ("standard_conforming_strings", "off", Refused::Value),
    ] {
        assert_eq!(settings.set(name, Some(value.to_owned())), Err(refused), "{name}");
    }
    assert_eq!(settings.get("session_authorization"), Some("ines"));
}

#[test]
fn times_are_written_as_postgresql_writes_them() {
    for (written, milliseconds) in [
        ("250", 250),
        ("250ms", 250),
        ("3s", 3_000),
        ("2 min", 120_000),
        ("1h", 3_600_000),
        ("1d", 86_400_000),
    ] {
        assert_eq!(duration_of(written), Some(Duration::from_millis(milliseconds)), "{written}");
    }
    for written in ["", "s", "1 year", "-1", "99999999999999999999"] {
        assert_eq!(duration_of(written), None, "{written}");
    }
    assert_eq!(begun(&[]).statement_timeout(), None);
    assert_eq!(begun(&[("statement_timeout", "5s")]).statement_timeout(), Some(Duration::from_secs(5)));
}
