use arrow::array::AsArray;
use vermeil_model::Policy;

use super::*;

/// What a file of that content is taken for, and the texts of its rows.
fn read(name: &str, content: impl AsRef<[u8]>) -> Result<(FileForm, Vec<Vec<String>>), IngestError> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join(name), content).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let mut file = UnknownFile::open(name, folder.path(), &BTreeMap::new()).await?;
        let mut rows = Vec::new();
        while let Some(batch) = file.next_batch().await {
            let batch = batch?.rows.into_exposed(&Policy::matching());
            rows.extend((0..batch.num_rows()).map(|row| {
                let cell = |column: &arrow::array::ArrayRef| column.as_string::<i32>().value(row).to_owned();
                batch.columns().iter().map(cell).collect::<Vec<String>>()
            }));
        }
        Ok((file.form().clone(), rows))
    })
}

#[track_caller]
fn check(content: impl AsRef<[u8]>, delimiter: char, encoding: &str, rows: &[&[&str]]) {
    let (form, found) = read("file.csv", content).unwrap();
    assert_eq!((form.delimiter, form.encoding), (Some(delimiter), encoding));
    assert_eq!(found, rows);
}

#[test]
fn the_delimiter_is_the_one_that_parts_rows_alike() {
    for delimiter in [',', ';', '\t', '|'] {
        check(format!("a{delimiter}b\n1{delimiter}2\n"), delimiter, "UTF-8", &[&["1", "2"]]);
    }
    check("a;b\n1,5;2,5\n3,5;4,5\n", ';', "UTF-8", &[&["1,5", "2,5"], &["3,5", "4,5"]]);
    check("\"a;x\",b\n\"1;1;1\",2\n", ',', "UTF-8", &[&["1;1;1", "2"]]);
    check("a\n1\n2\n", ',', "UTF-8", &[&["1"], &["2"]]);
}

#[test]
fn the_encoding_is_what_all_bytes_say() {
    check("a,b\nZoé,1\n", ',', "UTF-8", &[&["Zoé", "1"]]);
    check(b"a,b\nZo\xe9,1\n", ',', "windows-1252", &[&["Zoé", "1"]]);
    check(b"\xff\xfea\0,\0b\0\n\x001\0,\0\xe9\0\n\0", ',', "UTF-16LE", &[&["1", "é"]]);
    // One broken byte among many that are whole is that row's affair.
    check(b"a,b\nZo\xc3\xa9,\xc3\xa8\n\xe9,2\n", ',', "UTF-8", &[&["Zoé", "è"]]);
}

#[test]
fn a_character_cut_between_two_chunks_is_whole() {
    let text = "aé€😀".repeat(50);
    for cut in 0..text.len() {
        let mut census = form::Census::default();
        let (one, other) = text.as_bytes().split_at(cut);
        census.take(one);
        census.take(other);
        assert_eq!(census.finished(), (150, 0), "cut at {cut}");
    }
}

#[test]
fn names_of_columns_are_made_distinct() {
    let (form, rows) = read("file.csv", "a,,a,a_2,\n1,2,3,4,5\n").unwrap();
    assert_eq!(form.columns, ["a", "column_2", "a_3", "a_2", "column_5"]);
    assert_eq!(rows, [["1", "2", "3", "4", "5"]]);
}

#[test]
fn objects_are_columns_by_name_and_lists_are_left_out() {
    let text = "{\"b\":1,\"a\":{\"c\":\"x\"},\"l\":[1]}\n\n{\"b\":null,\"d\":true}\n";
    let (form, rows) = read("file.txt", text).unwrap();
    assert_eq!((form.format, form.columns), (Format::Ndjson, ["a.c", "b", "d"].map(str::to_owned).to_vec()));
    assert_eq!(rows, [["x", "1", ""], ["", "", "true"]]);
}

#[test]
fn files_without_columns_are_empty() {
    for content in ["", "\n \n", "{}\n"] {
        assert!(matches!(read("file.csv", content), Err(IngestError::Empty { .. })), "{content:?}");
    }
}

#[test]
fn excerpts_of_a_large_text_come_from_all_over_it() {
    let folder = tempfile::tempdir().unwrap();
    let rows: String = (0..400_000).map(|row| format!("{row},\"x, y\"\n")).collect();
    std::fs::write(folder.path().join("large.csv"), format!("number,text\n{rows}")).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let mut file = UnknownFile::open("large.csv", folder.path(), &BTreeMap::new()).await.unwrap();
        let excerpts = file.take_excerpts().unwrap();
        assert_eq!(excerpts.rejected.len(), 0);
        let batch = excerpts.rows.into_exposed(&Policy::matching());
        let numbers = batch.column(0).as_string::<i32>().iter();
        let tenths: std::collections::BTreeSet<u32> =
            numbers.map(|number| number.unwrap().parse::<u32>().unwrap() / 40_000).collect();
        assert_eq!(tenths, (0..10).collect());
    });
    assert!(read("small.csv", "a,b\n1,2\n").is_ok());
}
