use super::Folder;
use crate::MAX_ROW_BYTES;

const CONTRACT: &str = "path: a.csv, format: delimited, key: [id], updated_at: at, \
    columns: { given_name: first, birth_date: { column: born, format: '%d/%m/%Y' }, active: live }, \
    contract: { required: [given_name], max_field_bytes: 20 }";

/// Asserts what is said of one row; and that it is kept as delivered while the
/// row behind it is read.
#[track_caller]
fn check(row: &[u8], rejection: &str) {
    let file = [b"id,first,at,born,live\n", row, b"\n9,Ada,,,\n"].concat();
    let all = Folder::new(CONTRACT).file("a.csv", file).read().unwrap();
    assert_eq!(all.rejections(), [format!("2: {rejection}")]);
    assert_eq!(all.raw, [row]);
    assert_eq!(all.rows, ["9||Ada||"]);
}

#[test]
fn a_row_with_too_few_or_too_many_fields() {
    check(b"1,Ada", "too-few-fields expected=5 found=2");
    check(b"1,Ada,,,,,", "too-many-fields expected=5 found=7");
}

#[test]
fn bytes_that_are_not_in_the_encoding() {
    check(b"1,Zo\xe9,,,", "invalid-encoding column=first encoding=UTF-8");
    check(b"1,Ada,,,\xff", "invalid-encoding column=live encoding=UTF-8");
}

#[test]
fn bytes_that_a_single_byte_encoding_does_not_know() {
    let source =
        "path: a.csv, format: delimited, encoding: windows-1253, key: [id], columns: { given_name: first }";
    let all = Folder::new(source).file("a.csv", b"id,first\n1,\xd2\n2,\"\"\"\xd2\"\n").read().unwrap();
    let rejection = "invalid-encoding column=first encoding=windows-1253";
    assert_eq!(all.rejections(), [format!("2: {rejection}"), format!("3: {rejection}")]);
}

#[test]
fn bytes_that_cannot_be_converted_spoil_their_row_only() {
    let source =
        "path: a.csv, format: delimited, encoding: shift_jis, key: [id], columns: { given_name: first }";
    let all = Folder::new(source).file("a.csv", b"id,first\n1,\x83\n2,\x83\x41\n").read().unwrap();
    assert_eq!(all.rejections(), ["2: invalid-encoding column=first encoding=Shift_JIS"]);
    assert_eq!(all.rows, ["2|ア"]);
}

#[test]
fn nul_bytes() {
    check(b"1,A\0da,,,", "nul-byte column=first");
    check(b"\0\0\0\0", "nul-byte column=id");
}

#[test]
fn a_field_beyond_the_contract() {
    check(b"1,Ada Ada Ada Ada Ada A,,,", "field-too-long column=first bytes=21 most=20");
    let long = ["1,".as_bytes(), &vec![b'a'; 1024 * 1024], b",,,"].concat();
    check(&long, "field-too-long column=first bytes=1048576 most=20");
}

#[test]
fn a_missing_key_or_required_field() {
    check(b"  ,Ada,,,", "missing-key column=id");
    check(b"1,,,,", "missing-required column=first field=given_name");
}

#[test]
fn values_of_another_type() {
    check(b"1,Ada,,1906-12-09,", "not-a-date column=born expected=%d/%m/%Y");
    check(b"1,Ada,,31/02/1906,", "not-a-date column=born expected=%d/%m/%Y");
    check(b"1,Ada,noon,,", "not-a-timestamp column=at expected=YYYY-MM-DDTHH:MM:SSZ");
    check(b"1,Ada,,,maybe", "not-a-boolean column=live expected=true, false, 1, 0, oui, non, yes, no");
}

#[test]
fn numbers_of_another_form() {
    let schema = vermeil_model::Schema::parse(
        "s.yaml",
        "{ name: s, version: 1, kind: record, fields: [{ name: n, type: integer, class: plain }, \
         { name: d, type: decimal, class: plain }] }",
    )
    .unwrap();
    let source = "path: a.csv, format: delimited, delimiter: ';', decimal: ',', key: [id], columns: { n: whole, d: part }";
    let all = Folder::with_schema(source, schema)
        .file("a.csv", "id;whole;part\n1;1 234;-1'234,5\n2;1,5;\n3;;1.5\n")
        .read()
        .unwrap();
    assert_eq!(all.rows, ["1|1234|-1234.5"]);
    assert_eq!(
        all.rejections(),
        ["3: not-an-integer column=whole expected=1234", "4: not-a-number column=part expected=1234,5"]
    );
}

#[test]
fn an_event_without_subject() {
    let source = "path: a.csv, format: delimited, key: [id], subject: { source: crm, key: [who] }, \
        columns: { document_number: id }";
    let schema = vermeil_model::Schema::built_in("event.v1").unwrap();
    let all = Folder::with_schema(source, schema).file("a.csv", "id,who\n1,\n").read().unwrap();
    assert_eq!(all.rejections(), ["2: missing-subject column=who"]);
}

#[test]
fn an_unclosed_quote_costs_its_line_only() {
    check(b"1,\"Ada,,,", "unclosed-quote");
    // The same far from the end of the file.
    let rows: String = (0..300_000).map(|row| format!("{row},Ada Lovelace,,,\n")).collect();
    let file = format!("id,first,at,born,live\nx,\"Ada,,,\n{rows}");
    assert!(file.len() > MAX_ROW_BYTES + 1024 * 1024);
    let all = Folder::new(CONTRACT).file("a.csv", file).read().unwrap();
    assert_eq!(all.rejections(), ["2: unclosed-quote"]);
    assert_eq!((all.rows.len(), all.lines[0]), (300_000, 3));
}

#[test]
fn a_line_beyond_the_longest_row() {
    let long = vec![b'a'; 3 * MAX_ROW_BYTES];
    let file = [b"id,first,at,born,live\n", long.as_slice(), b"\n9,Ada,,,\n"].concat();
    let folder = Folder::new(CONTRACT).file("a.csv", file);
    let all = folder.read().unwrap();
    let rejection = format!("2: row-too-long most={MAX_ROW_BYTES}");
    assert_eq!(all.rejections(), [rejection.as_str()]);
    assert_eq!((all.raw[0].len(), all.rows.len(), all.lines.as_slice()), (MAX_ROW_BYTES, 1, [3].as_slice()));
    // Its beginning alone must never come back as a row.
    let again = folder.replay(&["id", "first", "at", "born", "live"], &all.raw[0], 2).unwrap();
    assert_eq!(again.rejections(), [rejection]);
}

#[test]
fn a_rejected_row_is_parsed_again_as_the_source_is_configured_now() {
    let columns = ["id", "first", "at", "born", "live"];
    let raw = b"1,\"Ada\nL.\",,1906-12-09,";
    let before = Folder::new(CONTRACT).replay(&columns, raw, 7).unwrap();
    assert_eq!(before.rejections(), ["7: not-a-date column=born expected=%d/%m/%Y"]);
    let mended = CONTRACT.replace("{ column: born, format: '%d/%m/%Y' }", "born");
    let after = Folder::new(&mended).replay(&columns, raw, 7).unwrap();
    assert_eq!((after.rows, after.lines), (vec!["1||Ada\nL.|1906-12-09|".to_owned()], vec![7]));
}
