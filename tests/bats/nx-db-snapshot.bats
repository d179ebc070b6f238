#!/usr/bin/env bats
# nx-db export and import: a database as a Parquet snapshot and back (igem-db 5.7, 8, 12.3).
bats_require_minimum_version 1.5.0
load lib

setup() {
  set -o pipefail
  cd "$BATS_TEST_TMPDIR"
  export NX_DB_PATH=$BATS_TEST_TMPDIR/nexuslims.sqlite NX_DATA_PATH=$BATS_TEST_TMPDIR
  nx-db init >/dev/null
  sql "INSERT INTO instruments VALUES ('FEI-Titan-1', 'https://nemo/api/?id=1', '', '223', 'Titan', '1', './Titan', 'nemo', 'America/Denver');
       INSERT INTO session_log(session_identifier, instrument, timestamp, event_type, record_status, user) VALUES
         ('a-1', 'FEI-Titan-1', '2026-02-01T10:00:00-07:00', 'START', 'TO_BE_BUILT', 'jdoe'),
         ('a-1', 'FEI-Titan-1', '2026-02-01 11:00:00', 'END', 'TO_BE_BUILT', NULL),
         ('a-1', 'orphan', 'no time', 'RECORD_GENERATION', 'ERROR', 'nexuslims');
       INSERT INTO upload_log(session_identifier, destination_name, success, timestamp, metadata_json) VALUES ('a-1', 'cdcs', 1, 't', '{\"user\":\"jdoe\"}');
       INSERT INTO external_user_identifiers(nexuslims_username, external_system, external_id, email, created_at, notes)
         VALUES ('jdoe', 'nemo', '7', 'j@example.org', '2026-01-01', 'Jörg ☃');"
}

sql() { sqlite3 "$NX_DB_PATH" "$@"; }
everything() { sqlite3 "$1" .dump | sort; }
# replace TABLE COLUMNS: of the snapshot in out, what another program could have written (write-parquet.py)
replace() { python3 "$NX_SOURCE/tests/bats/write-parquet.py" out "$@"; }
manifest() { jq -r "$1" out/manifest.json; }

@test "a snapshot that is imported into a new database gives the same rows" {
  nx-db export -o out
  run nx-db --db-uri copy.sqlite import out
  assert_success
  assert_line "✓ Imported 6 rows in 4 tables"
  diff <(everything "$NX_DB_PATH") <(everything copy.sqlite)
}

@test "a snapshot of each earlier revision gives the same tables and rows, whichever way the database came there" {
  local revision
  for revision in v2_5_0a v2_4_0b v2_4_0a v1_4_3; do
    nx-db downgrade "$revision" >/dev/null
    nx-db export -o "$revision" >/dev/null
    run --separate-stderr nx-db --db-uri "$revision.sqlite" import "$revision"
    assert_success
    [[ "$stderr" != *backup* ]]
    diff <(everything "$NX_DB_PATH") <(everything "$revision.sqlite")
  done
  nx-db --db-uri v1_4_3.sqlite upgrade >/dev/null
  nx-db --db-uri v1_4_3.sqlite check
}

@test "an instrument whose harvester is NULL, as old databases may have it, comes back as it was" {
  need_corpus db
  install -m 644 "$CORPUS/db/v1_4_3_legacy.sqlite" "$NX_DB_PATH"
  sql "UPDATE instruments SET harvester = NULL WHERE rowid = 1"
  nx-db alembic stamp v1_4_3
  nx-db upgrade >/dev/null
  nx-db export -o out
  nx-db --db-uri made.sqlite init
  for copy in new.sqlite made.sqlite; do
    run nx-db --db-uri $copy import out
    assert_success
    for table in instruments session_log; do
      diff <(sql "SELECT * FROM $table ORDER BY 1") <(sqlite3 -readonly $copy "SELECT * FROM $table ORDER BY 1")
    done
    [ "$(sqlite3 $copy "SELECT count(*) FROM instruments WHERE harvester IS NULL")" = 1 ]
    run nx-db --db-uri $copy check
    assert_success
    run nx-db --db-uri $copy alembic check
    assert_success
  done
}

@test "a column of a site's own is named when there is no place for it, and imported when there is" {
  sql "ALTER TABLE instruments ADD COLUMN my_note TEXT; UPDATE instruments SET my_note = 'precious'"
  nx-db export -o out >/dev/null
  run nx-db --db-uri copy.sqlite import out
  assert_failure 1
  assert_line "Error: table instruments of the snapshot has a column my_note, which the one of the database has not: make the database with 'nexuslims db init', add the column to the table, and import again"
  [ ! -e copy.sqlite ]
  nx-db --db-uri copy.sqlite init >/dev/null
  sqlite3 copy.sqlite "ALTER TABLE instruments ADD COLUMN my_note TEXT"
  nx-db --db-uri copy.sqlite import out
  diff <(everything "$NX_DB_PATH") <(everything copy.sqlite)
}

