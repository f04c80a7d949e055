//! Rows of `personal_access_tokens`.

use duckdb::{Row, params};

use super::changes::Change;
use super::{Store, StoreError};

/// A token as it is kept: its SHA-256 and no more of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenRow {
    pub id: String,
    pub user_id: String,
    pub name: String,
    /// SHA-256, in hexadecimal.
    pub hash: String,
    pub created_at: i64,
    pub expires_at: Option<i64>,
    pub last_used_at: Option<i64>,
    pub revoked_at: Option<i64>,
}

/// A token with whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldToken {
    pub row: TokenRow,
    pub email: String,
}

const COLUMNS: &str = "t.id, t.user_id, t.name, t.token_hash, t.created_at, t.expires_at, \
     t.last_used_at, t.revoked_at";

fn read(row: &Row<'_>) -> duckdb::Result<TokenRow> {
    Ok(TokenRow {
        id: row.get(0)?,
        user_id: row.get(1)?,
        name: row.get(2)?,
        hash: row.get(3)?,
        created_at: row.get(4)?,
        expires_at: row.get(5)?,
        last_used_at: row.get(6)?,
        revoked_at: row.get(7)?,
    })
}

fn held(row: &Row<'_>) -> duckdb::Result<HeldToken> {
    Ok(HeldToken { row: read(row)?, email: row.get(8)? })
}

/// With whose they are.
fn select(which: &str) -> String {
    format!(
        "SELECT {COLUMNS}, u.email FROM personal_access_tokens t JOIN users u ON u.id = t.user_id {which}"
    )
}

impl Store {
    /// By user, the oldest first.
    ///
    /// # Errors
    /// What the database says.
    pub fn tokens(&self) -> Result<Vec<HeldToken>, StoreError> {
        self.rows(&select("ORDER BY u.email, t.created_at, t.id"), [], held)
    }

    /// The oldest first.
    ///
    /// # Errors
    /// What the database says.
    pub fn tokens_of(&self, user: &str) -> Result<Vec<HeldToken>, StoreError> {
        self.rows(&select("WHERE t.user_id = ? ORDER BY t.created_at, t.id"), [user], held)
    }

    /// # Errors
    /// What the database says.
    pub fn token(&self, id: &str) -> Result<Option<HeldToken>, StoreError> {
        self.row(&select("WHERE t.id = ?"), [id], held)
    }

    /// Tells each token.
    ///
    /// # Errors
    /// What the database says.
    pub fn each_token(&self, mut tell: impl FnMut(TokenRow)) -> Result<(), StoreError> {
        self.each(&format!("SELECT {COLUMNS} FROM personal_access_tokens t"), [], |row| {
            tell(read(row)?);
            Ok(())
        })
    }

    /// # Errors
    /// What the database says.
    pub fn add_token(&self, row: &TokenRow) -> Result<(), StoreError> {
        self.execute(
            "INSERT INTO personal_access_tokens (id, user_id, name, token_hash, created_at, expires_at) \
             VALUES (?, ?, ?, ?, make_timestamp(?::BIGINT), make_timestamp(?::BIGINT))",
            params![row.id, row.user_id, row.name, row.hash, row.created_at, row.expires_at],
        )?;
        self.note(|| Change::Token(Box::new(row.clone())));
        Ok(())
    }

    /// # Errors
    /// What the database says.
    pub fn revoke_token(&self, row: &TokenRow, at: i64) -> Result<(), StoreError> {
        let sql = "UPDATE personal_access_tokens SET revoked_at = make_timestamp(?::BIGINT) WHERE id = ?";
        self.execute(sql, params![at, row.id])?;
        self.note(|| Change::Token(Box::new(TokenRow { revoked_at: Some(at), ..row.clone() })));
        Ok(())
    }

    /// # Errors
    /// What the database says.
    pub fn forget_token(&self, row: &TokenRow) -> Result<(), StoreError> {
        self.execute("DELETE FROM personal_access_tokens WHERE id = ?", [&row.id])?;
        self.note(|| Change::TokenForgotten { hash: row.hash.clone() });
        Ok(())
    }

    /// Writes when tokens were last used, of some thousands with one statement.
    ///
    /// # Errors
    /// What the database says.
    pub fn mark_used(&self, uses: &[(String, i64)]) -> Result<(), StoreError> {
        // Two texts, and not two parameters for each: reading those took most of the time.
        let joined = |each: &dyn Fn(&(String, i64)) -> String| -> String {
            uses.iter().map(each).collect::<Vec<_>>().join(" ")
        };
        let (ids, times) = (joined(&|(id, _)| id.clone()), joined(&|(_, at)| at.to_string()));
        self.execute(
            "UPDATE personal_access_tokens SET last_used_at = make_timestamp(used.at_us) \
             FROM (SELECT unnest(string_split(?, ' ')) AS token, unnest(string_split(?, ' '))::BIGINT AS at_us) AS used \
             WHERE personal_access_tokens.id = used.token",
            [ids, times],
        )?;
        Ok(())
    }
}
