#!/usr/bin/env bats
# igem-server: what each command does in each state a database can be in (igem-db §4), one line a cell, on both engines.
bats_require_minimum_version 1.5.0
load lib
load igem-server
load postgres

# state | command | exit status | what is printed | the versions afterwards: `=` nothing at all has changed
CELLS() {
  cat <<'END'
none          | status                    | 1 | Error: Database not found at                  | =
none          | upgrade                   | 1 | Error: Database not found at                  | =
none          | stamp-head                | 1 | Error: Database not found at                  | =
none          | stamp-head --force        | 1 | Error: Database not found at                  | =
none          | migrate-dry-run           | 1 | Error: Database not found at                  | =
none          | info                      | 1 | Error: Database not found at                  | =
none          | create                    | 0 | Stamp complete.                               | HEAD
none          | create --overwrite        | 0 | Stamp complete.                               | HEAD
empty         | status                    | 0 | → DB is NOT alembic-versioned. Use `db stamp-head` for an existing production schema. | =
empty         | upgrade                   | 1 | igem-server db stamp-head                     | =
empty         | stamp-head                | 0 | Stamping DB to head revision: HEAD            | HEAD
empty         | stamp-head --force        | 0 | Stamping DB to head revision: HEAD            | HEAD
empty         | migrate-dry-run           | 0 | From: None                                    | =
empty         | create                    | 0 | Stamp complete.                               | HEAD
empty         | create --overwrite        | 0 | Stamp complete.                               | HEAD
not-versioned | status                    | 0 | Versioned?     : False                        | =
not-versioned | upgrade                   | 1 | Run `igem-server db stamp-head` first         | =
not-versioned | stamp-head                | 0 | Stamp complete.                               | HEAD
not-versioned | stamp-head --force        | 0 | Stamp complete.                               | HEAD
not-versioned | migrate-dry-run           | 0 | From: None                                    | =
not-versioned | info                      | 0 | Revision    : None                            | =
not-versioned | create                    | 0 | [WARNING] Database already exists at          | =
not-versioned | create --overwrite        | 0 | Stamp complete.                               | HEAD
version-empty | status                    | 0 | → pending migrations available.               | =
version-empty | upgrade                   | 1 | Run `igem-server db stamp-head --force` first | =
version-empty | stamp-head                | 1 | Error: Refusing to stamp                      | =
version-empty | stamp-head --force        | 0 | Stamp complete.                               | HEAD
version-empty | migrate-dry-run           | 0 | From: None                                    | =
version-empty | info                      | 0 | Revision    : None                            | =
version-empty | create                    | 0 | [WARNING] Database already exists at          | =
version-empty | create --overwrite        | 1 | db stamp-head --force                         | =
behind        | status                    | 0 | → pending migrations available.               | =
behind        | upgrade                   | 0 | Migration complete: BASE → HEAD               | HEAD
behind        | stamp-head                | 1 | Error: Refusing to stamp: DB already has an alembic_version row. | =
behind        | stamp-head --force        | 0 | Stamp complete.                               | HEAD
behind        | migrate-dry-run           | 0 | From: BASE                                    | =
behind        | info                      | 0 | Revision    : BASE                            | =
behind        | create                    | 0 | [WARNING] Database already exists at          | =
behind        | create --overwrite        | 1 | run `igem-server db upgrade`                  | =
at-head       | status                    | 0 | → up-to-date.                                 | =
at-head       | upgrade                   | 0 | Schema up-to-date (revision=HEAD); nothing to do. | HEAD
at-head       | stamp-head                | 0 | Already at head (revision=HEAD); nothing to do. | =
at-head       | stamp-head --force        | 0 | Already at head (revision=HEAD); nothing to do. | =
at-head       | migrate-dry-run           | 0 | From: HEAD                                    | =
at-head       | info                      | 0 | Revision    : HEAD                            | =
at-head       | create                    | 0 | [WARNING] Database already exists at          | =
at-head       | create --overwrite        | 0 | Already at head (revision=HEAD); nothing to do. | HEAD
unknown       | status                    | 0 | → DB revision is unknown to this version (newer or corrupted). | =
unknown       | upgrade                   | 1 | Can't locate revision identified by 'ffffffffffff' | =
unknown       | stamp-head                | 1 | Error: Refusing to stamp                      | =
unknown       | stamp-head --force        | 0 | Stamp complete.                               | HEAD
unknown       | migrate-dry-run           | 0 | From: ffffffffffff                            | =
unknown       | info                      | 0 | Revision    : ffffffffffff                    | =
unknown       | create                    | 0 | [WARNING] Database already exists at          | =
unknown       | create --overwrite        | 1 | Can't locate revision identified by 'ffffffffffff' | =
several       | status                    | 1 | more than one row                             | =
several       | upgrade                   | 1 | more than one row                             | =
several       | stamp-head                | 1 | Error: Refusing to stamp                      | =
several       | stamp-head --force        | 0 | Stamp complete.                               | HEAD
several       | migrate-dry-run           | 1 | more than one row                             | =
several       | create                    | 0 | [WARNING] Database already exists at          | =
several       | create --overwrite        | 1 | more than one row                             | =
END
}

