use proptest::collection::vec;
use proptest::prelude::*;

use super::Folder;

/// Text of one or more fields that any of the encodings below can write.
fn cell() -> impl Strategy<Value = String> {
    "[a-z éÀ€,;|\"'\n\r]{0,8}"
}

/// A file written by the `csv` crate.
fn written(rows: &[Vec<String>], delimiter: u8, quote: u8, crlf: &str) -> String {
    let terminator = if crlf == "\r\n" { csv::Terminator::CRLF } else { csv::Terminator::Any(b'\n') };
    let mut writer = csv::WriterBuilder::new()
        .delimiter(delimiter)
        .quote(quote)
        .terminator(terminator)
        .from_writer(Vec::new());
    rows.iter().for_each(|row| writer.write_record(row).unwrap());
    String::from_utf8(writer.into_inner().unwrap()).unwrap()
}

fn encoded(text: &str, encoding: &str) -> Vec<u8> {
    match encoding {
        "utf-16le" => text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
        label => {
            let (bytes, _, lossy) = encoding_rs::Encoding::for_label(label.as_bytes()).unwrap().encode(text);
            assert!(!lossy);
            bytes.into_owned()
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn what_was_written_as_delimited_text_is_read_again(
        cells in vec([cell(), cell()], 1..20),
        delimiter in prop::sample::select(vec![b',', b';', b'\t', b'|']),
        quote in prop::sample::select(vec![b'"', b'\'']),
        crlf in prop::sample::select(vec!["\n", "\r\n"]),
        encoding in prop::sample::select(vec!["utf-8", "windows-1252", "utf-16le"]),
    ) {
        let header = vec!["id".to_owned(), "first".to_owned(), "town".to_owned()];
        let rows = cells.iter().enumerate().map(|(id, [a, b])| vec![id.to_string(), a.clone(), b.clone()]);
        let rows: Vec<_> = std::iter::once(header).chain(rows).collect();
        let text = written(&rows, delimiter, quote, crlf);
        let quote = if quote == b'\'' { "\"'\"" } else { "'\"'" };
        let delimiter = if delimiter == b'\t' { "\\t".to_owned() } else { char::from(delimiter).to_string() };
        let all = Folder::new(&format!(
            "path: a.csv, format: delimited, delimiter: \"{delimiter}\", quote: {quote}, \
             encoding: {encoding}, key: [id], columns: {{ given_name: first, city: town }}"
        ))
        .file("a.csv", encoded(&text, encoding))
        .read()
        .unwrap();
        let expected: Vec<_> = cells.iter().enumerate()
            .map(|(id, [a, b])| format!("{id}|{}|{}", a.trim(), b.trim()))
            .collect();
        prop_assert_eq!(all.rejected, []);
        prop_assert_eq!(all.rows, expected);
    }

    #[test]
    fn every_row_of_any_bytes_is_read_or_rejected_and_replays_alike(
        rows in vec(vec(prop::sample::select(b"a,\"\n\r\0\xff1".to_vec()), 0..12), 0..20),
    ) {
        let folder = Folder::new(
            "path: a.csv, format: delimited, key: [id], columns: { given_name: first, active: live }",
        );
        let folder = folder.file("a.csv", [b"id,first,live\n".to_vec(), rows.join(&b'\n')].concat());
        // `read` asserts that rows in are rows out for every batch.
        let all = folder.read().unwrap();
        for ((line, diagnostic), raw) in all.rejected.iter().zip(&all.raw) {
            let again = folder.replay(&["id", "first", "live"], raw, *line).unwrap();
            prop_assert_eq!(&again.rejected, &[(*line, diagnostic.clone())]);
            prop_assert!(again.rows.is_empty());
        }
    }

    #[test]
    fn any_lines_of_ndjson_are_read_or_rejected(
        rows in vec(vec(prop::sample::select(b"{}[]\":,id1\r\0\xff".to_vec()), 1..12), 1..20),
    ) {
        let folder = Folder::new("path: a.ndjson, format: ndjson, key: [id], columns: { city: town }");
        let blank = |row: &Vec<u8>| row.iter().all(|byte| *byte == b'\r');
        let lines = rows.iter().filter(|row| !blank(row)).count();
        let all = folder.file("a.ndjson", rows.join(&b'\n')).read().unwrap();
        prop_assert_eq!(all.rows.len() + all.rejected.len(), lines);
    }
}
