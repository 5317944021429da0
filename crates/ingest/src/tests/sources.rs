use std::io::Write;

use vermeil_model::Diagnose;

use super::{Folder, Yield, block_on, shown};
use crate::{FieldOrigin, IngestError, inspect};

const NAMES: &str = "format: delimited, key: [id], columns: { given_name: first, city: town }";
const HEADER: &str = "id,first,town\n";

fn at(path: &str) -> Folder {
    Folder::new(&format!("path: '{path}', {NAMES}"))
}

#[test]
fn a_missing_file_is_named_with_the_nearest_one() {
    at("clients.csv")
        .file("client.csv", HEADER)
        .check_error("source-missing-near nearest=client.csv path=clients.csv");
    at("clients.csv").check_error("source-missing path=clients.csv");
    at("no/such/clients.csv").check_error("source-missing path=no/such/clients.csv");
    at("2024*.csv")
        .file("2023-01.csv", HEADER)
        .check_error("source-missing-near nearest=2023-01.csv path=2024*.csv");
}

#[test]
fn a_folder_is_no_file() {
    let folder = at("sub");
    std::fs::create_dir(folder.path("sub")).unwrap();
    folder.check_error("source-missing path=sub");
}

#[test]
fn an_empty_file_says_so() {
    at("a.csv").file("a.csv", "").check_error("source-empty file=a.csv");
    at("a.csv").file("a.csv", "\n\r\n").check_error("source-empty file=a.csv");
    at("a.csv").file("a.csv", "id,\"first\ntown\n").check_error("source-bad-header file=a.csv");
}

#[test]
fn a_header_without_a_mapped_column_says_which_and_what_is_near() {
    at("a.csv")
        .file("a.csv", "id,firts,town\n")
        .check_error("source-missing-column-near nearest=firts file=a.csv column=first");
    at("a.csv").file("a.csv", "id,x,town\n").check_error("source-missing-column file=a.csv column=first");
    at("a.csv")
        .file("a.csv", "id,first,town,id\n")
        .check_error("source-duplicate-column file=a.csv column=id");
}

#[test]
fn a_header_that_another_delimiter_parts_says_which() {
    at("a.csv")
        .file("a.csv", "id;\"first\";town\n")
        .check_error("source-other-delimiter file=a.csv delimiter=, likely=;");
    at("a.csv")
        .file("a.csv", "id\tfirst\ttown\n")
        .check_error("source-other-delimiter file=a.csv delimiter=, likely=\\t");
    at("a.csv").file("a.csv", "number;x;place\n").check_error("source-missing-column file=a.csv column=id");
}

#[test]
fn a_pattern_reads_all_its_files_in_the_order_of_their_names() {
    let folder = at("day-*.csv")
        .file("day-2.csv", "town,id,first\nLyon,2,Ada\n")
        .file("day-1.csv", "id,first,town\n1,Ada,Paris\nx\n")
        .file("night-1.csv", "nothing of the kind");
    let mut stream = folder.open().unwrap();
    let names: Vec<_> = stream.files().iter().map(|file| file.name.clone()).collect();
    assert_eq!(names, ["day-1.csv", "day-2.csv"]);
    let batch = block_on(stream.next_batch()).unwrap().unwrap();
    assert_eq!((batch.places[1].file, batch.places[1].line), (1, 2));
    assert_eq!(batch.rejected[0].place.file, 0);
    assert_eq!(stream.columns(0), ["id", "first", "town"]);
    assert_eq!(stream.columns(1), ["town", "id", "first"]);
    let mut all = Yield::default();
    all.add(batch);
    assert_eq!(all.rows, ["1|Ada|Paris", "2|Ada|Lyon"]);
}

#[test]
fn absolute_paths_file_urls_and_paths_upwards_are_read() {
    let folder = at("a.csv").file("a.csv", format!("{HEADER}1,Ada,Lyon\n"));
    let absolute = folder.path("a.csv").display().to_string();
    let upwards = format!("../{}/a.csv", folder.dir.path().file_name().unwrap().to_str().unwrap());
    at(&absolute).check(&["1|Ada|Lyon"]);
    at(&format!("file://{absolute}")).check(&["1|Ada|Lyon"]);
    at(&upwards).check(&["1|Ada|Lyon"]);
}

#[test]
fn names_with_spaces_and_accents_are_read() {
    at("clients été 100%.csv")
        .file("clients été 100%.csv", format!("{HEADER}1,Ada,Lyon\n"))
        .check(&["1|Ada|Lyon"]);
}

#[test]
fn settings_that_contradict_schema_or_each_other_say_so() {
    #[track_caller]
    fn check(settings: &str, expected: &str) {
        let source = format!("path: a.csv, format: delimited, key: [id], {settings}");
        Folder::new(&source).file("a.csv", HEADER).check_error(expected);
    }
    check("columns: {}, encoding: klingon", "source-unknown-encoding encoding=klingon");
    check(
        "columns: { given_nam: first }",
        "source-unknown-field-near nearest=given_name schema=customer.v1 field=given_nam",
    );
    check("columns: { xxxxxx: first }", "source-unknown-field schema=customer.v1 field=xxxxxx");
    check(
        "columns: { birth_date: { column: first, format: dd/mm/yyyy } }",
        "source-bad-date-format field=birth_date format=dd/mm/yyyy",
    );
    check("columns: { city: { column: town, format: '%Y-%m-%d' } }", "source-unused-format field=city");
    check("columns: {}, constants: { active: perhaps }", "source-bad-constant field=active expected=boolean");
    check("columns: { city: town }, constants: { city: Lyon }", "source-mapped-and-constant field=city");
    check("columns: {}, contract: { required: [city] }", "source-required-not-mapped field=city");
    check("columns: {}, delimiter: '→'", "source-bad-separator role=delimiter value=→");
    check("columns: {}, delimiter: '\"'", "source-bad-separator role=quote value=\"");
    check("columns: {}, decimal: '1'", "source-bad-separator role=decimal value=1");
    at("nowhere://a/b.csv").with_spec(|spec| {
        let error = block_on(crate::open(spec)).err().unwrap();
        assert!(matches!(error, IngestError::BadLocation { .. }), "{error}");
    });
}

