#!/usr/bin/env bats
# nx-alias: texts in, names out; the dictionary of a snapshot is used only as long as it fits (igem-db 5.9, 9), and a database of NexusLIMS serves
# as a snapshot of it does (12.3).
bats_require_minimum_version 1.5.0
load lib
load postgres

setup_file() { if command -v psql >/dev/null && command -v setpriv >/dev/null; then start_postgres; fi; }
teardown_file() { stop_postgres; }

setup() {
  set -o pipefail
  cd "$BATS_TEST_TMPDIR"
  need_corpus parquet/minisnapshot
  cp -r "$CORPUS/parquet/minisnapshot" snapshot
  chmod -R u+w snapshot
}

scan() { jq -nc --arg text "$1" '{text: $text, id: 7}' | nx-alias scan -s snapshot "${@:2}"; }

@test "scan adds matches to a line and keeps the rest" {
  run scan 'BRCA1 in breast cancer'
  assert_success
  assert_json '.id' 7
  assert_json '[.matches[].matched_text] | join(",")' 'brca1,breast,breast cancer,cancer'
}

@test "a NUL is a character like others: what stands behind it is found, and is at its place" {
  run nx-alias scan -s snapshot <<<'{"text":"x\u0000x and BRCA1"}'
  assert_success
  assert_json '[.matches[] | .matched_text, .span_start] | join(" ")' 'brca1 8'
  run nx-alias lookup -s snapshot <<<'{"text":"il_6\u0000"}'
  assert_success
  assert_json '.aliases | length' 0
}

@test "lookup finds the aliases of the same spelling" {
  run nx-alias lookup -s snapshot <<<'{"text":"il_6"}'
  assert_success
  assert_json '.aliases[0].alias_id' 9
}

@test "build writes the dictionary, names it in the manifest, and scan gives the same from it" {
  before=$(scan 'Lead and NF-κB' --mode all_candidates)
  run nx-alias build snapshot
  assert_success
  assert_line "Aliases       : 19"
  assert_line "Unique norms  : 15"
  [ "$(jq -r .nlp.sha256 snapshot/manifest.json)" = "$(sha256sum <snapshot/nlp/alias_dictionary.nxad | cut -c 1-64)" ]
  [ "$(jq -r .nlp.size_bytes snapshot/manifest.json)" = "$(stat -c %s snapshot/nlp/alias_dictionary.nxad)" ]
  [ "$before" = "$(scan 'Lead and NF-κB' --mode all_candidates --require-cache)" ]
  run nx-alias build snapshot
  assert_failure 1
  assert_output --partial "NLP cache already exists"
  nx-alias build snapshot --overwrite
}

@test "build writes through no link that a snapshot has brought along" {
  mkdir outside
  ln -s ../outside snapshot/nlp
  before=$(sha256sum <snapshot/manifest.json)
  for overwrite in '' --overwrite; do
    run nx-alias build snapshot $overwrite
    assert_failure 1
    assert_output 'Error: snapshot/nlp is a link, which could lead out of the folder'
  done
  [ -z "$(ls -A outside)" ]
  assert_equal "$(sha256sum <snapshot/manifest.json)" "$before"
}

@test "a damaged or stale dictionary is made anew in memory, or refused when it is required" {
  nx-alias build snapshot >/dev/null
  printf x | dd of=snapshot/nlp/alias_dictionary.nxad bs=1 seek=100 conv=notrunc 2>/dev/null
  run --separate-stderr scan cancer
  assert_success
  assert_json '.matches | length' 1
  [[ $stderr == *"is damaged"* ]]
  run scan cancer --require-cache
  assert_failure 1
  nx-alias build snapshot --overwrite >/dev/null
  jq '.tables.entity_types.sha256 = "0"' snapshot/manifest.json >m && mv m snapshot/manifest.json
  run scan cancer --require-cache
  assert_failure 1
  assert_output --partial "is stale"
}

@test "--trust-cache uses a dictionary without comparing its sum, but not one of another size or of other tables" {
  nx-alias build snapshot >/dev/null
  jq '.nlp.sha256 = ("0" * 64)' snapshot/manifest.json >m && mv m snapshot/manifest.json
  run scan cancer --require-cache
  assert_failure 1
  run scan cancer --require-cache --trust-cache
  assert_success
  assert_json '.matches | length' 1
  truncate -s +16 snapshot/nlp/alias_dictionary.nxad
  run scan cancer --require-cache --trust-cache
  assert_failure 1
}

