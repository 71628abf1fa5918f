-- A path is found by its hash part, 32 digits as they are printed, which is its alone.
CREATE TABLE paths (
    id INTEGER PRIMARY KEY,
    hash TEXT NOT NULL UNIQUE CHECK (length(hash) = 32),
    name TEXT NOT NULL,
    -- The tree: 'directory', 'file', 'executable' or 'symlink'; a digest and a size, or a target.
    kind TEXT NOT NULL,
    digest BLOB,
    size INTEGER,
    target BLOB,
    nar_hash BLOB NOT NULL CHECK (length(nar_hash) = 32),
    nar_size INTEGER NOT NULL CHECK (nar_size >= 0),
    deriver TEXT,
    ca TEXT,
    -- Nanoseconds since 1970, as all times here.
    registered INTEGER NOT NULL,
    -- When it came last: what was renewed lately is not collected.
    renewed INTEGER NOT NULL
) STRICT;

CREATE TABLE edges (
    referrer INTEGER NOT NULL REFERENCES paths (id),
    reference INTEGER NOT NULL REFERENCES paths (id),
    PRIMARY KEY (referrer, reference)
) STRICT, WITHOUT ROWID;

CREATE INDEX edges_by_reference ON edges (reference);

CREATE TABLE signatures (
    path INTEGER NOT NULL REFERENCES paths (id),
    signature TEXT NOT NULL,
    PRIMARY KEY (path, signature)
) STRICT, WITHOUT ROWID;

-- What keeps paths: 'name', 'link' or 'session'. The path need not be registered yet.
CREATE TABLE roots (
    kind TEXT NOT NULL,
    root BLOB NOT NULL,
    hash TEXT NOT NULL CHECK (length(hash) = 32),
    name TEXT NOT NULL,
    PRIMARY KEY (kind, root, hash, name)
) STRICT, WITHOUT ROWID;

-- Signed statements as bytes: 'memo', 'realisation' or 'log'.
CREATE TABLE records (
    kind TEXT NOT NULL,
    key BLOB NOT NULL,
    body BLOB NOT NULL,
    written INTEGER NOT NULL,
    PRIMARY KEY (kind, key)
) STRICT;

CREATE TABLE record_signatures (
    kind TEXT NOT NULL,
    key BLOB NOT NULL,
    signature TEXT NOT NULL,
    PRIMARY KEY (kind, key, signature),
    FOREIGN KEY (kind, key) REFERENCES records (kind, key) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
