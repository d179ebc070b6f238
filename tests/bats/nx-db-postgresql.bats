#!/usr/bin/env bats
# nx-db on PostgreSQL: what is PostgreSQL's alone — making and migrating, rights, lost connections (database 10, igem-db 1 and 5.1).
bats_require_minimum_version 1.5.0
load lib
load postgres

setup_file() { start_postgres && export FIRST_PG_PID=$PG_PID; }
teardown_file() { stop_postgres; }

setup() {
  export NX_TEST_TIME_SCALE=0.1
  begin_on_postgres
}

teardown() { end_jobs_and_servers; }

sql() { psql_says "$@"; }
version() { sql 'SELECT version_num FROM alembic_version'; }
backups() { sql "SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'nexuslims_backup_%'"; }
# schema: of our tables, as the server tells it
schema() { pg_dump --schema=public --schema-only --no-owner "$@" | grep -v '^--\|^\\\|^SET\|^SELECT\|^$\| SCHEMA '; }
masked() { sed 's|//\([^:]*\):[^@]*@|//\1:***@|' <<<"$NX_DB_PATH"; }

instrument() {
  jq -nc '{kind:"instrument",instrument_pid:"TEM",api_url:"a",calendar_url:"c",location:"l",display_name:"TEM",property_tag:"1",
    filestore_path:"TEM",harvester:"nemo",timezone:"UTC"}'
}
event() {
  printf '{"kind":"usage_event","session_identifier":"%s","instrument_pid":"TEM","start":"2025-03-03T11:00:00Z","end":"2025-03-03T12:00:00Z","user":"ned"}\n' "$1"
}

# golden: the rows of the corpus at the baseline: 5 instruments, 41 session logs, some of instruments that are gone
golden() {
  need_corpus db
  nx-db init >/dev/null
  nx-db downgrade v1_4_3 >/dev/null
  sql "ALTER TABLE session_log DROP CONSTRAINT session_log_instrument_fkey; DROP SCHEMA $(sql "SELECT string_agg(nspname, ', ') FROM pg_namespace WHERE nspname LIKE 'nexuslims_backup_%'") CASCADE" 2>/dev/null
  local table columns
  for table in instruments session_log; do
    columns=$(sqlite3 "$CORPUS/db/v1_4_3.sqlite" "SELECT group_concat('\"' || name || '\"') FROM pragma_table_info('$table')")
    sqlite3 -csv "$CORPUS/db/v1_4_3.sqlite" "SELECT * FROM $table" | psql -Xqc "\\copy $table ($columns) FROM STDIN CSV"
  done
}

@test "init makes the database that the address names, when its user may" {
  sql "ALTER ROLE nx CREATEDB"
  NX_DB_PATH=${NX_DB_PATH/$PGDATABASE/made_$PGDATABASE} run nx-db init
  sql "ALTER ROLE nx NOCREATEDB"
  assert_success
  assert_output "Initializing database at $(masked | sed "s/$PGDATABASE/made_$PGDATABASE/")...
✓ Database initialized successfully
  Current version: v2_5_0b"
  [ "$(PGDATABASE=made_$PGDATABASE version)" = v2_5_0b ]
}

@test "init that may not make the database says so and leaves nothing" {
  NX_DB_PATH=${NX_DB_PATH/$PGDATABASE/none_$PGDATABASE} run --separate-stderr nx-db init
  assert_failure 1
  [[ "$stderr" == "Error initializing database: there is no database \"none_$PGDATABASE\", and it cannot be created: permission denied"* ]] || fail "$stderr"
  [ "$(sql "SELECT count(*) FROM pg_database WHERE datname LIKE 'none_%'")" = 0 ]
}

