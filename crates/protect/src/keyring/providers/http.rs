//! One question, one answer, to one address and to nobody else.

use std::error::Error;
use std::time::Duration;

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Certificate, Client, Method, StatusCode, Url, redirect};
use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

use super::{Misconfiguration, ProviderError};

/// Above, an answer is none of a key management service's.
const LONGEST_ANSWER: usize = 256 * 1024;

/// A key management service spoken to over HTTP.
pub(super) struct HttpService {
    client: Client,
    address: Url,
}

/// What came back, not yet understood.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) body: Zeroizing<Vec<u8>>,
}

impl HttpService {
    /// `authority` replaces the authorities that the system trusts, in PEM.
    pub(super) fn new(
        address: &str,
        authority: Option<&[u8]>,
        timeout: Duration,
    ) -> Result<Self, ProviderError> {
        let wrong =
            |misconfiguration| ProviderError::Misconfigured { address: address.to_owned(), misconfiguration };
        let parsed = Url::parse(address).map_err(|_| wrong(Misconfiguration::NoUrl))?;
        match (parsed.scheme(), parsed.host_str()) {
            ("https", Some(_)) => {}
            ("http", Some("127.0.0.1" | "localhost" | "[::1]")) => {}
            ("http", Some(_)) => return Err(wrong(Misconfiguration::PlainHttp)),
            _ => return Err(wrong(Misconfiguration::NoUrl)),
        }
        // Neither a redirection nor a proxy that happens to be set may lead keys elsewhere.
        let mut client = Client::builder().redirect(redirect::Policy::none()).no_proxy().timeout(timeout);
        if let Some(authority) = authority {
            let certificates = Certificate::from_pem_bundle(authority);
            let certificates = certificates.ok().filter(|certificates| !certificates.is_empty());
            client = client.tls_certs_only(certificates.ok_or(wrong(Misconfiguration::NoCertificates))?);
        }
        let client = client.build().map_err(|_| wrong(Misconfiguration::NoCertificates))?;
        Ok(Self { client, address: parsed })
    }

    /// Where it is, for people: without user name and password, which have no place there.
    pub(super) fn address(&self) -> String {
        self.address.origin().ascii_serialization()
    }

    pub(super) fn url(&self, path: &str) -> Result<Url, ProviderError> {
        let base = self.address.as_str().trim_end_matches('/');
        Url::parse(&format!("{base}{path}")).map_err(|_| self.misconfigured(Misconfiguration::NoUrl))
    }

    pub(super) async fn ask(
        &self,
        method: Method,
        url: Url,
        headers: HeaderMap,
        body: Vec<u8>,
    ) -> Result<Answer, ProviderError> {
        let unavailable = |cause: reqwest::Error| match cause.is_timeout() {
            true => self.unavailable("it takes too long to answer"),
            // The outer ones only say that something was sent.
            false => self.unavailable(&innermost(&cause).to_string()),
        };
        let sent = self.client.request(method, url).headers(headers).body(body).send().await;
        let mut response = sent.map_err(unavailable)?;
        let status = response.status();
        let mut body = Zeroizing::new(Vec::with_capacity(LONGEST_ANSWER.min(8 * 1024)));
        while let Some(chunk) = response.chunk().await.map_err(unavailable)? {
            if body.len() + chunk.len() > LONGEST_ANSWER {
                return Err(self.garbled("it is too long"));
            }
            body.extend_from_slice(&chunk);
        }
        match status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Err(self.denied()),
            StatusCode::SERVICE_UNAVAILABLE => Err(self.unavailable("it is sealed, not ready or overloaded")),
            StatusCode::TOO_MANY_REQUESTS => Err(self.unavailable("it has too much to do")),
            status if status.is_server_error() => {
                Err(self.unavailable(&format!("it answers with status {}", status.as_u16())))
            }
            status => Ok(Answer { status, body }),
        }
    }

    pub(super) fn header(
        &self,
        headers: &mut HeaderMap,
        name: &'static str,
        value: &str,
    ) -> Result<(), ProviderError> {
        let value = HeaderValue::from_str(value);
        let mut value = value.map_err(|_| self.misconfigured(Misconfiguration::NoCredentials))?;
        value.set_sensitive(true);
        headers.insert(HeaderName::from_static(name), value);
        Ok(())
    }

    pub(super) fn read<T: DeserializeOwned>(&self, answer: &Answer) -> Result<T, ProviderError> {
        serde_json::from_slice(&answer.body).map_err(|_| self.garbled("it is not the JSON expected"))
    }

    pub(super) fn unexpected(&self, answer: &Answer) -> ProviderError {
        match answer.status.is_redirection() {
            true => self.garbled("it leads elsewhere"),
            false => self.garbled("its status is none of those expected"),
        }
    }

    pub(super) fn unavailable(&self, why: &str) -> ProviderError {
        ProviderError::Unavailable { address: self.address(), cause: why.into() }
    }

    pub(super) fn denied(&self) -> ProviderError {
        ProviderError::Denied { address: self.address() }
    }

    pub(super) fn garbled(&self, what: &'static str) -> ProviderError {
        ProviderError::Garbled { address: self.address(), what }
    }

    pub(super) fn misconfigured(&self, misconfiguration: Misconfiguration) -> ProviderError {
        ProviderError::Misconfigured { address: self.address(), misconfiguration }
    }
}

fn innermost<'a>(error: &'a (dyn Error + 'static)) -> &'a (dyn Error + 'static) {
    let mut innermost = error;
    while let Some(cause) = innermost.source() {
        innermost = cause;
    }
    innermost
}
