//! Who somebody is: by an identifier, by a description, and why.

use std::collections::BTreeMap;

use axum::extract::{Path, Query, State};
use axum::{Extension, Json};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use utoipa::openapi::schema::{Object, ObjectBuilder, Schema, Type};
use vermeil_model::Plaintext;
use vermeil_model::policy::Purpose;

use super::For;
use crate::answers::{Candidates, Customer, Explanation};
use crate::body::Body;
use crate::ports::{Asking, Caller, Description, Identifiers};
use crate::problem::{Problem, ProblemKind};
use crate::service::Service;

/// Identifiers in one question at most.
const IDENTIFIERS: usize = 16;
/// Profiles in one answer, unless told otherwise.
const CANDIDATES: usize = 10;

/// Identifiers that somebody is looked for by.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FindCustomers {
    /// What for: the policy says what may be seen for it.
    #[schema(example = "customer_care")]
    purpose: String,
    /// Field → value, in whatever spelling. Whoever has one of them is found.
    #[schema(schema_with = named_values)]
    identifiers: BTreeMap<String, String>,
}

/// Customers who were found.
#[derive(Serialize, ToSchema)]
pub(crate) struct FoundCustomers {
    /// Who has most of the identifiers first.
    customers: Vec<Customer>,
}

/// What is known of somebody.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ResolveCustomer {
    /// What for.
    #[schema(example = "customer_care")]
    purpose: String,
    /// Field → value, in whatever spelling.
    #[schema(schema_with = named_values)]
    values: BTreeMap<String, String>,
    /// Profiles in the answer at most.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 100, default = 10)]
    limit: Option<u8>,
}

/// Finds customers by any identifier: an e-mail address, a phone number, an account's number.
///
/// What is shown of them is what the policy gives the caller's role for the purpose. That somebody asked is
/// written to the audit log before anything is opened.
#[utoipa::path(post, path = "/v1/customers/find", tag = "customers", request_body = FindCustomers,
    responses((status = 200, body = FoundCustomers)))]
pub(crate) async fn find(
    State(service): State<Service>,
    Extension(caller): Extension<Caller>,
    Body(wanted): Body<FindCustomers>,
) -> Result<Json<FoundCustomers>, Problem> {
    let asking = Asking { caller, purpose: Some(Purpose(wanted.purpose)) };
    let identifiers = identifiers(wanted.identifiers)?;
    let customers = service.ports.customers.find(&asking, &identifiers).await?;
    Ok(Json(FoundCustomers { customers }))
}

/// The profiles that a description may be about, the likeliest first.
#[utoipa::path(post, path = "/v1/resolve", tag = "customers", request_body = ResolveCustomer,
    responses((status = 200, body = Candidates)))]
pub(crate) async fn resolve(
    State(service): State<Service>,
    Extension(caller): Extension<Caller>,
    Body(wanted): Body<ResolveCustomer>,
) -> Result<Json<Candidates>, Problem> {
    let limit = match wanted.limit {
        None => CANDIDATES,
        Some(limit @ 1..=100) => limit.into(),
        Some(_) => return Err(Problem::coded(ProblemKind::Invalid, "limit-out-of-range")),
    };
    let asking = Asking { caller, purpose: Some(Purpose(wanted.purpose)) };
    let description = Description { values: identifiers(wanted.values)?, limit };
    Ok(Json(service.ports.customers.resolve(&asking, description).await?))
}

/// Why a profile is what it is.
#[utoipa::path(get, path = "/v1/profiles/{id}/explanation", tag = "customers",
    params(("id" = String, Path, description = "The profile's id", format = Uuid), For),
    responses((status = 200, body = Explanation)))]
pub(crate) async fn explain(
    State(service): State<Service>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    Query(reason): Query<For>,
) -> Result<Json<Explanation>, Problem> {
    Ok(Json(service.ports.customers.explain(&reason.asking(caller), &id).await?))
}

/// One to sixteen texts by name.
fn named_values() -> Object {
    let text = ObjectBuilder::new().schema_type(Type::String).build();
    ObjectBuilder::new()
        .schema_type(Type::Object)
        .additional_properties(Some(Schema::Object(text)))
        .min_properties(Some(1))
        .max_properties(Some(IDENTIFIERS))
        .examples([json!({ "email": "ada@courrier.example" })])
        .build()
}

fn identifiers(values: BTreeMap<String, String>) -> Result<Identifiers, Problem> {
    if values.is_empty() || values.len() > IDENTIFIERS {
        return Err(Problem::coded(ProblemKind::Invalid, "identifiers-out-of-range"));
    }
    Ok(values.into_iter().map(|(field, value)| (field, Plaintext::new(value))).collect())
}
