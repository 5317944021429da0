//! Which lake and keyring the state belongs to.

use uuid::Uuid;
use vermeil_protect::KeyringId;

use crate::database::{now, unexpected};
use crate::sql;
use crate::{StateDatabase, StateError};

/// The layout of lakes that this program writes.
pub const LAKE_FORMAT: i64 = 1;

/// What the state knows of its lake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LakeIdentity {
    /// Names the lake, for good.
    pub lake_id: Uuid,
    /// The layout of its tables.
    pub format: i64,
}

impl StateDatabase {
    /// Ties the database to a keyring and a tenant: for good the first time,
    /// and by comparing ever after.
    ///
    /// # Errors
    /// [`StateError::WrongKeyring`], [`StateError::WrongTenant`],
    /// [`StateError::OtherLakeFormat`], or the database's own.
    pub async fn bind(&self, keyring: KeyringId, tenant: &str) -> Result<LakeIdentity, StateError> {
        let failed = |cause| self.failed(cause);
        let mut change = self.begin().await?;
        sql::query(
            "INSERT INTO lake (only_row, lake_id, keyring_id, tenant, format, bound_at)
             VALUES (1, $1, $2, $3, $4, $5) ON CONFLICT (only_row) DO NOTHING",
        )
        .bind(Uuid::new_v4().to_string())
        .bind(keyring.to_string())
        .bind(tenant)
        .bind(LAKE_FORMAT)
        .bind(now())
        .execute(&mut *change)
        .await
        .map_err(failed)?;
        let (lake_id, keyring_on_record, tenant_on_record, format): (String, String, String, i64) =
            sql::query_as("SELECT lake_id, keyring_id, tenant, format FROM lake")
                .fetch_one(&mut *change)
                .await
                .map_err(failed)?;
        self.commit(change).await?;

        let database = self.location().to_string();
        let lake_id = lake_id.parse().map_err(|_| failed(unexpected("a lake id")))?;
        if keyring_on_record != keyring.to_string() {
            let given = keyring.to_string();
            return Err(StateError::WrongKeyring { database, expected: keyring_on_record, given });
        }
        if tenant_on_record != tenant {
            return Err(StateError::WrongTenant {
                database,
                expected: tenant_on_record,
                given: tenant.to_owned(),
            });
        }
        if format != LAKE_FORMAT {
            return Err(StateError::OtherLakeFormat { database, found: format, known: LAKE_FORMAT });
        }
        Ok(LakeIdentity { lake_id, format })
    }
}

#[cfg(test)]
mod tests;