@test "times in columns of a site's own come back as they were spelled, offset and all" {
  add="ALTER TABLE instruments ADD COLUMN serviced DATETIME; ALTER TABLE instruments ADD COLUMN due TIMESTAMP WITH TIME ZONE;
    ALTER TABLE instruments ADD COLUMN day DATE; ALTER TABLE instruments ADD COLUMN hour TIME"
  sql "$add; UPDATE instruments SET serviced = '2026-02-01T10:00-07:00', due = '2026-02-01 10:00:00Z', day = '2026-2-1', hour = '10:00'"
  nx-db export -o out >/dev/null
  nx-db --db-uri copy.sqlite init >/dev/null
  sqlite3 copy.sqlite "$add"
  nx-db --db-uri copy.sqlite import out
  diff <(everything "$NX_DB_PATH") <(everything copy.sqlite)
}

@test "a number in a column of times or of decimals comes back to its last digit" {
  add="ALTER TABLE instruments ADD COLUMN serviced DATETIME; ALTER TABLE instruments ADD COLUMN day DATE; ALTER TABLE instruments ADD COLUMN price NUMERIC;
    ALTER TABLE instruments ADD COLUMN small NUMERIC; ALTER TABLE instruments ADD COLUMN large DATETIME; ALTER TABLE instruments ADD COLUMN whole DATE"
  sql "$add; UPDATE instruments SET serviced = julianday('2026-02-01 10:00:01.234'), day = 1769940001.2345678, price = 0.1 + 0.2, small = 1.0 / 3e7,
    large = -1e300 / 3, whole = 2461072"
  nx-db export -o out >/dev/null
  nx-db --db-uri copy.sqlite init >/dev/null
  sqlite3 copy.sqlite "$add"
  nx-db --db-uri copy.sqlite import out
  for column in serviced day price small large whole; do
    assert_equal "$column $(sqlite3 copy.sqlite "SELECT typeof($column), printf('%!.17g', $column) FROM instruments")" \
      "$column $(sql "SELECT typeof($column), printf('%!.17g', $column) FROM instruments")"
  done
}

@test "a number in a column of so many decimals comes back to its last digit, also when SQLite writes it with an exponent" {
  add="ALTER TABLE instruments ADD COLUMN dose DECIMAL(10,6); ALTER TABLE instruments ADD COLUMN price DECIMAL(20,2);
    ALTER TABLE instruments ADD COLUMN huge DECIMAL(30,3); ALTER TABLE instruments ADD COLUMN whole DECIMAL(20,2)"
  sql "$add; UPDATE instruments SET dose = 0.00002, price = -1234567890123456.5, huge = 1e20, whole = 12345678901234567"
  nx-db export -o out >/dev/null
  nx-db --db-uri copy.sqlite init >/dev/null
  sqlite3 copy.sqlite "$add"
  nx-db --db-uri copy.sqlite import out
  run sqlite3 copy.sqlite "SELECT dose = 0.00002, price = -1234567890123456.5, huge = 1e20, typeof(whole), whole FROM instruments"
  assert_output '1|1|1|integer|12345678901234567'
}

@test "a number with more digits than its column declares stops the export, and none of them is lost" {
  sql "ALTER TABLE instruments ADD COLUMN dose DECIMAL(10,2)"
  for value in "0.1 + 0.2" 0.00002 1e9; do
    sql "UPDATE instruments SET dose = $value"
    run nx-db export -o out
    assert_failure 1
    assert_output --partial "column dose: a value does not fit the declared precision and scale"
    [ ! -e out ]
  done
}

@test "an export says that numbers become texts in a column that declares no type, and no number changes in one that does" {
  sql "ALTER TABLE instruments ADD COLUMN shelf; ALTER TABLE instruments ADD COLUMN room STRING; UPDATE instruments SET shelf = 5, room = 5"
  run --separate-stderr nx-db export -o out
  assert_success
  [[ "$stderr" == *' WARNING: table instruments: column shelf declares no type, and numbers in it become texts in the snapshot' ]]
  nx-db --db-uri copy.sqlite init >/dev/null
  sqlite3 copy.sqlite "ALTER TABLE instruments ADD COLUMN shelf; ALTER TABLE instruments ADD COLUMN room STRING"
  nx-db --db-uri copy.sqlite import out
  assert_equal "$(sqlite3 copy.sqlite 'SELECT typeof(shelf), shelf, typeof(room), room FROM instruments')" 'text|5|integer|5'
}

@test "bytes that are text are imported as text, but where the column is for bytes" {
  sql "ALTER TABLE instruments ADD COLUMN my_note BLOB; UPDATE instruments SET my_note = CAST('Jörg' AS BLOB)"
  nx-db export -o out >/dev/null
  for type in TEXT BLOB; do
    nx-db --db-uri $type.sqlite init >/dev/null
    sqlite3 $type.sqlite "ALTER TABLE instruments ADD COLUMN my_note $type"
    nx-db --db-uri $type.sqlite import out
  done
  run sqlite3 TEXT.sqlite "SELECT typeof(my_note), my_note FROM instruments"
  assert_output 'text|Jörg'
  run sqlite3 BLOB.sqlite "SELECT typeof(my_note) FROM instruments"
  assert_output blob
  sql "UPDATE instruments SET my_note = x'4aff'"
  nx-db export --overwrite -o out >/dev/null
  sqlite3 TEXT.sqlite "DELETE FROM instruments; DELETE FROM session_log; DELETE FROM upload_log; DELETE FROM external_user_identifiers"
  nx-db --db-uri TEXT.sqlite import out
  run sqlite3 TEXT.sqlite "SELECT typeof(my_note), hex(my_note) FROM instruments"
  assert_output 'blob|4AFF'
}