STATES='empty not-versioned version-empty behind at-head unknown several'

setup_file() {
  export HOME=$BATS_FILE_TMPDIR
  cd "$BATS_FILE_TMPDIR"
  igem-server --db-uri at-head.db db create >/dev/null 2>&1
  for state in $STATES; do
    cp at-head.db "$state.db" 2>/dev/null || true
    into_state "$state" INTEGER | sqlite3 "$state.db"
  done
  rm empty.db && sqlite3 empty.db 'VACUUM'
  if command -v psql >/dev/null && command -v setpriv >/dev/null; then
    start_postgres
    postgres_templates
  fi
}

teardown_file() { stop_postgres; }

setup() {
  set -o pipefail
  own_folder
}

# ---------------------------------------------------------------------------------------------------------------- engines

pg_uri() { echo "postgresql://admin@/$1?host=$PG_FOLDER"; }
psql_in() { psql -XqAt -v ON_ERROR_STOP=1 -d "$1" "${@:2}"; }

postgres_templates() {
  igem-server --db-uri "$(pg_uri at_head)" db create >/dev/null 2>&1
  for state in $STATES; do
    [ "$state" = at-head ] && continue
    if [ "$state" = empty ]; then
      psql_in postgres -c 'CREATE DATABASE empty STRATEGY file_copy'
    else
      psql_in postgres -c "CREATE DATABASE ${state//-/_} TEMPLATE at_head STRATEGY file_copy"
      into_state "$state" BIGSERIAL | psql_in "${state//-/_}" >/dev/null
    fi
  done
}

# take_sqlite STATE, take_postgresql STATE: a database of one's own in that state; sets `uri`
take_sqlite() {
  rm -f cell.db
  [ "$1" = none ] || cp "$BATS_FILE_TMPDIR/$1.db" cell.db
  uri=cell.db
}
take_postgresql() {
  psql_in postgres -c 'DROP DATABASE IF EXISTS cell'
  [ "$1" = none ] || psql_in postgres -c "CREATE DATABASE cell TEMPLATE ${1//-/_} STRATEGY file_copy"
  uri=$(pg_uri cell)
}

# What must not change when nothing may: of a file every byte, of a server all tables, rows of those that a command could write, and sequences.
print_sqlite() { [ ! -e cell.db ] || sha256sum cell.db; ls; }
print_postgresql() {
  psql_in cell 2>/dev/null <<'SQL' || echo none
SELECT c.oid, c.relname, c.relkind, a.attname, a.atttypid FROM pg_class c LEFT JOIN pg_attribute a ON a.attrelid = c.oid WHERE c.relnamespace = 'public'::regnamespace ORDER BY 2, a.attnum;
SELECT relname, n_tup_ins + n_tup_upd + n_tup_del FROM pg_stat_user_tables WHERE n_tup_ins + n_tup_upd + n_tup_del > 0 ORDER BY 1;
SELECT query_to_xml('TABLE alembic_version', true, false, '') WHERE to_regclass('alembic_version') IS NOT NULL;
SELECT query_to_xml('SELECT xmin, * FROM system_config', true, false, '') WHERE to_regclass('system_config') IS NOT NULL;
SQL
}
versions_sqlite() { sqlite3 cell.db 'SELECT version_num FROM alembic_version' | paste -sd,; }
versions_postgresql() { psql_in cell -c 'SELECT version_num FROM alembic_version' | paste -sd,; }

# ------------------------------------------------------------------------------------------------------------------ cells

