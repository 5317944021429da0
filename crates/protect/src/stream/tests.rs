use proptest::prelude::*;

use super::*;

/// A stream of these texts, each flushed but the last, and its key.
fn sealed(texts: &[&[u8]]) -> (Vec<u8>, StreamKey) {
    let (mut writer, key) = StreamWriter::new(Vec::new());
    for (place, text) in texts.iter().enumerate() {
        writer.write_all(text).unwrap();
        if place + 1 < texts.len() {
            writer.flush().unwrap();
        }
    }
    (writer.finish().unwrap(), key)
}

fn opened(key: &StreamKey, stream: &[u8]) -> io::Result<Vec<u8>> {
    let mut reader = StreamReader::new(key, stream);
    let mut text = Vec::new();
    while let Some(chunk) = reader.next_chunk()? {
        text.extend(chunk);
    }
    Ok(text)
}

#[track_caller]
fn check_refused(key: &StreamKey, stream: &[u8], expected: StreamError) {
    let error = opened(key, stream).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidData);
    let cause = error.get_ref().and_then(|cause| cause.downcast_ref::<StreamError>());
    assert_eq!(cause, Some(&expected));
}

/// The bytes of each chunk of a stream.
fn chunks(mut stream: &[u8]) -> Vec<Vec<u8>> {
    let mut chunks = Vec::new();
    while let Some(header) = stream.first_chunk::<HEADER>() {
        let length = HEADER + (u32::from_be_bytes(*header) & !LAST) as usize + TAG;
        let (chunk, rest) = stream.split_at(length);
        chunks.push(chunk.to_vec());
        stream = rest;
    }
    chunks
}

proptest! {
    #[test]
    fn what_is_written_reads_back_whatever_is_flushed_in_between(
        texts in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..2_000), 0..6),
    ) {
        let texts: Vec<&[u8]> = texts.iter().map(Vec::as_slice).collect();
        let (stream, key) = sealed(&texts);
        prop_assert_eq!(opened(&key, &stream).unwrap(), texts.concat());
    }

    #[test]
    fn one_changed_bit_anywhere_is_found(place: prop::sample::Index, bit in 0..8) {
        let (mut stream, key) = sealed(&[b"Ada", b"Grace", b"Hedy"]);
        *place.get_mut(&mut stream) ^= 1u8 << bit;
        prop_assert_eq!(opened(&key, &stream).unwrap_err().kind(), ErrorKind::InvalidData);
    }

    #[test]
    fn a_stream_cut_off_anywhere_is_found(place: prop::sample::Index) {
        let (stream, key) = sealed(&[b"Ada", b"Grace", b"Hedy"]);
        prop_assert_eq!(opened(&key, &stream[..place.index(stream.len())]).unwrap_err().kind(), ErrorKind::InvalidData);
    }
}

#[test]
fn texts_around_the_length_of_a_chunk_come_back_whole() {
    for length in [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 2 * CHUNK + 1] {
        let text: Vec<u8> = (0..length).map(|place| place as u8).collect();
        let (stream, key) = sealed(&[&text]);
        assert_eq!(chunks(&stream).len(), length.div_ceil(CHUNK).max(1), "length: {length}");
        assert_eq!(opened(&key, &stream).unwrap(), text, "length: {length}");
    }
}

#[test]
fn nothing_of_the_text_is_in_the_stream() {
    let (stream, _) = sealed(&[b"ada@example.org", b"ada@example.org"]);
    assert!(!stream.windows(3).any(|window| b"ada@example.org".windows(3).any(|text| text == window)));
}

#[test]
fn chunks_open_at_their_place_only() {
    let (stream, key) = sealed(&[b"Ada", b"Eve", b"Max", b"end"]);
    let [ada, eve, max, end] = <[_; 4]>::try_from(chunks(&stream)).unwrap();
    let check = |order: &[&Vec<u8>], expected| {
        let stream: Vec<u8> = order.iter().flat_map(|chunk| chunk.iter().copied()).collect();
        check_refused(&key, &stream, expected);
    };
    check(&[&eve, &ada, &max, &end], StreamError::Refused { chunk: 0 });
    check(&[&ada, &ada, &eve, &max, &end], StreamError::Refused { chunk: 1 });
    check(&[&ada, &max, &end], StreamError::Refused { chunk: 1 });
    check(&[&ada, &eve, &end], StreamError::Refused { chunk: 2 });
    check(&[&ada, &eve, &max, &end, &end], StreamError::BehindEnd);
    // Cut off exactly between two chunks: only the mark of the last one tells.
    check(&[&ada, &eve, &max], StreamError::CutOff { chunk: 3 });
    check(&[], StreamError::CutOff { chunk: 0 });
}

#[test]
fn a_chunk_cannot_be_made_the_last() {
    let (stream, key) = sealed(&[b"Ada", b"Eve"]);
    let mut first = chunks(&stream).remove(0);
    first[0] |= 0x80;
    check_refused(&key, &first, StreamError::Refused { chunk: 0 });
}

#[test]
fn no_memory_is_taken_for_a_length_that_cannot_be() {
    let (_, key) = sealed(&[]);
    check_refused(&key, &[0x7f, 0xff, 0xff, 0xff], StreamError::Refused { chunk: 0 });
}

#[test]
fn another_key_opens_nothing() {
    let (stream, _) = sealed(&[b"Ada"]);
    let (_, other) = sealed(&[b"Ada"]);
    check_refused(&other, &stream, StreamError::Refused { chunk: 0 });
}

#[test]
fn a_stream_that_was_never_finished_has_no_end() {
    let mut stream = Vec::new();
    let (mut writer, key) = StreamWriter::new(&mut stream);
    writer.write_all(b"Ada").unwrap();
    writer.flush().unwrap();
    drop(writer);
    check_refused(&key, &stream, StreamError::CutOff { chunk: 1 });
}

#[test]
fn what_fails_to_be_written_is_not_sealed_again_under_its_nonce() {
    /// Fails once, and takes everything afterwards.
    struct FailsOnce(bool, Vec<u8>);
    impl Write for FailsOnce {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            if std::mem::take(&mut self.0) {
                return Err(ErrorKind::StorageFull.into());
            }
            self.1.write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let (mut writer, key) = StreamWriter::new(FailsOnce(true, Vec::new()));
    writer.write_all(b"Ada").unwrap();
    assert_eq!(writer.flush().unwrap_err().kind(), ErrorKind::StorageFull);
    writer.write_all(b"Eve").unwrap();
    let FailsOnce(_, stream) = writer.finish().unwrap();
    check_refused(&key, &stream, StreamError::Refused { chunk: 0 });
}
