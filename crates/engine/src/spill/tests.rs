use futures::StreamExt;

use super::*;

/// Files in a folder of their own, `limit` bytes at most.
fn files(limit: u64) -> (tempfile::TempDir, SpillFolder) {
    let folder = tempfile::tempdir().unwrap();
    let files = SpillFolder::new(folder.path().to_owned(), limit);
    (folder, files)
}

/// As many bytes as fill some chunks and a part.
fn text() -> Vec<u8> {
    (0..200_000_u32).flat_map(u32::to_be_bytes).collect()
}

async fn read(file: &dyn SpillFile) -> DataFusionResult<Vec<u8>> {
    let mut chunks = file.read_stream()?;
    let mut text = Vec::new();
    while let Some(chunk) = chunks.next().await {
        text.extend(chunk?);
    }
    Ok(text)
}

#[tokio::test]
async fn what_is_put_aside_comes_back_as_often_as_it_is_asked_for() {
    let (_folder, files) = files(u64::MAX);
    let file = files.create_temp_file("a test").unwrap();
    let mut writer = file.open_writer().unwrap();
    writer.write_all(&text()).unwrap();
    writer.finish().unwrap();
    for _ in 0..2 {
        assert_eq!(read(file.as_ref()).await.unwrap(), text());
    }
    assert!(file.size().unwrap() > text().len() as u64);
}

#[tokio::test]
async fn what_is_flushed_can_be_read_while_more_is_written() {
    let (_folder, files) = files(u64::MAX);
    let file = files.create_temp_file("a test").unwrap();
    let mut writer = file.open_writer().unwrap();
    let mut chunks = file.read_stream().unwrap();
    for text in [&b"first"[..], b"second"] {
        writer.write_all(text).unwrap();
        writer.flush().unwrap();
        assert_eq!(chunks.next().await.unwrap().unwrap(), text);
    }
    let rest = tokio::spawn(async move { chunks.next().await.unwrap().unwrap() });
    writer.write_all(b"third").unwrap();
    writer.finish().unwrap();
    assert_eq!(rest.await.unwrap(), &b"third"[..]);
}

#[tokio::test]
async fn a_writer_that_gives_up_leaves_no_end() {
    let (_folder, files) = files(u64::MAX);
    let file = files.create_temp_file("a test").unwrap();
    let mut writer = file.open_writer().unwrap();
    writer.write_all(b"cut off").unwrap();
    drop(writer);
    let error = read(file.as_ref()).await.unwrap_err();
    assert!(
        matches!(&error, DataFusionError::IoError(cause) if cause.kind() == ErrorKind::InvalidData),
        "{error}"
    );
}

#[tokio::test]
async fn a_file_is_written_once() {
    let (_folder, files) = files(u64::MAX);
    let file = files.create_temp_file("a test").unwrap();
    drop(file.open_writer().unwrap());
    assert!(file.open_writer().is_err());
}

#[tokio::test]
async fn files_share_their_space_and_give_it_back() {
    let (_folder, files) = files(1_000_000);
    let fill = || {
        let file = files.create_temp_file("a test").unwrap();
        let mut writer = file.open_writer().unwrap();
        writer.write_all(&text()).map(|()| file)
    };
    let first = fill().unwrap();
    let error = fill().err().expect("two files take more than there is");
    assert_eq!(error.kind(), ErrorKind::QuotaExceeded);
    drop(first);
    fill().unwrap();
}

#[tokio::test]
async fn the_space_of_a_file_is_taken_while_someone_reads_it() {
    let (_folder, files) = files(1_000_000);
    let file = files.create_temp_file("a test").unwrap();
    let mut writer = file.open_writer().unwrap();
    writer.write_all(&text()).unwrap();
    writer.finish().unwrap();
    let used = || files.space.used.load(Ordering::Relaxed);
    let reading = file.read_stream().unwrap();
    drop((file, writer));
    assert!(used() > text().len() as u64);
    drop(reading);
    assert_eq!(used(), 0);
}

#[test]
fn files_have_no_name() {
    let (folder, files) = files(u64::MAX);
    let file = files.create_temp_file("a test").unwrap();
    file.open_writer().unwrap().write_all(&text()).unwrap();
    assert_eq!(folder.path().read_dir().unwrap().count(), 0);
}
