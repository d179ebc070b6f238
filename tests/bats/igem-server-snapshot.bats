#!/usr/bin/env bats
# igem-server: export, info of snapshots, snapshot-download and snapshot-nlp (igem-db §5.6 to §5.9, §8, §11).
bats_require_minimum_version 1.5.0
load lib
load igem-server
load postgres

setup_file() {
  export HOME=$BATS_FILE_TMPDIR
  igem-server --db-uri "$BATS_FILE_TMPDIR/a.db" db create >/dev/null 2>&1
  ! command -v psql >/dev/null || ! command -v setpriv >/dev/null || start_postgres
}

teardown_file() { stop_postgres; }

setup() {
  set -o pipefail
  own_folder
  cp "$BATS_FILE_TMPDIR/a.db" .
  export no_proxy=127.0.0.1
}

teardown() { [ -z "${server:-}" ] || kill "$server"; }

sql() { sqlite3 a.db "$@"; }
export_all() { igem-server --db-uri a.db db export "$@"; }
manifest() { jq -r "$1" out/manifest.json; }
table_names() { manifest '.tables | keys | join(" ")'; }

# ---------------------------------------------------------------------------------------------------------------- export

@test "export prints the documented table, a line for each of the 45 tables of the schema" {
  run --separate-stderr export_all -o out --version 2026-05-10
  assert_success
  assert_equal "$stderr" ''
  assert_equal "$(head -n 4 <<<"$output")" "
Snapshot export — 45 tables → out (compression=zstd)
  TABLE                                               ROWS         SIZE
  ---------------------------------------- --------------- ------------"
  assert_equal "$(sed -n 5,49p <<<"$output" | awk '{print $1}')" "$(sqlite3 a.db "SELECT name FROM sqlite_master WHERE type = 'table' AND name <> 'alembic_version' ORDER BY name")"
  assert_line --regexp '^  etl_data_sources                                      52 +[0-9.]+ K?B$'
  assert_line --regexp '^  TOTAL                                                125 +[0-9.]+ KB$'
  assert_line 'Manifest written: out/manifest.json'
  assert_line 'Snapshot version : 2026-05-10'
  assert_line 'Schema version   : 0.1.0'
  assert_line --regexp '^Duration         : [0-9]+\.[0-9]s$'
  assert_equal "$(ls out | wc -l)" 46
}

@test "the manifest has the documented keys in their order, the revision among them, and no path of this computer" {
  export_all -o out --version 2026-05-10
  assert_equal "$(jq -c keys_unsorted out/manifest.json)" '["snapshot_version","schema_version","schema_revision","igem_version","igem_version_compatible","exported_at","duration_seconds","source","compression","chunksize","tables"]'
  assert_equal "$(manifest '[.snapshot_version, .schema_version, .schema_revision, .igem_version, .igem_version_compatible, .compression, (.chunksize | tostring)] | join(" ")')" \
    "2026-05-10 0.1.0 $HEAD 0.3.1 >=0.1.0,<0.4.0 zstd 50000"
  assert_equal "$(manifest '.source | tojson')" '{"engine":"sqlite","host":"local","database":"a.db"}'
  (cd out && jq -r '.tables[] | "\(.sha256)  \(.file)"' manifest.json | sha256sum -c --quiet)
  assert_equal "$(manifest '.tables.entity_types | [.rows, .file, (.columns | join(","))] | join(" ")')" '14 entity_types.parquet id,name,domain,description'
}

@test "the manifest of an unversioned database has no revision" {
  sql 'DROP TABLE alembic_version; DROP TABLE igem_metadata'
  export_all -o out
  assert_equal "$(manifest '[.schema_revision, .schema_version] | tojson')" '[null,"unknown"]'
}

@test "alembic_version is exported only when it is asked for by name" {
  export_all -o out --tables 'alembic_version, entity_types,'
  assert_equal "$(table_names)" 'alembic_version entity_types'
}

@test "--exclude wins over --tables, and unknown names are refused" {
  export_all -o out --tables entity_types,chemical_groups --exclude chemical_groups,nonsense
  assert_equal "$(table_names)" entity_types
  run export_all -o other --tables zebra,entity_types,apple
  assert_failure 1
  assert_output "Error: Tables not found in DB: ['apple', 'zebra']"
  run export_all -o other --tables entity_types --exclude entity_types
  assert_failure 1
  assert_output 'Error: No tables to export after applying filters.'
  [ ! -e other ]
}

