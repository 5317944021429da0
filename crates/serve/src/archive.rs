//! Files in one archive: ZIP (PKWARE APPNOTE 6.3.10), stored as they are, so that every system opens it without
//! anything else.

/// A local file header, a central one, and the end of the central directory (4.3.7, 4.3.12, 4.3.16).
const LOCAL: u32 = 0x0403_4b50;
const CENTRAL: u32 = 0x0201_4b50;
const END: u32 = 0x0605_4b50;
/// Version 2.0, as any reader knows it.
const VERSION: u16 = 20;
/// Names are UTF-8 (4.4.4, bit 11).
const UTF_8: u16 = 1 << 11;
/// 1 January 1980: when it was made stands in the manifest, which is signed.
const NO_TIME: u16 = 0;
const NO_DATE: u16 = 0x21;
/// Made on Unix, and a regular file that only its owner may read and write.
const MADE_BY: u16 = 3 << 8 | VERSION;
const MODE: u32 = 0o100_600 << 16;

/// The archive of files by name; `None`: larger than 4 GiB, which the format without its extension does not hold.
pub(crate) fn zip(files: &[(&'static str, String)]) -> Option<Vec<u8>> {
    let (mut archive, mut directory) = (Vec::new(), Vec::new());
    for (name, content) in files {
        let at = u32::try_from(archive.len()).ok()?;
        let size = u32::try_from(content.len()).ok()?;
        let mut entry = Vec::new();
        entry.extend(VERSION.to_le_bytes());
        entry.extend(UTF_8.to_le_bytes());
        // Stored.
        entry.extend(0_u16.to_le_bytes());
        entry.extend(NO_TIME.to_le_bytes());
        entry.extend(NO_DATE.to_le_bytes());
        entry.extend(crc32fast::hash(content.as_bytes()).to_le_bytes());
        entry.extend(size.to_le_bytes());
        entry.extend(size.to_le_bytes());
        entry.extend(u16::try_from(name.len()).ok()?.to_le_bytes());
        // No extra field.
        entry.extend(0_u16.to_le_bytes());

        archive.extend(LOCAL.to_le_bytes());
        archive.extend(&entry);
        archive.extend(name.as_bytes());
        archive.extend(content.as_bytes());

        directory.extend(CENTRAL.to_le_bytes());
        directory.extend(MADE_BY.to_le_bytes());
        directory.extend(&entry);
        // No comment, on the first disk, no internal attributes.
        directory.extend([0; 6]);
        directory.extend(MODE.to_le_bytes());
        directory.extend(at.to_le_bytes());
        directory.extend(name.as_bytes());
    }
    let at = u32::try_from(archive.len()).ok()?;
    let size = u32::try_from(directory.len()).ok()?;
    let count = u16::try_from(files.len()).ok()?;
    archive.extend(&directory);
    archive.extend(END.to_le_bytes());
    // One disk.
    archive.extend([0; 4]);
    archive.extend(count.to_le_bytes());
    archive.extend(count.to_le_bytes());
    archive.extend(size.to_le_bytes());
    archive.extend(at.to_le_bytes());
    // No comment.
    archive.extend([0; 2]);
    Some(archive)
}