@test "a time outside of the years 1 to 9999 is refused with its table, row and column, and nothing is imported" {
  nx-db export -o out >/dev/null
  for case in 'timestamp 253402300799999999 253402300800000000' 'timestamp -62135596800000000 -62135596800000001' 'timestamp 0 9223372036854775807' \
    'date 2932896 2932897' 'date -719162 -719163' 'time 86399999999 86400000001' 'time 0 -1'; do
    read -r kind good bad <<<"$case"
    replace session_log "[[\"id_session_log\", \"integer\", [1, 2]], [\"session_identifier\", \"text\", [\"a\", \"a\"]], [\"instrument\", \"text\", [\"i\", \"i\"]],
      [\"timestamp\", \"$kind\", [$good, $bad]], [\"event_type\", \"text\", [\"START\", \"END\"]], [\"record_status\", \"text\", [\"ERROR\", \"ERROR\"]]]"
    run nx-db --db-uri copy.sqlite import out
    assert_failure 1
    assert_line --partial 'Error: table session_log, row 2, column timestamp: '
    [ ! -e copy.sqlite ]
    replace session_log "[[\"id_session_log\", \"integer\", [1]], [\"session_identifier\", \"text\", [\"a\"]], [\"instrument\", \"text\", [\"i\"]],
      [\"timestamp\", \"$kind\", [$good]], [\"event_type\", \"text\", [\"START\"]], [\"record_status\", \"text\", [\"ERROR\"]]]"
    nx-db --db-uri copy.sqlite import out
    rm copy.sqlite
  done
}

# upload KIND SUCCESS: one row of upload_log in the snapshot in out, with that truth value
upload() {
  replace upload_log "[[\"id\", \"integer\", [1]], [\"session_identifier\", \"text\", [\"a-1\"]], [\"destination_name\", \"text\", [\"cdcs\"]],
    [\"success\", \"$1\", [$2]], [\"timestamp\", \"text\", [\"t\"]]]"
}

@test "a truth value that another program wrote is stored as one, or refused with its table, row and column" {
  nx-db export -o out >/dev/null
  for case in 'integer 1|1' 'integer 0|0' 'real 1.0|1' 'real 0.0|0'; do
    upload ${case%|*}
    nx-db --db-uri copy.sqlite import out
    assert_equal "$case: $(sqlite3 copy.sqlite 'SELECT typeof(success), success FROM upload_log')" "$case: integer|${case#*|}"
    nx-db --db-uri copy.sqlite export -o again >/dev/null
    rm -r copy.sqlite again
  done
  for case in 'text "true"' 'text "maybe"' 'text "1"' 'integer 7' 'integer -1' 'real 0.5' 'real NaN' 'date 1' 'bytes "t"'; do
    upload $case
    run nx-db --db-uri copy.sqlite import out
    assert_failure 1
    assert_line 'Error: table upload_log, row 1, column success: the value is no truth value, as the column declares'
    [ ! -e copy.sqlite ]
  done
}

@test "a value that is no number is refused where the column is for numbers" {
  add='ALTER TABLE instruments ADD COLUMN floor INTEGER; ALTER TABLE instruments ADD COLUMN height REAL'
  sql "$add"
  nx-db export -o out >/dev/null
  for case in 'floor integer 2|integer|2' 'floor real 9007199254740994.0|integer|9007199254740994' \
    'height integer 2|real|2.0' 'height real 0.5|real|0.5' \
    'floor text "2"' 'floor real 2.5' 'floor real 9223372036854775808.0' 'height text "2.5"' 'height timestamp 0'; do
    read -r column kind value <<<"${case%%|*}"
    nx-db --db-uri copy.sqlite init >/dev/null
    sqlite3 copy.sqlite "$add"
    replace instruments "$(jq -c --arg column "$column" --arg kind "$kind" --argjson value "$value" '. + [[$column, $kind, [$value]]]' \
      <<<'[["instrument_pid", "text", ["a"]], ["api_url", "text", ["u"]], ["calendar_url", "text", [""]], ["location", "text", [""]],
        ["display_name", "text", ["A"]], ["property_tag", "text", ["1"]], ["filestore_path", "text", ["./a"]], ["harvester", "text", ["nemo"]],
        ["timezone", "text", ["UTC"]]]')"
    run nx-db --db-uri copy.sqlite import out
    if [[ "$case" == *'|'* ]]; then
      assert_success
      assert_equal "$(sqlite3 copy.sqlite "SELECT typeof($column), $column FROM instruments")" "${case#*|}"
    else
      assert_failure 1
      assert_line --partial "Error: table instruments, row 1, column $column: the value is no "
    fi
    rm copy.sqlite
  done
}

@test "a column of lists is refused by its name, and nothing is imported" {
  nx-db export -o out >/dev/null
  replace instruments '[["instrument_pid", "text", ["a"]], ["harvester", "list", [7]]]'
  run nx-db --db-uri copy.sqlite import out
  assert_failure 1
  assert_line 'Error: table instruments of the snapshot has a nested column harvester, which cannot be read: it has to be one value a row'
  [ ! -e copy.sqlite ]
}

@test "a file with two columns of one name is refused, and nothing is imported" {
  nx-db export -o out >/dev/null
  replace external_user_identifiers '[["id", "integer", [1]], ["nexuslims_username", "text", ["a"]], ["external_system", "text", ["nemo"]],
    ["external_id", "text", ["7"]], ["created_at", "text", ["t"]], ["external_id", "text", ["8"]]]'
  run nx-db --db-uri copy.sqlite import out
  assert_failure 1
  assert_line --regexp '^Error: .*external_user_identifiers.parquet: two columns are called external_id$'
  [ ! -e copy.sqlite ]
}

@test "every compression can be imported again" {
  for codec in zstd snappy gzip none; do
    nx-db export -o "$codec" --compression "$codec" --chunksize 1
    nx-db --db-uri "$codec.sqlite" import "$codec"
    diff <(everything "$NX_DB_PATH") <(everything "$codec.sqlite")
  done
}

@test "a long text of nothing but repetition can be imported again from every compression" {
  sql "INSERT INTO upload_log(session_identifier, destination_name, success, timestamp, error_message)
    VALUES ('a-2', 'cdcs', 0, 't', replace(hex(zeroblob(9000000)), '00', 'ee'));"
  for codec in zstd snappy gzip none; do
    nx-db export -o "$codec" --compression "$codec"
    run nx-db --db-uri "$codec.sqlite" import "$codec"
    assert_success
    diff <(everything "$NX_DB_PATH") <(everything "$codec.sqlite")
  done
}

@test "the manifest has size and sha256 of every file, and no path of this computer" {
  nx-db export -o out --version first
  [ "$(manifest '.schema + .snapshot_version + .schema_revision + .source.database')" = "nexuslimsfirstv2_5_0bnexuslims.sqlite" ]
  [ "$(manifest '.tables | keys | join(" ")')" = "external_user_identifiers instruments session_log upload_log" ]
  (cd out && jq -r '.tables[] | "\(.sha256)  \(.file)"' manifest.json | sha256sum -c --quiet)
  for file in out/*.parquet; do
    [ "$(manifest ".tables[] | select(.file == \"${file#out/}\").size_bytes")" = "$(stat -c %s "$file")" ]
  done
}

@test "an unchanged table gives an unchanged file" {
  nx-db export -o out >/dev/null
  nx-db export -o again >/dev/null
  for file in out/*.parquet; do cmp "$file" "again/${file#out/}"; done
}

@test "--tables and --exclude choose, and unknown names are refused" {
  nx-db export -o out --tables ' session_log, instruments,' --exclude instruments,nonsense >/dev/null
  [ "$(manifest '.tables | keys | join(" ")')" = session_log ]
  run nx-db export -o other --tables zebra,session_log,apple
  assert_failure 1
  assert_output --partial "Tables not found in DB: ['apple', 'zebra']"
  run nx-db export -o other --tables instruments --exclude instruments
  assert_failure 1
  assert_output --partial "No tables to export after applying filters."
  [ ! -e other ]
}

@test "a folder that is not empty is left alone without --overwrite" {
  mkdir out
  echo mine >out/notes.txt
  run nx-db export -o out
  assert_failure 1
  [ "$(ls -A out)" = notes.txt ]
}

@test "--overwrite removes what the snapshot before had and keeps foreign files" {
  nx-db export -o out >/dev/null
  mkdir out/nlp
  touch out/nlp/alias_dictionary.nxad out/notes.txt
  nx-db export -o out --overwrite --exclude upload_log >/dev/null
  [ "$(ls -A out | tr '\n' ' ')" = "external_user_identifiers.parquet instruments.parquet manifest.json notes.txt session_log.parquet " ]
}

@test "--overwrite removes what the snapshot before had in a folder, also when the new one has a file of that name elsewhere" {
  nx-db export -o out >/dev/null
  mkdir out/sub
  mv out/instruments.parquet out/sub
  manifest '.tables.instruments.file = "sub/instruments.parquet"' >changed
  mv changed out/manifest.json
  nx-db export -o out --overwrite >/dev/null
  assert_equal "$(ls out/sub)" ''
  nx-db --db-uri copy.sqlite import out
}

@test "--overwrite removes nothing that a link in the snapshot before leads to" {
  mkdir -p elsewhere out/real
  echo precious | tee elsewhere/mine.parquet >elsewhere/other.parquet
  ln -s ../elsewhere out/sub
  ln -s ../../elsewhere out/real/sub
  ln -s ../elsewhere/mine.parquet out/link.parquet
  echo '{"tables": {"a": {"file": "sub/mine.parquet"}, "b": {"file": "real/sub/other.parquet"}, "link": {}}}' >out/manifest.json
  nx-db export -o out --overwrite >/dev/null
  assert_equal "$(cat elsewhere/mine.parquet elsewhere/other.parquet out/link.parquet | uniq -c | xargs)" '3 precious'
  nx-db --db-uri copy.sqlite import out
}

@test "--overwrite leaves a snapshot as it is that another export or a download is replacing, and goes on when that is done" {
  nx-db export -o out >/dev/null
  cp -r out before
  exec 7>>out/.download.lock
  flock -n 7
  run nx-db export -o out --overwrite --tables instruments
  assert_failure 1
  assert_line "Error: another download or export is writing into out"
  diff -r -x .download.lock before out
  exec 7>&-
  nx-db export -o out --overwrite --tables instruments
  assert_equal "$(ls -A out | xargs)" "instruments.parquet manifest.json"
}

@test "--anonymize user leaves no name, and the same pseudonym every time" {
  nx-db export -o out --anonymize user >/dev/null
  nx-db export -o again --anonymize user >/dev/null
  [ "$(stat -c %a "$NX_DATA_PATH/.anonymize.key")" = 600 ]
  [ "$(manifest '.anonymized | join(",")')" = user ]
  nx-db --db-uri copy.sqlite import out >/dev/null
  key=$(od -An -v -tx1 "$NX_DATA_PATH/.anonymize.key" | tr -d ' \n')
  pseudonym=user-$(printf jdoe | openssl dgst -sha256 -mac HMAC -macopt "hexkey:$key" | sed 's/.* //' | cut -c 1-12)
  [ "$(sqlite3 copy.sqlite "SELECT group_concat(coalesce(user, 'NULL'), ' ') FROM session_log")" = "$pseudonym NULL nexuslims" ]
  [ "$(sqlite3 copy.sqlite "SELECT nexuslims_username, email IS NULL, notes IS NULL FROM external_user_identifiers")" = "$pseudonym|1|1" ]
  [ "$(sqlite3 copy.sqlite "SELECT metadata_json IS NULL FROM upload_log")" = 1 ]
  run ! grep -rE 'jdoe|example.org' out
  for file in out/*.parquet; do cmp "$file" "again/${file#out/}"; done
}

# calendars_with_secrets — the addresses of the instrument let in whoever reads them.
calendars_with_secrets() {
  sql "UPDATE instruments SET harvester = 'ical', api_url = 'https://bob:hunter22@c.example/s.ics#FEI', calendar_url = 'webcal://c.example/s.ics?token=hunter22'"
}

@test "a table with a calendar's address that holds a password is for its owner alone, all other files are for everybody" {
  umask 022
  calendars_with_secrets
  nx-db export -o out --compression none >/dev/null
  grep -q hunter22 out/instruments.parquet
  [ "$(stat -c %a out/instruments.parquet)" = 600 ]
  [ "$(stat -c %a out/session_log.parquet)" = 644 ]
  [ "$(stat -c %a out/manifest.json)" = 644 ]
  nx-db --db-uri copy.sqlite import out >/dev/null
  diff <(everything "$NX_DB_PATH") <(everything copy.sqlite)
  sql "UPDATE instruments SET harvester = 'nemo', api_url = 'https://c.example/s.ics#FEI', calendar_url = 'webcal://c.example/s.ics'"
  nx-db export -o out --overwrite >/dev/null
  [ "$(stat -c %a out/instruments.parquet)" = 644 ]
}

@test "--anonymize user keeps addresses apart that differ in what is hidden, the same every time" {
  local n
  for n in 1 2; do
    sql "INSERT INTO instruments VALUES
      ('N-$n', 'https://nemo/api/?id=7&token=5ecr$n', 'https://c/?token=5ecr$n', '223', 'T', '1', './T', 'nemo', 'UTC'),
      ('C-$n', 'https://c.example/5ecr$n', 'https://c.example/5ecr$n', '223', 'T', '1', './T', 'ical', 'UTC')"
  done
  nx-db export -o out --compression none --anonymize user >/dev/null
  nx-db export -o again --compression none --anonymize user >/dev/null
  run ! grep -r 5ecr out
  cmp out/instruments.parquet again/instruments.parquet
  run nx-db --db-uri copy.sqlite import out
  assert_success
  key=$(od -An -v -tx1 "$NX_DATA_PATH/.anonymize.key" | tr -d ' \n')
  sum=$(printf 'https://nemo/api/?id=7&token=5ecr1' | openssl dgst -sha256 -mac HMAC -macopt "hexkey:$key" | sed 's/.* //' | cut -c 1-12)
  [ "$(sqlite3 copy.sqlite "SELECT api_url, calendar_url FROM instruments WHERE instrument_pid = 'N-1'")" = \
    "https://nemo/api/?id=7&token=$sum|https://c/?token=***" ]
  [ "$(sqlite3 copy.sqlite "SELECT count(*) FROM instruments WHERE instrument_pid LIKE 'C-%' AND api_url GLOB 'https://c.example/[0-9a-f]*'")" = 2 ]
}

@test "a published calendar is known by its address alone, whatever that looks like, and a file lets nobody in" {
  umask 022
  sql "UPDATE instruments SET harvester = 'ical', api_url = 'https://c.example/grp/5ecr37#FEI', calendar_url = 'https://c.example/grp/5ecr37'"
  nx-db export -o out --compression none >/dev/null
  [ "$(stat -c %a out/instruments.parquet)" = 600 ]
  nx-db export -o hidden --compression none --anonymize user >/dev/null
  run ! grep -r 5ecr37 hidden
  grep -q 'https://c.example/' hidden/instruments.parquet
  [ "$(stat -c %a hidden/instruments.parquet)" = 644 ]
  sql "UPDATE instruments SET api_url = 'file:///srv/lab.ics#FEI', calendar_url = 'file:///srv/lab.ics'"
  nx-db export -o file >/dev/null
  [ "$(stat -c %a file/instruments.parquet)" = 644 ]
}

@test "--anonymize user leaves no password in a calendar's address" {
  umask 022
  calendars_with_secrets
  nx-db export -o out --compression none --anonymize user >/dev/null
  run ! grep -r hunter22 out
  [ "$(stat -c %a out/instruments.parquet)" = 644 ]
  nx-db --db-uri copy.sqlite import out >/dev/null
  key=$(od -An -v -tx1 "$NX_DATA_PATH/.anonymize.key" | tr -d ' \n')
  sum=$(printf 'https://bob:hunter22@c.example/s.ics#FEI' | openssl dgst -sha256 -mac HMAC -macopt "hexkey:$key" | sed 's/.* //' | cut -c 1-12)
  [ "$(sqlite3 copy.sqlite 'SELECT api_url, calendar_url FROM instruments')" = "https://$sum@c.example/$sum#FEI|webcal://c.example/***" ]
}

@test "a value that is not of its column's type stops the export and leaves nothing" {
  sql "UPDATE upload_log SET success = 'maybe'"
  run nx-db export -o out
  assert_failure 1
  assert_output --partial "table upload_log: row with id 1, column success: the value is no integer"
  [ ! -e out ]
  [ -z "$(find . -name '.out*')" ]
}

# upload_log_with KEY: its two rows in a table with that primary key, or without; session_identifier is the same in both
upload_log_with() {
  sql "DROP TABLE upload_log; CREATE TABLE upload_log (session_identifier TEXT, success BOOLEAN, metadata_json TEXT, destination_name TEXT$1);
    INSERT INTO upload_log VALUES ('a-1', 1, NULL, 'cdcs'), ('a-1', 1, NULL, 'site')"
}

@test "a row whose value does not fit is named by all columns of its key, or by its rowid" {
  # Found on the way out of the database, and on the way into the file.
  for case in "success = 7|column success: a truth value is neither 0 nor 1" "metadata_json = CAST(x'ff' AS TEXT)|column metadata_json"; do
    upload_log_with ', PRIMARY KEY (destination_name, session_identifier)'
    sql "UPDATE upload_log SET ${case%|*} WHERE destination_name = 'site'"
    run nx-db export -o out
    assert_failure 1
    assert_output --partial "table upload_log: row with destination_name site, session_identifier a-1, ${case#*|}"
    upload_log_with ''
    sql "UPDATE upload_log SET ${case%|*} WHERE destination_name = 'site'"
    run nx-db export -o out
    assert_failure 1
    assert_output --partial "table upload_log: row with rowid 2, ${case#*|}"
  done
}

@test "import refuses a database with rows, a changed file and a foreign snapshot, and changes nothing" {
  nx-db export -o out >/dev/null
  before=$(everything "$NX_DB_PATH" | sha256sum)
  run nx-db import out
  assert_failure 1
  assert_output "Error: Database is not empty: sqlite:///$NX_DB_PATH"
  [ "$before" = "$(everything "$NX_DB_PATH" | sha256sum)" ]
  printf x | dd of=out/session_log.parquet bs=1 seek=20 conv=notrunc 2>/dev/null
  run nx-db --db-uri copy.sqlite import out
  assert_failure 1
  assert_output --partial "session_log.parquet: its sha256 is not that of the manifest"
  [ ! -e copy.sqlite ]
  jq '.schema = "igem"' out/manifest.json >m && mv m out/manifest.json
  run nx-db --db-uri copy.sqlite import out
  assert_failure 1
  [ ! -e copy.sqlite ]
}

@test "a FIFO in the place of a table's file is refused by the import, and nothing waits for it" {
  nx-db export -o out >/dev/null
  manifest 'del(.tables.instruments.size_bytes)' >changed
  mv changed out/manifest.json
  rm out/instruments.parquet
  mkfifo out/instruments.parquet
  run timeout 20 nx-db --db-uri copy.sqlite import out
  assert_failure 1
  assert_output --partial "out/instruments.parquet is not a regular file"
  [ ! -e copy.sqlite ]
}

@test "import fills a database that was only initialized" {
  nx-db export -o out >/dev/null
  nx-db --db-uri copy.sqlite init >/dev/null
  nx-db --db-uri copy.sqlite import out
  diff <(everything "$NX_DB_PATH") <(everything copy.sqlite)
}

@test "a manifest that names a file outside its folder is refused" {
  nx-db export -o out >/dev/null
  for name in ../session_log.parquet /etc/passwd 'a\\b' .hidden a/b/c/d '' manifest.json; do
    jq --arg name "$name" '.tables.session_log.file = $name' out/manifest.json >bad && cp -r out bad.d && mv bad bad.d/manifest.json
    run nx-db --db-uri copy.sqlite import bad.d
    assert_failure 1
    assert_output --partial "could leave the folder"
    rm -r bad.d
  done
}

@test "a disk that is full ends the export with a sentence, and leaves nothing" {
  [ "$(id -u)" = 0 ] || skip "mounting needs root"
  mkdir small
  mount -t tmpfs -o size=64k small small 2>/dev/null || skip "no file system can be mounted here"
  sql "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000)
       INSERT INTO session_log(session_identifier, instrument, timestamp, event_type, record_status) SELECT hex(randomblob(40)), 'x', 't', 'START', 'ERROR' FROM n"
  run nx-db export -o small/out
  left=$(ls -A small)
  umount small
  assert_failure 1
  assert_output --partial "No space left on device"
  [ -z "$left" ]
}

@test "a manifest that counts other rows than its files have is refused" {
  nx-db export -o out >/dev/null
  jq '.tables.session_log.rows = 7' out/manifest.json >m && mv m out/manifest.json
  run nx-db --db-uri copy.sqlite import out
  assert_failure 1
  assert_output --partial "table session_log has 3 rows, and 7 in the manifest"
  run ! compgen -G 'copy.sqlite*'
}

@test "commands that need a database say so of a snapshot, and name a database that is not there" {
  nx-db export -o out >/dev/null
  for words in status 'export -o new' 'import out'; do
    run nx-db --db-uri out $words
    assert_failure 1
    assert_output --partial "Cannot run 'db ${words%% *}' against a snapshot (read-only)"
  done
  run nx-db --db-uri gone.sqlite export -o new
  assert_failure 1
  assert_output --partial "Error: Database not found at sqlite:///gone.sqlite: "
  [ ! -e new ]
}

@test "every command stands once on the help page" {
  run nx-db --help
  assert_equal "$(grep -cE '^  (export|import|snapshot-download) ' <<<"$output")" 3
}

@test "a disk that is full ends the import with a sentence that names the database, and leaves nothing" {
  [ "$(id -u)" = 0 ] || skip "mounting needs root"
  sql "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
       INSERT INTO session_log(session_identifier, instrument, timestamp, event_type, record_status) SELECT 's' || i, 'FEI-Titan-1', 't', 'START', 'ERROR' FROM n"
  nx-db export -o out >/dev/null
  mkdir small
  mount -t tmpfs -o size=400k small small 2>/dev/null || skip "no file system can be mounted here"
  run nx-db --db-uri small/copy.sqlite import out
  left=$(ls -A small)
  umount small
  assert_failure 1
  assert_line --regexp '^Error: database .*small/copy.sqlite: database or disk is full'
  assert_equal "$left" ''
}

@test "a limit on the size of files ends a program with a sentence, as a full disk does, and leaves nothing" {
  sql "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
       INSERT INTO session_log(session_identifier, instrument, timestamp, event_type, record_status) SELECT hex(randomblob(40)), 'x', 't', 'START', 'ERROR' FROM n"
  nx-db export -o out >/dev/null
  mkdir small
  run bash -c 'ulimit -f 256; nx-db export -o small/out'
  assert_failure 1
  assert_output --partial "File too large"
  run bash -c 'ulimit -f 256; nx-db --db-uri small/copy.sqlite import out'
  assert_failure 1
  assert_line --regexp '^Error: database .*small/copy.sqlite: '
  assert_equal "$(ls -A small)" ''
}

@test "a full disk is not blamed on a row" {
  [ "$(id -u)" = 0 ] || skip "mounting needs root"
  mkdir small
  mount -t tmpfs -o size=64k small small 2>/dev/null || skip "no file system can be mounted here"
  sql "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000)
       INSERT INTO session_log(session_identifier, instrument, timestamp, event_type, record_status) SELECT hex(randomblob(40)), 'x', 't', 'START', 'ERROR' FROM n"
  run nx-db export -o small/out --chunksize 100
  umount small
  assert_failure 1
  assert_output --partial "Error: table session_log: cannot write small/"
}

@test "the folder may be typed with slashes at its end, and need not be there" {
  nx-db export -o new/out// >said
  [ "$(ls -A new)" = out ]
  grep -qx 'Manifest written: new/out/manifest.json' said
  mkdir there
  nx-db export -o there/ >/dev/null
  cmp new/out/session_log.parquet there/session_log.parquet
}

@test "what a killed export left is cleared away by the next, but not what one at work is writing or what others keep there" {
  sql "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 400000)
       INSERT INTO session_log(session_identifier, instrument, timestamp, event_type, record_status) SELECT i, 'x', 't', 'START', 'ERROR' FROM n"
  mkdir there .out.export-folder
  touch .out.export-folder/mine
  for folder in there out; do
    nx-db export -o $folder --compression gzip >/dev/null &
    until [ -e there/.export-*/session_log.parquet.part -o -e .out.export-*/session_log.parquet.part ]; do sleep 0.01; done
    kill -STOP $!
    nx-db export -o $folder --overwrite --tables instruments >/dev/null
    compgen -G "there/.export-*/session_log.parquet.part" || compgen -G ".out.export-*/session_log.parquet.part"
    kill -KILL $!
    wait $! || true
    rm $folder/*
    [ $folder = there ] || rmdir $folder
    nx-db export -o $folder --tables instruments >/dev/null
    [ "$(ls -A $folder | tr '\n' ' ')" = "instruments.parquet manifest.json " ]
    run ! compgen -G ".out.export-*/*.part"
  done
  [ -e .out.export-folder/mine ]
}

