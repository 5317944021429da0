use super::Folder;

const NAMES: &str = "path: a.ndjson, format: ndjson, key: [id], columns: \
    { given_name: name.first, city: address.town, active: live, account_number: nr }";

#[test]
fn values_are_found_by_dotted_paths_and_numbers_and_booleans_become_text() {
    Folder::new(NAMES)
        .file(
            "a.ndjson",
            concat!(
                "{\"id\":7,\"name\":{\"first\":\" Zo\\u00e9 \"},\"address\":{\"town\":\"Lyon\"},\"live\":true,\"nr\":10.0}\n",
                "\r\n  \n",
                "{\"id\":\"8\",\"name.first\":\"Ada\",\"address\":null,\"live\":0,\"nr\":1.5}",
            ),
        )
        .check(&["7|Zoé|10|Lyon|true", "8|Ada|1.5||false"]);
}

#[test]
fn numbers_of_json_have_a_point_whatever_the_decimal_mark_of_text() {
    let source = "path: a.ndjson, format: ndjson, decimal: ',', key: [id], subject: { source: crm, key: [who] }, \
        columns: { amount: sum, quantity: count }";
    let schema = vermeil_model::Schema::built_in("event.v1").unwrap();
    Folder::with_schema(source, schema)
        .file("a.ndjson", "{\"id\":1,\"who\":2,\"sum\":1.5,\"count\":\"2,5\"}\n")
        .check(&["1|2|2.5|1.5"]);
}

#[test]
fn lines_that_are_no_objects_are_rejected_and_kept() {
    let folder = Folder::new(NAMES).file(
        "a.ndjson",
        b"{\"id\":1}\n{\"id\":2,\n[3]\n{\"id\":4,\"nr\":[1]}\n{\"id\":5,\"live\":\"maybe\"}\n{\"id\":6,\"nr\":99999999999999999999999}\n\
          {\"id\":\"\xff\"}\n{\"id\":\"\0\"}\n{\"id\":9,\"nr\":\"a\\u0000b\"}\n{\"id\":10}\n",
    );
    let all = folder.read().unwrap();
    assert_eq!(all.lines, [1, 10]);
    assert_eq!(
        all.rejections(),
        [
            "2: not-json position=8",
            "3: not-an-object",
            "4: not-a-value column=nr",
            "5: not-a-boolean column=live expected=true, false, 1, 0, oui, non, yes, no",
            "6: number-too-long column=nr",
            "7: line-invalid-encoding encoding=UTF-8",
            "8: line-nul-byte",
            "9: nul-byte column=nr",
        ]
    );
    assert_eq!(all.raw[1], b"[3]");
}

#[test]
fn a_line_beyond_the_longest_row_is_rejected_and_the_next_one_read() {
    let long = format!("{{\"id\":\"{}\"}}", "a".repeat(crate::MAX_ROW_BYTES));
    let all = Folder::new(NAMES).file("a.ndjson", format!("{long}\n{{\"id\":2}}\n")).read().unwrap();
    assert_eq!(all.rejections(), [format!("1: row-too-long most={}", crate::MAX_ROW_BYTES)]);
    assert_eq!(
        (all.rows.as_slice(), all.lines.as_slice()),
        (["2||||".to_owned()].as_slice(), [2].as_slice())
    );
}

#[test]
fn a_rejected_line_is_parsed_again() {
    let folder = Folder::new(NAMES);
    let again = folder.replay(&[], b"{\"id\":2,\"name\":{\"first\":\"Ada\"}}", 5).unwrap();
    assert_eq!((again.rows, again.lines), (vec!["2|Ada|||".to_owned()], vec![5]));
}
