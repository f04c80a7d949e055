-- Through which door an address came. What is there already was registered in a shell, and is trusted.
-- (DuckDB adds no column with a constraint.)
ALTER TABLE marketplace_registry ADD COLUMN public_only BOOLEAN DEFAULT false; -- its url came over https: it is fetched from public addresses only