@test "init that fails takes back the tables, and the database that it made" {
  mkdir migrations && cp -rL "$NX_SOURCE/migrations/nexuslims" migrations/
  echo 'SELECT nonsense;' >>migrations/nexuslims/v2_5_0a_add_external_user_identifiers.up.postgresql.sql
  export NX_MIGRATIONS_PATH=$PWD/migrations
  run --separate-stderr nx-db init
  assert_failure 1
  [[ "$stderr" == "Error initializing database: column \"nonsense\" does not exist"* ]] || fail "$stderr"
  [ -z "$(schema)" ]
  sql "ALTER ROLE nx CREATEDB"
  NX_DB_PATH=${NX_DB_PATH/$PGDATABASE/again_$PGDATABASE} run --separate-stderr nx-db init
  sql "ALTER ROLE nx NOCREATEDB"
  assert_failure 1
  [ "$(sql "SELECT count(*) FROM pg_database WHERE datname LIKE 'again_%'")" = 0 ]
}

# let_go_when N: the lock on the list of databases that fd 7's psql holds, when N sessions wait for it
let_go_when() {
  local tries=0
  until [ "$(sql "SELECT count(*) FROM pg_locks WHERE relation = 'pg_catalog.pg_database'::regclass AND NOT granted")" = "$1" ]; do
    tries=$((tries + 1))
    [ $tries -lt 600 ] || fail "$1 never waited"
    sleep 0.05
  done
  exec 7>&-
}

# create_both COMMAND…: two of them on one database that is not there yet, past the look for it before either makes it; sets `first`, `second`
create_both() {
  mkfifo holder
  psql -Xq <holder >/dev/null 2>&1 3>&- &
  local holder=$!
  exec 7>holder
  echo 'BEGIN; LOCK TABLE pg_catalog.pg_database IN SHARE MODE;' >&7
  timeout 60 "$@" >one 2>&1 3>&- 7>&- &
  local one=$!
  timeout 60 "$@" >two 2>&1 3>&- 7>&- &
  local two=$!
  let_go_when 2
  first=0 second=0
  wait $one || first=$?
  wait $two || second=$?
  wait $holder || true
}

@test "two inits at once on a database that is not there: one makes it, the other leaves it alone and says so" {
  sql "ALTER ROLE nx CREATEDB"
  for command in 'nx-db init' 'igem-server db create'; do
    rm -f holder
    name=both_${PGDATABASE}_${command%%-*}
    address=${NX_DB_PATH/$PGDATABASE/$name}
    NX_DB_PATH=$address IGEM_DB_URI=$address create_both $command
    assert_equal "$((first + second))" 1
    run cat one two
    assert_output --partial 'another process has '
    assert_equal "$(PGDATABASE=$name sql 'SELECT count(*) FROM alembic_version')" 1
  done
  sql "ALTER ROLE nx NOCREATEDB"
}

@test "an init that fails leaves the database that it made when somebody else keeps something there by now" {
  mkdir migrations && cp -rL "$NX_SOURCE/migrations/nexuslims" migrations/
  cat >>migrations/nexuslims/v2_5_0a_add_external_user_identifiers.up.postgresql.sql <<'END'
DO $$ BEGIN FOR i IN 1..600 LOOP EXIT WHEN to_regclass('public.theirs') IS NOT NULL; PERFORM pg_sleep(0.05); END LOOP; END $$;
SELECT nonsense;
END
  name=shared_$PGDATABASE
  sql "ALTER ROLE nx CREATEDB"
  NX_MIGRATIONS_PATH=$PWD/migrations NX_DB_PATH=${NX_DB_PATH/$PGDATABASE/$name} timeout 60 nx-db init >out 2>err 3>&- &
  init=$!
  for _ in $(seq 600); do
    PGDATABASE=$name sql 'CREATE TABLE theirs (a int)' 2>/dev/null && break
    sleep 0.05
  done
  status=0
  wait $init || status=$?
  sql "ALTER ROLE nx NOCREATEDB"
  assert_equal "$status" 1
  grep -q 'column "nonsense" does not exist' err || fail "$(cat err)"
  assert_equal "$(PGDATABASE=$name sql "SELECT string_agg(relname, ' ') FROM pg_stat_user_tables")" theirs
}

