-- Hosts that plugins are fetched from which lie in other repositories than their marketplace's.
CREATE TABLE remote_hosts (
    host      VARCHAR PRIMARY KEY,   -- a name, or name:port
    rule      VARCHAR,               -- 'allow' or 'deny'; NULL: there is nothing but a token
    ssh       BOOLEAN NOT NULL,      -- may be reached over ssh, too
    token_env VARCHAR                -- the variable in .env_overlay with its token
);
ALTER TABLE marketplace_registry ADD COLUMN vendored_count BIGINT DEFAULT 0;   -- plugins whose files are in the store
