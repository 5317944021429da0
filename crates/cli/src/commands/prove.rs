//! `vermeil prove`: whether a certificate of erasure, or a package of what is kept of a person, is as it was
//! signed.

use vermeil_audit::{SignedCertificate, SignedManifest};
use vermeil_engine::Access;

use super::audit::{given_key, read};
use crate::args::ProveArguments;
use crate::exit::{Failure, Outcome};
use crate::output::Output;
use crate::render;
use crate::session::Session;

/// Verifies a certificate or a package. With a key given, no pipeline is read.
pub async fn execute(
    session: &Session,
    output: &mut Output,
    arguments: &ProveArguments,
) -> Result<Outcome, Failure> {
    let key = match &arguments.public_key {
        Some(key) => given_key(key)?,
        None => session.engine(Access::MustExist).await?.audit_key().clone(),
    };
    if let Some(file) = &arguments.certificate {
        let certificate = SignedCertificate::verify(&read(file)?, &key)?;
        output
            .report(&certificate, |certificate| render::erase::certificate(&session.catalog, certificate))?;
    }
    if let Some(folder) = &arguments.package {
        let manifest = SignedManifest::verify_folder(folder, &key)?;
        output.report(&manifest, |manifest| render::request::package(&session.catalog, manifest))?;
    }
    Ok(Outcome::Done)
}
