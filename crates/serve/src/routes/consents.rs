//! What people allow and refuse: taken down, taken back, told, and asked for.

use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::{Extension, Json};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use vermeil_model::Plaintext;
use vermeil_model::consent::{ConsentScope, ConsentStatus};
use vermeil_model::policy::Purpose;

use crate::answers::{ConsentAnswer, ConsentEntry};
use crate::body::Body;
use crate::ports::{Asking, Caller, ConsentQuestion, ConsentStatement, ConsentSubject};
use crate::problem::{Problem, ProblemKind};
use crate::service::Service;

/// Statements or questions in one request at most.
const AT_ONCE: usize = 1_000;

/// Somebody: by a contact point, or by an id.
#[derive(Deserialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum Subject {
    /// By a contact point.
    Contact(ByContact),
    /// By an id.
    Id(ConsentById),
}

/// Somebody by a contact point: what they say of it they say of nothing else.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ByContact {
    /// What kind of contact point.
    contact: Contact,
    /// The address or number, in any spelling.
    #[schema(example = "ada@courrier.example")]
    value: String,
    /// The country that a number without one is of (ISO 3166-1 alpha-2).
    #[serde(default)]
    #[schema(example = "FR")]
    country: Option<String>,
}

/// A kind of contact point.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Contact {
    /// An e-mail address.
    Email,
    /// A phone number.
    Phone,
}

/// Somebody by the id of a record or profile.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConsentById {
    /// Of a record or profile.
    #[schema(format = Uuid)]
    id: String,
}

/// What was said.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Said {
    /// Allowed.
    Given,
    /// Asked, and not allowed.
    Refused,
    /// Taken back.
    Withdrawn,
    /// Objected to the purpose.
    Objected,
    /// Processing restricted, for every purpose.
    Restricted,
    /// The restriction lifted.
    Released,
}

/// A statement to be taken down.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Statement {
    subject: Subject,
    /// For what; none with `restricted` and `released`, which are of every purpose.
    #[serde(default)]
    #[schema(example = "marketing")]
    purpose: Option<String>,
    status: Said,
    /// When it happened; now unless set.
    #[serde(default)]
    #[schema(format = DateTime)]
    occurred_at: Option<String>,
    /// When it ends by itself.
    #[serde(default)]
    #[schema(format = DateTime)]
    expires_at: Option<String>,
    /// How it came in, such as `web`: a short token.
    #[serde(default)]
    channel: Option<String>,
    /// Which version of the text was shown: a short token.
    #[serde(default)]
    text_version: Option<String>,
    /// What proves it, such as a form as it was sent: only its keyed digest is kept.
    #[serde(default)]
    proof: Option<String>,
}

/// Statements to be taken down.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RecordConsents {
    /// What the caller does it for: the policy says whether it may.
    #[schema(example = "customer_care")]
    purpose: String,
    #[schema(min_items = 1, max_items = 1000)]
    statements: Vec<Statement>,
}

/// Somebody and what for.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct About {
    subject: Subject,
    /// For what they are to be reached.
    #[schema(example = "marketing")]
    purpose: String,
}

/// What is taken back.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WithdrawConsents {
    /// What the caller does it for.
    #[schema(example = "customer_care")]
    purpose: String,
    #[schema(min_items = 1, max_items = 1000)]
    withdrawn: Vec<About>,
}

/// Whose statements are to be told.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct QueryConsents {
    /// What the caller does it for.
    #[schema(example = "customer_care")]
    purpose: String,
    subject: Subject,
}

/// Who is to be reached for what.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CheckConsents {
    /// What the caller does it for.
    #[schema(example = "customer_care")]
    purpose: String,
    #[schema(min_items = 1, max_items = 1000)]
    questions: Vec<About>,
}

/// Whose statements are to be told: by an id, since addresses hold no identifiers.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Whose {
    /// Of a record or profile.
    #[param(format = Uuid)]
    id: String,
    /// What the caller does it for.
    purpose: String,
}

/// Statements that hold.
#[derive(Serialize, ToSchema)]
pub(crate) struct Recorded {
    /// The number of the first; the others follow it.
    first: i64,
    /// How many.
    #[schema(minimum = 1)]
    statements: usize,
}

/// What was said of somebody, in the order in which it was taken down.
#[derive(Serialize, ToSchema)]
pub(crate) struct ConsentEntries {
    consents: Vec<ConsentEntry>,
}

/// Answers, in the order of the questions.
#[derive(Serialize, ToSchema)]
pub(crate) struct ConsentAnswers {
    answers: Vec<ConsentAnswer>,
}

/// Takes down what people said, all or nothing. It holds in every instance before the answer comes.
#[utoipa::path(post, path = "/v1/consents", tag = "consents", request_body = RecordConsents,
    responses((status = 201, body = Recorded)))]
pub(crate) async fn record(
    State(service): State<Service>,
    Extension(caller): Extension<Caller>,
    Body(wanted): Body<RecordConsents>,
) -> Result<(StatusCode, Json<Recorded>), Problem> {
    let statements =
        wanted.statements.into_iter().map(Statement::understood).collect::<Result<Vec<_>, _>>()?;
    taken(&service, asking(caller, wanted.purpose), statements).await
}

