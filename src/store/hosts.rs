//! Rows of `remote_hosts`.

use duckdb::params;

use super::{Store, StoreError};
use crate::domain::upstream::host::{HostRule, Hosts, Rule};

impl Store {
    /// All that is said of hosts, by name. A row that cannot be understood denies nothing and allows nothing.
    ///
    /// # Errors
    /// What the database says.
    pub fn hosts(&self) -> Result<Hosts, StoreError> {
        let rows =
            self.rows("SELECT host, rule, ssh, token_env FROM remote_hosts ORDER BY host", [], |row| {
                let (host, rule): (String, Option<String>) = (row.get(0)?, row.get(1)?);
                let rule = rule.and_then(|text| Rule::of_row(&text));
                Ok(host.parse().ok().map(|host| (host, rule, row.get(2), row.get(3))))
            })?;
        let each = rows.into_iter().flatten();
        let each = each.map(|(host, rule, ssh, token_env)| {
            Ok::<_, duckdb::Error>(HostRule { host, rule, ssh: ssh?, token_env: token_env? })
        });
        Ok(Hosts(each.collect::<Result<_, _>>()?))
    }

    /// Writes what is said of one.
    ///
    /// # Errors
    /// What the database says.
    pub fn put_host(&self, rule: &HostRule) -> Result<(), StoreError> {
        self.execute(
            "INSERT INTO remote_hosts VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET rule = EXCLUDED.rule, \
             ssh = EXCLUDED.ssh, token_env = EXCLUDED.token_env",
            params![rule.host.to_string(), rule.rule.map(Rule::as_str), rule.ssh, rule.token_env],
        )?;
        Ok(())
    }

    /// # Errors
    /// What the database says.
    pub fn remove_host(&self, host: &str) -> Result<(), StoreError> {
        self.execute("DELETE FROM remote_hosts WHERE host = ?", [host])?;
        Ok(())
    }
}
