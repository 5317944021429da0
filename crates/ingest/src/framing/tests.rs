use proptest::collection::vec;
use proptest::prelude::*;

use super::{End, Framed, Framer, MAX_ROW_BYTES, Separators};

const COMMA: Separators = Separators { delimiter: Some(b','), quote: Some(b'"') };

/// The records of `text`, fed in pieces of `chunk` bytes.
fn records(text: &[u8], chunk: usize, end: End) -> Vec<Result<Vec<Vec<u8>>, &'static str>> {
    let mut framer = Framer::new(COMMA, 1);
    let mut records = Vec::new();
    for chunk in text.chunks(chunk) {
        framer.feed(chunk);
        drain(&mut framer, &mut records);
    }
    framer.finish(end);
    drain(&mut framer, &mut records);
    records
}

fn drain(framer: &mut Framer, records: &mut Vec<Result<Vec<Vec<u8>>, &'static str>>) {
    while let Some(framed) = framer.next() {
        records.push(match framed {
            Framed::TooLong { .. } => Err("too long"),
            Framed::UnclosedQuote { .. } => Err("unclosed"),
            Framed::Record { raw, fields, .. } => Ok(fields
                .iter()
                .map(|field| match field.direct() {
                    Some(range) => raw[range].to_vec(),
                    None => {
                        let mut value = Vec::new();
                        field.unquote(raw, b'"', &mut value);
                        value
                    }
                })
                .collect()),
        });
    }
}

#[test]
fn a_growing_file_keeps_back_what_follows_its_last_line_end() {
    assert_eq!(records(b"a\nb", 1, End::Growing), [Ok(vec![b"a".to_vec()])]);
    assert_eq!(records(b"a\n\"b\nc", 2, End::Growing), [Ok(vec![b"a".to_vec()])]);
    assert_eq!(records(b"a\nb", 1, End::Complete).len(), 2);
}

#[test]
fn the_bytes_held_never_exceed_the_longest_row_and_a_chunk() {
    let mut framer = Framer::new(COMMA, 1);
    let chunk = vec![b'a'; 64 * 1024];
    for _ in 0..200 {
        framer.feed(&chunk);
        while framer.next().is_some() {}
        assert!(framer.buffer.len() <= MAX_ROW_BYTES + chunk.len());
    }
}

proptest! {
    /// Quotes are closed and returns stand before line feeds only: there the
    /// crate's rules and ours part on purpose.
    #[test]
    fn records_are_those_of_the_csv_crate_however_the_bytes_arrive(
        parts in vec(prop::sample::select(vec!["a", "b", " ", ",", "\n", "\r\n", "\"\"", "\"x,\ny\"", "\"q\"\"\""]), 0..30),
        chunk in 1usize..9,
    ) {
        let text = parts.concat();
        // An odd number of quotes can be left open after text.
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .from_reader(text.as_bytes());
        let expected: Vec<_> = reader
            .byte_records()
            .map(|record| Ok(record.unwrap().iter().map(<[u8]>::to_vec).collect::<Vec<_>>()))
            .collect();
        let ours = records(text.as_bytes(), chunk, End::Complete);
        prop_assume!(ours.iter().all(Result::is_ok));
        prop_assert_eq!(ours, expected);
    }
}
