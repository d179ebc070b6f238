#!/usr/bin/env bats
# Migrations that make a table anew, and what its columns and keys say on a site: it is kept as it was written.
bats_require_minimum_version 1.5.0
load lib
load nx-db

# The database of the corpus, with `instruments` made by hand: instruments PID KEYS [COLUMNS], each as it stands in CREATE TABLE, with its comma
instruments() {
  golden
  sql "PRAGMA legacy_alter_table = ON; ALTER TABLE instruments RENAME TO old;
    CREATE TABLE instruments (instrument_pid $1, api_url VARCHAR NOT NULL, calendar_name VARCHAR NOT NULL, calendar_url VARCHAR NOT NULL,
      location VARCHAR(100) NOT NULL, schema_name VARCHAR NOT NULL, property_tag VARCHAR(20) NOT NULL, filestore_path VARCHAR NOT NULL,
      harvester VARCHAR NOT NULL, timezone VARCHAR NOT NULL, computer_name VARCHAR, computer_ip VARCHAR(15), computer_mount VARCHAR ${3-} $2);
    INSERT INTO instruments (instrument_pid, api_url, calendar_name, calendar_url, location, schema_name, property_tag, filestore_path, harvester,
      timezone, computer_name, computer_ip, computer_mount) SELECT * FROM old; DROP TABLE old"
  rows=$(sql "SELECT count(*) FROM instruments")
}
# The database takes another instrument with these values of the columns named in $1.
add_instrument() {
  sql "INSERT INTO instruments (instrument_pid, api_url, calendar_url, location, display_name, property_tag, filestore_path, harvester, timezone $1)
    VALUES ('$2', '$3', 'u', 'l', 'n', 't', 'f', 'nemo', 'UTC' ${4-})"
}

@test "a key that is written at its column is one after a migration, too, there and back" {
  instruments "VARCHAR(100) NOT NULL PRIMARY KEY" ", UNIQUE (api_url)"
  for direction in upgrade 'downgrade v2_5_0a' upgrade; do
    run --separate-stderr nx-db $direction
    assert_success
    assert_equal "$stderr" ""
    assert_equal "$(sql "SELECT group_concat(name) FROM pragma_table_info('instruments') WHERE pk > 0")" instrument_pid
    assert_equal "$(sql "SELECT count(*) FROM instruments")" "$rows"
  done
  assert_equal "$(sql "PRAGMA foreign_key_check")" ""
  add_instrument "" new a
  run add_instrument "" new b
  assert_failure
  assert_output --partial "UNIQUE constraint failed: instruments.instrument_pid"
}

@test "a key may spell its columns in capitals, those that go or get another name too" {
  instruments "VARCHAR(100) NOT NULL" ", PRIMARY KEY (INSTRUMENT_PID), UNIQUE (COMPUTER_IP, location), UNIQUE (SCHEMA_NAME, LOCATION)"
  run --separate-stderr nx-db upgrade
  assert_success
  assert_equal "$(sql "SELECT count(*) FROM instruments")" "$rows"
  assert_equal "$(sql "SELECT group_concat(name) FROM pragma_table_info('instruments') WHERE pk > 0")" instrument_pid
}

@test "check knows a key wherever it is written, and misses one that is not there" {
  instruments "VARCHAR(100) NOT NULL PRIMARY KEY" ", UNIQUE (api_url)"
  nx-db upgrade
  run nx-db alembic check
  assert_success
  rm -f "$NX_DB_PATH"*
  instruments "VARCHAR(100) NOT NULL" ", UNIQUE (api_url)"
  nx-db upgrade
  run nx-db alembic check
  assert_failure
  assert_output --partial "missing constraint of instruments: PRIMARY KEY(instrument_pid)"
}

@test "a default that is an expression gives its value after a migration, too" {
  instruments "VARCHAR(100) NOT NULL" ", PRIMARY KEY (instrument_pid), UNIQUE (api_url)" \
    ", added TEXT DEFAULT (date('2025-03-0' || 3)), level INTEGER DEFAULT -1 NOT NULL, word TEXT DEFAULT ('(') NOT NULL"
  for direction in upgrade 'downgrade v2_5_0a' upgrade; do
    run --separate-stderr nx-db $direction
    assert_success
    assert_equal "$stderr" ""
  done
  add_instrument "" new a
  assert_equal "$(sql "SELECT added, level, word FROM instruments WHERE instrument_pid = 'new'")" "2025-03-03|-1|("
}

