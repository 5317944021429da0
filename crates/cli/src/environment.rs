//! The process environment: the only place that reads it.
//!
//! Everything found here is handed on as values, so that nothing deeper down
//! behaves differently for a reason its caller cannot see.

use std::collections::BTreeMap;
use std::ffi::OsString;

use vermeil_protect::Secret;

/// What the environment says.
#[derive(Debug, Clone, Default)]
pub struct Environment {
    /// The locale of messages, such as `fr_FR.UTF-8`; empty where none is set.
    pub locale: String,
    /// The user's name in the operating system, for the audit trail.
    pub actor: String,
    /// Options of object stores by lower-case name, such as `aws_region`.
    pub storage_options: BTreeMap<String, String>,
}

/// Prefixes of the variables that object stores read.
const STORAGE_PREFIXES: [&str; 3] = ["AWS_", "AZURE_", "GOOGLE_"];

impl Environment {
    /// Reads the environment of this process.
    pub fn read() -> Self {
        Self {
            locale: ["LC_ALL", "LC_MESSAGES", "LANG"].into_iter().find_map(variable).unwrap_or_default(),
            actor: actor(),
            storage_options: storage_options(std::env::vars_os()),
        }
    }
}

/// The values of variables that a pipeline names, by name; those that are not set are left out.
pub fn secrets(names: &[&str]) -> BTreeMap<String, Secret> {
    let found = names.iter().filter_map(|name| Some(((*name).to_owned(), Secret::new(variable(name)?))));
    found.collect()
}

#[expect(clippy::disallowed_methods, reason = "this module is where the environment is read")]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

fn storage_options(variables: impl Iterator<Item = (OsString, OsString)>) -> BTreeMap<String, String> {
    variables
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .filter(|(name, _)| STORAGE_PREFIXES.iter().any(|prefix| name.starts_with(prefix)))
        .map(|(name, value)| (name.to_ascii_lowercase(), value))
        .collect()
}

/// Who runs this process. The kernel's word goes before `$USER`, which anyone can set:
/// the name ends up in the audit trail.
fn actor() -> String {
    kernel_user()
        .or_else(|| ["USER", "LOGNAME", "USERNAME"].into_iter().find_map(variable))
        .unwrap_or_else(|| "unknown".to_owned())
}

#[cfg(target_os = "linux")]
fn kernel_user() -> Option<String> {
    use std::os::unix::fs::MetadataExt;

    let user = std::fs::metadata("/proc/self").ok()?.uid();
    let accounts = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    // Users of a directory service stand in no file; their number still tells them apart.
    Some(account_name(&accounts, user).unwrap_or_else(|| format!("uid:{user}")))
}

#[cfg(not(target_os = "linux"))]
fn kernel_user() -> Option<String> {
    None
}

/// The name of a user in the text of `/etc/passwd` (`name:password:uid:…`).
#[cfg(target_os = "linux")]
fn account_name(accounts: &str, user: u32) -> Option<String> {
    accounts.lines().find_map(|line| {
        let mut fields = line.split(':');
        let (name, _, number) = (fields.next()?, fields.next()?, fields.next()?);
        (number.parse() == Ok(user)).then(|| name.to_owned())
    })
}

#[cfg(test)]
mod tests;