@test "a dictionary that is cut while it is searched harms no search" {
  nx-alias build snapshot >/dev/null
  mkfifo lines
  nx-alias lookup -s snapshot --require-cache <lines >found 3>&- &
  pid=$!
  exec 8>lines
  echo '{"text":"il_6"}' >&8
  for _ in $(seq 100); do
    [ ! -s found ] || break
    sleep 0.1
  done
  : >snapshot/nlp/alias_dictionary.nxad
  echo '{"text":"il_6"}' >&8
  exec 8>&-
  wait $pid
  [ "$(wc -l <found)" = 2 ]
  [ "$(head -n 1 found)" = "$(tail -n 1 found)" ]
}

@test "instruments and users of a NexusLIMS snapshot are found by their names" {
  export NX_DB_PATH=$BATS_TEST_TMPDIR/nexuslims.sqlite
  nx-db init >/dev/null
  sqlite3 "$NX_DB_PATH" "INSERT INTO instruments VALUES ('FEI-Titan-TEM-635816', 'https://nemo/api/?id=1', '', '223', 'FEI Titan TEM', 'PRP-12345', './Titan_STEM', 'nemo', 'UTC');
    INSERT INTO external_user_identifiers(nexuslims_username, external_system, external_id, email, created_at) VALUES ('jdoe', 'nemo', '7', 'jane.doe@example.org', '2026-01-01');"
  nx-db export -o mine >/dev/null
  text=$(jq -nc '{text: "fei_titan-tem (PRP-12345): Jane.Doe and jdoe saved to /data/titan stem"}')
  run nx-alias scan -s mine <<<"$text"
  assert_success
  assert_json '[.matches[] | "\(.matched_text)=\(.entity_primary_name)"] | join(",")' \
    'fei titan tem=FEI-Titan-TEM-635816,prp 12345=FEI-Titan-TEM-635816,jane.doe=jdoe,jdoe=jdoe,titan stem=FEI-Titan-TEM-635816'
  assert_json '.matches[0].entity_type_name' instrument
}

@test "names that another program has written as bytes are read as text" {
  export NX_DB_PATH=$BATS_TEST_TMPDIR/nexuslims.sqlite
  nx-db init >/dev/null
  sqlite3 "$NX_DB_PATH" "INSERT INTO external_user_identifiers(nexuslims_username, external_system, external_id, email, created_at)
    VALUES ('jdoe', 'nemo', '7', 'jörg@example.org', '2026-01-01');
    ALTER TABLE external_user_identifiers RENAME COLUMN email TO text_email;
    ALTER TABLE external_user_identifiers ADD COLUMN email BLOB; UPDATE external_user_identifiers SET email = CAST(text_email AS BLOB);"
  nx-db export -o mine >/dev/null
  run nx-alias scan -s mine <<<'{"text":"seen by jörg"}'
  assert_success
  assert_json '.matches[0].entity_primary_name' jdoe
}

@test "a column of lists is refused when it is asked for, and no name is found in any other way" {
  export NX_DB_PATH=$BATS_TEST_TMPDIR/nexuslims.sqlite
  nx-db init >/dev/null
  nx-db export -o mine >/dev/null
  write() { python3 "$NX_SOURCE/tests/bats/write-parquet.py" mine external_user_identifiers "$1"; }
  write '[["nexuslims_username", "text", ["jdoe"]], ["email", "list", [7]]]'
  run nx-alias scan -s mine <<<'{"text":"jdoe"}'
  assert_failure 1
  assert_output --partial 'table external_user_identifiers: the column email is nested, which cannot be read: it has to be one value a row'
  write '[["nexuslims_username", "text", ["jdoe"]], ["email", "text", ["d@example.org"]], ["more", "list", [7]]]'
  run nx-alias scan -s mine <<<'{"text":"jdoe"}'
  assert_success
  assert_json '.matches[0].entity_primary_name' jdoe
}

@test "a user with an account in two systems is one user, and no doubt is left" {
  export NX_DB_PATH=$BATS_TEST_TMPDIR/nexuslims.sqlite
  nx-db init >/dev/null
  sqlite3 "$NX_DB_PATH" "INSERT INTO external_user_identifiers(nexuslims_username, external_system, external_id, email, created_at) VALUES
    ('jdoe', 'nemo', '7', 'jane.doe@example.org', '2026-01-01'), ('jsmith', 'nemo', '8', NULL, '2026-01-01'), ('jdoe', 'labarchives_eln', 'x', 'j.doe@example.org', '2026-01-01')"
  nx-db export -o mine >/dev/null
  run nx-alias scan --mode all_candidates -s mine <<<'{"text":"jdoe (jane.doe, once j.doe), jsmith"}'
  assert_success
  assert_json '[.matches[] | "\(.matched_text) \(.entity_primary_name) \(.review_status)"] | join(",")' \
    'jdoe jdoe auto,jane.doe jdoe auto,j.doe jdoe auto,jsmith jsmith auto'
  assert_json '[.matches[].entity_id] | unique | length' 2
}

