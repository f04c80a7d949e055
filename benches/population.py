"""A registry of the size that a large company has, written straight into a data folder that agnes made.

Through the API this would take an hour, and what is measured is how such a registry is served. Needs
the `duckdb` package of the line that agnes links (pip install 'duckdb>=1.5,<1.6').
"""
import csv
import hashlib
import json
import os
import random
import tempfile
import zlib

import duckdb

DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
EPOCH = "TIMESTAMP '2026-01-01 00:00:00'"


def base62(number, width):
    text = ""
    for _ in range(width):
        number, digit = divmod(number, 62)
        text = DIGITS[digit] + text
    return text


def token(number):
    """A token as src/domain/access/token.rs describes it. Of numbers that anybody knows: for measuring only."""
    signed = "agnes_pat_" + base62(int.from_bytes(hashlib.sha256(b"bench %d" % number).digest()), 43)
    return signed + base62(zlib.crc32(signed.encode()), 6)


def entry(market, plugin):
    """The catalog entry of a plugin, as large as real ones are on average (about 500 bytes)."""
    return json.dumps({
        "description": f"Helps with task {plugin} of team {market}: reads, checks and rewrites what it is given. " * 3,
        "author": {"name": f"Curator {market}", "email": f"curator{market}@example.com"},
        "category": "productivity",
        "homepage": f"https://git.example/market-{market}/plugins/p{plugin}",
        "keywords": ["bench", f"team-{market}", f"task-{plugin}"],
    })


def fill(database, *, users=100_000, groups=1_000, marketplaces=100, plugins=50_000, memberships=500_000,
         grants=200_000, tokens=1_000):
    """Adds that many of each. Returns the tokens, of users who are spread over all."""
    random.seed(1)
    each = plugins // marketplaces
    db = duckdb.connect(str(database))
    db.execute("SET enable_progress_bar = false")
    db.execute("BEGIN")
    db.execute(f"""INSERT INTO marketplace_registry (id, name, url, registered_by, registered_at, versions,
        last_synced_at, last_commit_sha, last_commit_at, plugin_count)
        SELECT 'market-' || i, 'market-' || i, 'https://git.example/market-' || i || '.git', 'bench', {EPOCH},
        'content', {EPOCH}, '{"0" * 39}1', {EPOCH}, {each} FROM range({marketplaces}) t(i)""")
    rows = []
    for market in range(marketplaces):
        for plugin in range(each):
            digest = hashlib.sha256(b"%d/%d" % (market, plugin)).hexdigest()
            name = f"m{market}-p{plugin}"
            rows.append((f"market-{market}", name, name, entry(market, plugin), digest))
    db.execute("CREATE TEMP TABLE p (market VARCHAR, name VARCHAR, manifest VARCHAR, entry VARCHAR, digest VARCHAR)")
    append(db, "p", rows)
    # By name: later versions add columns.
    db.execute(f"""INSERT INTO marketplace_plugins (marketplace_id, name, manifest_name, version, source_type, source_spec,
        raw, entry, strict, digest, files, bytes, notes, updated_at)
        SELECT market, name, manifest, '1.0.0', 'relative', 'null', entry, entry, true, digest, 3, 9000, '[]', {EPOCH}
        FROM p""")
    db.execute(f"""INSERT INTO users SELECT printf('%032x', i), 'user' || i || '@example.com', NULL, {EPOCH}
        FROM range({users}) t(i)""")
    db.execute(f"""INSERT INTO user_groups SELECT printf('%032x', {users} + i), 'Group ' || i, NULL, false, {EPOCH},
        'bench' FROM range({groups}) t(i)""")
    of_each = memberships // users
    pairs = [(user, group) for user in range(users) for group in random.sample(range(groups), of_each)]
    db.execute("CREATE TEMP TABLE m (u BIGINT, g BIGINT)")
    append(db, "m", pairs)
    db.execute(f"""INSERT INTO user_group_members SELECT printf('%032x', u), printf('%032x', {users} + g), {EPOCH},
        'bench' FROM m""")
    per_group = grants // groups
    granted = []
    for group in range(groups):
        for number in random.sample(range(plugins), per_group):
            market, plugin = divmod(number, each)
            granted.append((group, f"market-{market}/m{market}-p{plugin}"))
    db.execute("CREATE TEMP TABLE r (g BIGINT, resource VARCHAR)")
    append(db, "r", granted)
    db.execute(f"""INSERT INTO resource_grants SELECT printf('%032x', {users} + g), 'marketplace_plugin', resource,
        {EPOCH}, 'bench' FROM r""")
    held = [(i * (users // tokens), token(i)) for i in range(tokens)]
    db.execute("CREATE TEMP TABLE t (id BIGINT, u BIGINT, hash VARCHAR)")
    append(db, "t", [(i, user, hashlib.sha256(text.encode()).hexdigest()) for i, (user, text) in enumerate(held)])
    db.execute(f"""INSERT INTO personal_access_tokens SELECT printf('%032x', id), printf('%032x', u), 'bench', hash,
        {EPOCH}, NULL, NULL, NULL FROM t""")
    db.execute("COMMIT")
    db.execute("CHECKPOINT")
    db.close()
    return [text for _, text in held]


def append(db, table, rows):
    """Many rows at once: a file is the quickest way in that needs no further package."""
    with tempfile.NamedTemporaryFile("w", suffix=".csv", delete=False, newline="") as file:
        csv.writer(file).writerows(rows)
    db.execute(f"COPY {table} FROM '{file.name}' (FORMAT csv, HEADER false)")
    os.unlink(file.name)
