-- What there is to say about a marketplace's plugins, kept beside the marketplace: counting them takes
-- longer than asking an upstream whether it has anything new.
ALTER TABLE marketplace_registry ADD COLUMN plugin_count BIGINT DEFAULT 0;
ALTER TABLE marketplace_registry ADD COLUMN not_served_count BIGINT DEFAULT 0;
ALTER TABLE marketplace_registry ADD COLUMN note_count BIGINT DEFAULT 0;   -- on its plugins

UPDATE marketplace_registry SET
    plugin_count = (SELECT count(*) FROM marketplace_plugins p WHERE p.marketplace_id = id),
    not_served_count = (SELECT count(*) FROM marketplace_plugins p WHERE p.marketplace_id = id AND p.digest IS NULL),
    -- A note is an object with a `code`; inside its texts a quote would be escaped.
    note_count = (SELECT coalesce(sum((length(p.notes) - length(replace(p.notes, '"code":', ''))) // 7), 0)::BIGINT
                  FROM marketplace_plugins p WHERE p.marketplace_id = id);
