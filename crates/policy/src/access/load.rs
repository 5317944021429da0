//! From the files of a policy folder to a policy that is known to make sense.

use std::str::FromStr;

use cedar_policy::ffi::DetailedError;
use cedar_policy::{
    EntityUid, Policy as CedarPolicy, PolicyId, PolicySet, Schema, ValidationError, ValidationMode, Validator,
};
use vermeil_model::{FieldClass, nearest};

use super::AccessPolicy;
use crate::error::PolicyError;
use crate::names::{self, Names};
use crate::place::{self, Place};
use crate::{FOLDER, NAMES_FILE, PolicyFile};

/// The policy that `names` and `files` make, or all that is wrong with them.
pub(super) fn load(
    names: Option<&PolicyFile>,
    files: &[PolicyFile],
) -> Result<AccessPolicy, Vec<PolicyError>> {
    let Some(names) = names else {
        return match files.first() {
            None => Ok(AccessPolicy::default()),
            Some(first) => Err(vec![PolicyError::NamesMissing { file: names_file_beside(first) }]),
        };
    };
    let (declared, schema) = names::read(names).map_err(|error| vec![error])?;
    let mut loading =
        Loading { access: AccessPolicy { names: declared, ..AccessPolicy::default() }, errors: Vec::new() };
    let validator = Validator::new(schema);
    for file in files {
        loading.take_in(file, &validator);
    }
    if loading.errors.is_empty() { Ok(loading.access) } else { Err(loading.errors) }
}

struct Loading {
    access: AccessPolicy,
    errors: Vec<PolicyError>,
}

impl Loading {
    fn take_in(&mut self, file: &PolicyFile, validator: &Validator) {
        let parsed = match PolicySet::from_str(&file.text) {
            Ok(parsed) => parsed,
            Err(errors) => {
                let first = DetailedError::from(&errors);
                let all = std::iter::once(&first).chain(&first.related);
                self.errors.extend(
                    all.map(|error| PolicyError::syntax(Place::of(file, error), error.message.clone())),
                );
                return;
            }
        };
        for template in parsed.templates() {
            let Place { file, line, column } =
                Place::at(file, start(template.as_ref().loc().map(|at| at.start())));
            self.errors.push(PolicyError::Template { file, line, column });
        }
        let mut errors: Vec<(Place, PolicyError)> = validator
            .validate(&parsed, ValidationMode::Strict)
            .validation_errors()
            .map(|error| {
                let described = DetailedError::from(error);
                let at = Place::of(file, &described);
                (at.clone(), explained(&self.access.names, validator.schema(), file, at, error, described))
            })
            .collect();
        errors.sort_by_key(|(at, _)| (at.line, at.column));
        // One name in a list may be told once for the list and once for itself.
        errors.dedup();
        self.errors.extend(errors.into_iter().map(|(_, error)| error));
        let mut policies: Vec<(usize, &CedarPolicy)> = parsed
            .policies()
            .map(|policy| (start(policy.as_ref().loc().map(|at| at.start())), policy))
            .collect();
        policies.sort_by_key(|(start, _)| *start);
        for (start, policy) in policies {
            self.add(policy, Place::at(file, start));
        }
    }

    fn add(&mut self, policy: &CedarPolicy, at: Place) {
        let id = match policy.annotation("id") {
            Some(id) => PolicyId::new(id),
            // Not unlike what Cedar does, but across files.
            None => PolicyId::new(format!("{}:{}:{}", at.file, at.line, at.column)),
        };
        let actors =
            policy.entity_literals().into_iter().filter(|uid| uid.type_name().to_string() == "Actor");
        self.access.actors.extend(actors.map(|uid| uid.id().unescaped().to_owned()));
        match self.access.policies.add(policy.new_id(id.clone())) {
            Ok(()) => {
                self.access.places.insert(id, at);
            }
            // The only thing that adding can fail at.
            Err(_) => {
                let Place { file, line, column } = at;
                self.errors.push(PolicyError::DuplicateId { file, line, column, id: id.to_string() });
            }
        }
    }
}

/// A validation error, with the nearest valid name where a name is the matter.
fn explained(
    names: &Names,
    schema: &Schema,
    file: &PolicyFile,
    at: Place,
    error: &ValidationError,
    described: DetailedError,
) -> PolicyError {
    let Place { file: name, line, column } = at;
    let is_name = matches!(
        error,
        ValidationError::InvalidEnumEntity(_)
            | ValidationError::UnrecognizedActionId(_)
            | ValidationError::UnrecognizedEntityType(_)
    );
    let written = place::quoted(file, &described).filter(|_| is_name);
    match written {
        Some(written) => {
            let known = known_instead_of(written, names, schema);
            let nearest = nearest(written, known.iter().map(String::as_str)).unwrap_or_default().to_owned();
            PolicyError::UnknownName {
                file: name,
                line,
                column,
                name: written.to_owned(),
                nearest,
                known: known.join(", "),
            }
        }
        None => PolicyError::Invalid {
            file: name,
            line,
            column,
            message: without_policy(&described.message),
            hint: described.help.unwrap_or_default(),
        },
    }
}

/// What may stand where `written` does.
fn known_instead_of(written: &str, names: &Names, schema: &Schema) -> Vec<String> {
    let of = |entity: &str, names: &mut dyn Iterator<Item = &str>| -> Vec<String> {
        names.map(|name| format!("{entity}::\"{}\"", name.escape_debug())).collect()
    };
    let written = EntityUid::from_str(written).map(|uid| uid.type_name().to_string());
    match written.as_deref() {
        Ok("Role") => of("Role", &mut names.roles.iter().map(|role| role.0.as_str())),
        Ok("Purpose") => of("Purpose", &mut names.purposes.iter().map(|purpose| purpose.0.as_str())),
        Ok("FieldClass") => of("FieldClass", &mut FieldClass::ALL.iter().map(|class| class.as_str())),
        Ok("Action") => schema.actions().map(ToString::to_string).collect(),
        _ => schema.entity_types().map(ToString::to_string).collect(),
    }
}

/// Cedar's text without the policy that it speaks of: the place says that.
fn without_policy(message: &str) -> String {
    match message.strip_prefix("for policy `").and_then(|rest| rest.split_once("`, ")) {
        Some((_, rest)) => rest.to_owned(),
        None => message.to_owned(),
    }
}

fn start(offset: Option<usize>) -> usize {
    offset.unwrap_or_default()
}

fn names_file_beside(policy: &PolicyFile) -> String {
    match policy.name.rsplit_once(['/', '\\']) {
        Some((folder, _)) => format!("{folder}/{NAMES_FILE}"),
        None => format!("{FOLDER}/{NAMES_FILE}"),
    }
}
