//! From what a pipeline says of its keyring to a key provider.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use vermeil_model::pipeline::ProviderSettings;
use vermeil_protect::keyring::providers::{
    AwsKms, AwsKmsSettings, OpenBao, OpenBaoSettings, Pkcs11, Pkcs11Settings,
};
use vermeil_protect::{EnvironmentKey, KeyProvider, KeyringError, Passphrase, Plain, Secret};

use crate::error::EngineError;

/// How long to wait for an answer of a key management service. It is asked a
/// few times when a pipeline is opened and never again.
const TIMEOUT: Duration = Duration::from_secs(10);

/// The provider of a keyring. `secrets` holds the values of the variables that
/// the settings name; relative paths start at `base`. Nothing is asked yet.
///
/// # Errors
/// - a variable is not set, or holds no key;
/// - the file of authorities cannot be read;
/// - the provider cannot be used as it is set up.
pub(crate) fn provider(
    settings: &ProviderSettings,
    secrets: &BTreeMap<String, Secret>,
    base: &Path,
) -> Result<Arc<dyn KeyProvider>, EngineError> {
    let secret = |variable: &str| {
        let missing = || EngineError::SecretMissing { variable: variable.to_owned() };
        secrets.get(variable).cloned().ok_or_else(missing)
    };
    Ok(match settings {
        ProviderSettings::Plain => Arc::new(Plain),
        ProviderSettings::Passphrase(settings) => {
            Arc::new(Passphrase::new(secret(&settings.passphrase_variable)?))
        }
        ProviderSettings::Environment(settings) => {
            let variable = &settings.key_variable;
            let key = EnvironmentKey::parse(&secret(variable)?);
            Arc::new(key.map_err(|_| EngineError::SecretMalformed { variable: variable.clone() })?)
        }
        ProviderSettings::OpenBao(settings) => {
            let authority = settings.authority.as_ref().map(|file| {
                let unreadable = |cause| EngineError::AuthorityUnreadable { file: file.clone(), cause };
                std::fs::read(base.join(file)).map_err(unreadable)
            });
            let server = OpenBao::new(OpenBaoSettings {
                address: settings.address.clone(),
                mount: settings.mount.clone(),
                namespace: settings.namespace.clone(),
                key_prefix: settings.key_prefix.as_str().to_owned(),
                authority: authority.transpose()?,
                token: secret(&settings.token_variable)?,
                timeout: TIMEOUT,
            });
            Arc::new(server.map_err(KeyringError::from)?)
        }
        ProviderSettings::AwsKms(settings) => {
            let service = AwsKms::new(AwsKmsSettings {
                region: settings.region.clone(),
                endpoint: settings.endpoint.clone(),
                key_prefix: settings.key_prefix.as_str().to_owned(),
                access_key_id: secret(&settings.access_key_id_variable)?,
                secret_access_key: secret(&settings.secret_access_key_variable)?,
                session_token: secrets.get(&settings.session_token_variable).cloned(),
                timeout: TIMEOUT,
            });
            Arc::new(service.map_err(KeyringError::from)?)
        }
        ProviderSettings::Pkcs11(settings) => Arc::new(Pkcs11::new(Pkcs11Settings {
            module: base.join(&settings.module),
            token: settings.token.clone(),
            key_prefix: settings.key_prefix.as_str().to_owned(),
            pin: secret(&settings.pin_variable)?,
        })),
    })
}
