//! The endpoints, one file a resource.

pub(crate) mod consents;
pub(crate) mod customers;
pub(crate) mod downloads;
pub(crate) mod erasures;
pub(crate) mod health;
pub(crate) mod jobs;
pub(crate) mod opendsr;
pub(crate) mod own;
pub(crate) mod requests;

use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use vermeil_model::policy::Purpose;

use crate::ports::{Asking, Caller};
use crate::problem::{Problem, ProblemKind};

/// What people are erased for unless a request says otherwise.
const RIGHTS: &str = "data_subject_rights";

/// What a request is for, where that is all that it says.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Reason {
    /// The purpose; `data_subject_rights` unless set.
    #[serde(default)]
    purpose: Option<String>,
}

impl Reason {
    fn asking(self, caller: Caller) -> Asking {
        let purpose = Some(Purpose(self.purpose.unwrap_or_else(|| RIGHTS.to_owned())));
        Asking { caller, purpose }
    }
}

/// What a request without a body is for.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct For {
    /// The purpose; without one, nothing personal is opened.
    purpose: Option<String>,
}

impl For {
    fn asking(self, caller: Caller) -> Asking {
        Asking { caller, purpose: self.purpose.map(Purpose) }
    }
}

/// A number of a request, as addresses hold it.
fn number(text: &str) -> Result<i64, Problem> {
    text.parse().ok().filter(|number| *number > 0).ok_or_else(|| Problem::new(ProblemKind::NotFound))
}