/// Takes consent back: with no more words than it took to give it. It holds in every instance before the answer comes.
#[utoipa::path(post, path = "/v1/consents/withdraw", tag = "consents", request_body = WithdrawConsents,
    responses((status = 201, body = Recorded)))]
pub(crate) async fn withdraw(
    State(service): State<Service>,
    Extension(caller): Extension<Caller>,
    Body(wanted): Body<WithdrawConsents>,
) -> Result<(StatusCode, Json<Recorded>), Problem> {
    let withdrawn = wanted.withdrawn.into_iter().map(|about| ConsentStatement {
        subject: about.subject.understood(),
        purpose: Some(Purpose(about.purpose)),
        status: ConsentStatus::Withdrawn,
        occurred_at: None,
        expires_at: None,
        channel: None,
        text_version: None,
        proof: None,
    });
    taken(&service, asking(caller, wanted.purpose), withdrawn.collect()).await
}

/// What was said of somebody, by the id of a record or profile.
#[utoipa::path(get, path = "/v1/consents", tag = "consents", params(Whose),
    responses((status = 200, body = ConsentEntries)))]
pub(crate) async fn list(
    State(service): State<Service>,
    Extension(caller): Extension<Caller>,
    Query(whose): Query<Whose>,
) -> Result<Json<ConsentEntries>, Problem> {
    let (asking, subject) = (asking(caller, whose.purpose), ConsentSubject::Id(whose.id));
    Ok(Json(ConsentEntries { consents: service.ports.consents.of(&asking, subject).await? }))
}

/// What was said of somebody, by a contact point or an id.
#[utoipa::path(post, path = "/v1/consents/query", tag = "consents", request_body = QueryConsents,
    responses((status = 200, body = ConsentEntries)))]
pub(crate) async fn query(
    State(service): State<Service>,
    Extension(caller): Extension<Caller>,
    Body(wanted): Body<QueryConsents>,
) -> Result<Json<ConsentEntries>, Problem> {
    let (asking, subject) = (asking(caller, wanted.purpose), wanted.subject.understood());
    Ok(Json(ConsentEntries { consents: service.ports.consents.of(&asking, subject).await? }))
}

/// Whether each may be reached, as of this moment.
#[utoipa::path(post, path = "/v1/consents/check", tag = "consents", request_body = CheckConsents,
    responses((status = 200, body = ConsentAnswers)))]
pub(crate) async fn check(
    State(service): State<Service>,
    Extension(caller): Extension<Caller>,
    Body(wanted): Body<CheckConsents>,
) -> Result<Json<ConsentAnswers>, Problem> {
    within(wanted.questions.len())?;
    let question = |about: About| ConsentQuestion {
        subject: about.subject.understood(),
        purpose: Purpose(about.purpose),
    };
    let questions = wanted.questions.into_iter().map(question).collect();
    let answers = service.ports.consents.check(&asking(caller, wanted.purpose), questions).await?;
    Ok(Json(ConsentAnswers { answers }))
}

async fn taken(
    service: &Service,
    asking: Asking,
    statements: Vec<ConsentStatement>,
) -> Result<(StatusCode, Json<Recorded>), Problem> {
    within(statements.len())?;
    let count = statements.len();
    let first = service.ports.consents.record(&asking, statements).await?;
    Ok((StatusCode::CREATED, Json(Recorded { first, statements: count })))
}

fn asking(caller: Caller, purpose: String) -> Asking {
    Asking { caller, purpose: Some(Purpose(purpose)) }
}

fn within(count: usize) -> Result<(), Problem> {
    match (1..=AT_ONCE).contains(&count) {
        true => Ok(()),
        false => Err(Problem::coded(ProblemKind::Invalid, "statements-out-of-range")),
    }
}

fn moment(text: Option<String>) -> Result<Option<DateTime<Utc>>, Problem> {
    let parsed = text.map(|text| DateTime::parse_from_rfc3339(&text).map(|moment| moment.to_utc()));
    parsed.transpose().map_err(|_| Problem::coded(ProblemKind::Invalid, "not-a-moment"))
}

impl Subject {
    fn understood(self) -> ConsentSubject {
        match self {
            Self::Id(ConsentById { id }) => ConsentSubject::Id(id),
            Self::Contact(ByContact { contact, value, country }) => {
                let scope = match contact {
                    Contact::Email => ConsentScope::Email,
                    Contact::Phone => ConsentScope::Phone,
                };
                ConsentSubject::Contact { scope, value: Plaintext::new(value), country }
            }
        }
    }
}

impl Statement {
    fn understood(self) -> Result<ConsentStatement, Problem> {
        let status = match self.status {
            Said::Given => ConsentStatus::Given,
            Said::Refused => ConsentStatus::Refused,
            Said::Withdrawn => ConsentStatus::Withdrawn,
            Said::Objected => ConsentStatus::Objected,
            Said::Restricted => ConsentStatus::Restricted,
            Said::Released => ConsentStatus::Released,
        };
        Ok(ConsentStatement {
            subject: self.subject.understood(),
            purpose: self.purpose.map(Purpose),
            status,
            occurred_at: moment(self.occurred_at)?,
            expires_at: moment(self.expires_at)?,
            channel: self.channel,
            text_version: self.text_version,
            proof: self.proof.map(Plaintext::new),
        })
    }
}
