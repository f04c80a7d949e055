-- Times are UTC. Columns named like JSON things (raw, entry, notes, renames, source_spec, detail) hold JSON text.

CREATE SEQUENCE registration;

CREATE TABLE marketplace_registry (
    id              VARCHAR PRIMARY KEY,                          -- the slug
    position        BIGINT NOT NULL DEFAULT nextval('registration'), -- the order in which they were registered
    name            VARCHAR NOT NULL,
    url             VARCHAR NOT NULL,
    branch          VARCHAR,
    ref             VARCHAR,
    description     VARCHAR,
    token_env       VARCHAR,                                      -- the name of a variable, never a secret
    registered_by   VARCHAR NOT NULL,
    registered_at   TIMESTAMP NOT NULL,
    last_synced_at  TIMESTAMP,
    last_commit_sha VARCHAR,
    last_commit_at  TIMESTAMP,                                    -- when its author committed it
    last_error      VARCHAR,
    curator_name    VARCHAR,
    curator_email   VARCHAR,
    name_prefix     VARCHAR,
    versions        VARCHAR NOT NULL,                             -- 'content' or 'upstream'
    rules           VARCHAR,                                      -- by which rules and limits the plugins were read
    renames         VARCHAR NOT NULL DEFAULT '{}',
    notes           VARCHAR NOT NULL DEFAULT '[]'
);

CREATE TABLE marketplace_plugins (
    marketplace_id VARCHAR NOT NULL,
    name           VARCHAR NOT NULL,
    manifest_name  VARCHAR NOT NULL,
    description    VARCHAR,
    version        VARCHAR,
    author_name    VARCHAR,
    homepage       VARCHAR,
    category       VARCHAR,
    source_type    VARCHAR NOT NULL,
    source_spec    VARCHAR NOT NULL,
    raw            VARCHAR NOT NULL,                              -- the entry as the curator wrote it
    entry          VARCHAR NOT NULL,                              -- the entry as it is served
    strict         BOOLEAN NOT NULL,
    digest         VARCHAR,                                       -- names the content; NULL: nothing is served
    reason         VARCHAR,                                       -- why nothing is served
    files          BIGINT NOT NULL,
    bytes          BIGINT NOT NULL,
    notes          VARCHAR NOT NULL,
    updated_at     TIMESTAMP NOT NULL,                            -- when a sync last found it changed
    PRIMARY KEY (marketplace_id, name)
);

CREATE TABLE users (
    id         VARCHAR PRIMARY KEY,
    email      VARCHAR NOT NULL UNIQUE,                           -- lowercase
    name       VARCHAR,
    created_at TIMESTAMP NOT NULL
);

CREATE TABLE user_groups (
    id          VARCHAR PRIMARY KEY,
    name        VARCHAR NOT NULL UNIQUE,
    description VARCHAR,
    is_system   BOOLEAN NOT NULL,
    created_at  TIMESTAMP NOT NULL,
    created_by  VARCHAR NOT NULL
);

-- Nobody is listed as a member of Everyone: every user is in it.
CREATE TABLE user_group_members (
    user_id  VARCHAR NOT NULL,
    group_id VARCHAR NOT NULL,
    added_at TIMESTAMP NOT NULL,
    added_by VARCHAR NOT NULL,
    PRIMARY KEY (user_id, group_id)
);

CREATE TABLE resource_grants (
    group_id      VARCHAR NOT NULL,
    resource_type VARCHAR NOT NULL,                               -- 'marketplace_plugin'
    resource_id   VARCHAR NOT NULL,                               -- 'slug/plugin' or 'slug/*'
    granted_at    TIMESTAMP NOT NULL,
    granted_by    VARCHAR NOT NULL,
    PRIMARY KEY (group_id, resource_type, resource_id)
);

CREATE TABLE personal_access_tokens (
    id           VARCHAR PRIMARY KEY,
    user_id      VARCHAR NOT NULL,
    name         VARCHAR NOT NULL,
    token_hash   VARCHAR NOT NULL UNIQUE,                         -- SHA-256, hexadecimal
    created_at   TIMESTAMP NOT NULL,
    expires_at   TIMESTAMP,
    last_used_at TIMESTAMP,
    revoked_at   TIMESTAMP
);

CREATE SEQUENCE audit;

CREATE TABLE audit_log (
    id       BIGINT PRIMARY KEY DEFAULT nextval('audit'),
    happened_at TIMESTAMP NOT NULL,
    actor    VARCHAR NOT NULL,
    action   VARCHAR NOT NULL,
    resource VARCHAR NOT NULL,
    detail   VARCHAR
);

INSERT INTO user_groups VALUES
    ('admin', 'Admin', 'May administer; has no plugin that it was not granted', true, now()::TIMESTAMP, 'agnes'),
    ('everyone', 'Everyone', 'Every user is in it', true, now()::TIMESTAMP, 'agnes');
