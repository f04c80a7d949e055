-- Plugins that lie in another repository than their marketplace's, and where everybody's files came from.
-- (DuckDB adds no column with a constraint.)
ALTER TABLE marketplace_registry ADD COLUMN remote VARCHAR DEFAULT 'vendor';   -- 'vendor', 'link' or 'skip': what is done with such plugins
ALTER TABLE marketplace_registry ADD COLUMN remote_count BIGINT DEFAULT 0;     -- plugins of it that may have moved without it
ALTER TABLE marketplace_registry ADD COLUMN vendored_count BIGINT DEFAULT 0;   -- plugins of it that are served from other repositories

ALTER TABLE marketplace_plugins ADD COLUMN origin_url VARCHAR;      -- of the repository or file; NULL: the marketplace's own
ALTER TABLE marketplace_plugins ADD COLUMN origin_path VARCHAR;     -- the plugin's folder there; empty: all of it
ALTER TABLE marketplace_plugins ADD COLUMN origin_commit VARCHAR;   -- NULL: the marketplace's last_commit_sha
ALTER TABLE marketplace_plugins ADD COLUMN origin_tree VARCHAR;     -- that folder's git tree
ALTER TABLE marketplace_plugins ADD COLUMN fetched_at TIMESTAMP;    -- when that commit came; NULL: with the marketplace's
