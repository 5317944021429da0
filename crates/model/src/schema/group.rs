//! Fields that belong together: an address survives whole or not at all.

use serde::Deserialize;

use super::{Schema, SurvivorRule};

/// Fields of one thing, such as an address. In a profile all their values are of one record.
///
/// That is a record with a value of the core where there is one, whatever the rule says: a
/// country alone is no address, however recent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FieldGroup {
    /// The fields; none is in two groups.
    pub fields: Vec<String>,
    /// Those of which a record must have one for its values to be more than a fragment; any of
    /// the fields unless set.
    #[serde(default)]
    pub core: Vec<String>,
    /// Which of several records' values survive; `most_recent` unless set.
    #[serde(default)]
    pub golden: Option<SurvivorRule>,
}

impl Schema {
    /// The first of `groups` that names what it may not, and the field: one that this schema does
    /// not have, that is in two groups, or that is in the core alone.
    pub fn unfit_group<'g>(
        &self,
        groups: impl Iterator<Item = (&'g String, &'g FieldGroup)>,
    ) -> Option<(&'g str, &'g str)> {
        let mut taken: Vec<&str> = Vec::new();
        for (name, group) in groups {
            for field in &group.fields {
                if self.field(field).is_none() || taken.contains(&field.as_str()) {
                    return Some((name, field));
                }
                taken.push(field);
            }
            if let Some(stranger) = group.core.iter().find(|field| !group.fields.contains(field)) {
                return Some((name, stranger));
            }
        }
        None
    }
}