@test "an empty folder that an export may just have made stays, and an old one goes" {
  mkdir .out.export-aaaaaa .out.export-bbbbbb
  touch -d '2 minutes ago' .out.export-bbbbbb
  nx-db export -o out --tables instruments >/dev/null
  [ "$(ls -d .out.export-*)" = .out.export-aaaaaa ]
}

# of_imports: the files that imports into copy.sqlite have made so far
of_imports() { find . -path '*copy.sqlite.import-*' -type f ! -name mine; }

# small_and_big: two snapshots, the latter of so many rows that an import of it can be caught at work
small_and_big() {
  nx-db export -o small --tables instruments >/dev/null
  sql "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 400000)
       INSERT INTO session_log(session_identifier, instrument, timestamp, event_type, record_status) SELECT i, 'x', 't', 'START', 'ERROR' FROM n"
  nx-db export -o big >/dev/null
}

# half_an_import: starts one into copy.sqlite and stops it while it loads rows; it is $!
half_an_import() {
  nx-db --db-uri copy.sqlite import big >/dev/null 2>said &
  until of_imports | grep -q journal; do sleep 0.01; done
  kill -STOP $!
}

@test "what a killed import left is cleared away by the next, but not what one at work is writing or what others keep there" {
  small_and_big
  mkdir .copy.sqlite.import-folder
  touch .copy.sqlite.import-folder/mine
  half_an_import
  before=$(of_imports)
  nx-db --db-uri copy.sqlite import small >/dev/null
  [ "$(of_imports)" = "$before" ]
  rm copy.sqlite
  kill -KILL $!
  wait $! || true
  nx-db --db-uri other.sqlite import small >/dev/null
  [ "$(of_imports)" = "$before" ]
  run nx-db --db-uri copy.sqlite import small
  assert_success
  [ -z "$(of_imports)" ]
  [ "$(ls -Ad .*import* *import*)" = .copy.sqlite.import-folder ]
  [ -e .copy.sqlite.import-folder/mine ]
  [ "$(sqlite3 copy.sqlite 'SELECT count(*) FROM instruments')" = "$(sql 'SELECT count(*) FROM instruments')" ]
}

