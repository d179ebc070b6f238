#!/usr/bin/env bats
# igem-server: help pages and usage errors (igem-db §3, cli §2), and what each command prints (igem-db §5).
bats_require_minimum_version 1.5.0
load lib
load igem-server

setup() {
  set -o pipefail
  own_folder
  export COLUMNS=80
}

sql() { sqlite3 a.db "$@"; }
create() { igem-server --db-uri "${1:-a.db}" db create >/dev/null 2>&1; }
# put STATE: a.db in that state
put() {
  create
  into_state "$1" INTEGER | sqlite3 a.db
}

# ------------------------------------------------------------------------------------------------------------ help pages

@test "igem-server --help prints the documented page" {
  run igem-server --help
  assert_success
  assert_output - <<'END'
Usage: igem-server [OPTIONS] COMMAND [ARGS]...

  IGEM-Server command-line interface.

Options:
  --db-uri TEXT  Database address.
  --debug        Log every step on standard error.
  --version      Show the version and exit.
  --help         Show this message and exit.

Commands:
  db  Manage the IGEM database and its snapshots.
END
}

@test "igem-server db --help prints the documented page" {
  run igem-server db --help
  assert_success
  assert_output - <<'END'
Usage: igem-server db [OPTIONS] COMMAND [ARGS]...

  Manage the IGEM database and its snapshots.

Options:
  --help  Show this message and exit.

Commands:
  create             Create schema + seed initial data + stamp at head.
  export             Export the database as a Parquet snapshot.
  info               Show connection info, backend, schema version.
  migrate-dry-run    Print SQL of pending migrations without executing.
  snapshot-download  Download a Parquet snapshot from an HTTP endpoint.
  snapshot-nlp       Build the pre-compiled NLP automaton inside a snapshot.
  stamp-head         Baseline an unversioned DB.
  status             Report current vs head Alembic revision.
  upgrade            Apply pending migrations + re-seed idempotently.
END
}

@test "a group without a command prints its help page on standard output and exits 0" {
  for group in '' db; do
    run --separate-stderr igem-server $group
    assert_success
    assert_equal "$stderr" ''
    assert_equal "$output" "$(igem-server $group --help)"
  done
}

@test "--version is the server's, and the commands of the group have none" {
  run igem-server --version
  assert_success
  assert_output 'igem-server, version 0.3.1'
  for words in 'db' 'db status'; do
    run igem-server $words --version
    assert_failure 2
    assert_output --partial 'Error: No such option: --version'
  done
}

@test "every command but the two without a database takes --db-uri, and all take --debug" {
  for command in create export info migrate-dry-run stamp-head status upgrade; do
    run igem-server db "$command" --help
    assert_success
    assert_line --regexp '^  --db-uri TEXT +Database address\.$'
    assert_line --regexp '^  --debug +Log every step on standard error\.$'
  done
  for command in snapshot-download snapshot-nlp; do
    run igem-server db "$command" --help
    assert_success
    refute_output --partial -- --db-uri
    assert_line --regexp '^  --debug +Log every step on standard error\.$'
  done
}

@test "help of create does not promise that anything is dropped" {
  run igem-server db create --help
  assert_output --partial 'Nothing is dropped.'
}

@test "snapshot-download has the server's address of the documents as its default, and four workers" {
  run igem-server db snapshot-download --help
  assert_equal "$(tr -s ' \n' ' ' <<<"$output" | grep -o '\[default: [^]]*\]' | paste -sd' ')" '[default: https://geneexposure.org/downloads/latest/] [default: 4; x>=1]'
}

@test "export takes the documented options" {
  run igem-server db export --help
  for option in '-o, --output DIRECTORY' '--tables TEXT' '--exclude TEXT' '--chunksize INTEGER RANGE' '--compression [zstd|snappy|gzip|none]' '--version TEXT' --overwrite; do
    assert_output --partial -- "$option"
  done
  refute_output --partial anonymize
}

