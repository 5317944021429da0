//! What commands about keys answer.

use serde::Serialize;

/// How the keys stand.
#[derive(Debug, Clone, Serialize)]
pub struct KeysReport {
    /// The keyring's id.
    pub keyring: String,
    /// Who holds the key of its file, such as `plain` or `passphrase`.
    pub provider: String,
    /// The generation that new keys are sealed under.
    pub current: u32,
    /// The rotation that has begun and not ended.
    pub rotation: Option<RotationUnderWay>,
    /// Every generation, oldest first.
    pub generations: Vec<GenerationReport>,
}

/// A rotation that `keys rotate` continues.
#[derive(Debug, Clone, Serialize)]
pub struct RotationUnderWay {
    /// The generation that pages move to.
    pub generation: u32,
    /// When it began, RFC 3339, UTC.
    pub begun_at: String,
    /// Key pages that have not moved yet.
    pub pages_left: u64,
}

/// One generation of keys.
#[derive(Debug, Clone, Serialize)]
pub struct GenerationReport {
    /// Its number.
    pub generation: u32,
    /// `current`, `active`, `lost` at its provider, `destroying`, `pending`, `destroyed`, or
    /// `unknown` to the keyring.
    pub state: String,
    /// When it was destroyed; where that is not over, when it began or will be over. RFC 3339, UTC.
    pub at: Option<String>,
    /// Key pages under it.
    pub pages: u64,
    /// Keys in these pages that are not destroyed.
    pub keys: u64,
}

/// What `keys rotate` did.
#[derive(Debug, Clone, Serialize)]
pub struct KeyRotationReport {
    /// The generation that every page is under now.
    pub generation: u32,
    /// Pages that have moved.
    pub pages: u64,
    /// Keys in them.
    pub keys: u64,
    /// How long it took.
    pub seconds: f64,
    /// Older generations that no page uses any more.
    pub destroyable: Vec<u32>,
}

/// What `keys rewrap` did.
#[derive(Debug, Clone, Serialize)]
pub struct RewrappingReport {
    /// The keyring's id.
    pub keyring: String,
    /// Who holds the keys of its file now, such as `passphrase`.
    pub provider: String,
}

/// What `keys destroy-generation` did.
#[derive(Debug, Clone, Serialize)]
pub struct DestructionReport {
    /// The generation.
    pub generation: u32,
    /// `destroyed`, or `pending` where its provider has a waiting time.
    pub state: String,
    /// When it was or will be destroyed, RFC 3339, UTC.
    pub at: String,
}
