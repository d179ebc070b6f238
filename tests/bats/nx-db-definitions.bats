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