@test "help, --version and completion ask neither for a database nor for the migrations" {
  export NX_MIGRATIONS_PATH=/nonexistent DATABASE_URL=postgresql://nobody@127.0.0.1:1/x
  echo 'broken' >.igem.toml
  for words in --help --version 'db --help' 'db status --help'; do
    run igem-server $words
    assert_success
  done
}

# ---------------------------------------------------------------------------------------------------------- usage errors

# refused 'WORDS' PARENT MESSAGE: exit 2, nothing on standard output, usage of PARENT and the message
refused() {
  run --separate-stderr igem-server $1
  assert_failure 2
  assert_equal "$output" ''
  assert_equal "$(head -n 1 <<<"$stderr" | cut -d' ' -f 1-"$(wc -w <<<"Usage: $2")")" "Usage: $2"
  grep -qxF "Try '$2 --help' for help." <<<"$stderr" || fail "$stderr"
  grep -qxF "Error: $3" <<<"$stderr" || fail "$stderr"
}

@test "usage errors exit 2 and name the command whose help is asked for" {
  refused 'bogus' 'igem-server' "No such command 'bogus'."
  refused 'etl' 'igem-server' "No such command 'etl'."
  refused 'report' 'igem-server' "No such command 'report'."
  refused 'db bogus' 'igem-server db' "No such command 'bogus'."
  refused 'db downgrade' 'igem-server db' "No such command 'downgrade'."
  refused '--bogus db status' 'igem-server' 'No such option: --bogus'
  refused 'db --db-uri a.db status' 'igem-server db' 'No such option: --db-uri'
  refused 'db create --overwrit' 'igem-server db create' 'No such option: --overwrit Did you mean --overwrite?'
  refused 'db status --db-uri' 'igem-server db status' "Option '--db-uri' requires an argument."
  refused 'db create --overwrite=x' 'igem-server db create' "Option '--overwrite' does not take a value."
  refused 'db status a.db' 'igem-server db status' 'Got unexpected extra argument (a.db)'
  refused 'db export' 'igem-server db export' "Missing option '--output' / '-o'."
  refused 'db export -o x --chunksize 0' 'igem-server db export' "Invalid value for '--chunksize': 0 is not in the range x>=1."
  refused 'db export -o x --compression lz4' 'igem-server db export' "Invalid value for '--compression': 'lz4' is not one of 'zstd', 'snappy', 'gzip', 'none'."
  refused 'db snapshot-download' 'igem-server db snapshot-download' "Missing option '--output' / '-o'."
  refused 'db snapshot-download -o x --workers 0' 'igem-server db snapshot-download' "Invalid value for '--workers': 0 is not in the range x>=1."
  refused 'db snapshot-nlp' 'igem-server db snapshot-nlp' "Missing argument 'DIR'."
  refused 'db snapshot-nlp nowhere' 'igem-server db snapshot-nlp' "Invalid value for 'DIR': Directory 'nowhere' does not exist."
  refused 'db status --format xml' 'igem-server db status' "Invalid value for '--format' / '-f': 'xml' is not one of 'table', 'json'."
  refused 'db migrate-dry-run --from x' 'igem-server db migrate-dry-run' "Invalid value for '--from': 'x' is not one of 'base', 'current'."
  [ -z "$(ls -A)" ]
}

@test "the commands without a database refuse --db-uri" {
  for words in 'snapshot-download -o x' 'snapshot-nlp .'; do
    run igem-server db $words --db-uri a.db
    assert_failure 2
    assert_output --partial 'Error: No such option: --db-uri'
  done
}

@test "a file where export or snapshot-download should make a folder is a usage error" {
  create
  touch file
  for words in 'db export -o file --db-uri a.db' 'db snapshot-download -o file'; do
    run igem-server $words
    assert_failure 2
    assert_output --partial "Invalid value for '--output' / '-o': Directory 'file' is a file."
  done
}