@test "an import that finds its file made by another in the meantime leaves that as it is, and nothing of its own" {
  small_and_big
  half_an_import
  nx-db --db-uri copy.sqlite import small >/dev/null
  before=$(sha256sum copy.sqlite)
  kill -CONT $!
  wait $! || status=$?
  [ "$status" = 1 ]
  [ "$(cat said)" = "Error: cannot create copy.sqlite: File exists" ]
  [ "$before" = "$(sha256sum copy.sqlite)" ]
  run ! compgen -G '*copy.sqlite.import-*'
  run ! compgen -G '.copy.sqlite.import-*'
}

@test "a version that is not UTF-8 is a usage error, and nothing is written" {
  run nx-db export -o out --version $'caf\xe9'
  assert_failure 2
  assert_output --partial "--version"
  [ ! -e out ]
}

@test "DuckDB reads what was exported, row groups and all" {
  node=$NX_SOURCE/tests/node
  [ -d "$node/node_modules/@duckdb" ] || skip "@duckdb/node-api is not installed in tests/node"
  nx-db export -o out --chunksize 2 --compression gzip >/dev/null
  run node "$node/read-parquet.mjs" duckdb out/session_log.parquet
  assert_success
  assert_line --index 0 '["BIGINT","VARCHAR","VARCHAR","VARCHAR","VARCHAR","VARCHAR","VARCHAR"]'
  assert_line --index 2 '["2","a-1","FEI-Titan-1","2026-02-01 11:00:00","END","TO_BE_BUILT",null]'
  [ "${#lines[@]}" = 4 ]
}

