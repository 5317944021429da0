//! Lists of parts as bytes, so that no two lists give the same.

/// Associated data: each part after its length (u32, big-endian), so that no two
/// lists of parts give the same bytes.
pub(crate) struct AssociatedData(Vec<u8>);

impl AssociatedData {
    /// Starts with what the data is for, such as `vermeil/page/1`.
    pub(crate) fn new(context: &str) -> Self {
        Self(Vec::with_capacity(160)).part(context.as_bytes())
    }

    pub(crate) fn part(mut self, bytes: &[u8]) -> Self {
        append_part(&mut self.0, bytes);
        self
    }

    pub(crate) fn as_slice(&self) -> &[u8] {
        &self.0
    }
}

/// Appends a part after its length.
///
/// # Panics
/// If the part is 4 GiB or longer.
pub(crate) fn append_part(buffer: &mut Vec<u8>, bytes: &[u8]) {
    buffer.extend_from_slice(&part_length(bytes));
    buffer.extend_from_slice(bytes);
}

/// The length that goes before a part.
///
/// # Panics
/// If the part is 4 GiB or longer.
pub(crate) fn part_length(bytes: &[u8]) -> [u8; 4] {
    u32::try_from(bytes.len()).expect("parts are ids, names and fields, far below 4 GiB").to_be_bytes()
}
