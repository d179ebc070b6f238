#!/usr/bin/env bats
# nx-db on PostgreSQL and what a site has added to its database: tables, columns and views of its own.
bats_require_minimum_version 1.5.0
load lib
load postgres

setup_file() { start_postgres && export FIRST_PG_PID=$PG_PID; }
teardown_file() { stop_postgres; }

setup() {
  export NX_TEST_TIME_SCALE=0.1
  begin_on_postgres
  nx-db init >/dev/null
}

teardown() { end_jobs_and_servers; }

sql() { psql_says "$@"; }

@test "a table that is called by a word of SQL is counted" {
  sql 'SET ROLE nx; CREATE TABLE "order" ("user" TEXT); INSERT INTO "order" VALUES (1), (2); CREATE TABLE "user" (a INT)'
  run nx-db info --jq '.tables | [.order, .user]'
  assert_success
  assert_equal "$(jq -c . <<<"$output")" '[2,0]'
}

@test "a view that stops a migration is named, with what to do" {
  nx-db downgrade v2_5_0a >/dev/null
  sql "CREATE VIEW hosts AS SELECT computer_mount FROM instruments; CREATE VIEW \"all\" AS SELECT * FROM instruments"
  run --separate-stderr nx-db upgrade
  assert_failure 1
  assert_equal "$stderr" "Error upgrading database: cannot drop column computer_mount of table instruments because other objects depend on it: \
view hosts depends on column computer_mount of table instruments; view \"all\" depends on column computer_mount of table instruments; \
drop what depends on it, and make it again afterwards"
  sql 'DROP VIEW hosts, "all"'
  nx-db upgrade
}

@test "a table that may not be read is shown as ?, and the rows of the others are counted" {
  sql 'CREATE TABLE secrets (a INT)'
  run nx-db info
  assert_success
  assert_line --regexp '^  secrets +: [?]$'
  assert_line --regexp '^  session_log +: 0$'
  run nx-db info --jq '.tables | [.secrets, .session_log]'
  assert_equal "$(jq -c . <<<"$output")" '[null,0]'
  nx-db export -o snapshot
  fresh_database
  sql 'CREATE TABLE secrets (a INT)'
  run nx-db import snapshot
  assert_success
}