@test "a line without text is refused by its number" {
  run nx-alias scan -s snapshot <<<'{"note":"cancer"}'
  assert_failure 2
  assert_output --partial "line 1"
}

# ---------------------------------------------------------------------------------------------------------------- databases

# facility: a database at NX_DB_PATH whose names are awkward: beyond ASCII, alike, too short, empty, not there
facility() {
  export NX_DB_PATH=$BATS_TEST_TMPDIR/nexuslims.sqlite
  nx-db init >/dev/null
  sqlite3 "$NX_DB_PATH" "INSERT INTO instruments VALUES ('FEI-Titan-TEM-635816', 'https://nemo/api/?id=1', '', '223', 'FEI Titan TEM', 'PRP-12345', './Titan_STEM', 'nemo', 'UTC'),
      ('Ångström-SEM', 'https://nemo/api/?id=2', '', '224', 'Ångström', '2', 'C:\\Data\\Titan_STEM\\', 'ical', 'UTC'),
      ('a-stem', 'https://nemo/api/?id=3', '', '225', 'Titan STEM', '', '/', 'ical', 'UTC');
    INSERT INTO external_user_identifiers(nexuslims_username, external_system, external_id, email, created_at) VALUES
      ('jdoe', 'nemo', '7', 'jane.doe@example.org', '2026-01-01'), ('jdoe', 'labarchives_eln', '8', NULL, '2026-01-01'), ('Zoë', 'nemo', '9', '@', '2026-01-01');"
  jq -nc '{text: "fei_titan-tem (PRP-12345): Jane.Doe and jdoe saved to /data/titan stem"}, {text: "angstrom sem, ZOE, a stem"}, {text: "JDOE"},
    {text: "Titan/STEM"}, {text: "nobody"}' >texts
}

# on_a_server: moves it to PostgreSQL
on_a_server() {
  [ -n "${PG_FOLDER:-}" ] || skip "psql or setpriv is not there (Debian: postgresql)"
  nx-db export -o moving >/dev/null
  fresh_database
  nx-db import moving >/dev/null
}

# same_as_its_snapshot: what the database at NX_DB_PATH gives is what a snapshot that was exported from it gives
same_as_its_snapshot() {
  nx-db export -o of-it >/dev/null
  for words in lookup 'scan --mode smart' 'scan --mode all_candidates' 'scan --mode best_match'; do
    nx-alias $words -s of-it <texts >expected
    nx-alias $words -s "$NX_DB_PATH" <texts >got
    diff expected got
    nx-alias $words <texts | diff expected -
  done
}

@test "a database gives the matches of a snapshot of it, and stays as it is: SQLite" {
  facility
  run nx-alias scan <texts
  assert_success
  [ "$(head -n 1 <<<"$output" | jq -r '[.matches[] | "\(.matched_text)=\(.entity_primary_name)"] | sort | join(",")')" = \
    'fei titan tem=FEI-Titan-TEM-635816,jane.doe=jdoe,jdoe=jdoe,prp 12345=FEI-Titan-TEM-635816,titan stem=FEI-Titan-TEM-635816,titan stem=a-stem,titan stem=Ångström-SEM' ]
  run nx-alias lookup -s "sqlite:///$NX_DB_PATH" <<<'{"text":"Titan-STEM"}'
  assert_json '[.aliases[].entity_primary_name] | sort | join(",")' 'FEI-Titan-TEM-635816,a-stem,Ångström-SEM'
  before=$(sha256sum "$NX_DB_PATH" && ls -A)
  same_as_its_snapshot
  rm -r of-it expected got
  [ "$before" = "$(sha256sum "$NX_DB_PATH" && ls -A)" ]
}

@test "a database gives the matches of a snapshot of it: PostgreSQL, from SQLite's too, to who may only read" {
  facility
  nx-alias scan <texts >from_sqlite
  on_a_server
  nx-alias scan <texts | diff from_sqlite -
  same_as_its_snapshot
  reader=reader_$PGDATABASE
  psql_says "CREATE ROLE $reader LOGIN PASSWORD 'look-only'; GRANT SELECT ON instruments, external_user_identifiers TO $reader"
  nx-alias scan -s "postgresql://$reader:look-only@/$PGDATABASE?host=$PG_FOLDER" <texts | diff from_sqlite -
}

@test "a file and a folder that may not be written to serve as they are" {
  facility
  as_bound_user
  nx-alias scan <texts >expected
  chmod 444 "$NX_DB_PATH" && chmod 555 .
  "${as[@]}" "$NX_BUILD/bin/nx-alias" scan <texts >"$BATS_FILE_TMPDIR/got"
  chmod 755 .
  diff expected "$BATS_FILE_TMPDIR/got"
}

