//! Prints `docs/leak-scan-recall.md`.

fn main() -> std::io::Result<()> {
    let folder = tempfile::tempdir()?;
    print!("{}", vermeil_leaks::recall::document(folder.path())?);
    Ok(())
}
