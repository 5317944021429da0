//! Where a state database is: a file, or a PostgreSQL server.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use sqlx::ConnectOptions;
use sqlx::postgres::PgConnectOptions;

use crate::StateError;

/// What URLs of PostgreSQL begin with.
const SCHEMES: [&str; 2] = ["postgresql://", "postgres://"];

/// The parameters that a URL may have, as libpq's connection strings name them (PostgreSQL 15, section 34.1.2).
const PARAMETERS: [&str; 12] = [
    "sslmode",
    "sslrootcert",
    "sslcert",
    "sslkey",
    "host",
    "hostaddr",
    "port",
    "dbname",
    "user",
    "password",
    "application_name",
    "options",
];

/// Where a state database is. Shown, it names the file or the server and its database, and never
/// who logs in there, nor with what.
#[derive(Clone)]
pub enum StateLocation {
    /// A file of SQLite's.
    File(PathBuf),
    /// A database of a PostgreSQL server.
    Server(Server),
}

/// A database of a PostgreSQL server, and how to log in there.
#[derive(Clone)]
pub struct Server {
    options: Box<PgConnectOptions>,
}

impl StateLocation {
    /// Whether a text is the URL of a PostgreSQL server.
    pub fn is_url(text: &str) -> bool {
        SCHEMES.iter().any(|scheme| text.starts_with(scheme))
    }

    /// The server of a URL, such as `postgresql://user@db.example.org/vermeil?sslmode=verify-full`.
    ///
    /// What the URL leaves out is taken from where PostgreSQL's own programs take it: `PGPASSWORD`,
    /// `PGSSLMODE` and their like, and the file of passwords.
    ///
    /// # Errors
    /// [`StateError::BadUrl`].
    pub fn server(url: &str) -> Result<Self, StateError> {
        let (_, query) = url.split_once('?').unwrap_or((url, ""));
        // The driver would ignore one that it does not know, and say so with its value.
        let is_known = |parameter: &str| {
            let name = parameter.split_once('=').map_or(parameter, |(name, _)| name);
            PARAMETERS.contains(&name)
        };
        if !Self::is_url(url) || !query.split('&').all(|part| part.is_empty() || is_known(part)) {
            return Err(StateError::BadUrl);
        }
        let options = PgConnectOptions::from_str(url).map_err(|_| StateError::BadUrl)?;
        Ok(Self::Server(Server { options: Box::new(options.disable_statement_logging()) }))
    }

    /// The file, if it is one.
    pub fn file(&self) -> Option<&Path> {
        match self {
            Self::File(path) => Some(path),
            Self::Server(_) => None,
        }
    }
}

impl Server {
    pub(crate) fn options(&self) -> &PgConnectOptions {
        &self.options
    }
}

impl fmt::Display for StateLocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            Self::Server(Server { options }) => {
                let database = options.get_database().unwrap_or_default();
                match options.get_socket() {
                    Some(folder) => write!(f, "postgresql:///{database}?host={}", folder.display()),
                    None => {
                        write!(f, "postgresql://{}:{}/{database}", options.get_host(), options.get_port())
                    }
                }
            }
        }
    }
}

impl fmt::Debug for StateLocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Server")
    }
}

impl From<&Path> for StateLocation {
    fn from(path: &Path) -> Self {
        Self::File(path.to_owned())
    }
}

impl From<&PathBuf> for StateLocation {
    fn from(path: &PathBuf) -> Self {
        Self::File(path.clone())
    }
}

impl From<&StateLocation> for StateLocation {
    fn from(location: &StateLocation) -> Self {
        location.clone()
    }
}

#[cfg(test)]
mod tests;