@test "tables of others in the same database are left out" {
  sql 'CREATE TABLE mine (id INTEGER)'
  export_all -o out
  assert_equal "$(manifest '.tables | length')" 45
  [ ! -e out/mine.parquet ]
}

@test "a folder that is not empty is left alone without --overwrite, and with it nothing stale stays" {
  export_all -o out >/dev/null
  run export_all -o out --tables entity_types
  assert_failure 1
  assert_equal "$(manifest '.tables | length')" 45
  mkdir out/nlp
  touch out/nlp/alias_dictionary.nxad out/notes.txt
  export_all -o out --tables entity_types --overwrite
  assert_equal "$(ls out)" 'entity_types.parquet
manifest.json
notes.txt'
}

@test "export changes nothing in the database" {
  sum=$(sha256sum <a.db)
  chmod 444 a.db
  export_all -o out
  refute_changed a.db "$sum"
}

@test "the types of the columns are those that are declared, with rows or without" {
  [ -d "$NX_SOURCE/tests/node/node_modules/@duckdb" ] && command -v node >/dev/null || skip 'no independent reader of Parquet (scripts/setup installs it)'
  export_all -o out >/dev/null
  sql 'DELETE FROM etl_data_sources; DELETE FROM system_config'
  export_all -o bare >/dev/null
  types() { node "$NX_SOURCE/tests/node/read-parquet.mjs" duckdb "$1" | head -n 1; }
  for folder in out bare; do
    assert_equal "$(types $folder/system_config.parquet)" '["BIGINT","VARCHAR","VARCHAR","VARCHAR","VARCHAR","BOOLEAN","TIMESTAMP","TIMESTAMP"]'
    assert_equal "$(types $folder/igem_metadata.parquet)" '["BIGINT","VARCHAR","VARCHAR","VARCHAR","VARCHAR","TIMESTAMP","TIMESTAMP"]'
  done
}

@test "a value that does not fit its column is an error that names table and column, and no snapshot appears" {
  sql "UPDATE system_config SET editable = 7 WHERE key = 'nlp_confidence_threshold'"
  run export_all -o out
  assert_failure 1
  assert_output --partial system_config
  assert_output --partial editable
  [ ! -e out/manifest.json ]
}

@test "PostgreSQL: partitions come with their table only, and the files are those of SQLite" {
  [ -n "${PG_FOLDER:-}" ] || skip "psql or setpriv is not there (Debian: postgresql)"
  psql -qd postgres -c 'DROP DATABASE IF EXISTS igem'
  uri="postgresql://admin@/igem?host=$PG_FOLDER"
  igem-server --db-uri "$uri" db create >/dev/null 2>&1
  # The two were made at different instants.
  psql -qd igem -c "UPDATE igem_metadata SET created_at = '2026-05-10 11:09:04', updated_at = '2026-05-10 11:09:04'" \
    -c "UPDATE system_config SET updated_at = '2026-05-10 11:09:04'"
  sql "UPDATE igem_metadata SET created_at = '2026-05-10 11:09:04', updated_at = '2026-05-10 11:09:04'; UPDATE system_config SET updated_at = '2026-05-10 11:09:04'"
  run igem-server --db-uri "$uri" db export -o server
  assert_success
  assert_line --index 0 'Snapshot export — 45 tables → server (compression=zstd)'
  assert_equal "$(ls server | wc -l)" 46
  assert_equal "$(jq -c .source server/manifest.json)" '{"engine":"postgresql","host":"local","database":"igem"}'
  export_all -o out >/dev/null
  for table in system_config igem_metadata etl_source_systems etl_data_sources entity_types entity_relationship_types chemical_groups variant_effect_predictions; do
    assert_equal "$(jq -c ".tables.$table.columns, .tables.$table.rows" server/manifest.json)" "$(jq -c ".tables.$table.columns, .tables.$table.rows" out/manifest.json)"
  done
  for table in entity_types entity_relationship_types chemical_groups; do cmp "server/$table.parquet" "out/$table.parquet"; done
  run igem-server --db-uri "$uri" db export -o other --tables variant_masters_chr_1
  assert_failure 1
  assert_output "Error: Tables not found in DB: ['variant_masters_chr_1']"
}

