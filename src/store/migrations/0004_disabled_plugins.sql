-- Plugins that nobody gets, whatever was granted. Beside `marketplace_plugins`, whose rows come and go with what
-- the upstream lists: a plugin may be disabled before it is there, and stays so when it vanishes and comes back.
CREATE TABLE disabled_plugins (
    marketplace_id VARCHAR NOT NULL,
    name           VARCHAR NOT NULL,
    disabled_at    TIMESTAMP NOT NULL,
    disabled_by    VARCHAR NOT NULL,
    reason         VARCHAR,
    PRIMARY KEY (marketplace_id, name)
);
