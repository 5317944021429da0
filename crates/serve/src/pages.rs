//! Pages for people who have no account: small, without scripts, without anything from elsewhere.
//!
//! What needs no decision of theirs is never done by opening an address: whoever looks at mails before their
//! reader does opens every link in them. So a page has a button, and the button does it.

mod html;
pub(crate) mod own;
mod texts;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use uuid::Uuid;

pub(crate) use self::html::escaped;
pub(crate) use self::texts::texts;
use crate::problem::{Language, ProblemKind};

const STYLE: &str = "body{font:1rem/1.5 system-ui,sans-serif;color:#1a1a1a;background:#fff;max-width:46rem;\
margin:2rem auto;padding:0 1rem}h1{font-size:1.5rem}h2{font-size:1.2rem;margin-top:2.5rem}\
table{border-collapse:collapse;width:100%}caption{text-align:left;color:#444}\
th,td{text-align:left;vertical-align:top;padding:.4rem .6rem .4rem 0;border-bottom:1px solid #bbb;\
overflow-wrap:anywhere}button{font:inherit;padding:.4rem .9rem;border:1px solid #1a4d8f;border-radius:.25rem;\
background:#1a4d8f;color:#fff;cursor:pointer}button:focus-visible,input:focus-visible,a:focus-visible\
{outline:3px solid #b35c00;outline-offset:2px}input{font:inherit;padding:.3rem;width:100%;box-sizing:border-box;\
border:1px solid #555}a{color:#1a4d8f}.said{border-left:.3rem solid #1a4d8f;padding-left:.8rem}.note{color:#444}";

/// A page: its title, and what stands in it as HTML.
pub(crate) struct Page {
    /// The language of all of it.
    pub(crate) language: Language,
    /// What it is called.
    pub(crate) title: String,
    /// What stands under its heading, as HTML whose values are escaped.
    pub(crate) body: String,
}

/// Said of an answer that is a page already, so that a problem in it is not told anew.
#[derive(Clone, Copy)]
pub(crate) struct IsPage;

impl Page {
    /// The page of something that went wrong.
    pub(crate) fn of_problem(
        language: Language,
        (kind, title): (ProblemKind, &str),
        request_id: &str,
    ) -> Self {
        let texts = texts(language);
        let title = match kind {
            ProblemKind::Unauthenticated => texts.own_session_ended,
            _ => title,
        };
        let body = format!("<p class=\"note\">{} <code>{}</code></p>", texts.mention, escaped(request_id));
        Self { language, title: title.to_owned(), body }
    }

    /// The answer.
    pub(crate) fn with_status(self, status: StatusCode) -> Response {
        // Nothing that stands in a page is a style unless it knows this.
        let nonce = Uuid::new_v4().simple().to_string();
        let Self { language, title, body } = self;
        let (title, language) = (escaped(&title), language.as_str());
        let html = format!(
            "<!doctype html>\n<html lang=\"{language}\"><head><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
             <meta name=\"robots\" content=\"noindex\"><title>{title}</title>\
             <style nonce=\"{nonce}\">{STYLE}</style></head>\n\
             <body><main><h1>{title}</h1>\n{body}\n</main></body></html>\n"
        );
        let policy = format!(
            "default-src 'none'; style-src 'nonce-{nonce}'; form-action 'self'; base-uri 'none'; \
             frame-ancestors 'none'"
        );
        let policy = HeaderValue::from_str(&policy).expect("a policy of letters and digits");
        let mut response = (status, html).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
        headers.insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(language));
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
        response.extensions_mut().insert(IsPage);
        response
    }
}

impl IntoResponse for Page {
    fn into_response(self) -> Response {
        self.with_status(StatusCode::OK)
    }
}

/// Whether people read what stands at an address.
pub(crate) fn is_for_people(path: &str) -> bool {
    path.starts_with("/download/") || path == "/my" || path.starts_with("/my/")
}
