#!/usr/bin/env bats
# nx-db on PostgreSQL whose connection is cut, or whose server crashes, inside a transaction: the command waits there for a table that another
# session has locked, so that the middle is no matter of time (database 10, igem-db 8.2).
bats_require_minimum_version 1.5.0
load lib
load postgres

setup_file() { start_postgres && export FIRST_PG_PID=$PG_PID; }
teardown_file() { stop_postgres; }

setup() {
  export NX_DATA_PATH=$BATS_TEST_TMPDIR
  begin_on_postgres
  nx-db init >/dev/null
  instrument | nx-db instruments import
}

teardown() { end_jobs_and_servers; }

instrument() {
  jq -nc '{kind:"instrument",instrument_pid:"TEM",api_url:"a",calendar_url:"c",location:"l",display_name:"TEM",property_tag:"1",
    filestore_path:"TEM",harvester:"nemo",timezone:"UTC"}'
}
event() {
  printf '{"kind":"usage_event","session_identifier":"%s","instrument_pid":"TEM","start":"2025-03-03T11:00:00Z","end":"2025-03-03T12:00:00Z","user":"ned"}\n' "$1"
}

sql() { psql_says "$@"; }
version() { sql 'SELECT version_num FROM alembic_version'; }

# until_sql ANSWER QUERY: waits until the server gives that answer.
until_sql() {
  local tries=0
  until [ "$(sql "$2" 2>/dev/null)" = "$1" ]; do tries=$((tries + 1)); [ $tries -lt 600 ] || fail "never $1: $2"; sleep 0.05; done
}

# hold TABLE: another session locks it against everybody who writes, until let_go.
hold() {
  rm -f holder
  mkfifo holder
  psql -Xq <holder >/dev/null 2>&1 3>&- &
  HOLDER=$!
  exec 7>holder
  echo "BEGIN; LOCK TABLE $1 IN SHARE MODE;" >&7
  until_sql 1 "SELECT count(*) FROM pg_locks WHERE relation = '$1'::regclass AND mode = 'ShareLock' AND granted"
}
let_go() {
  exec 7>&-
  wait "$HOLDER" || true
}

# start COMMAND…: nx-db in the background, until it waits for the table that is held.
start() {
  nx-db "$@" <&0 >out 2>err 3>&- 7>&- &
  RUNNING=$!
  until_waiting
}
until_waiting() {
  until_sql 1 "SELECT count(*) FROM pg_stat_activity WHERE datname = '$PGDATABASE' AND usename = 'nx' AND wait_event_type = 'Lock'"
}

# Ways to lose the connection of what waits. `cut` is the administrator's; `crash` is `pg_ctl stop -m immediate`, and the server comes back.
cut_it() {
  [ "$(sql "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '$PGDATABASE' AND usename = 'nx' AND wait_event_type = 'Lock'")" = t ]
}
crash() {
  halt_postgres QUIT
  exec 7>&-
  PGDATABASE=postgres boot_postgres
}

# ends_with STATUS: what started has ended so.
ends_with() {
  local status=0
  wait $RUNNING || status=$?
  [ "$status" = "$1" ] || fail "exit $status: $(cat err)"
}

# names_the_server REASON: standard error is one sentence that says which server was lost and why, and holds no password.
names_the_server() {
  [ "$(wc -l <err)" = 1 ] || fail "$(cat err)"
  grep -q "the connection to the PostgreSQL server at host $PG_FOLDER, port 5432 was lost: $1" err || fail "$(cat err)"
  refute_secret
}
refute_secret() { run ! grep -qF -e 'pa:ss@word' -e 'pa%3Ass%40word' err; }

TERMINATED='terminating connection due to administrator command'
CRASHED='server closed the connection unexpectedly'

# ---------------------------------------------------------------------------------------------------------------- upgrade

