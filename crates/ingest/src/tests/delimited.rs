use super::Folder;
use crate::BATCH_ROWS;

const NAMES: &str = "path: a.csv, format: delimited, key: [id], columns: { given_name: first, city: town }";

#[test]
fn columns_are_mapped_by_the_header_whatever_their_order_and_unmapped_ones_left_out() {
    Folder::new(NAMES)
        .file("a.csv", "town,shoe size,id,first\nLyon,42,7,Ada\nParis,37,8,Blaise\n")
        .check(&["7|Ada|Lyon", "8|Blaise|Paris"]);
}

#[test]
fn quotes_may_hold_delimiters_quotes_and_line_ends_and_lines_are_counted_through_them() {
    let all = Folder::new(NAMES)
        .file(
            "a.csv",
            "id,first,town\r\n1,\"A \"\"la\"\" B\",\"Saint-\nMalo\"\r\n\r\n2,\"x\",\"a,b\"\r\n3,y,z",
        )
        .read()
        .unwrap();
    assert_eq!(all.rows, ["1|A \"la\" B|Saint-\nMalo", "2|x|a,b", "3|y|z"]);
    assert_eq!(all.lines, [2, 5, 6]);
    assert_eq!(all.rejected, []);
}

#[test]
fn delimiter_and_quote_are_the_sources_own() {
    Folder::new(&format!("{NAMES}, delimiter: ';', quote: \"'\""))
        .file("a.csv", "id;first;town\n1;'L''Ada; B';\"Lyon\"\n")
        .check(&["1|L'Ada; B|\"Lyon\""]);
}

#[test]
fn windows_1252_is_decoded_in_header_and_values() {
    let source =
        "path: a.csv, format: delimited, encoding: windows-1252, key: [id], columns: { given_name: prénom }";
    Folder::new(source).file("a.csv", b"id,pr\xe9nom\n1,Zo\xe9\n2,\"\x80 \"\"\xe8\"\"\"\n3,Ada\n").check(&[
        "1|Zoé",
        "2|€ \"è\"",
        "3|Ada",
    ]);
}

#[test]
fn utf_16_is_converted_and_its_byte_order_mark_dropped() {
    let text = "id,first,town\n1,Zoé,Łódź\n";
    let bytes: Vec<u8> = [0xfeff].into_iter().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    Folder::new(&format!("{NAMES}, encoding: utf-16le")).file("a.csv", bytes).check(&["1|Zoé|Łódź"]);
}

#[test]
fn a_utf_8_byte_order_mark_is_dropped() {
    Folder::new(NAMES).file("a.csv", "\u{feff}\"id\",first,town\n1,Ada,Lyon\n").check(&["1|Ada|Lyon"]);
}

#[test]
fn a_declared_header_names_the_columns_of_a_file_without_one() {
    Folder::new(&format!("{NAMES}, header: [id, first, town]"))
        .file("a.csv", "1,Ada,Lyon\n")
        .check(&["1|Ada|Lyon"]);
}

#[test]
fn blanks_around_values_go_and_blank_values_are_missing() {
    Folder::new(NAMES).file("a.csv", "id, first ,town\n 1 ,  Ada\u{a0},   \n").check(&["1|Ada|"]);
}

#[test]
fn plain_fields_get_their_type_and_personal_ones_stay_canonical_text() {
    let source = "path: a.csv, format: delimited, key: [id, part], updated_at: { column: at, format: '%d/%m/%Y %H:%M' }, \
        columns: { birth_date: { column: born, format: '%d/%m/%Y' }, customer_since: since, active: live }, \
        constants: { country: FR, marketing_opt_in: non }";
    Folder::new(source)
        .file("a.csv", "id,part,at,born,since,live\n1,a,5/7/2024 13:30,09/12/1906,2001-02-03,oui\n2,b,,,,\n")
        .check(&["1|a|2024-07-05T13:30:00.000000Z|FR|1906-12-09|false|2001-02-03|true", "2|b||FR||false||"]);
}

#[test]
fn events_name_their_subject_and_numbers_may_have_a_decimal_comma() {
    let source = "path: a.csv, format: delimited, delimiter: ';', decimal: ',', key: [id], \
        subject: { source: crm, key: [who] }, columns: { occurred_at: at, amount: sum, document_number: id }";
    let schema = vermeil_model::Schema::built_in("event.v1").unwrap();
    Folder::with_schema(source, schema)
        .file("a.csv", "id;who;at;sum\nO-1;7;2024-01-31T23:30:00.5+01:00;1\u{202f}234,50\n")
        .check(&["O-1|7|2024-01-31T22:30:00.500000Z|1234.5|O-1"]);
}

#[test]
fn a_header_without_rows_is_no_rows() {
    Folder::new(NAMES).file("a.csv", "id,first,town\n").check(&[]);
}

#[test]
fn batches_end_at_their_number_of_rows() {
    let rows: String = (0..2 * BATCH_ROWS + 1).map(|row| format!("{row},Ada,Lyon\n")).collect();
    let folder = Folder::new(NAMES).file("a.csv", format!("id,first,town\n{rows}"));
    let mut stream = folder.open().unwrap();
    let mut sizes = Vec::new();
    while let Some(batch) = super::block_on(stream.next_batch()) {
        sizes.push(batch.unwrap().rows_in as usize);
    }
    assert_eq!(sizes, [BATCH_ROWS, BATCH_ROWS, 1]);
}