# same_file TYPE TEXT-OF-SQLITE TEXT-OF-POSTGRESQL: a column of that type gives one file from both, which holds the time as a number
same_file() {
  uri="postgresql://admin@/mine?host=$PG_FOLDER"
  psql -qd mine -c "ALTER TABLE entity_types ADD COLUMN mine $1" -c "UPDATE entity_types SET mine = '$3' WHERE id = 1"
  sql "ALTER TABLE entity_types ADD COLUMN mine \"$1\"; UPDATE entity_types SET mine = '$2' WHERE id = 1"
  run igem-server --db-uri "$uri" db export -o server --overwrite --tables entity_types
  assert_success
  export_all -o out --overwrite --tables entity_types --compression none >/dev/null
  refute grep -q "${2:0:10}" out/entity_types.parquet
  export_all -o out --overwrite --tables entity_types >/dev/null
  cmp server/entity_types.parquet out/entity_types.parquet
  psql -qd mine -c "ALTER TABLE entity_types DROP COLUMN mine"
  sql 'ALTER TABLE entity_types DROP COLUMN mine'
}

server_of_mine() {
  [ -n "${PG_FOLDER:-}" ] || skip "psql or setpriv is not there (Debian: postgresql)"
  psql -qd postgres -c 'DROP DATABASE IF EXISTS mine'
  igem-server --db-uri "postgresql://admin@/mine?host=$PG_FOLDER" db create >/dev/null 2>&1
}

@test "PostgreSQL: a time with a zone is exported, and as from SQLite" {
  server_of_mine
  same_file 'timestamp with time zone' '2026-05-10T13:09:04.5+02:00' '2026-05-10 13:09:04.5+02'
  same_file timestamptz '2026-05-10 11:09+00' '2026-05-10 11:09:00Z'
}

@test "PostgreSQL: a time of so many digits is a time, and as from SQLite" {
  server_of_mine
  same_file 'timestamp(3) without time zone' '2026-05-10 11:09:04.5' '2026-05-10 11:09:04.5'
  same_file 'timestamp(3)' '2026-05-10 11:09:04.5' '2026-05-10 11:09:04.5'
  same_file 'timestamp(0) with time zone' '2026-05-10 11:09:04Z' '2026-05-10 11:09:04Z'
  same_file 'time(3) without time zone' '11:09:04.25' '11:09:04.25'
}

# ------------------------------------------------------------------------------------------------------------------ info

@test "info of a snapshot prints the documented block" {
  export_all -o out --version 2026-05-10 >/dev/null
  run --separate-stderr igem-server db info --db-uri out
  assert_success
  assert_equal "$stderr" ''
  assert_output - <<END
Backend     : snapshot
Read-only   : True
URI         : parquet://$PWD/out
Path        : $PWD/out
Version     : 2026-05-10
Schema      : 0.1.0
Tables      : 45
Exported at : $(manifest .exported_at)
Connected   : True
Revision    : $HEAD
NLP cache   : absent
END
  run igem-server db info --db-uri "parquet://$PWD/out" --jq '[.backend, .read_only, .revision, .nlp_cache, .tables.entity_types]'
  assert_output "[\"snapshot\",true,\"$HEAD\",\"absent\",14]"
}

@test "what a manifest lacks is None, and what a terminal would obey in it is shown escaped" {
  mkdir bare
  echo '{"tables": {}, "schema_version": "\u001b[31mred"}' >bare/manifest.json
  run igem-server db info --db-uri bare
  assert_success
  assert_line 'Version     : None'
  assert_line 'Schema      : \x1b[31mred'
  assert_line 'Exported at : None'
}

@test "info writes nothing into a snapshot" {
  export_all -o out >/dev/null
  before=$(cd out && sha256sum * && ls -A)
  chmod -R a-w out
  igem-server db info --db-uri out --verify
  chmod -R u+w out
  assert_equal "$(cd out && sha256sum * && ls -A)" "$before"
}

@test "--verify compares every file with the manifest" {
  export_all -o out >/dev/null
  run igem-server db info --db-uri out --verify
  assert_success
  assert_line "Verified    : $(ls out/*.parquet | wc -l) files"
  run igem-server db info --db-uri out --verify --jq .verified_files
  assert_output "$(ls out/*.parquet | wc -l)"
  run igem-server db info --db-uri out
  refute_output --partial Verified
  printf x >>out/entity_types.parquet
  rm out/entities.parquet
  run --separate-stderr igem-server db info --db-uri out --verify
  assert_failure 1
  [[ $stderr == *out/entities.parquet:*out/entity_types.parquet:* ]] || fail "$stderr"
}