@test "a jq program that does not compile is refused before the database is looked for" {
  run igem-server db status --db-uri nowhere.db --jq '.['
  assert_failure 2
}

@test "a password in a word that is too much is not repeated" {
  run igem-server db status postgresql://dev:dev@localhost/igem
  assert_failure 2
  assert_output --partial 'Got unexpected extra argument (postgresql://dev:***@localhost/igem)'
}

# ---------------------------------------------------------------------------------------------------------------- create

@test "create prints the documented block, logs its steps, and the database has tables, seeds and version" {
  run --separate-stderr igem-server --db-uri a.db db create
  assert_success
  assert_output - <<END
Stamping schema revision...
Stamping DB to head revision: $HEAD
Stamp complete.
END
  assert_equal "$stderr" "[INFO] Bootstrapping models...
[INFO] Creating tables...
[INFO] Seeding initial data...
[INFO] Seeded SystemConfig: created=4 updated=0 skipped=0
[INFO] Seeded IgemMetadata: created=1 updated=0 skipped=0
[INFO] Seeded ETLSourceSystem: created=25 updated=0 skipped=0
[INFO] Seeded ETLDataSource: created=52 updated=0 skipped=0
[INFO] Seeded EntityType: created=14 updated=0 skipped=0
[INFO] Seeded EntityRelationshipType: created=18 updated=0 skipped=0
[INFO] Seeded GenomeAssembly: created=2 updated=0 skipped=0
[INFO] Seeded ChemicalGroup: created=9 updated=0 skipped=0
[INFO] Stamping schema revision...
[INFO] Database created at sqlite:///$PWD/a.db"
  assert_equal "$(sql "SELECT count(*) FROM sqlite_master WHERE type = 'table'")" 46
  assert_equal "$(sql 'SELECT version_num FROM alembic_version; SELECT schema_revision FROM igem_metadata')" "$HEAD
$HEAD"
  assert_equal "$(ls -A)" a.db
}

@test "create on a database that exists warns, does nothing and exits 0" {
  create
  sum=$(sha256sum <a.db)
  run --separate-stderr igem-server db create --db-uri a.db
  assert_success
  assert_equal "$output" ''
  assert_equal "$stderr" "[WARNING] Database already exists at sqlite:///$PWD/a.db"
  refute_changed a.db "$sum"
}

@test "create --overwrite completes what is missing and drops nothing" {
  create
  sql "DROP TABLE chemical_groups; DELETE FROM entity_types WHERE id = 3; INSERT INTO entity_types (id, name, domain) VALUES (99, 'Ours', 'Knowledge')"
  run --separate-stderr igem-server db create --overwrite --db-uri a.db
  assert_success
  assert_output "Stamping schema revision...
Already at head (revision=$HEAD); nothing to do."
  assert_equal "$(sql 'SELECT count(*) FROM chemical_groups; SELECT count(*) FROM entity_types; SELECT name FROM entity_types WHERE id IN (3, 99)')" "9
15
Proteins
Ours"
}

@test "create --overwrite of an older database says upgrade before anything is written" {
  put behind
  sum=$(sha256sum <a.db)
  run --separate-stderr igem-server db create --overwrite --db-uri a.db
  assert_failure 1
  assert_equal "$stderr" "Error: The database at sqlite:///$PWD/a.db stands at an older revision: run \`igem-server db upgrade\`"
  refute_changed a.db "$sum"
}

@test "a create that cannot write leaves no file" {
  mkdir closed
  chmod 555 closed
  as_bound_user
  "${as[@]}" env HOME=/nonexistent true || skip 'no other user'
  run "${as[@]}" igem-server db create --db-uri "$PWD/closed/a.db"
  assert_failure 1
  assert_output --regexp 'Error: sqlite:///.*/closed/a.db: '
  refute_output --partial 'Stamp complete'
  [ -z "$(ls -A closed)" ]
}

# --------------------------------------------------------------------------------------------------------------- upgrade