# check_cell ENGINE COMMAND STATUS TEXT AFTER
check_cell() {
  local before after
  before=$(print_$1)
  run igem-server db $2 --db-uri "$uri"
  [ "$status" = "$3" ] || fail "$2: ended with $status, expected $3: $output"
  [[ $output == *"$4"* ]] || fail "$2: does not say '$4': $output"
  if [ "$5" = = ]; then
    after=$(print_$1)
    [ "$after" = "$before" ] || fail "$2 changed something: $(diff <(echo "$before") <(echo "$after"))"
  else
    [ "$(versions_$1)" = "$5" ] || fail "$2: the version is $(versions_$1), expected $5"
  fi
}

# check_state ENGINE STATE: every cell of its row; after a command that changed nothing the next one gets the same database
check_state() {
  local state command expected text after is_fresh=
  while IFS='|' read -r state command expected text after; do
    read -r state <<<"$state" && read -r command <<<"$command" && read -r expected <<<"$expected" && read -r text <<<"$text" && read -r after <<<"$after"
    [ "$state" = "$2" ] || continue
    [ "$is_fresh" ] || take_$1 "$2"
    text=${text//HEAD/$HEAD} text=${text//BASE/$BASE}
    check_cell "$1" "$command" "$expected" "$text" "${after/HEAD/$HEAD}"
    is_fresh=${after#HEAD}
  done < <(CELLS)
}

on_postgresql() {
  [ -n "${PG_FOLDER:-}" ] || skip "psql or setpriv is not there (Debian: postgresql)"
  check_state postgresql "$1"
}

@test "SQLite: no database" { check_state sqlite none; }
@test "SQLite: an empty database" { check_state sqlite empty; }
@test "SQLite: not versioned" { check_state sqlite not-versioned; }
@test "SQLite: the version table is empty" { check_state sqlite version-empty; }
@test "SQLite: behind the head" { check_state sqlite behind; }
@test "SQLite: at head" { check_state sqlite at-head; }
@test "SQLite: an unknown revision" { check_state sqlite unknown; }
@test "SQLite: several revisions" { check_state sqlite several; }

@test "PostgreSQL: no database" { on_postgresql none; }
@test "PostgreSQL: an empty database" { on_postgresql empty; }
@test "PostgreSQL: not versioned" { on_postgresql not-versioned; }
@test "PostgreSQL: the version table is empty" { on_postgresql version-empty; }
@test "PostgreSQL: behind the head" { on_postgresql behind; }
@test "PostgreSQL: at head" { on_postgresql at-head; }
@test "PostgreSQL: an unknown revision" { on_postgresql unknown; }
@test "PostgreSQL: several revisions" { on_postgresql several; }

# ------------------------------------------------------------------------------------------------- what is the server's own

need_postgres() { [ -n "${PG_FOLDER:-}" ] || skip "psql or setpriv is not there (Debian: postgresql)"; }

@test "PostgreSQL: create makes the database, the partitions and the version" {
  need_postgres
  psql_in postgres -c 'DROP DATABASE IF EXISTS cell'
  run --separate-stderr igem-server --db-uri "$(pg_uri cell)" db create
  assert_success
  assert_output "Stamping schema revision...
Stamping DB to head revision: $HEAD
Stamp complete."
  assert_equal "$(head -n 2 <<<"$stderr")" "[INFO] Created PostgreSQL database 'cell'
[INFO] Bootstrapping models..."
  # 45 tables, the version, and 25 partitions of each of 5.
  assert_equal "$(psql_in cell -c "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')" \
    -c "SELECT count(*) FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid AND relkind = 'r'")" '171
125'
}

@test "PostgreSQL: the database of an address without a user is made too, and belongs to whoever made it" {
  need_postgres
  psql_in postgres -c 'DROP DATABASE IF EXISTS cell'
  PGUSER=admin run igem-server --db-uri "postgresql:///cell?host=$PG_FOLDER" db create
  assert_success
  assert_equal "$(psql_in postgres -c "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = 'cell'")" admin
}

@test "PostgreSQL: without pgvector create says what is lost, and everything else is there" {
  need_postgres
  [ "$(psql_in postgres -c "SELECT count(*) FROM pg_available_extensions WHERE name = 'vector'")" = 0 ] || skip "the server has pgvector"
  psql_in postgres -c 'DROP DATABASE IF EXISTS cell'
  run --separate-stderr igem-server --db-uri "$(pg_uri cell)" db create
  assert_success
  assert_equal "$(grep -c 'the extension vector cannot be used (it is not installed on the server): entity_aliases.embedding is kept as text' <<<"$stderr")" 1
  assert_equal "$(psql_in cell -c "SELECT data_type FROM information_schema.columns WHERE table_name = 'entity_aliases' AND column_name = 'embedding'")" text
  assert_equal "$(psql_in cell -c 'SELECT version_num FROM alembic_version')" "$HEAD"
}

@test "PostgreSQL: rows can be added after seeds with ids of their own" {
  need_postgres
  take_postgresql at-head
  psql_in cell -c "INSERT INTO entity_types (name, domain) VALUES ('x', 'Knowledge')" -c "INSERT INTO chemical_groups (name) VALUES ('x')" \
    -c "INSERT INTO entity_relationship_types (code) VALUES ('x')"
}

@test "PostgreSQL: info prints the documented block, the scheme as given, and no password" {
  need_postgres
  take_postgresql at-head
  psql_in postgres -c "DO \$\$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'dev') THEN CREATE ROLE dev LOGIN PASSWORD 's3cr3t'; END IF; END \$\$" -c 'GRANT pg_read_all_data TO dev'
  for scheme in postgresql postgresql+psycopg2 postgres; do
    run --separate-stderr igem-server db info --db-uri "$scheme://dev:s3cr3t@/cell?host=$PG_FOLDER"
    assert_success
    assert_output - <<END
Backend     : sql
Read-only   : False
URI         : $scheme://dev:***@/cell?host=$PG_FOLDER
Engine      : $scheme
Host        : <unknown>
Database    : cell
Connected   : True
Revision    : $HEAD
END
  done
  run igem-server db info --db-uri "$uri" --jq '[.host, .database, .engine, (.tables | length), .tables.entity_types]'
  assert_output '[null,"cell","postgresql",45,14]'
}

@test "PostgreSQL: a wrong password is the server's reason, and is not shown" {
  need_postgres
  take_postgresql at-head
  psql_in postgres -c "DO \$\$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'dev') THEN CREATE ROLE dev LOGIN PASSWORD 's3cr3t'; END IF; END \$\$"
  for command in status upgrade stamp-head migrate-dry-run info 'export -o x' create; do
    run --separate-stderr igem-server db $command --db-uri "postgresql://dev:wr0ngpw@/cell?host=$PG_FOLDER"
    assert_failure 1
    assert_equal "$output" ''
    [[ $stderr == "Error: "*"postgresql://dev:***@/cell?host=$PG_FOLDER: "*'password authentication failed for user "dev"'* ]] || fail "$command: $stderr"
    [[ $stderr != *wr0ngpw* ]] || fail "$stderr"
  done
}

@test "a server that lets nobody in, or cannot be reached, is no missing database to upgrade and stamp-head either" {
  if [ -n "${PG_FOLDER:-}" ]; then
    take_postgresql at-head
    psql_in postgres -c "DO \$\$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'dev') THEN CREATE ROLE dev LOGIN PASSWORD 's3cr3t'; END IF; END \$\$"
  fi
  for address in ${PG_FOLDER:+"postgresql://dev:wr0ngpw@/cell?host=$PG_FOLDER"} 'postgresql://dev@127.0.0.1:1/cell' nowhere.db; do
    run igem-server db status --db-uri "$address"
    expected=$output
    [[ $expected == "Error: Database not found at "* ]] || fail "$expected"
    for command in upgrade stamp-head 'stamp-head --force'; do
      run igem-server db $command --db-uri "$address"
      assert_failure 1
      assert_output "$expected"
    done
  done
}

@test "PostgreSQL: migrate-dry-run is one transaction in the server's dialect, and runs nothing" {
  need_postgres
  take_postgresql behind
  before=$(print_postgresql)
  igem-server db migrate-dry-run --db-uri "$uri" >script.sql
  assert_equal "$(print_postgresql)" "$before"
  assert_equal "$(sed -n 4p script.sql)" 'BEGIN;'
  assert_equal "$(grep -v '^$' script.sql | tail -n 1)" 'COMMIT;'
  assert_equal "$(grep -c 'PARTITION BY LIST' script.sql) $(grep -c 'PARTITION OF' script.sql)" '5 125'
  grep -q '^DROP TABLE IF EXISTS variant_masters CASCADE;' script.sql
  igem-server db migrate-dry-run --from current --db-uri "$uri" | psql_in cell >/dev/null
  assert_equal "$(versions_postgresql)" $HEAD
}
