use super::*;

/// A row of texts, as the protocol encodes it.
fn row(values: &[Option<&str>]) -> DataRow {
    let mut data = Vec::new();
    for value in values {
        match value {
            None => data.extend((-1i32).to_be_bytes()),
            Some(text) => {
                data.extend(i32::try_from(text.len()).expect("short").to_be_bytes());
                data.extend(text.as_bytes());
            }
        }
    }
    DataRow::new(data.as_slice().into(), i16::try_from(values.len()).expect("few"))
}

#[track_caller]
fn check(options: &[CopyOption], values: &[Option<&str>], line: &str) {
    let format = CopyFormat::of(options).expect("supported");
    assert_eq!(String::from_utf8(format.row(&row(values))).expect("text"), line);
}

#[test]
fn text_escapes_what_separates_and_csv_quotes_it() {
    let values = [Some("a\tb"), None, Some(""), Some("c\\d\ne"), Some("f,\"g\"")];
    check(&[], &values, "a\\tb\t\\N\t\tc\\\\d\\ne\tf,\"g\"\n");
    let csv = CopyOption::Format("csv".into());
    check(std::slice::from_ref(&csv), &values, "a\tb,,\"\",\"c\\d\ne\",\"f,\"\"g\"\"\"\n");
    check(&[csv.clone(), CopyOption::Delimiter(';')], &[Some("a;b"), Some("c,d")], "\"a;b\";c,d\n");
    check(&[csv, CopyOption::Null("-".to_owned())], &[None, Some("-")], "-,\"-\"\n");
    check(&[CopyOption::Delimiter('|')], &[Some("a|b"), Some("c")], "a\\|b|c\n");
}

#[test]
fn a_binary_row_stands_behind_its_number_of_fields() {
    let format = CopyFormat::of(&[CopyOption::Format("binary".into())]).expect("supported");
    assert_eq!(format.row(&row(&[Some("ab"), None])), b"\0\x02\0\0\0\x02ab\xff\xff\xff\xff");
    assert_eq!(format.begin(&["x".to_owned()]).len(), 19);
    assert_eq!(format.end(), [0xff, 0xff]);
}

#[test]
fn a_header_names_the_columns() {
    let csv = [CopyOption::Format("CSV".into()), CopyOption::Header(true)];
    let format = CopyFormat::of(&csv).expect("supported");
    assert_eq!(format.begin(&["a".to_owned(), "b,c".to_owned()]), b"a,\"b,c\"\n");
}

#[test]
fn other_formats_and_encodings_are_refused() {
    for option in [
        CopyOption::Format("parquet".into()),
        CopyOption::Encoding("LATIN1".to_owned()),
        CopyOption::Delimiter('→'),
        CopyOption::ForceQuote(Vec::new()),
    ] {
        assert!(CopyFormat::of(std::slice::from_ref(&option)).is_err(), "{option}");
    }
}
