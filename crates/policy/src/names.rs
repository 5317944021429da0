//! The roles and purposes that a pipeline declares.

use std::str::FromStr;

use cedar_policy::ffi::DetailedError;
use cedar_policy::{Schema, SchemaFragment};
use serde_json::Value;
use vermeil_model::policy::{NO_PURPOSE, Purpose, Role, SYSTEM_PURPOSES, SYSTEM_ROLE};

use crate::PolicyFile;
use crate::error::PolicyError;
use crate::place::Place;

/// What all pipelines have in common.
const COMMON: &str = include_str!("vermeil.cedarschema");

/// Declared names, in the order of the file.
#[derive(Debug, Clone, Default)]
pub(crate) struct Names {
    pub(crate) roles: Vec<Role>,
    pub(crate) purposes: Vec<Purpose>,
}

/// Reads the file of names, and makes of it the schema that policies are validated against.
pub(crate) fn read(file: &PolicyFile) -> Result<(Names, Schema), PolicyError> {
    let malformed = |error: DetailedError| PolicyError::syntax(Place::of(file, &error), error.message);
    let (fragment, _) =
        SchemaFragment::from_cedarschema_str(&file.text).map_err(|error| malformed((&error).into()))?;
    let declared = fragment.clone().to_json_value().map_err(|error| malformed((&error).into()))?;
    let names = Names {
        roles: enumeration(file, &declared, "Role")?.into_iter().map(Role).collect(),
        purposes: enumeration(file, &declared, "Purpose")?.into_iter().map(Purpose).collect(),
    };
    only_enumerations(file, &declared)?;
    let reserved = names.roles.iter().map(|role| &role.0).find(|role| *role == SYSTEM_ROLE).or_else(|| {
        let mut purposes = names.purposes.iter().map(|purpose| &purpose.0);
        purposes.find(|purpose| *purpose == NO_PURPOSE || SYSTEM_PURPOSES.contains(&purpose.as_str()))
    });
    if let Some(name) = reserved {
        return Err(PolicyError::ReservedName { file: file.name.clone(), name: name.clone() });
    }
    let mut fragments = vec![common(), fragment];
    // Cedar has no empty enumeration, and `vermeil.cedarschema` speaks of both.
    for (entity, declared) in [("Role", names.roles.len()), ("Purpose", names.purposes.len())] {
        if declared == 0 {
            let none = format!("entity {entity} enum [\"{NO_PURPOSE}\"];");
            fragments.push(SchemaFragment::from_str(&none).expect("a schema of one line"));
        }
    }
    let schema = Schema::from_schema_fragments(fragments).map_err(|error| malformed((&error).into()))?;
    Ok((names, schema))
}

fn common() -> SchemaFragment {
    SchemaFragment::from_str(COMMON).expect("the shipped schema is valid: every test reads it")
}

/// The names of an enumerated entity type in a schema's JSON form; none where it is not declared.
///
/// See <https://docs.cedarpolicy.com/schema/json-schema.html>.
fn enumeration(file: &PolicyFile, schema: &Value, entity: &str) -> Result<Vec<String>, PolicyError> {
    let Some(declared) = schema[""]["entityTypes"].get(entity) else {
        return Ok(Vec::new());
    };
    let names = declared["enum"]
        .as_array()
        .ok_or_else(|| PolicyError::NamesInvalid { file: file.name.clone(), found: entity.to_owned() })?;
    Ok(names.iter().filter_map(Value::as_str).map(str::to_owned).collect())
}

/// Whatever else the file declares would be taken for something that counts.
fn only_enumerations(file: &PolicyFile, schema: &Value) -> Result<(), PolicyError> {
    let invalid =
        |found: &str| Err(PolicyError::NamesInvalid { file: file.name.clone(), found: found.to_owned() });
    let namespaces = schema.as_object().into_iter().flatten();
    for (namespace, declared) in namespaces {
        if !namespace.is_empty() {
            return invalid(namespace);
        }
        for kind in ["entityTypes", "actions", "commonTypes"] {
            for name in declared[kind].as_object().into_iter().flat_map(serde_json::Map::keys) {
                if kind != "entityTypes" || !["Role", "Purpose"].contains(&name.as_str()) {
                    return invalid(name);
                }
            }
        }
    }
    Ok(())
}