@test "what is named wins over NX_DB_PATH, which may be the folder of a snapshot too; with neither the usage is shown" {
  facility
  run nx-alias scan -s snapshot <<<'{"text":"cancer, jdoe"}'
  assert_json '[.matches[].matched_text] | join(",")' cancer
  NX_DB_PATH=snapshot run nx-alias scan <<<'{"text":"cancer, jdoe"}'
  assert_json '[.matches[].matched_text] | join(",")' cancer
  NX_DB_PATH=snapshot run nx-alias scan -s "$NX_DB_PATH" <<<'{"text":"cancer, jdoe"}'
  assert_json '[.matches[].matched_text] | join(",")' jdoe
  unset NX_DB_PATH
  run nx-alias scan <<<'{"text":"cancer"}'
  assert_failure 2
  assert_output --partial "Missing option '--snapshot' / '-s', and NX_DB_PATH is not set."
}

# refused MESSAGE WORD…: exit 1 and this sentence alone, and no line
refused() {
  run --separate-stderr nx-alias "${@:2}" <<<'{"text":"cancer"}'
  assert_equal "$stderr" "Error: $1"
  assert_failure 1
  [ -z "$output" ]
}

@test "a database that is not there, is none, or is foreign is refused by its address" {
  facility
  refused "there is neither a snapshot nor a database at nowhere" scan -s nowhere
  refused "there is neither a snapshot nor a database at $PWD/nowhere.sqlite" lookup -s "sqlite:///$PWD/nowhere.sqlite"
  [ ! -e nowhere ]
  [ ! -e nowhere.sqlite ]
  mkdir folder
  refused "folder is not a snapshot: it holds no manifest.json" scan -s folder
  refused "mysql://h/x is an address of a kind this program cannot open: give the path of a SQLite file or postgresql://…" scan -s mysql://h/x
  echo "no database at all, but long enough to be looked at" >notes.txt
  refused "cannot use the database sqlite:///notes.txt: file is not a database" scan -s notes.txt
  sqlite3 foreign.sqlite 'CREATE TABLE entity_aliases (id INTEGER)'
  refused "cannot use the database sqlite:///foreign.sqlite: it is not of NexusLIMS: no table that holds names is there (names of IGEM are found in a snapshot: igem-server db export)" \
    scan -s foreign.sqlite
  nx-db --db-uri old.sqlite init >/dev/null
  nx-db --db-uri old.sqlite downgrade v1_4_3 >/dev/null 2>&1
  refused "cannot use the database sqlite:///old.sqlite: it is of another revision, or not of NexusLIMS ('nexuslims db check' tells): table instruments: the column display_name is missing" \
    scan -s old.sqlite
}

@test "a database that may not be read is refused, and a password is not shown" {
  facility
  as_bound_user
  chmod 000 "$NX_DB_PATH"
  run "${as[@]}" "$NX_BUILD/bin/nx-alias" scan <texts
  assert_failure 1
  assert_output "Error: cannot use the database sqlite:///$NX_DB_PATH: unable to open database file: Permission denied"
  chmod 644 "$NX_DB_PATH"
  on_a_server
  stranger=stranger_$PGDATABASE
  psql_says "CREATE ROLE $stranger LOGIN PASSWORD 's3cr3t'; GRANT SELECT ON instruments TO $stranger"
  refused "cannot use the database postgresql://$stranger:***@/$PGDATABASE?host=$PG_FOLDER: permission denied for table external_user_identifiers" \
    scan -s "postgresql://$stranger:s3cr3t@/$PGDATABASE?host=$PG_FOLDER"
  run nx-alias scan -s "postgresql://$stranger:wr0ngpw@/$PGDATABASE?host=$PG_FOLDER" <texts
  assert_failure 1
  assert_output --partial "cannot use the database postgresql://$stranger:***@/$PGDATABASE?host=$PG_FOLDER: "
  assert_output --partial 'password authentication failed'
  refute_output --partial wr0ngpw
}

@test "a database has no dictionary that could be required" {
  facility
  refused "cannot use the database sqlite:///$NX_DB_PATH: it has no alias dictionary, which only a snapshot can have: leave --require-cache out" scan --require-cache
}

@test "names that are no UTF-8 do not break the lines" {
  facility
  sqlite3 "$NX_DB_PATH" "UPDATE instruments SET display_name = CAST(x'5469ff74616e' AS TEXT) WHERE instrument_pid = 'a-stem'"
  run nx-alias lookup <<<'{"text":"a-stem"}'
  assert_success
  run nx-alias scan --mode all_candidates <<<'{"text":"ti�tan"}'
  assert_success
  assert_json '.matches | map(.alias_value) | join(",")' 'Ti�tan'
}