@test "upgrade of an older database prints the documented block and brings it to head, seeds included" {
  put behind
  sql 'DELETE FROM chemical_groups WHERE id > 7'
  run --separate-stderr igem-server db upgrade --db-uri a.db
  assert_success
  assert_output - <<END
Running Alembic migrations
  From: $BASE
  To  : head
Migration complete: $BASE → $HEAD
END
  grep -qxF '[INFO] Seeded ChemicalGroup: created=2 updated=7 skipped=0' <<<"$stderr" || fail "$stderr"
  assert_equal "$(tail -n 1 <<<"$stderr")" '[INFO] Database upgraded successfully'
  assert_equal "$(sql 'SELECT version_num FROM alembic_version; SELECT schema_revision FROM igem_metadata; SELECT count(*) FROM variant_molecular_effects')" "$HEAD
$HEAD
0"
}

@test "upgrade at head runs no DDL, and seeds are applied again" {
  create
  sql "DELETE FROM genome_assemblies"
  before=$(sql .schema)
  run --separate-stderr igem-server db upgrade --db-uri a.db
  assert_success
  assert_output "Schema up-to-date (revision=$HEAD); nothing to do."
  grep -qxF '[INFO] Seeded GenomeAssembly: created=2 updated=0 skipped=0' <<<"$stderr" || fail "$stderr"
  assert_equal "$(sql .schema)" "$before"
}

@test "upgrade twice changes not one byte the second time" {
  create
  igem-server db upgrade --db-uri a.db >/dev/null 2>&1
  before=$(sql .dump)
  run igem-server db upgrade --db-uri a.db
  assert_success
  assert_equal "$(sql .dump)" "$before"
}

@test "upgrade keeps what an administrator has set" {
  create
  sql "UPDATE system_config SET value = '0.9' WHERE key = 'nlp_confidence_threshold'"
  igem-server db upgrade --db-uri a.db >/dev/null 2>&1
  assert_equal "$(sql "SELECT value FROM system_config WHERE key = 'nlp_confidence_threshold'")" 0.9
}

@test "upgrade refuses to drop rows until it is told that they may go" {
  put behind
  sql "INSERT INTO variant_masters (chromosome, position_start, position_end, reference_allele, alternate_allele) VALUES (1, 100, 101, 'A', 'C')"
  sum=$(sha256sum <a.db)
  run --separate-stderr igem-server db upgrade --db-uri a.db
  assert_failure 1
  [[ $stderr == *"Error: Cannot upgrade the database at sqlite:///$PWD/a.db: "*variant_masters*". Empty them first, or give --allow-data-loss" ]] || fail "$stderr"
  refute_changed a.db "$sum"
  run igem-server db upgrade --allow-data-loss --db-uri a.db
  assert_success
  assert_equal "$(sql 'SELECT count(*) FROM variant_masters')" 0
}