# old_database: at the first revision, with a session of two rows; there is no backup.
old_database() {
  event s1 | nx-db log-events
  nx-db downgrade v1_4_3 >/dev/null
  sql "DROP SCHEMA $(sql "SELECT string_agg(nspname, ', ') FROM pg_namespace WHERE nspname LIKE 'nexuslims_backup_%'") CASCADE" 2>/dev/null
}
columns() { sql "SELECT string_agg(column_name, ' ' ORDER BY ordinal_position) FROM information_schema.columns WHERE table_schema = 'public' AND table_name = 'instruments'"; }
constraints() { sql "SELECT count(*) FROM pg_constraint WHERE conrelid = 'session_log'::regclass AND contype = 'c'"; }
# stands_at REVISION: nothing of the next one is there, every row is, and the one backup is whole.
stands_at() {
  [ "$(version)" = "$1" ]
  [ "$(sql 'SELECT count(*) FROM session_log')" = 2 ]
  [ "$(sql "SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'nexuslims_backup_%'")" = 1 ]
  [ "$(sql "SELECT count(*) FROM $(sql "SELECT nspname FROM pg_namespace WHERE nspname LIKE 'nexuslims_backup_%'").session_log")" = 2 ]
}
goes_on() {
  nx-db upgrade >/dev/null
  [ "$(version)" = v2_5_0b ]
  [ "$(sql 'SELECT count(*) FROM session_log')" = 2 ]
  event s2 | nx-db log-events
}

@test "an upgrade whose connection is cut inside a step stays at the revision before it, and the next one goes on" {
  old_database
  hold session_log
  start upgrade
  cut_it
  ends_with 1
  names_the_server "$TERMINATED"
  let_go
  stands_at v2_4_0a
  [ "$(constraints)" = 0 ]
  goes_on
}

@test "an upgrade whose server crashes inside a step stays at the revision before it, and the next one goes on" {
  old_database
  before=$(columns)
  hold instruments
  start upgrade
  crash
  ends_with 1
  names_the_server "$CRASHED"
  stands_at v2_5_0a
  [ "$(columns)" = "$before" ]
  goes_on
}

@test "a downgrade whose server crashes inside a step stays at the revision that it had, and the next one goes on" {
  event s1 | nx-db log-events
  before=$(columns)
  hold instruments
  start downgrade v1_4_3
  crash
  ends_with 1
  names_the_server "$CRASHED"
  stands_at v2_5_0b
  [ "$(columns)" = "$before" ]
  nx-db downgrade v1_4_3 >/dev/null
  [ "$(version)" = v1_4_3 ]
}

# ------------------------------------------------------------------------------------------------------------ log-results

# result: of a session that a run has claimed: its record is there, and was exported.
result() {
  event s1 | nx-db log-events
  nx-db pending --claim |
    jq -c '.status="COMPLETED"|.exports=[{destination_name:"cdcs",success:true,timestamp:"2025-03-03T13:00:00Z",record_id:"7"}]' >result
}
stored() { sql "SELECT string_agg(DISTINCT record_status, ' '), (SELECT count(*) FROM upload_log) FROM session_log WHERE event_type = 'START'"; }

@test "an event whose connection is cut inside its transaction is stored once more, and once" {
  hold session_log
  event s1 >events
  start log-events <events
  cut_it
  until_waiting
  let_go
  ends_with 0
  grep -q "the connection to the PostgreSQL server at .* was lost: $TERMINATED" err
  [ "$(tail -n 1 err)" = "1 added, 0 known" ]
  [ "$(sql 'SELECT count(*) FROM session_log')" = 2 ]
}

@test "a connection that is cut while the harvest waits for a server costs no event" {
  mkfifo events
  nx-db log-events <events 2>err 3>&- &
  RUNNING=$!
  exec 8>events
  event s1 >&8
  until_sql 2 'SELECT count(*) FROM session_log'
  sql "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '$PGDATABASE' AND usename = 'nx'" >/dev/null
  event s2 >&8
  exec 8>&-
  ends_with 0
  [ "$(tail -n 1 err)" = "2 added, 0 known" ]
  [ "$(sql 'SELECT count(*) FROM session_log')" = 4 ]
}

@test "what the server ends because it took too long is an error with the server's words, not an interruption" {
  hold session_log
  sql "ALTER ROLE nx SET statement_timeout = '100ms'" >/dev/null
  event s1 >events
  run --separate-stderr nx-db log-events <events
  sql "ALTER ROLE nx RESET statement_timeout" >/dev/null
  let_go
  assert_failure 1
  [[ "$stderr" == *"canceling statement due to statement timeout"* ]]
}

@test "a result whose connection is cut inside its transaction is stored once more, and once" {
  result
  hold upload_log
  start log-results <result
  cut_it
  until_waiting
  let_go
  ends_with 0
  names_the_server "$TERMINATED"
  [ "$(stored)" = 'COMPLETED|1' ]
  diff <(jq -cS . result) <(jq -cS . out)
}

@test "a result whose server crashes inside its transaction, and comes back, is stored once" {
  result
  hold upload_log
  start log-results <result
  crash
  ends_with 0
  names_the_server "$CRASHED"
  [ "$(stored)" = 'COMPLETED|1' ]
  [ "$(wc -l <out)" = 1 ]
}