#[test]
fn credentials_in_a_url_are_in_no_message() {
    let folder = at("nowhere://ada:secret@host/a.csv?token=secret");
    let error = folder.read().unwrap_err();
    assert!(!shown(&error.diagnostic().unwrap()).contains("secret"));
    assert!(!format!("{error:?} {error}").contains("secret"));
}

#[test]
fn a_file_that_grows_yields_the_whole_rows_it_had() {
    let folder = at("a.csv").file("a.csv", format!("{HEADER}1,Ada,Lyon\n2,Bla"));
    let mut stream = folder.open().unwrap();
    append(&folder, "ise,Paris\n3,Carl,Lyon\n");
    assert_eq!(rest(&mut stream).unwrap().rows, ["1|Ada|Lyon"]);
    // The next run finds the rest.
    folder.check(&["1|Ada|Lyon", "2|Blaise|Paris", "3|Carl|Lyon"]);
}

#[test]
fn a_file_that_shrinks_or_is_rewritten_is_an_error() {
    let folder = at("a.csv").file("a.csv", format!("{HEADER}1,Ada,Lyon\n"));
    let mut stream = folder.open().unwrap();
    std::fs::File::options().write(true).open(folder.path("a.csv")).unwrap().set_len(5).unwrap();
    let error = rest(&mut stream).unwrap_err();
    assert_eq!(shown(&error.diagnostic().unwrap()), "source-changed file=a.csv");
    assert!(block_on(stream.next_batch()).is_none());

    let folder = at("a.csv").file("a.csv", format!("{HEADER}1,Ada,Lyon\n"));
    let mut stream = folder.open().unwrap();
    std::thread::sleep(std::time::Duration::from_millis(20));
    let mut file = std::fs::File::options().write(true).open(folder.path("a.csv")).unwrap();
    file.write_all(b"id").unwrap();
    assert!(matches!(rest(&mut stream), Err(IngestError::Changed { .. })));
}

#[test]
fn a_look_at_a_source_shows_its_columns_fields_and_first_problems() {
    let folder = Folder::new(&format!("path: '*.csv', {NAMES}, constants: {{ country: FR }}"))
        .file("a.csv", "id,first,town,size\n1,Ada,Lyon,3\n,Ada,Lyon,3\n")
        .file("b.csv", "id,first,town\nx\ny\n");
    let seen = folder.with_spec(|spec| block_on(inspect(spec, 2))).unwrap();
    assert_eq!(seen.files[0].columns, ["id", "first", "town", "size"]);
    assert_eq!(seen.unmapped, ["size"]);
    let fields: Vec<_> = seen.fields.iter().map(|field| (field.field.as_str(), &field.origin)).collect();
    let column = |name: &str| FieldOrigin::Column(name.to_owned());
    let expected = [
        ("given_name", column("first")),
        ("city", column("town")),
        ("country", FieldOrigin::Constant("FR".into())),
    ];
    assert_eq!(fields, expected.each_ref().map(|(name, origin)| (*name, origin)));
    assert_eq!((seen.rows_looked_at, seen.rows_rejected, seen.problems.len()), (4, 3, 2));
    assert_eq!((seen.problems[0].file.as_str(), seen.problems[0].line), ("a.csv", Some(3)));
    assert_eq!(seen.problems[1].diagnostic.code, "too-few-fields");
}

#[test]
fn a_look_at_ndjson_shows_names_that_no_row_holds() {
    let source = "path: a.ndjson, format: ndjson, key: [id], columns: { given_name: name.firts, city: town }";
    let folder = Folder::new(source).file("a.ndjson", "{\"id\":1,\"name\":{\"first\":\"Ada\"}}\n");
    let seen = folder.with_spec(|spec| block_on(inspect(spec, 10))).unwrap();
    assert_eq!(seen.files[0].columns, ["id", "name.first"]);
    let problems: Vec<_> = seen.problems.iter().map(|problem| shown(&problem.diagnostic)).collect();
    assert_eq!(
        problems,
        [
            "source-column-not-seen-near nearest=name.first file=a.ndjson column=name.firts",
            "source-column-not-seen file=a.ndjson column=town",
        ]
    );
}

fn append(folder: &Folder, text: &str) {
    let mut file = std::fs::File::options().append(true).open(folder.path("a.csv")).unwrap();
    file.write_all(text.as_bytes()).unwrap();
}

fn rest(stream: &mut crate::SourceStream) -> Result<Yield, IngestError> {
    let mut all = Yield::default();
    while let Some(batch) = block_on(stream.next_batch()) {
        all.add(batch?);
    }
    Ok(all)
}