@test "--verify names a FIFO in the place of a table's file, and does not wait for it" {
  export_all -o out --tables entities >/dev/null
  manifest 'del(.tables.entities.size_bytes)' >changed
  mv changed out/manifest.json
  rm out/entities.parquet
  mkfifo out/entities.parquet
  run timeout 20 igem-server db info --db-uri out --verify
  assert_failure 1
  assert_output --partial 'out/entities.parquet is not a regular file'
}

# stopped_at FILE COMMAND…: the command, which a signal reaches right when it opens the file
stopped_at() {
  ASAN_OPTIONS=detect_leaks=0 strace -f -qq -o /dev/null true 2>/dev/null || skip 'strace cannot trace here'
  run --separate-stderr env ASAN_OPTIONS=detect_leaks=0 strace -f -qq -o /dev/null -P "$1" -e inject=openat:signal=TERM "${@:2}"
}

@test "--verify ends at a signal, in the middle of a file" {
  export_all -o out >/dev/null
  stopped_at "$PWD/out/entities.parquet" igem-server db info --db-uri "$PWD/out" --verify
  assert_failure 130
  assert_equal "$output" ''
  assert_equal "$stderr" 'Aborted!'
}

@test "snapshot-nlp ends at a signal, and leaves the snapshot as it was" {
  snapshot_of_corpus
  before=$(cd mini && sha256sum *.*)
  stopped_at "$PWD/mini/entity_aliases.parquet" igem-server db snapshot-nlp "$PWD/mini"
  assert_failure 130
  assert_equal "$output" ''
  assert_equal "$stderr" 'Aborted!'
  assert_equal "$(cd mini && sha256sum *.*)" "$before"
  [ ! -e mini/nlp ]
}

@test "a manifest that names files outside of the snapshot is refused" {
  mkdir evil
  for file in ../a.db /etc/passwd 'https://example.org/x' 'a\\b' ''; do
    jq -n --arg file "$file" '{tables: {x: {file: $file, rows: 0}}}' >evil/manifest.json
    run igem-server db info --db-uri evil --verify
    assert_failure 1
    assert_output --partial 'could leave the folder'
  done
}

# ---------------------------------------------------------------------------------------------------------- snapshot-nlp

snapshot_of_corpus() {
  need_corpus parquet/minisnapshot
  cp -r "$CORPUS/parquet/minisnapshot" mini
  chmod -R u+w mini
}

@test "snapshot-nlp prints the documented block, and info shows whether the automaton fits" {
  snapshot_of_corpus
  run --separate-stderr igem-server db snapshot-nlp mini/
  assert_success
  assert_equal "$(sed -E 's/(size    : )[0-9,]+/\1N/; s/[0-9.]+s$/Ns/' <<<"$output")" "
Aliases       : 19
Unique norms  : 15
Cache size    : N bytes
Build time    : Ns
Output        : $PWD/mini/nlp/"
  state() { igem-server db info --db-uri mini --jq .nlp_cache; }
  assert_equal "$(state)" present
  run igem-server db snapshot-nlp mini
  assert_failure 1
  assert_output --partial "Error: NLP cache already exists at $PWD/mini/nlp/"
  run igem-server db snapshot-nlp --overwrite mini
  assert_success
  printf x >>mini/nlp/alias_dictionary.nxad
  assert_equal "$(state)" stale
  jq '.nlp.file = "nlp/alias_dictionary.bin"' mini/manifest.json >m && mv m mini/manifest.json
  assert_equal "$(state)" foreign
}

