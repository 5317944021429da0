//! Which kinds of roles an endpoint is for. What is opened there is the policy's to say, each time; this says who
//! may ask at all.

use axum::http::Method;
use vermeil_model::pipeline::RoleKind;

use RoleKind::{Agent, DataEngineer, Dpo};

/// Whom an endpoint lets in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Needs {
    /// Anybody, known or not.
    Nothing,
    /// Anybody whose credentials hold, in whatever role.
    Credentials,
    /// Somebody without an account, in a session of their own.
    Session,
    /// Those of these kinds.
    OneOf(&'static [RoleKind]),
}

/// Every endpoint. One that is missing here answers nobody.
const TABLE: &[(Method, &str, Needs)] = &[
    (Method::GET, "/health/live", Needs::Nothing),
    (Method::GET, "/health/ready", Needs::Nothing),
    (Method::GET, "/metrics", Needs::Credentials),
    (Method::GET, "/v1/openapi.json", Needs::Nothing),
    (Method::GET, "/v1/whoami", Needs::Credentials),
    (Method::POST, "/v1/customers/find", Needs::OneOf(&[Agent, Dpo])),
    (Method::POST, "/v1/resolve", Needs::OneOf(&[Agent, Dpo])),
    (Method::GET, "/v1/profiles/{id}/explanation", Needs::OneOf(&[Agent, Dpo])),
    (Method::POST, "/v1/consents", Needs::OneOf(&[Agent, Dpo])),
    (Method::GET, "/v1/consents", Needs::OneOf(&[Agent, Dpo])),
    (Method::POST, "/v1/consents/withdraw", Needs::OneOf(&[Agent, Dpo])),
    (Method::POST, "/v1/consents/query", Needs::OneOf(&[Agent, Dpo])),
    // Whoever writes to people must ask before; the policy says who may.
    (Method::POST, "/v1/consents/check", Needs::Credentials),
    (Method::POST, "/v1/erasures/plan", Needs::OneOf(&[Dpo])),
    (Method::POST, "/v1/erasures", Needs::OneOf(&[Dpo])),
    (Method::GET, "/v1/erasures", Needs::OneOf(&[Dpo])),
    (Method::GET, "/v1/erasures/flagged", Needs::OneOf(&[Dpo])),
    (Method::GET, "/v1/erasures/{number}", Needs::OneOf(&[Dpo])),
    (Method::POST, "/v1/erasures/{number}/approve", Needs::OneOf(&[Dpo])),
    (Method::POST, "/v1/erasures/{number}/cancel", Needs::OneOf(&[Dpo])),
    (Method::POST, "/v1/erasures/{number}/run", Needs::OneOf(&[Dpo])),
    (Method::GET, "/v1/erasures/{number}/certificate", Needs::OneOf(&[Dpo])),
    // Whoever is asked takes it down; the rest is the officer's.
    (Method::POST, "/v1/requests", Needs::OneOf(&[Agent, Dpo])),
    (Method::GET, "/v1/requests", Needs::OneOf(&[Dpo])),
    (Method::GET, "/v1/requests/{number}", Needs::OneOf(&[Dpo])),
    (Method::POST, "/v1/requests/{number}/verify", Needs::OneOf(&[Dpo])),
    (Method::POST, "/v1/requests/{number}/changes", Needs::OneOf(&[Dpo])),
    (Method::POST, "/v1/requests/{number}/approve", Needs::OneOf(&[Dpo])),
    (Method::POST, "/v1/requests/{number}/run", Needs::OneOf(&[Dpo])),
    (Method::POST, "/v1/requests/{number}/downloads", Needs::OneOf(&[Dpo])),
    (Method::POST, "/v1/requests/{number}/invitations", Needs::OneOf(&[Agent, Dpo])),
    (Method::GET, "/my", Needs::Session),
    (Method::POST, "/my/corrections", Needs::Session),
    (Method::POST, "/my/consents", Needs::Session),
    (Method::POST, "/my/requests", Needs::Session),
    (Method::POST, "/my/end", Needs::Session),
    // Whoever has the link.
    (Method::GET, "/my/enter/{token}", Needs::Nothing),
    (Method::POST, "/my/enter/{token}", Needs::Nothing),
    (Method::GET, "/download/{token}", Needs::Nothing),
    (Method::POST, "/download/{token}", Needs::Nothing),
    // Other controllers, each in the name of an account; what they hand over is an officer's to deal with.
    (Method::GET, "/opendsr/v1/discovery", Needs::Nothing),
    (Method::GET, "/opendsr/v1/certificate", Needs::Nothing),
    (Method::POST, "/opendsr/v1/requests", Needs::OneOf(&[Dpo])),
    (Method::GET, "/opendsr/v1/requests/{request}", Needs::OneOf(&[Dpo])),
    (Method::DELETE, "/opendsr/v1/requests/{request}", Needs::OneOf(&[Dpo])),
    (Method::POST, "/opendsr/v1/opengdpr_requests", Needs::OneOf(&[Dpo])),
    (Method::GET, "/opendsr/v1/opengdpr_requests/{request}", Needs::OneOf(&[Dpo])),
    (Method::DELETE, "/opendsr/v1/opengdpr_requests/{request}", Needs::OneOf(&[Dpo])),
    (Method::GET, "/v1/jobs", Needs::OneOf(&[DataEngineer, Dpo])),
];

/// What an endpoint needs; `None`: it is not in the table.
pub(crate) fn needs(method: &Method, path: &str) -> Option<Needs> {
    // Asking for the head of an answer is asking for the answer.
    let method = if *method == Method::HEAD { &Method::GET } else { method };
    TABLE.iter().find(|(known, at, _)| known == method && *at == path).map(|(.., needs)| *needs)
}

impl Needs {
    /// Whether those of a kind may in.
    pub(crate) fn admits(self, kind: Option<RoleKind>) -> bool {
        match self {
            Self::Nothing | Self::Credentials => true,
            Self::Session => false,
            Self::OneOf(kinds) => kind.is_some_and(|kind| kinds.contains(&kind)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The endpoints of the OpenAPI document, as the table writes them.
    fn documented() -> Vec<(Method, String)> {
        let document = serde_json::to_value(crate::document()).unwrap();
        let paths = document["paths"].as_object().unwrap().clone();
        let methods = |(path, item): (String, serde_json::Value)| {
            let methods = item.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
            methods
                .into_iter()
                .map(move |method| (method.to_uppercase().parse::<Method>().unwrap(), path.clone()))
        };
        paths.into_iter().flat_map(methods).collect()
    }

    #[test]
    fn every_documented_endpoint_has_its_row() {
        let documented = documented();
        assert!(documented.len() > 10, "the document holds endpoints");
        for (method, path) in documented {
            assert!(needs(&method, &path).is_some(), "{method} {path} has no row");
        }
    }

    #[test]
    fn every_row_is_documented() {
        let documented = documented();
        for (method, path, _) in TABLE {
            let known = documented.iter().any(|(known, at)| known == method && at == path);
            assert!(known, "{method} {path} is not documented");
        }
    }

    #[test]
    fn what_is_in_no_row_answers_nobody() {
        assert_eq!(needs(&Method::DELETE, "/v1/erasures"), None);
        assert!(!Needs::OneOf(&[Dpo]).admits(None));
        assert!(!Needs::OneOf(&[Dpo]).admits(Some(Agent)));
        assert_eq!(needs(&Method::HEAD, "/v1/jobs"), needs(&Method::GET, "/v1/jobs"));
    }
}
