//! What a scan found, in a form that may be shown: no value is ever repeated.

use serde::Serialize;

/// What a scan read, found, and could not read.
#[derive(Debug, Default, Serialize)]
pub struct Report {
    /// Files read.
    pub files: u64,
    /// Their size on disk, in bytes.
    pub bytes: u64,
    /// Bytes searched: those on disk, and what was decoded from them.
    pub decoded_bytes: u64,
    /// Values searched for.
    pub values: u64,
    /// Where values are readable, by file.
    pub findings: Vec<Finding>,
    /// What could not be read or decoded and may hold anything, by file.
    pub unreadable: Vec<Unreadable>,
    /// Values that are too short to be told from chance: they were not searched for.
    pub refused: Vec<ValueName>,
}

impl Report {
    /// Whether nothing was found and nothing was left out.
    pub fn is_clean(&self) -> bool {
        self.findings.is_empty() && self.is_complete()
    }

    /// Whether everything was decoded and every value was searched for.
    pub fn is_complete(&self) -> bool {
        self.unreadable.is_empty() && self.refused.is_empty()
    }
}

/// A value by its place in the list of values: its text is personal.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct ValueName {
    /// Line of the values file, from 1.
    pub line: u64,
    /// What the values file calls this kind of value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
}

/// One value, readable in one place.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Finding {
    /// Relative to the folder; a name that itself holds a value is masked.
    pub file: String,
    /// The part of the file.
    pub channel: Channel,
    /// The containers on the way and the place in the innermost, such as
    /// `gzip > row group 0, column email`. Empty for the file as it lies on the disk.
    #[serde(rename = "in")]
    pub place: String,
    /// Of the first occurrence, in bytes of the decoded stream.
    pub offset: u64,
    /// How it is written there.
    pub encoding: Encoding,
    /// Which value.
    pub value: ValueName,
    /// How often it stands there in this encoding.
    pub count: u64,
}

/// Something that could hold anything.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Unreadable {
    /// Relative to the folder; a name that itself holds a value is masked.
    pub file: String,
    /// As for a finding.
    #[serde(rename = "in")]
    pub place: String,
    /// What it looks like, such as `parquet`; `file` where it could not be opened at all.
    pub kind: String,
    /// Why.
    pub reason: Reason,
}

/// Why something was not decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// The system refuses to read it.
    Unreadable,
    /// It begins as its kind does and then breaks the format.
    Damaged,
    /// It is encrypted.
    Encrypted,
    /// It is of a kind that is recognised but not decoded.
    NotDecoded,
    /// It expands beyond the bound of a scan.
    TooLarge,
    /// It is packed deeper than the bound of a scan.
    TooDeep,
}

macro_rules! named {
    ($(#[$meta:meta])* $name:ident { $($(#[doc = $doc:literal])+ $variant:ident = $text:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        pub enum $name {
            $($(#[doc = $doc])+ #[serde(rename = $text)] $variant,)+
        }

        impl $name {
            /// Every one of them.
            pub const ALL: &[$name] = &[$($name::$variant,)+];

            /// Its name in reports.
            pub fn as_str(self) -> &'static str {
                match self {
                    $($name::$variant => $text,)+
                }
            }
        }
    };
}

named! {
    /// The part of a file in which a value is readable.
    Channel {
        /// The name of a file or folder.
        Name = "name",
        /// What a symbolic link points to.
        LinkTarget = "link-target",
        /// An extended attribute of a file or folder.
        Attribute = "extended-attribute",
        /// A file as it lies on the disk.
        Bytes = "bytes",
        /// What a compressed file or a member of an archive holds.
        Decompressed = "decompressed",
        /// The name of a member of an archive.
        MemberName = "member-name",
        /// A data page of Parquet, decoded.
        ParquetPage = "parquet-page",
        /// The dictionary of a Parquet column.
        ParquetDictionary = "parquet-dictionary",
        /// Minimum or maximum of a Parquet column or page.
        ParquetStatistics = "parquet-statistics",
        /// Minimum or maximum in the page index of a Parquet file.
        ParquetPageIndex = "parquet-page-index",
        /// Key or value in the footer of a Parquet file, its writer, a column's name.
        ParquetFooter = "parquet-footer",
        /// A Parquet bloom filter holds a value that its column does not.
        ParquetBloomFilter = "parquet-bloom-filter",
        /// A value in a batch or dictionary of Arrow IPC.
        ArrowValue = "arrow-value",
        /// A name or metadata in the schema of Arrow IPC.
        ArrowSchema = "arrow-schema",
        /// A row of an SQLite table or index, current or of an older page image.
        SqliteRow = "sqlite-row",
        /// A row of a table that the server of a database handed out.
        DatabaseRow = "database-row",
        /// A value torn over pages of SQLite that no current row holds.
        SqlitePages = "sqlite-pages",
    }
}

named! {
    /// How a value was written where it was found.
    Encoding {
        /// As it stands in the list, in UTF-8.
        Utf8 = "utf-8",
        /// With accents as marks of their own (NFD).
        Decomposed = "decomposed",
        /// In upper, lower or title case.
        LetterCase = "letter-case",
        /// With some or all accents left out.
        WithoutAccents = "without-accents",
        /// In Latin-1 or Windows-1252.
        Latin1 = "latin-1",
        /// In UTF-16, of either byte order.
        Utf16 = "utf-16",
        /// With other separators, or without its own.
        Separators = "separators",
        /// Back to front.
        Reversed = "reversed",
        /// As hexadecimal digits.
        Hexadecimal = "hexadecimal",
        /// In base64, of either alphabet and any alignment.
        Base64 = "base64",
        /// With escapes after a backslash, as in JSON.
        Backslash = "backslash-escapes",
        /// With percent-encoding, as in URLs.
        Percent = "percent-encoding",
        /// As quoted-printable, as in e-mail.
        QuotedPrintable = "quoted-printable",
        /// With entities, as in HTML and XML.
        Entities = "entities",
        /// Broken over lines of base64, as in e-mail.
        Wrapped = "wrapped-base64",
        /// As a number: digits in a column of numbers, or a day as a count since 1970.
        Number = "number",
        /// As a hash, in a bloom filter.
        Hash = "hash",
    }
}
