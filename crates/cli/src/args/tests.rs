use super::*;

fn parse(line: &str) -> Result<Arguments, clap::Error> {
    Arguments::try_parse_from(line.split(' '))
}

#[test]
fn global_options_stand_before_or_after_the_command() {
    for line in ["vermeil --format json -p shop run", "vermeil run -p shop --format json"] {
        let arguments = parse(line).unwrap();
        assert_eq!(arguments.global.format, Format::Json, "{line}");
        assert_eq!(arguments.global.pipeline, PathBuf::from("shop"), "{line}");
    }
}

#[test]
fn a_run_goes_to_the_end_unless_told_otherwise() {
    let until = |line| match parse(line).unwrap().command {
        Command::Run(arguments) => arguments.until,
        other => panic!("{other:?}"),
    };
    assert_eq!(until("vermeil run"), Stage::Publish);
    assert_eq!(until("vermeil run --until land"), Stage::Land);
    assert!(parse("vermeil run --until tomorrow").is_err());
}

#[test]
fn the_demo_invents_ten_thousand_people_and_never_none() {
    match parse("vermeil demo").unwrap().command {
        Command::Demo(arguments) => {
            assert_eq!(arguments.people, 10_000);
            assert_eq!(arguments.dir, PathBuf::from("vermeil-demo"));
        }
        other => panic!("{other:?}"),
    }
    assert!(parse("vermeil demo --people 0").is_err());
}

#[test]
fn the_least_of_an_answer_is_a_probability_or_bits() {
    let least = |text: &str| match parse(&format!("vermeil resolve --at-least {text}")).unwrap().command {
        Command::Resolve(arguments) => arguments.at_least.unwrap().0,
        other => panic!("{other:?}"),
    };
    assert_eq!(least("0.5"), 0.0);
    assert_eq!(least("0.75"), 3.0_f64.log2());
    assert_eq!(least("-3.5bits"), -3.5);
    for text in ["0", "1", "bits", "3.5", "NaN", "infbits"] {
        assert!(parse(&format!("vermeil resolve --at-least {text}")).is_err(), "{text}");
    }
}

#[test]
fn a_reader_is_an_analyst_without_a_purpose_unless_told_otherwise() {
    let reader = |line| match parse(line).unwrap().command {
        Command::Query(arguments) => (arguments.reader.role, arguments.reader.purpose),
        other => panic!("{other:?}"),
    };
    assert_eq!(reader("vermeil query SELECT"), ("analyst".to_owned(), None));
    assert_eq!(
        reader("vermeil query SELECT --role agent --purpose customer_care"),
        ("agent".to_owned(), Some("customer_care".to_owned()))
    );
}

#[test]
fn language_and_log_are_found_before_the_line_is_understood() {
    let typed = |line: &str| -> Vec<OsString> { line.split(' ').map(OsString::from).collect() };
    assert_eq!(typed_language(&typed("vermeil --lang fr rnu")), Some(Language::French));
    assert_eq!(typed_language(&typed("vermeil rnu --lang=en")), Some(Language::English));
    assert_eq!(typed_language(&typed("vermeil query -- --lang fr")), None);
    assert_eq!(typed_language(&typed("vermeil --lang de")), None);
    assert_eq!(typed_log(&typed("vermeil --log json rnu")), LogFormat::Json);
    assert_eq!(typed_log(&typed("vermeil rnu")), LogFormat::Text);
}