@test "a database of an administrator is initialised without --force, beside what others keep there" {
  sql "CREATE TABLE theirs (a int); INSERT INTO theirs VALUES (7)"
  run nx-db check
  assert_failure 2
  assert_output "Error: Database does not exist. Run 'nexuslims db init' first."
  run nx-db init
  assert_success
  run nx-db init
  assert_failure 1
  assert_output "Error: Database already exists at $(masked)
Use --force to overwrite, or remove the file manually."
  run nx-db init --force
  assert_success
  [ "$(sql 'SELECT a FROM theirs')" = 7 ]
}

@test "init --force moves the old tables into a backup schema with their rows" {
  nx-db init >/dev/null
  instrument | nx-db instruments import
  run nx-db init --force
  assert_success
  assert_line --regexp '^✓ Database backup created: schema nexuslims_backup_[0-9]{8}_[0-9]{6}$'
  backup=$(grep -o 'nexuslims_backup_[0-9_]*' <<<"$output")
  [ "$(sql "SELECT instrument_pid FROM $backup.instruments")" = TEM ]
  [ "$(sql 'SELECT count(*) FROM instruments')" = 0 ]
  run nx-db alembic check
  assert_success
}

@test "every revision goes up and down and up again, with the lines of SQLite" {
  golden
  run nx-db upgrade
  assert_success
  assert_output --regexp '^✓ Database backup created: schema nexuslims_backup_[0-9_]*
→ Migrating 41 session logs...
✓ Data integrity verified for instruments: 5 rows preserved
✓ Data integrity verified for session_log_new: 41 rows preserved
✓ Data integrity verified: 5 instruments, 41 session logs preserved
✓ Database upgraded successfully
  v1_4_3 -> v2_5_0b$'
  run nx-db downgrade v1_4_3
  assert_success
  assert_line '→ Downgrading 41 session logs...'
  assert_line '✓ Data integrity verified for session_log_old: 41 rows preserved'
  [ "$(sql "SELECT string_agg(column_name, ' ' ORDER BY ordinal_position) FROM information_schema.columns WHERE table_schema = 'public' AND table_name = 'instruments'")" = \
    "instrument_pid api_url calendar_url location schema_name property_tag filestore_path harvester timezone computer_name computer_ip computer_mount calendar_name" ]
  nx-db upgrade >/dev/null
  [ "$(version)" = v2_5_0b ]
  [ "$(sql 'SELECT count(*) FROM session_log')" = 41 ]
  nx-db downgrade base >/dev/null
  [ "$(schema | grep -c 'CREATE TABLE')" = 1 ]
  [ -z "$(version)" ]
}

