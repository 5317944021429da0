//! `vermeil prove`: whether a certificate of erasure is as it was signed.

use vermeil_audit::SignedCertificate;
use vermeil_engine::Access;

use super::audit::{given_key, read};
use crate::args::ProveArguments;
use crate::exit::{Failure, Outcome};
use crate::output::Output;
use crate::render;
use crate::session::Session;

/// Verifies a certificate. With a key given, no pipeline is read.
pub async fn execute(
    session: &Session,
    output: &mut Output,
    arguments: &ProveArguments,
) -> Result<Outcome, Failure> {
    let text = read(&arguments.certificate)?;
    let key = match &arguments.public_key {
        Some(key) => given_key(key)?,
        None => session.engine(Access::MustExist).await?.audit_key().clone(),
    };
    let certificate = SignedCertificate::verify(&text, &key)?;
    output.report(&certificate, |certificate| render::erase::certificate(&session.catalog, certificate))?;
    Ok(Outcome::Done)
}
