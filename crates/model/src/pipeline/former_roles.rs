//! `roles` of a pipeline file, as files had it before there were policies, in the words of today.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use crate::schema::FieldClass;
use crate::yaml;

/// Role → purpose → field classes that may be opened.
type Roles = BTreeMap<String, BTreeMap<String, BTreeSet<FieldClass>>>;

#[derive(Deserialize)]
struct FormerPipeline {
    roles: Roles,
}

/// The policy files that say what `roles` in `text` says; `None` where it has none that can be read.
pub(super) fn policies(text: &str) -> Option<String> {
    let roles = yaml::parse::<FormerPipeline>("", text).ok()?.roles;
    let purposes: BTreeSet<&str> = roles.values().flat_map(BTreeMap::keys).map(String::as_str).collect();
    let mut files = String::from("// policies/names.cedarschema\n");
    files += &declaration("Role", roles.keys().map(String::as_str));
    files += &declaration("Purpose", purposes.into_iter());
    files += "\n// policies/access.cedar\npermit (principal, action == Action::\"read\", resource);\n";
    for (role, purposes) in &roles {
        for (purpose, classes) in purposes {
            files += &permit(role, purpose, classes);
        }
    }
    Some(files)
}

/// Nothing for no names: Cedar has no empty enumeration.
fn declaration<'a>(entity: &str, names: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<String> = names.map(quoted).collect();
    if names.is_empty() { String::new() } else { format!("entity {entity} enum [{}];\n", names.join(", ")) }
}

fn permit(role: &str, purpose: &str, classes: &BTreeSet<FieldClass>) -> String {
    let classes: Vec<String> = classes
        .iter()
        .filter(|class| class.is_personal())
        .map(|class| format!("FieldClass::{}", quoted(class.as_str())))
        .collect();
    if classes.is_empty() {
        return String::new();
    }
    format!(
        "permit (principal in Role::{}, action == Action::\"open\", resource)\n\
         when {{ resource in [{}] && context.purpose == Purpose::{} }};\n",
        quoted(role),
        classes.join(", "),
        quoted(purpose)
    )
}

/// A string of Cedar; its escapes are those of Rust.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.escape_debug())
}