@test "the automaton is described beside it, with the package and the tables that it was made of" {
  snapshot_of_corpus
  igem-server db snapshot-nlp mini >/dev/null
  assert_equal "$(jq -c keys mini/nlp/metadata.json)" "$(jq -nc '["alias_count", "build_seconds", "built_at", "file", "filtered_short", "filtered_stopword",
    "format", "min_alias_length", "name_cache_count", "norm_count", "normalizer", "package_version", "sha256", "size_bytes", "source", "stopwords_count",
    "unicode_version", "version"]')"
  assert_equal "$(jq -c '[.package_version, .alias_count, .norm_count, .name_cache_count, .filtered_short, .filtered_stopword]' mini/nlp/metadata.json)" \
    '[7,19,15,15,3,1]'
  [[ $(jq -r .unicode_version mini/nlp/metadata.json) =~ ^1[4-9]\.[0-9]$ ]]
  assert_equal "$(jq -c '.source | map_values(.[0:8])' mini/nlp/metadata.json)" \
    "$(jq -c '.tables | {"entity_aliases.parquet": .entity_aliases.sha256[0:8], "entity_types.parquet": .entity_types.sha256[0:8], "etl_packages.parquet": .etl_packages.sha256[0:8]}' mini/manifest.json)"
}

@test "snapshot-nlp of a folder that is no snapshot is refused" {
  mkdir plain
  run igem-server db snapshot-nlp plain
  assert_failure 1
  assert_output "Error: Missing manifest.json in $PWD/plain - not a valid snapshot."
}

@test "the two commands without a database do not look for one" {
  snapshot_of_corpus
  echo broken >.igem.toml
  DATABASE_URL=postgresql://nobody@127.0.0.1:1/x run igem-server db snapshot-nlp mini
  assert_success
}

# ----------------------------------------------------------------------------------------------------- snapshot-download

serve() {
  python3 "$NX_SOURCE/tests/bats/snapshot-server.py" "$1" requests "${@:2}" >port 3>&- &
  server=$!
  until [ -s port ]; do sleep 0.02; done
  url=http://127.0.0.1:$(cat port)
}

@test "snapshot-download brings a snapshot that can be used, byte for byte" {
  export_all -o out --version 2026-05-10 --tables entity_types,entity_aliases >/dev/null
  serve out
  run --separate-stderr igem-server db snapshot-download --url "$url" -o here
  assert_success
  assert_line --regexp '^  entity_types.parquet +[0-9.]+ K?B   downloaded$'
  assert_line 'Snapshot version : 2026-05-10'
  assert_line 'Output dir       : here'
  diff -r out here
  run igem-server db info --db-uri here --verify --jq .tables
  assert_output '{"entity_aliases":0,"entity_types":14}'
  run igem-server --debug db snapshot-download --url "$url/" -o here --workers 1
  assert_success
  assert_line --regexp '^  TOTAL .* 2 cached$'
}

@test "snapshot-download without --include-nlp leaves the automaton where it is, with it brings it" {
  snapshot_of_corpus
  igem-server db snapshot-nlp mini >/dev/null
  serve mini
  igem-server db snapshot-download --url "$url" -o here >/dev/null
  [ ! -e here/nlp ]
  run igem-server db info --db-uri here --verify --jq .nlp_cache
  assert_success
  assert_output absent
  igem-server db snapshot-download --url "$url" -o here --include-nlp >/dev/null
  cmp mini/nlp/alias_dictionary.nxad here/nlp/alias_dictionary.nxad
  run igem-server db info --db-uri here --verify --jq .nlp_cache
  assert_output present
  printf x >>here/nlp/alias_dictionary.nxad
  run igem-server db info --db-uri here --verify
  assert_failure 1
}

@test "snapshot-download refuses names that leave the folder, and what does not match its sum" {
  mkdir evil
  sum=$(sha256sum <a.db | cut -c 1-64)
  jq -n --arg sum "$sum" '{tables: {x: {file: "../a.db", sha256: $sum}}}' >evil/manifest.json
  serve evil
  run igem-server db snapshot-download --url "$url" -o here
  assert_failure 1
  assert_output --partial '../a.db'
  [ -z "$(ls -A here)" ]
  echo other >evil/x.parquet
  jq -n --arg sum "$sum" '{tables: {x: {file: "x.parquet", sha256: $sum}}}' >evil/manifest.json
  run igem-server db snapshot-download --url "$url" -o here
  assert_failure 1
  assert_output --partial 'Snapshot download had failures:'
  [ ! -e here/manifest.json ]
}

@test "an address that is none, and a server that is not there, are told" {
  run igem-server db snapshot-download --url file:///etc -o here
  assert_failure 2
  NX_TEST_TIME_SCALE=0.01 run igem-server db snapshot-download --url http://127.0.0.1:1/ -o here
  assert_failure 1
  assert_output --partial 'Error: Failed to fetch manifest at http://127.0.0.1:1/manifest.json: '
}