@test "a result that loses its connection twice ends log-results with 1 and leaves the session as it was; the same line is stored later" {
  result
  hold upload_log
  start log-results <result
  cut_it
  until_waiting
  cut_it
  ends_with 1
  let_go
  [ "$(grep -c 'session s1' err)" = 2 ]
  grep -q "session s1 could not be stored: the connection to the PostgreSQL server at host $PG_FOLDER, port 5432 was lost: $TERMINATED" err || fail "$(cat err)"
  refute_secret
  [ ! -s out ]
  [ "$(stored)" = 'TO_BE_BUILT|0' ]
  nx-db log-results <result >/dev/null
  [ "$(stored)" = 'COMPLETED|1' ]
}

# ----------------------------------------------------------------------------------------------------------------- import

@test "an import whose server crashes inside its transaction leaves no row, and can be done again" {
  event s1 | nx-db log-events
  nx-db export -o snapshot >/dev/null
  fresh_database
  nx-db init >/dev/null
  hold upload_log
  start import snapshot
  crash
  ends_with 1
  names_the_server "$CRASHED"
  [ "$(sql 'SELECT (SELECT count(*) FROM instruments) + (SELECT count(*) FROM session_log)')" = 0 ]
  [ "$(version)" = v2_5_0b ]
  nx-db import snapshot >/dev/null
  [ "$(sql 'SELECT (SELECT count(*) FROM instruments) + (SELECT count(*) FROM session_log)')" = 3 ]
}

# ------------------------------------------------------------------------------------- an answer that does not come any more

# silent_commits: from now on the server keeps what nx-db commits, and does not say so: it waits for a standby that nobody has.
silent_commits() {
  halt_postgres
  PGDATABASE=postgres boot_postgres -c synchronous_standby_names=nobody -c synchronous_commit=local
  sql "ALTER ROLE nx IN DATABASE $PGDATABASE SET synchronous_commit = on"
}
silent() { echo "FROM pg_stat_activity WHERE datname = '$PGDATABASE' AND usename = 'nx' AND wait_event = 'SyncRep'"; }

# start_to_commit COMMAND…: nx-db in the background, until a COMMIT of it waits for its answer.
start_to_commit() {
  nx-db "$@" <&0 >out 2>err 3>&- &
  RUNNING=$!
  until_sql 1 "SELECT count(*) $(silent)"
}
# next_commit: that COMMIT is answered, and the next one waits.
next_commit() {
  local began
  began=$(sql "SELECT query_start $(silent)")
  [ "$(sql "SELECT pg_cancel_backend(pid) $(silent)")" = t ]
  until_sql 1 "SELECT count(*) $(silent) AND query_start > '$began'"
}
# cut_answer: what it committed is there, and nx-db does not hear of it. Connections that come after that one are answered.
cut_answer() {
  sql "ALTER ROLE nx IN DATABASE $PGDATABASE RESET synchronous_commit"
  [ "$(sql "SELECT pg_terminate_backend(pid) $(silent)")" = t ]
}

# leaves_it_open: standard error is one sentence that does not claim to know what became of the last change.
leaves_it_open() {
  names_the_server "$CRASHED"
  grep -q ': whether the last change was stored is not known: the connection to ' err || fail "$(cat err)"
}

@test "an upgrade that does not hear of a step that was done ends at that revision, and the next one goes on" {
  old_database
  silent_commits
  start_to_commit upgrade
  next_commit
  cut_answer
  ends_with 1
  leaves_it_open
  stands_at v2_4_0a
  goes_on
}

@test "a result that was stored and whose answer is lost is stored once" {
  result
  silent_commits
  start_to_commit log-results <result
  cut_answer
  ends_with 0
  leaves_it_open
  [ "$(stored)" = 'COMPLETED|1' ]
  diff <(jq -cS . result) <(jq -cS . out)
}

@test "an import that was done and whose answer is lost says that this is not known; every row is there, and none is added" {
  event s1 | nx-db log-events
  nx-db export -o snapshot >/dev/null
  fresh_database
  nx-db init >/dev/null
  silent_commits
  start_to_commit import snapshot
  cut_answer
  ends_with 1
  leaves_it_open
  [ "$(sql 'SELECT (SELECT count(*) FROM instruments) + (SELECT count(*) FROM session_log)')" = 3 ]
  run nx-db import snapshot
  assert_failure 1
  assert_output --partial 'Database is not empty'
}