@test "upgrade of a database without a version names stamp-head, and touches nothing" {
  put not-versioned
  sum=$(sha256sum <a.db)
  run --separate-stderr igem-server db upgrade --db-uri a.db
  assert_failure 1
  assert_equal "$output" ''
  assert_equal "$stderr" "Error: The database at sqlite:///$PWD/a.db has no row in alembic_version, so which migrations it needs is not known.
Run \`igem-server db stamp-head\` first if its schema is in place."
  refute_changed a.db "$sum"
}

# ------------------------------------------------------------------------------------------------------------ stamp-head

@test "stamp-head writes the version and nothing else, and says when it is there already" {
  put not-versioned
  before=$(sql '.dump entities entity_types system_config')
  run --separate-stderr igem-server db stamp-head --db-uri a.db
  assert_success
  assert_output "Stamping DB to head revision: $HEAD
Stamp complete."
  assert_equal "$stderr" ''
  assert_equal "$(sql '.dump entities entity_types system_config')" "$before"
  run igem-server db stamp-head --db-uri a.db
  assert_success
  assert_output "Already at head (revision=$HEAD); nothing to do."
}

@test "stamp-head warns of a schema that does not look like the head" {
  put not-versioned
  sql 'DROP TABLE chemical_groups'
  run --separate-stderr igem-server db stamp-head --db-uri a.db
  assert_success
  [[ $stderr == '[WARNING] '*chemical_groups* ]] || fail "$stderr"
}

# ---------------------------------------------------------------------------------------------------------------- status

@test "status prints the documented block" {
  create
  run --separate-stderr igem-server db status --db-uri a.db
  assert_success
  assert_equal "$stderr" ''
  assert_output - <<END
Alembic status
  DB URI         : sqlite:///$PWD/a.db
  Script location: $NX_BUILD/share/nexuslims/migrations/igem
  Repo head      : $HEAD
  DB revision    : $HEAD
  Versioned?     : True
  → up-to-date.
END
}

@test "status as JSON has the documented keys, and a word for each state" {
  create
  run igem-server db status --db-uri a.db --format json
  assert_success
  assert_equal "$(jq -c keys_unsorted <<<"$output")" '["uri","script_location","head","revision","versioned","state"]'
  assert_equal "$(jq -r '.uri, .head, .revision, .versioned, .state' <<<"$output" | paste -sd' ')" "sqlite:///$PWD/a.db $HEAD $HEAD true up-to-date"
  for row in 'not-versioned not-versioned null false' "behind pending \"$BASE\" true" 'unknown unknown-revision "ffffffffffff" true' 'version-empty pending null true'; do
    read -r state word revision versioned <<<"$row"
    rm a.db
    put "$state"
    run igem-server db status --db-uri a.db --jq '[.state, .revision, .versioned]'
    assert_success
    assert_output "[\"$word\",$revision,$versioned]"
  done
}

@test "NX_MIGRATIONS_PATH names another folder of migrations" {
  create
  cp -rL "$(igem-server db status --db-uri a.db --jq .script_location)" "$BATS_TEST_TMPDIR/igem"
  printf -- '-- revision: aaaaaaaaaaaa\n-- parent: %s\n-- date: 2026-06-01 00:00:00\n-- title: next\nCREATE TABLE later (id INTEGER);\n' $HEAD >"$BATS_TEST_TMPDIR/igem/aaaaaaaaaaaa_next.up.sql"
  echo 'DROP TABLE later;' >"$BATS_TEST_TMPDIR/igem/aaaaaaaaaaaa_next.down.sql"
  export NX_MIGRATIONS_PATH=$BATS_TEST_TMPDIR
  run igem-server db status --db-uri a.db --jq '[.head, .state, .script_location]'
  assert_output "[\"aaaaaaaaaaaa\",\"pending\",\"$BATS_TEST_TMPDIR/igem\"]"
  run igem-server db upgrade --db-uri a.db
  assert_line "Migration complete: $HEAD → aaaaaaaaaaaa"
  NX_MIGRATIONS_PATH=/nonexistent run igem-server db status --db-uri a.db
  assert_failure 1
  assert_output --partial /nonexistent
}

# ------------------------------------------------------------------------------------------------------- migrate-dry-run

@test "migrate-dry-run prints the script from the start of the graph, and runs nothing" {
  put not-versioned
  sum=$(sha256sum <a.db)
  run --separate-stderr igem-server db migrate-dry-run --db-uri a.db
  assert_success
  assert_equal "$stderr" ''
  refute_changed a.db "$sum"
  assert_line --index 0 -- '-- Dry-run (SQL only — no execution)'
  assert_line --index 1 -- '--   From: None'
  assert_line --index 2 -- '--   To  : head'
  assert_line --index 3 'CREATE TABLE alembic_version ('
  assert_line -- "-- Running upgrade  -> $BASE"
  assert_line "INSERT INTO alembic_version (version_num) VALUES ('$BASE');"
  assert_line -- "-- Running upgrade $BASE -> $HEAD"
  assert_line 'DROP TABLE IF EXISTS variant_masters;'
  assert_line "UPDATE alembic_version SET version_num='$HEAD' WHERE alembic_version.version_num = '$BASE';"
}

@test "in a file the script of migrate-dry-run runs as it is, on a terminal its head has no comment marks" {
  put at-head
  igem-server db migrate-dry-run --db-uri a.db >pending.sql
  sqlite3 -bail new.db <pending.sql
  assert_equal "$(sqlite3 new.db 'SELECT version_num FROM alembic_version')" $HEAD
  command -v script >/dev/null || skip 'no program to make a terminal with'
  run script -qec 'igem-server db migrate-dry-run --db-uri a.db' /dev/null
  assert_line --index 0 --regexp '^Dry-run \(SQL only — no execution\)'
  assert_line --index 1 --regexp "^  From: $HEAD"
  assert_line --index 2 --regexp '^  To  : head'
}

@test "a script that cannot be written whole is an error" {
  [ -c /dev/full ] || skip 'no /dev/full'
  create
  for words in 'db migrate-dry-run' 'db status' 'db info --format json'; do
    run --separate-stderr bash -c "igem-server $words --db-uri a.db >/dev/full"
    assert_failure
    [[ $stderr == *'Error: '* ]] || fail "$words: $stderr"
  done
}

@test "migrate-dry-run --target stops at a revision, which may be named by its beginning" {
  create
  run igem-server db migrate-dry-run --target 7a8b --db-uri a.db
  assert_success
  assert_line --index 2 -- '--   To  : 7a8b'
  assert_line "INSERT INTO alembic_version (version_num) VALUES ('$BASE');"
  refute_output --partial "$HEAD'"
  run --separate-stderr igem-server db migrate-dry-run --target bogus --db-uri a.db
  assert_failure 1
  assert_equal "$(wc -l <<<"$output")" 3
  assert_equal "$stderr" "Error: Can't locate revision identified by 'bogus'"
}

@test "migrate-dry-run --from current begins where the database stands" {
  put behind
  run igem-server db migrate-dry-run --from current --db-uri a.db
  assert_success
  refute_output --partial 'CREATE TABLE alembic_version'
  assert_line -- "-- Running upgrade $BASE -> $HEAD"
}

# ------------------------------------------------------------------------------------------------------------------ info

@test "info of a SQLite database prints the documented block and changes nothing, not even the journal mode" {
  create
  sum=$(sha256sum <a.db)
  chmod 444 a.db
  run --separate-stderr igem-server db info --db-uri sqlite:///a.db
  assert_success
  assert_equal "$stderr" ''
  assert_output - <<END
Backend     : sql
Read-only   : False
URI         : sqlite:///a.db
Engine      : sqlite
Host        : local file
Database    : a.db
Connected   : True
Revision    : $HEAD
END
  refute_changed a.db "$sum"
  [ -z "$(ls -A | grep -vx a.db)" ] || fail "$(ls -A)"
}

@test "info as JSON has the labels as keys, and the rows of each table" {
  create
  run igem-server db info --db-uri a.db --format json
  assert_success
  assert_equal "$(jq -r '.backend, .read_only, .uri, .engine, .host, .database, .connected, .revision, .tables.entity_types, (.tables | length)' <<<"$output" | paste -sd' ')" \
    "sql false sqlite:///$PWD/a.db sqlite local file $PWD/a.db true $HEAD 14 45"
  run igem-server db info --db-uri a.db --jq .tables.etl_data_sources
  assert_output 52
}

@test "--verify is for snapshots" {
  create
  run igem-server db info --verify --db-uri a.db
  assert_failure 1
  assert_output --partial "Error: --verify compares the files of a snapshot with its manifest; sqlite:///$PWD/a.db is a database"
}

# ------------------------------------------------------------------------------------------------------------- --debug

@test "--debug prints the banner, wherever it stands, and without it there is none" {
  create
  for words in '--debug db status' 'db status --debug'; do
    run --separate-stderr igem-server --db-uri a.db $words
    assert_success
    assert_equal "$(head -n 6 <<<"$stderr")" "============================================
IGEM-Server
Version : 0.3.1
Debug   : True
DB URI  : sqlite:///$PWD/a.db
============================================"
  done
  run --separate-stderr igem-server --db-uri a.db db status
  assert_equal "$stderr" ''
}

@test "no log file appears in the current folder" {
  create
  igem-server --debug --db-uri a.db db upgrade >/dev/null 2>&1
  igem-server --db-uri nowhere.db db status >/dev/null 2>&1 || true
  assert_equal "$(ls -A)" a.db
}

# ------------------------------------------------------------------------------------------------------------ completion

ask() {
  COMP_WORDS=$2 COMP_CWORD=$3 _IGEM_SERVER_COMPLETE=$1_complete run igem-server
  assert_success
}

@test "commands and options are completed like those of nexuslims" {
  ask bash 'igem-server ' 1
  assert_output plain,db
  ask bash 'igem-server --db-uri a.db db s' 4
  assert_output $'plain,snapshot-download\nplain,snapshot-nlp\nplain,stamp-head\nplain,status'
  ask bash 'igem-server db upgrade --' 3
  assert_output $'plain,--allow-data-loss\nplain,--db-uri\nplain,--debug\nplain,--help'
  ask bash 'igem-server db export --compression=s' 3
  assert_output plain,snappy
  ask bash 'igem-server db export -o ' 4
  assert_output dir,
  ask bash 'igem-server db snapshot-nlp /sn' 3
  assert_output dir,/sn
  ask fish 'igem-server db cr' cr
  assert_output $'plain,create\tCreate schema + seed initial data + stamp...'
}

@test "the target of migrate-dry-run is completed with the revisions, and with head alone where there are none" {
  ask bash 'igem-server db migrate-dry-run --target ' 4
  assert_output "plain,$HEAD
plain,$BASE
plain,head"
  ask bash 'igem-server db migrate-dry-run --target=7a' 3
  assert_output "plain,$BASE"
  export NX_MIGRATIONS_PATH=/nonexistent
  ask bash 'igem-server db migrate-dry-run --target ' 4
  assert_output plain,head
}

@test "the variable of nexuslims is none of igem-server's" {
  _NEXUSLIMS_COMPLETE=bash_source run igem-server --version
  assert_output 'igem-server, version 0.3.1'
  _IGEM_SERVER_COMPLETE=bogus run igem-server --version
  assert_failure 1
  assert_output ''
}

@test "bash, zsh and fish complete igem-server with the script that it prints" {
  run bash --norc -c 'eval "$(_IGEM_SERVER_COMPLETE=bash_source igem-server)"; COMP_WORDS=(igem-server db mig) COMP_CWORD=2
    _igem_server_completion igem-server mig ""; echo "${COMPREPLY[*]}"; complete -p igem-server'
  assert_output 'migrate-dry-run
complete -o nosort -F _igem_server_completion igem-server'
  if command -v zsh >/dev/null; then
    run zsh -fc 'autoload -Uz compinit; compinit -u -d "$BATS_TEST_TMPDIR/compdump"
      eval "$(_IGEM_SERVER_COMPLETE=zsh_source igem-server)"
      _describe() { print -r -- "describe ${(P)3}" }
      words=(igem-server db cr) CURRENT=3
      $_comps[igem-server]'
    assert_output 'describe create:Create schema + seed initial data + stamp...'
  fi
  if command -v fish >/dev/null; then
    run fish -c '_IGEM_SERVER_COMPLETE=fish_source igem-server | source; complete -C "igem-server db stam"'
    assert_output $'stamp-head\tBaseline an unversioned DB.'
  fi
}