@test "integers that another program made floating point, and times of its own type, are stored as the database has them" {
  node=$NX_SOURCE/tests/node
  [ -d "$node/node_modules/@duckdb" ] || skip "@duckdb/node-api is not installed in tests/node"
  nx-db export -o out >/dev/null
  node "$node/rewrite-parquet.mjs" "$PWD/out" session_log "id_session_log::DOUBLE AS id_session_log,
    ('2026-02-01 11:00:00.5'::TIMESTAMP + to_hours(id_session_log))::TIMESTAMPTZ AS timestamp"
  nx-db --db-uri copy.sqlite import out
  run sqlite3 copy.sqlite "SELECT typeof(id_session_log), timestamp FROM session_log LIMIT 1"
  assert_output "integer|2026-02-01T12:00:00.500000+00:00"
  node "$node/rewrite-parquet.mjs" "$PWD/out" session_log "timestamp::TIMESTAMP AS timestamp"
  nx-db --db-uri clock.sqlite import out
  run sqlite3 clock.sqlite "SELECT timestamp FROM session_log LIMIT 1"
  assert_output "2026-02-01T12:00:00.500000"
}

@test "an export that is interrupted leaves nothing, and an older snapshot as it was" {
  sql "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 400000)
       INSERT INTO session_log(session_identifier, instrument, timestamp, event_type, record_status) SELECT i, 'x', 't', 'START', 'ERROR' FROM n"
  nx-db export -o out --tables instruments >/dev/null
  before=$(cat out/* | sha256sum)
  nx-db export -o out --overwrite --compression gzip >/dev/null 2>said &
  until [ -e out/.export-*/session_log.parquet.part ]; do sleep 0.01; done
  kill -INT $!
  wait $! || status=$?
  [ "$status" = 130 ]
  [ "$(cat said)" = "Aborted!" ]
  [ "$before" = "$(cat out/* | sha256sum)" ]
  [ "$(ls -A out | tr '\n' ' ')" = "instruments.parquet manifest.json " ]
}
