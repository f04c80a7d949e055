-- What was fetched and can be served again. A state of a marketplace is its commit, and the commits of the plugins that
-- lie elsewhere at that time.
-- (In this order: DuckDB 1.5.6 cannot commit a transaction in which a column is added after one that is false by default.)
ALTER TABLE marketplace_registry ADD COLUMN state_id BIGINT;              -- the one that is served; NULL: none yet
ALTER TABLE marketplace_registry ADD COLUMN hold BOOLEAN DEFAULT false;   -- what is new is served only when somebody approved it

CREATE SEQUENCE marketplace_state;

CREATE TABLE marketplace_states (
    id             BIGINT PRIMARY KEY DEFAULT nextval('marketplace_state'),  -- larger: fetched later
    marketplace_id VARCHAR NOT NULL,
    commit_sha     VARCHAR NOT NULL,
    committed_at   TIMESTAMP NOT NULL,
    fetched_at     TIMESTAMP NOT NULL,
    plugin_count   BIGINT NOT NULL,
    remote_count   BIGINT NOT NULL                                           -- plugins of it that may have moved without it
);

-- Of the plugins that lie elsewhere.
CREATE TABLE marketplace_state_origins (
    state_id   BIGINT NOT NULL,
    name       VARCHAR NOT NULL,
    url        VARCHAR NOT NULL,
    path       VARCHAR NOT NULL,
    commit_sha VARCHAR NOT NULL,
    PRIMARY KEY (state_id, name)
);

INSERT INTO marketplace_states (marketplace_id, commit_sha, committed_at, fetched_at, plugin_count, remote_count)
    SELECT id, last_commit_sha, coalesce(last_commit_at, registered_at), coalesce(last_synced_at, registered_at),
           coalesce(plugin_count, 0), coalesce(remote_count, 0)
    FROM marketplace_registry WHERE last_commit_sha IS NOT NULL ORDER BY position;

INSERT INTO marketplace_state_origins
    SELECT s.id, p.name, p.origin_url, coalesce(p.origin_path, ''), p.origin_commit
    FROM marketplace_states s JOIN marketplace_plugins p USING (marketplace_id)
    WHERE p.origin_url IS NOT NULL AND p.origin_commit IS NOT NULL;

UPDATE marketplace_registry SET state_id = (SELECT s.id FROM marketplace_states s WHERE s.marketplace_id = marketplace_registry.id);