@test "what a site's column of instruments says of its values holds after a migration, too, there and back" {
  instruments "VARCHAR(100) NOT NULL" ", PRIMARY KEY (instrument_pid COLLATE NOCASE), UNIQUE (api_url) ON CONFLICT REPLACE" \
    ", building TEXT COLLATE NOCASE UNIQUE, room INTEGER NOT NULL ON CONFLICT IGNORE DEFAULT 1 CHECK (room > 0 AND schema_name <> ''),
     label TEXT GENERATED ALWAYS AS (schema_name || ' in ' || room), site TEXT REFERENCES sites (schema_name) ON DELETE SET NULL"
  sql "CREATE TABLE sites (schema_name TEXT PRIMARY KEY); INSERT INTO sites VALUES ('north'); UPDATE instruments SET room = rowid"
  for direction in upgrade 'downgrade v2_5_0a' upgrade; do
    run --separate-stderr nx-db $direction
    assert_success
    assert_equal "$stderr" ""
    assert_equal "$(sql "SELECT count(DISTINCT room) FROM instruments")" "$rows"
    assert_equal "$(sql "PRAGMA foreign_key_check")" ""
  done
  add_instrument ", building, room, site" new a ", 'West', 9, 'north'"
  assert_equal "$(sql "SELECT label FROM instruments WHERE instrument_pid = 'new'")" "n in 9"
  run add_instrument "" NEW b
  assert_output --partial "UNIQUE constraint failed: instruments.instrument_pid"
  run add_instrument ", building" newer b ", 'WEST'"
  assert_output --partial "UNIQUE constraint failed: instruments.building"
  run add_instrument ", room" newer b ", 0"
  assert_output --partial "CHECK constraint failed"
  add_instrument ", room" newer b ", NULL"
  add_instrument "" newest a
  assert_equal "$(sql "SELECT group_concat(instrument_pid) FROM instruments WHERE location = 'l'")" newest
  assert_equal "$(sql "SELECT \"table\", \"to\", on_delete FROM pragma_foreign_key_list('instruments')")" "sites|schema_name|SET NULL"
}

@test "a column that needs one which a later step takes away stops a migration before its first step, and is named" {
  instruments "VARCHAR(100) NOT NULL" ", PRIMARY KEY (instrument_pid)" ", host TEXT AS (lower(computer_name))"
  cp "$NX_DB_PATH" before.sqlite
  run --separate-stderr nx-db upgrade
  assert_failure 1
  assert_equal "$stderr" "Error upgrading database: table instruments cannot be made anew: its column host needs the column computer_name, which goes; drop host first"
  assert_equal "$(backups)" 0
  cmp "$NX_DB_PATH" before.sqlite
  sql "ALTER TABLE instruments DROP COLUMN host"
  nx-db upgrade
}

@test "tables and columns that are called by a word of SQL are migrated, counted, exported, imported and written into revisions" {
  golden
  sql 'ALTER TABLE instruments ADD COLUMN "group" TEXT; UPDATE instruments SET "group" = '"'EM'"
  nx-db upgrade
  nx-db downgrade v2_5_0a
  nx-db upgrade
  assert_equal "$(sql 'SELECT DISTINCT "group" FROM instruments')" EM
  sql 'CREATE TABLE "order" ("by" TEXT NOT NULL PRIMARY KEY, "index" INTEGER, UNIQUE ("index")); INSERT INTO "order" VALUES (1, 2), (3, 4);
    ALTER TABLE session_log ADD COLUMN "select" INTEGER'
  nx-db info --jq .tables.order | assert_equal "$(cat)" 2
  mkdir migrations && cp -rL "$NX_SOURCE/migrations/nexuslims" migrations/
  NX_MIGRATIONS_PATH=$PWD/migrations nx-db alembic revision --autogenerate -m order --rev-id v2_6_0a
  NX_DB_PATH=made.sqlite nx-db init
  NX_MIGRATIONS_PATH=$PWD/migrations NX_DB_PATH=made.sqlite nx-db upgrade
  assert_equal "$(sqlite3 made.sqlite 'SELECT count("select"), count("group") FROM session_log, instruments, "order"')" "0|0"
  NX_MIGRATIONS_PATH=$PWD/migrations NX_DB_PATH=made.sqlite nx-db downgrade
  nx-db export -o snapshot
  NX_DB_PATH=other.sqlite nx-db init
  sqlite3 other.sqlite 'ALTER TABLE session_log ADD COLUMN "select" INTEGER; ALTER TABLE instruments ADD COLUMN "group" TEXT'
  NX_DB_PATH=other.sqlite nx-db import snapshot
  assert_equal "$(sqlite3 other.sqlite 'SELECT DISTINCT "group" FROM instruments')" EM
}