@test "the schema at head has the tables, columns and indexes of SQLite in their order" {
  nx-db init >/dev/null
  NX_DB_PATH=peer.sqlite nx-db init >/dev/null
  for table in alembic_version external_user_identifiers instruments session_log upload_log; do
    [ "$(sql "SELECT string_agg(column_name, ' ' ORDER BY ordinal_position) FROM information_schema.columns WHERE table_schema = 'public' AND table_name = '$table'")" = \
      "$(sqlite3 peer.sqlite "SELECT group_concat(name, ' ') FROM pragma_table_info('$table')")" ] || fail "$table"
  done
  [ "$(sql "SELECT string_agg(indexname, ' ' ORDER BY indexname COLLATE \"C\") FROM pg_indexes WHERE schemaname = 'public' AND indexname ~ '^(ix|idx)_'")" = \
    "$(sqlite3 peer.sqlite "SELECT group_concat(name, ' ') FROM (SELECT name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL ORDER BY name)")" ]
  [ "$(sql "SELECT string_agg(conname, ' ' ORDER BY conname COLLATE \"C\") FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND (contype = 'c' OR conname ~ 'UNIQUE')")" = \
    "check_event_type check_record_status nexuslims_username_system_UNIQUE system_external_id_UNIQUE valid_external_system" ]
}

@test "a row that a later check refuses stops the upgrade at the revision before, and is named" {
  golden
  sql "UPDATE session_log SET record_status = 'BAD' WHERE id_session_log = (SELECT min(id_session_log) FROM session_log)"
  first=$(sql 'SELECT min(id_session_log) FROM session_log')
  run --separate-stderr nx-db upgrade
  assert_failure 1
  [ "$stderr" = "Error upgrading database: CHECK constraint failed: check_record_status (session_log: id_session_log $first has record_status 'BAD')" ]
  [ "$(version)" = v2_4_0a ]
  [ "$(sql "SELECT count(*) FROM pg_constraint WHERE conname LIKE 'check_%'")" = 0 ]
}

@test "the backup schema holds every row of before" {
  nx-db init >/dev/null
  instrument | nx-db instruments import
  nx-db downgrade >backup.txt
  backup=$(grep -o 'nexuslims_backup_[0-9_]*' backup.txt)
  [ "$(sql "SELECT display_name FROM $backup.instruments")" = TEM ]
  [ "$(sql "SELECT version_num FROM $backup.alembic_version")" = v2_5_0b ]
}

@test "nothing to do, or a plan that is no good: no backup" {
  nx-db init >/dev/null
  nx-db upgrade >/dev/null
  run nx-db upgrade v9_9_9
  assert_failure 1
  [ "$(backups)" = 0 ]
}

@test "without the right to make a schema nothing is migrated, and the grant is named" {
  nx-db init >/dev/null
  sql "ALTER DATABASE $PGDATABASE OWNER TO admin"
  run --separate-stderr nx-db downgrade
  assert_failure 1
  [[ "$stderr" == *"no backup could be made, so nothing was changed: a backup needs the right to make a schema (GRANT CREATE ON DATABASE "* ]] || fail "$stderr"
  [ "$(version)" = v2_5_0b ]
}

@test "tables without a revision are not migrated" {
  nx-db init >/dev/null
  sql "DROP TABLE alembic_version"
  before=$(schema)
  run nx-db upgrade
  assert_failure 1
  assert_output --partial "nexuslims db alembic stamp v1_4_3"
  [ "$(schema)" = "$before" ]
}

@test "two upgrades at once: one does it, the other finds it done or says that it was" {
  golden
  nx-db upgrade >one 2>&1 &
  first=$!
  nx-db upgrade >two 2>&1 || grep -q 'another process has migrated this database' two || fail "$(cat two)"
  wait $first || grep -q 'another process has migrated this database' one || fail "$(cat one)"
  [ "$(version)" = v2_5_0b ]
  [ "$(sql 'SELECT count(*) FROM session_log')" = 41 ]
}

@test "the script of an upgrade, run by psql, gives the database that upgrade gives, and the one back empties it" {
  nx-db upgrade --sql >up.sql
  [ "$(head -n 1 up.sql)" = "BEGIN;" ]
  psql -Xqv ON_ERROR_STOP=1 -f up.sql
  scripted=$(schema)
  nx-db downgrade head:base --sql | psql -Xqv ON_ERROR_STOP=1
  [ -z "$(schema)" ]
  nx-db init >/dev/null
  [ "$(schema)" = "$scripted" ]
}

@test "alembic: check compares with what the revisions build, stamp warns of a schema that looks different" {
  nx-db init >/dev/null
  run nx-db alembic check
  assert_success
  sql "ALTER TABLE instruments ADD COLUMN colour varchar; DROP INDEX idx_external_lookup; ALTER TABLE session_log DROP CONSTRAINT check_event_type"
  run nx-db alembic check
  assert_failure 255
  assert_output --partial "extra column instruments.colour"
  assert_output --partial "missing index idx_external_lookup"
  assert_output --partial "missing constraint of session_log: CHECK"
  run nx-db alembic stamp v1_4_3
  assert_success
  assert_output --partial "Warning: the schema does not look like v1_4_3"
  [ "$(version)" = v1_4_3 ]
  run nx-db alembic current
  assert_output "v1_4_3"
}

@test "autogenerate, which writes the SQL of SQLite, says so" {
  nx-db init >/dev/null
  mkdir migrations && cp -rL "$NX_SOURCE/migrations/nexuslims" migrations/
  NX_MIGRATIONS_PATH=$PWD/migrations run nx-db alembic revision --autogenerate -m x
  assert_failure 255
  assert_output --partial SQLite
}

@test "a server that is not there is named by every command, and the password by none" {
  export NX_DB_PATH=postgresql://nx:geheim0815@127.0.0.1:1/nexuslims
  while IFS='|' read -r expected words; do
    run nx-db $words </dev/null
    [ "$status" = "$expected" ] || fail "$words: exit $status"
    [[ "$output" == *127.0.0.1*", port 1 failed: Connection refused"* ]] || fail "$words: $output"
    [[ "$output" != *geheim* ]] || fail "$words: $output"
  done <<'CASES'
1|init
1|init --force
1|upgrade
1|downgrade
1|current
2|check
1|status
1|info
1|history -i
1|instruments
1|instruments list
1|instruments import
1|users list
1|log-events
1|pending
1|pending --claim
1|log-results
0|preflight
1|alembic current
1|alembic stamp head
CASES
}

@test "a wrong password is told from a database that is not there" {
  nx-db init >/dev/null
  NX_DB_PATH=${NX_DB_PATH/word@/wort@} run nx-db check
  assert_failure 2
  assert_output --regexp '^Error checking migrations: database postgresql:.* connection to server on socket .* failed: FATAL:  password authentication failed for user "nx"$'
  refute_output --partial wort
}

@test "passwords come from a passfile too" {
  nx-db init >/dev/null
  echo "*:*:*:nx:pa\\:ss@word" >pass
  chmod 600 pass
  NX_DB_PATH="postgres://nx@/$PGDATABASE?host=$PG_FOLDER&passfile=$PWD/pass" run nx-db check
  assert_success
}

@test "addresses of other programs, with a driver in the scheme, are understood" {
  nx-db init >/dev/null
  NX_DB_PATH=${NX_DB_PATH/postgresql:/postgresql+psycopg2:} run nx-db check
  assert_success
}

@test "--reclaim waits for a lease like --claim, however the address is written: of two hosts of a name neither knows what lives on the other" {
  nx-db init >/dev/null
  instrument | nx-db instruments --import 2>/dev/null
  event s1 | nx-db log-events 2>/dev/null
  setsid -w bash -c 'nx-db pending --claim >claimed' 3>&-
  [ "$(wc -l <claimed)" = 1 ]
  sql "UPDATE nx_session_lease SET expires_at = '2999-01-01T00:00:00.000000+00:00'"
  address=${NX_DB_PATH#*://}
  for scheme in postgresql postgres postgresql+psycopg2; do
    NX_DB_PATH="$scheme://$address" run --separate-stderr nx-db pending --reclaim
    assert_success
    assert_output ""
  done
  sql "UPDATE nx_session_lease SET expires_at = '2020-01-01T00:00:00.000000+00:00'"
  run --separate-stderr nx-db pending --reclaim
  assert_json .session_identifier s1
}

@test "somebody without rights on the tables is told which" {
  nx-db init >/dev/null
  sql "DROP ROLE IF EXISTS guest; CREATE ROLE guest LOGIN PASSWORD 'guest'"
  NX_DB_PATH="postgresql://guest:guest@/$PGDATABASE?host=$PG_FOLDER" run nx-db instruments
  assert_failure 1
  assert_output --partial "permission denied for table instruments"
}

@test "commands that read change nothing, not even with the right to" {
  nx-db init >/dev/null
  instrument | nx-db instruments import
  before=$(pg_dump --no-owner | grep -v '^\\' | sha256sum)
  for words in check current status info "history -i" instruments "instruments list" "users list" "pending -n" preflight "alembic check" "upgrade --sql"; do
    nx-db $words </dev/null >/dev/null || fail "$words"
  done
  [ "$(pg_dump --no-owner | grep -v '^\\' | sha256sum)" = "$before" ]
}

@test "identifiers longer than the columns of SQLite say are kept, and text is ordered by its bytes" {
  nx-db init >/dev/null
  instrument | nx-db instruments import
  long=https://nemo.example.com/api/usage_events/?id=$(printf '%0100d' 7)
  event "$long" | nx-db log-events
  [ "$(nx-db pending -n | jq -r .session_identifier)" = "$long" ]
  for pid in b A a B; do instrument | jq -c --arg p $pid '.instrument_pid=$p|.api_url="of "+$p'; done | nx-db instruments import
  [ "$(nx-db instruments | jq -r .instrument_pid | tr '\n' ' ')" = "A B TEM a b " ]
}

@test "sessions of instruments that are gone stay, new ones are refused" {
  golden
  nx-db upgrade >/dev/null
  sql "ALTER TABLE session_log ADD FOREIGN KEY (instrument) REFERENCES instruments (instrument_pid) NOT VALID"
  [ "$(sql 'SELECT count(*) FROM session_log')" = 41 ]
  run sql "INSERT INTO session_log (session_identifier, instrument, timestamp, event_type, record_status) VALUES ('x', 'gone', 't', 'START', 'ERROR')"
  assert_failure
}

# slow_instrument PID: the row of this instrument takes half a minute to insert
slow_instrument() {
  sql "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(30); RETURN NEW; END';
    CREATE TRIGGER slow BEFORE INSERT ON instruments FOR EACH ROW WHEN (NEW.instrument_pid = '$1') EXECUTE FUNCTION slow()"
}

@test "a connection that is cut in the middle of a transaction leaves nothing of it, and the server is named" {
  nx-db init >/dev/null
  slow_instrument B
  { instrument; instrument | jq -c '.instrument_pid="B"|.api_url="b"'; } >lines
  nx-db instruments import <lines >out 2>&1 3>&- &
  RUNNING=$!
  tries=0
  until [ "$(sql "SELECT count(*) FROM pg_stat_activity WHERE datname = '$PGDATABASE' AND wait_event = 'PgSleep' AND query LIKE 'INSERT%'")" = 1 ]; do
    tries=$((tries + 1)); [ $tries -lt 200 ] || fail "no transaction"; sleep 0.05
  done
  sql "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '$PGDATABASE' AND pid <> pg_backend_pid()"
  status=0
  wait $RUNNING || status=$?
  [ "$status" = 1 ]
  grep -q "the connection to the PostgreSQL server at host $PG_FOLDER, port 5432 was lost: terminating connection due to administrator command" out || fail "$(cat out)"
  [ "$(sql 'SELECT count(*) FROM instruments')" = 0 ]
}

@test "a server that is started again in the middle of a run costs no result" {
  nx-db init >/dev/null
  instrument | nx-db instruments import
  { event s1; event s2; } | nx-db log-events
  nx-db pending --claim | jq -c '.status="COMPLETED"' >results
  mkfifo lines
  NX_TEST_TIME_SCALE=1 nx-db log-results <lines >out 2>err 3>&- &
  RUNNING=$!
  exec 8>lines
  head -n 1 results >&8
  tries=0
  until [ -s out ]; do tries=$((tries + 1)); [ $tries -lt 200 ] || fail "nothing stored"; sleep 0.05; done
  halt_postgres
  PGDATABASE=postgres boot_postgres
  tail -n 1 results >&8
  exec 8>&-
  wait $RUNNING || fail "$(cat err)"
  [ "$(wc -l <out)" = 2 ]
  [ "$(sql 'SELECT DISTINCT record_status FROM session_log')" = COMPLETED ]
}

@test "a server that stays away ends log-results with 1, the reason, and the session as it was" {
  nx-db init >/dev/null
  instrument | nx-db instruments import
  event s1 | nx-db log-events
  nx-db pending --claim | jq -c '.status="COMPLETED"' >results
  mkfifo lines
  nx-db log-results <lines >out 2>err 3>&- &
  RUNNING=$!
  exec 8>lines
  tries=0
  until [ "$(sql "SELECT count(*) FROM pg_stat_activity WHERE datname = '$PGDATABASE' AND pid <> pg_backend_pid()")" -ge 1 ]; do
    tries=$((tries + 1)); [ $tries -lt 200 ] || fail "no connection"; sleep 0.05
  done
  halt_postgres
  cat results >&8
  exec 8>&-
  status=0
  wait $RUNNING || status=$?
  [ "$status" = 1 ] || fail "exit $status"
  grep -q 'session s1 could not be stored: the connection to the PostgreSQL server at host' err || fail "$(cat err)"
  [ ! -s out ]
  PGDATABASE=postgres boot_postgres
  [ "$(sql "SELECT DISTINCT record_status FROM session_log WHERE event_type = 'START'")" = TO_BE_BUILT ]
}

@test "an upgrade that is killed leaves one revision, and the next one goes on" {
  golden
  for delay in 0.01 0.02 0.03 0.05 0.08; do
    timeout -s KILL $delay nx-db upgrade >/dev/null 2>&1 || true
    [[ "$(version)" == v[12]_* ]]
    [ "$(sql 'SELECT count(*) FROM session_log')" = 41 ]
  done
  nx-db upgrade >/dev/null
  [ "$(version)" = v2_5_0b ]
}

@test "an event that a database of Latin-1 cannot hold costs itself alone" {
  psql -qd postgres -c "CREATE DATABASE ${PGDATABASE}_latin OWNER nx TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'"
  NX_DB_PATH=${NX_DB_PATH/"$PGDATABASE"/"${PGDATABASE}_latin"} PGDATABASE=${PGDATABASE}_latin
  run nx-db init
  assert_output --partial "its encoding is LATIN1"
  instrument | nx-db instruments import
  run --separate-stderr nx-db log-events < <(event s1 | sed 's/ned/Ω/'; event s2)
  assert_failure 1
  [[ "$stderr" == *"line 1: s1 cannot be stored and is left out: "*"1 added, 0 known"* ]]
  [ "$(sql "SELECT DISTINCT session_identifier FROM session_log")" = s2 ]
}

@test "an event whose identifier is too long for an index costs itself alone" {
  nx-db init >/dev/null
  instrument | nx-db instruments import
  local long
  long=$(od -An -vtx1 -N4000 /dev/urandom | tr -d ' \n')
  run --separate-stderr nx-db log-events < <(event "$long"; event s2)
  assert_failure 1
  [[ "$stderr" == *"line 1: "*" cannot be stored and is left out: "*"1 added, 0 known"* ]]
  [ "$(sql "SELECT DISTINCT session_identifier FROM session_log")" = s2 ]
}

@test "a writer that waits too long for another one says that the database is locked" {
  nx-db init >/dev/null
  instrument | nx-db instruments import
  slow_instrument B
  instrument | jq -c '.instrument_pid="B"|.api_url="b"' >lines
  nx-db instruments import <lines >/dev/null 2>&1 3>&- &
  RUNNING=$!
  tries=0
  until [ "$(sql "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted")" -ge 1 ]; do
    tries=$((tries + 1)); [ $tries -lt 200 ] || fail "no lock"; sleep 0.05
  done
  NX_TEST_TIME_SCALE=0.01 run nx-db log-events < <(event s1)
  kill $RUNNING
  assert_failure 1
  assert_output --partial "the database is locked"
}

@test "the preflight finds a user of the database who may only read, but for a dry run" {
  nx-db init >/dev/null
  psql -qAt -c "DROP ROLE IF EXISTS reader" -c "CREATE ROLE reader LOGIN PASSWORD 'reader'" 2>/dev/null
  PGUSER=nx PGPASSWORD=pa:ss@word psql -qAt -c 'GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader'
  NX_DB_PATH="postgresql://reader:reader@/$PGDATABASE?host=$PG_FOLDER" run nx-db preflight
  assert_success
  assert_equal "$(jq -r 'select(.name == "db_reachable") | "\(.passed) \(.message)"' <<<"$output")" \
    "false the database postgresql://reader:***@/$PGDATABASE?host=$PG_FOLDER cannot be written to: its user lacks the right to do so: GRANT INSERT, UPDATE, DELETE ON session_log and INSERT ON upload_log"
  NX_DB_PATH="postgresql://reader:reader@/$PGDATABASE?host=$PG_FOLDER" run nx-db preflight -n
  assert_equal "$(jq -r 'select(.name == "db_reachable") | .passed' <<<"$output")" true
  run nx-db preflight
  assert_equal "$(jq -r 'select(.name == "db_reachable") | .passed' <<<"$output")" true
}
