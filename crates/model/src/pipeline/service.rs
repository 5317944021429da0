//! What the service does, whom it lets in, and how much it takes.
//!
//! ```yaml
//! service: { requests_per_second: 50, roles: { marketer: analyst } }
//! schedule: { run: "0 3 * * *", optimize: "30 4 * * 0" }
//! oidc: { issuer: "https://login.example.org", audience: vermeil, role_claim: groups }
//! ```

use std::collections::BTreeMap;
use std::num::NonZeroU32;

use serde::Deserialize;

use crate::policy::Role;

/// How much the service takes, and what roles are there.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ServiceSettings {
    /// Of one token or account; above it, it waits.
    pub requests_per_second: NonZeroU32,
    /// Of one address; above it, it waits.
    pub wrong_credentials_per_minute: NonZeroU32,
    /// Requests that are answered at once; others are told to come back.
    pub concurrent_requests: NonZeroU32,
    /// Seconds after which a request is given up.
    pub timeout_seconds: NonZeroU32,
    /// The largest body of a request, in KiB.
    pub body_kib: NonZeroU32,
    /// What the service is called from outside, such as `https://vermeil.example.org`; links begin with it.
    pub public_url: Option<String>,
    /// Hours for which an answer can be taken away with a link.
    pub download_hours: NonZeroU32,
    /// Hours for which somebody can come in with a link of their own.
    pub subject_link_hours: NonZeroU32,
    /// Minutes after which a session that is not used ends.
    pub session_idle_minutes: NonZeroU32,
    /// Hours after which every session ends.
    pub session_hours: NonZeroU32,
    /// Role of the policy files → the kind of work it does here; roles named as a kind are of that kind.
    pub roles: BTreeMap<Role, RoleKind>,
}

impl Default for ServiceSettings {
    fn default() -> Self {
        let at_least_one = |number: u32| NonZeroU32::MIN.saturating_add(number - 1);
        Self {
            requests_per_second: at_least_one(200),
            wrong_credentials_per_minute: at_least_one(30),
            concurrent_requests: at_least_one(64),
            timeout_seconds: at_least_one(30),
            body_kib: at_least_one(1024),
            public_url: None,
            download_hours: at_least_one(72),
            subject_link_hours: at_least_one(72),
            session_idle_minutes: at_least_one(20),
            session_hours: at_least_one(8),
            roles: BTreeMap::new(),
        }
    }
}

impl ServiceSettings {
    /// What kind of work a role does here; none: only what every role may.
    pub fn kind_of(&self, role: &Role) -> Option<RoleKind> {
        let named = || RoleKind::ALL.into_iter().find(|kind| kind.as_str() == role.0);
        self.roles.get(role).copied().or_else(named)
    }
}

/// What work people and programs do with a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RoleKind {
    /// Keeps the pipeline running, without reading what runs through it.
    DataEngineer,
    /// Answers people who exercise their rights.
    Dpo,
    /// Counts.
    Analyst,
    /// Must know who calls.
    Agent,
    /// Sees what is theirs, without an account: nobody is given a token for it.
    Subject,
}

impl RoleKind {
    /// All of them.
    pub const ALL: [RoleKind; 5] = [Self::DataEngineer, Self::Dpo, Self::Analyst, Self::Agent, Self::Subject];

    /// The kind as files write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::DataEngineer => "data_engineer",
            Self::Dpo => "dpo",
            Self::Analyst => "analyst",
            Self::Agent => "agent",
            Self::Subject => "subject",
        }
    }
}

/// What the service does on time: a cron expression each, in UTC.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Schedule {
    /// The pipeline.
    pub run: Option<String>,
    /// Compaction.
    pub optimize: Option<String>,
    /// Approved erasures.
    pub erase: Option<String>,
    /// A new generation of keys.
    pub rotate_keys: Option<String>,
    /// Telling recipients again who have not answered.
    pub recipients: Option<String>,
    /// Erasures of those who are kept past their time: they wait for somebody's approval.
    pub retention: Option<String>,
    /// Whether a request is late.
    pub deadlines: Option<String>,
    /// Telling controllers how far their requests have come; every minute where they hand any over.
    pub callbacks: Option<String>,
}

/// Whose word the service takes for who people are: an issuer of OpenID Connect.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OidcSettings {
    /// Its identifier, where `/.well-known/openid-configuration` is found.
    pub issuer: String,
    /// What its tokens must be meant for.
    pub audience: String,
    /// The claim that names roles: one, or a list of which exactly one is a role here.
    #[serde(default = "default_role_claim")]
    pub role_claim: String,
    /// The claim that names the account, for the audit log.
    #[serde(default = "default_actor_claim")]
    pub actor_claim: String,
    /// Value of the role claim → role; values that are not listed name roles themselves.
    #[serde(default)]
    pub roles: BTreeMap<String, Role>,
}

fn default_role_claim() -> String {
    "role".to_owned()
}

fn default_actor_claim() -> String {
    "sub".to_owned()
}
