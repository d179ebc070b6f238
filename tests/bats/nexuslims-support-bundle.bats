#!/usr/bin/env bats
# nexuslims support-bundle: what is in the archive, what is never in it, and that one failing section costs only itself (cli §10).
load lib
bats_require_minimum_version 1.5.0

setup() {
  mkdir -p "$BATS_TEST_TMPDIR/bin" "$BATS_TEST_TMPDIR/data/logs/2025/03/04" "$BATS_TEST_TMPDIR/share"
  cp "$NX_BUILD/bin/nexuslims" "$NX_BUILD/bin/nexuslims-support-bundle" "$BATS_TEST_TMPDIR/bin/"
  PATH=$BATS_TEST_TMPDIR/bin:$PATH
  export NX_DATA_PATH=$BATS_TEST_TMPDIR/data NX_INSTRUMENT_DATA_PATH=$BATS_TEST_TMPDIR NX_DB_PATH=$BATS_TEST_TMPDIR/data/nexuslims.db
  export NX_CDCS_URL=https://cdcs.example.com/ NX_CDCS_TOKEN=s3cret-token-0815
  printf 'x%.0s' $(seq 100) >"$NX_DB_PATH"
  cd "$BATS_TEST_TMPDIR"
  stand_in nx-db <<'SCRIPT'
#!/bin/sh
case "$*" in
  'info --format json') echo '{"revision":"v2_5_0b","tables":{"external_user_identifiers":0,"instruments":1,"session_log":0,"upload_log":0},"backend":"sql","engine":"sqlite"}' ;;
  'rows instruments')
    echo '["instrument_pid","api_url","calendar_url","location","display_name","property_tag","filestore_path","harvester","timezone"]'
    echo '["FEI-Titan","https://nemo.example.com/api/tools/?id=3","","Room \"B\", 101","Titan","P1","Titan",null,"America/Denver"]' ;;
  'rows '*) echo '["id"]' ;;
esac
SCRIPT
  stand_in nexuslims-check <<'SCRIPT'
#!/bin/sh
echo '[{"name":"db_reachable","passed":true,"severity":"error","message":"reachable"},{"name":"mail_server","passed":false,"severity":"warning","message":"no answer"}]'
exit 1
SCRIPT
}

# stand_in NAME <script
stand_in() {
  cat >"$BATS_TEST_TMPDIR/bin/$1"
  chmod +x "$BATS_TEST_TMPDIR/bin/$1"
}

# log_of NAME DAYS-AGO TEXT
log_of() {
  echo "$3" >"$NX_DATA_PATH/logs/2025/03/04/$1"
  touch -d "$2 days ago" "$NX_DATA_PATH/logs/2025/03/04/$1"
}

entries() {
  python3 -c 'import sys, zipfile; print("\n".join(zipfile.ZipFile(sys.argv[1]).namelist()))' b.zip
}

entry() {
  python3 -c 'import sys, zipfile; sys.stdout.buffer.write(zipfile.ZipFile("b.zip").read(sys.argv[1]))' "$1"
}

@test "the archive holds every section, sorted by path and deflated" {
  log_of process_records_02-00-00.log 1 'nothing to see'
  run nexuslims support-bundle --output b.zip
  assert_success
  run entries
  assert_output - <<'END'
config.redacted.json
database/external_user_identifiers.csv
database/instruments.csv
database/schema.json
database/session_log.csv
database/session_log_summary.json
database/upload_log.csv
environment.json
errors.json
exporters.json
extractors.json
log_summary.json
logs/2025_03_04_process_records_02-00-00.log
manifest.json
packages.txt
paths.json
preflight.json
preflight.txt
recent_sessions.json
summary.html
END
  run python3 -c 'import zipfile; z = zipfile.ZipFile("b.zip"); print(z.testzip(), {i.compress_type for i in z.infolist()})'
  assert_output 'None {8}'
}

@test "the result is said in the documented lines, and the file is its owner's alone" {
  run nexuslims support-bundle --output "$BATS_TEST_TMPDIR/new/folder/b.zip"
  assert_success
  assert_equal "$(sed -n 1p <<<"$output")" ''
  assert_line --index 0 'NexusLIMS support bundle created'
  assert_line --index 1 "  Archive: $BATS_TEST_TMPDIR/new/folder/b.zip"
  assert_line --index 2 --regexp '^  Note:'
  assert_equal "$(stat -c %a new/folder/b.zip)" 600
}

@test "without --output the archive is named by the local time" {
  run nexuslims support-bundle
  assert_success
  run ls "$BATS_TEST_TMPDIR"
  assert_line --regexp '^nexuslims-support-bundle-[0-9]{8}-[0-9]{6}\.zip$'
}

@test "no configured secret and no credential of a log reaches the archive" {
  log_of a.log 0 'GET https://cdcs.example.com/?x=s3cret-token-0815
Authorization: Bearer abc.def-ghi
{"api_key": "k-12345", "user": "ned"}
NX_NEMO_TOKEN_1=t0k3n password: hunter2 Token hunt'
  run nexuslims support-bundle --output b.zip
  assert_success
  run python3 -c 'import zipfile; z = zipfile.ZipFile("b.zip"); print(b"\n".join(z.read(n) for n in z.namelist()).decode())'
  for secret in s3cret-token-0815 abc.def-ghi k-12345 hunter2; do refute_output --partial "$secret"; done
  assert_line 'GET https://cdcs.example.com/?x=***'
  assert_line 'Authorization: Bearer ***'
  assert_output --partial 'Token hunt'
  assert_output --partial '"user": "ned"'
}

# what the archive says of every line that matches
archive_lines() {
  python3 -c 'import zipfile; z = zipfile.ZipFile("b.zip"); print(b"\n".join(z.read(n) for n in z.namelist()).decode())' | tr -d '\r' | grep "$@"
}

@test "credentials that are configured no more reach the archive neither from logs nor from tables nor from findings" {
  log_of a.log 0 '1 Authorization: Token old-credential-1 was refused
2 {"Authorization": "Token old-credential-2", "user": "ned"}
3 Authorization: old-credential-3 was refused
4 "{\"authorization\": \"Basic old-credential-4\", \"user\": \"ned\"}"
5 GET https://h.example.com/api?sig=old-credential-5&akid=old-credential-6&tool=7 failed
6 {"password": "two words, old-credential-7", "user": "ned"}
7 ftp://ned:old-credential-8@h.example.com/ does not answer
8 authorization of ned: token needed'
  stand_in nx-db <<'SCRIPT'
#!/bin/sh
case "$*" in
  'info --format json') echo '{"revision":"v2_5_0b","tables":{"instruments":1,"session_log":1,"upload_log":1},"backend":"sql","engine":"sqlite"}' ;;
  'rows instruments')
    echo '["instrument_pid","api_url","calendar_url"]'
    echo '["T","https://u:old-credential-a@cal.example.com/x.ics?token=old-credential-b#T","webcal://cal.example.com/private-01dc4edb1234/x.ics?tool=3"]' ;;
  'rows upload_log')
    echo '["id","error_message","metadata_json"]'
    echo '[1,"HTTP 400: Authorization: Token old-credential-c, denied","{\"api_key\": \"old-credential-d\", \"orphan_page_id\": \"5\"}"]' ;;
  'rows session_log')
    echo '["session_identifier","timestamp","record_status","user"]'
    echo '["https://u:old-credential-e@h.example.com/?id=1","2025-01-01T10:00:00+00:00","ERROR","bob"]' ;;
esac
SCRIPT
  stand_in nexuslims-check <<'SCRIPT'
#!/bin/sh
echo '[{"name":"instruments","passed":false,"severity":"warning","message":"T: https://cal.example.com/private-01dc4edb1234/x.ics: token=old-credential-f"}]'
SCRIPT
  nexuslims support-bundle --output b.zip
  run archive_lines -E 'old-credential|01dc4edb1234'
  assert_output ''
  run archive_lines '^[1-8] '
  assert_line '1 Authorization=*** was refused'
  assert_line --regexp '^2 .*, "user": "ned"}$'
  assert_line --regexp '^4 .*user..: ..ned..}'
  assert_line '5 GET https://h.example.com/api?sig=***&akid=***&tool=7 failed'
  assert_line --regexp '^6 .*, "user": "ned"}$'
  assert_line '8 authorization of ned: token needed'
  assert_equal "$(entry database/instruments.csv | sed -n 2p)" \
    $'T,https://u:***@cal.example.com/x.ics?token=***#T,webcal://cal.example.com/private-***/x.ics?tool=3\r'
  run entry database/upload_log.csv
  assert_output --partial 'orphan_page_id'
  assert_equal "$(entry recent_sessions.json | jq -r '.[0].session_identifier')" 'https://u:***@h.example.com/?id=1'
  assert_equal "$(entry preflight.json | jq -r '.[0].message')" 'T: https://cal.example.com/private-***/x.ics: token=***'
}

@test "credentials that Python prints as bytes, beside nulls, or behind an underscore reach no archive" {
  log_of a.log 0 "1 headers {'User-Agent': 'x', 'Authorization': b'Token old-credential-1', 'Accept': '*/*'}
2 {\"NX_NEMO_TOKEN\": [\"old-credential-2\", null, \"old-credential-3\"]}
3 token=b\"old-credential-4 and more\", user=ned
4 DB_PWD=old-credential-5
5 brushed password: rub"
  nexuslims support-bundle --output b.zip
  run archive_lines old-credential
  assert_output ""
  run archive_lines -E '^[1-5] '
  assert_line "1 headers {'User-Agent': 'x', 'Authorization=***', 'Accept': '*/*'}"
  assert_line '3 token=***", user=ned'
  assert_line '4 DB_PWD=***'
  assert_line '5 brushed password=***'
}

@test "a credential is known behind :=, => and the like, too" {
  log_of a.log 0 '1 password := old-credential-1 user=ned
2 token => old-credential-2 {"secret" => "old-credential-3"}
3 api_key:=old-credential-4 authorization => Token old-credential-5
4 token=="old-credential-6" if password == "old-credential-7" password ::= old-credential-8 token += old-credential-9 TOKEN ?= old-credential-10
5 password |= "old-credential-11" .password //= "old-credential-12" token -> old-credential-13 password=/old-credential-14 secret=.old-credential-15'
  nexuslims support-bundle --output b.zip
  run archive_lines old-credential
  assert_output ''
  run archive_lines -E '^[1-3] '
  assert_line '1 password=*** user=ned'
  assert_line '3 api_key=*** authorization=***'
}

@test "a credential is known in lists, on the next line, in quotes within quotes and behind an asterisk" {
  log_of a.log 0 '1 password=*old-credential-1 token: *old-credential-2 secret: "*old-credential-3" user=ned
2 {"Authorization": ["Token old-credential-4", "Basic old-credential-5"], "user": "ned"}
3 "{\"x\": \"{\\\"password\\\": \\\"two words, old-credential-6\\\", \\\"user\\\": \\\"ned\\\"}\"}"
4 "{\"password\": \"a \\\"b\\\" old-credential-7\", \"user\": \"ned\"}"
5 token:
    old-credential-8
6 "Authorization": [
    "Token old-credential-9"
  ], "user": "ned"
7 password: |
    old-credential-a
8 password:
  - old-credential-b
9 api_key = [old-credential-c] user=ned
10 token=*** password: *** user=ned
11 no token: 
12 2025-03-04 stays
13 "{\"authorization\": [\"Token old-credential-d\"], \"user\": \"ned\"}"
15 {'"'authorization': ['Token old-credential-g'], 'user': 'ned'"'} authorization: [Token old-credential-h]
14 password=****old-credential-e token=***old-credential-f'
  nexuslims support-bundle --output b.zip
  run archive_lines old-credential
  assert_output ''
  run archive_lines -E '^([0-9]+|  \],) '
  assert_line '1 password=*** token=*** secret=***" user=ned'
  assert_line --regexp '^2 .*, "user": "ned"}$'
  assert_line --regexp '^3 .*user.*ned.*}"$'
  assert_line --regexp '^4 .*user.*ned.*}"$'
  assert_line '6 "Authorization=***], "user": "ned"'
  assert_line '7 password=***'
  assert_line '9 api_key=*** user=ned'
  assert_line '10 token=*** password: *** user=ned'
  assert_line '12 2025-03-04 stays'
  assert_line --regexp '^13 .*user.*ned.*}"$'
}

@test "a hostile log of any length is looked through to its end" {
  local piece
  while read -r piece; do
    python3 -c 'import sys
print(sys.argv[1].encode().decode("unicode_escape") * (1000000 // len(sys.argv[1])))
print("end password: old-credential-1 end")' "$piece" >"$NX_DATA_PATH/logs/2025/03/04/a.log"
    nexuslims support-bundle --output b.zip
    run archive_lines ^end
    assert_output 'end password=*** end'
    rm b.zip
  done <<'END'
token
token"
"
\\
\\"
token:\x20
token:[
password:"
password:\\"x
authorization:[
authorization:x\x20
?password1
http://h/?token
http://h\x20
END
}

@test "logs of the last days are taken, newest first, and no more than asked for" {
  log_of new.log 1 x
  log_of older.log 5 x
  log_of old.log 40 x
  : >"$NX_DATA_PATH/logs/2025/03/04/not-a-log.txt"
  nexuslims support-bundle --output b.zip
  assert_equal "$(entries | grep -c '^logs/')" 2
  nexuslims support-bundle --output b.zip --max-log-files 1
  assert_equal "$(entries | grep '^logs/')" logs/2025_03_04_new.log
  nexuslims support-bundle --output b.zip --log-days 50
  assert_equal "$(entries | grep -c '^logs/')" 3
  nexuslims support-bundle --output b.zip --include-all-logs --max-log-files 1
  assert_equal "$(entries | grep -c '^logs/')" 3
  nexuslims support-bundle --output b.zip --no-default-logs
  assert_equal "$(entries | grep -c '^logs/')" 0
}

@test "logs that are named are always taken, under plain names of their own" {
  mkdir one two
  echo first >'one/my log ü.txt'
  echo second >'two/my log ü.txt'
  nexuslims support-bundle --output b.zip --no-default-logs --log 'one/my log ü.txt' --log 'two/my log ü.txt'
  run entries
  assert_line 'logs/my_log___.txt'
  assert_line 'logs/my_log___.txt-1'
  assert_equal "$(entry logs/my_log___.txt-1)" second
}

@test "complaints of the logs are counted" {
  log_of a.log 0 '2025-03-04 02:00:00,123 nx-export ERROR: no
2025-03-04 02:00:00,124 nx-export WARNING: slow
Traceback (most recent call last):'
  nexuslims support-bundle --output b.zip
  assert_equal "$(entry log_summary.json | jq -c .total)" '{"error":1,"traceback":1,"warning":1}'
}

@test "what keeps a calendar that is harvested private is not in the tables, whatever its form" {
  stand_in nx-db <<'SCRIPT'
#!/bin/sh
case "$*" in
  'info --format json') echo '{"revision":"v2_5_0b","tables":{"instruments":1},"backend":"sql","engine":"sqlite"}' ;;
  'rows instruments')
    echo '["instrument_pid","api_url","calendar_url","harvester"]'
    echo '["C","https://u:pw@cal.example.com/feed/ks7c2f9a1b/0.ics#C","https://u:pw@cal.example.com/feed/ks7c2f9a1b/0.ics","ical"]'
    echo '["D","own-name","webcal:u:ks7c2f9a1b@cal.example.com/0.ics#ks7c2f9a1b","ical"]'
    echo '["F","own-name","file:///srv/lab.ics","ical"]'
    echo '["N","https://nemo.example.com/api/tools/?id=3","https://nemo.example.com/calendar/tem/",null]' ;;
esac
SCRIPT
  nexuslims support-bundle --output b.zip
  run entry database/instruments.csv
  assert_success
  assert_line --index 1 $'C,https://***@cal.example.com/***#C,https://***@cal.example.com/***,ical\r'
  assert_line --index 2 $'D,own-name,webcal:***@cal.example.com/***,ical\r'
  assert_line --index 3 $'F,own-name,file:///srv/lab.ics,ical\r'
  assert_line --index 4 $'N,https://nemo.example.com/api/tools/?id=3,https://nemo.example.com/calendar/tem/,\r'
}

@test "tables are CSV as spreadsheets read it" {
  nexuslims support-bundle --output b.zip
  run entry database/instruments.csv
  assert_line --index 0 $'instrument_pid,api_url,calendar_url,location,display_name,property_tag,filestore_path,harvester,timezone\r'
  assert_line --index 1 $'FEI-Titan,https://nemo.example.com/api/tools/?id=3,,"Room ""B"", 101",Titan,P1,Titan,,America/Denver\r'
  assert_equal "$(entry database/schema.json | jq -r '.alembic_revision, .file_size_bytes')" $'v2_5_0b\n100'
}

@test "the preflight is there as JSON and as text" {
  nexuslims support-bundle --output b.zip
  run entry preflight.txt
  assert_output $'[PASS] error db_reachable: reachable\n[FAIL] warning mail_server: no answer'
}

@test "paths say what they come to and where from" {
  nexuslims support-bundle --output b.zip
  assert_equal "$(entry paths.json | jq -c '.NX_LOG_PATH | [.path, .is_dir, .source, .defaulted_from]')" \
    "[\"$NX_DATA_PATH/logs\",true,\"default\",\"NX_DATA_PATH\"]"
  assert_equal "$(entry paths.json | jq -c '.NX_RECORDS_PATH | [.exists, .writable]')" '[false,null]'
  assert_equal "$(entry paths.json | jq -c '.NX_DB_PATH | [.is_file, .source]')" '[true,"configured"]'
}

@test "JSON has sorted keys and an indent of two, and packages are sorted" {
  nexuslims support-bundle --output b.zip
  for name in environment.json manifest.json config.redacted.json; do
    entry "$name" >got
    python3 -c 'import json, sys; print(json.dumps(json.load(open("got")), sort_keys=True, indent=2, ensure_ascii=False))' >expected
    diff got expected
  done
  entry packages.txt >got
  grep -qE '^glib==2\.[0-9.]+$' got
  LC_ALL=C sort -c got
}

@test "a section that fails is named in errors.json, and the rest is there" {
  stand_in nx-db <<'SCRIPT'
#!/bin/sh
echo 'Error: Database does not exist <here>' >&2
exit 1
SCRIPT
  rm "$BATS_TEST_TMPDIR/bin/nexuslims-check"
  PATH=$BATS_TEST_TMPDIR/bin:/usr/bin:/bin run nexuslims support-bundle --output b.zip
  assert_success
  assert_line '  Issues:  8 diagnostic sections could not be collected; errors.json says why'
  run entry errors.json
  assert_output --partial 'nx-db ended with exit status 1: Error: Database does not exist <here>'
  assert_output --partial 'nexuslims-check is not installed'
  run entry summary.html
  assert_output --partial 'Database does not exist &lt;here&gt;'
  assert_equal "$(entry manifest.json | jq -r '.artifacts[] | select(.path == "database/schema.json") | .status')" error
  entry environment.json | jq -e .version
}

@test "a configuration that cannot be read is a finding, not an obstacle" {
  unset NX_DATA_PATH NX_DB_PATH
  NX_FILE_STRATEGY=nonsense run nexuslims support-bundle --output b.zip
  assert_success
  entry config.redacted.json | jq -e '.NX_DATA_PATH == null'
}

@test "an archive that cannot be written is an error that says so" {
  : >file
  run nexuslims support-bundle --output file/b.zip
  assert_failure 1
  assert_output --partial 'Error: Could not write support bundle: '
}

@test "the preflight of the real program is there, findings that fail included" {
  rm "$BATS_TEST_TMPDIR/bin/nexuslims-check" "$BATS_TEST_TMPDIR/bin/nx-db" "$NX_DB_PATH"
  nx-db init >/dev/null
  NX_SITE_PATH=$BATS_TEST_TMPDIR/site NX_CDCS_URL=http://127.0.0.1:1/ NX_TEST_TIME_SCALE=0 run nexuslims support-bundle --output b.zip
  assert_success
  assert_equal "$(entry preflight.json | jq -r '.[].name' | sort -u | wc -l)" 12
  assert_equal "$(entry preflight.json | jq -c '.[] | select(.name == "export_destinations") | [.passed, .severity]')" '[false,"error"]'
  run entry preflight.txt
  assert_line --index 0 "[PASS] error db_reachable: the database $NX_DB_PATH can be read and written to"
  assert_line --index 3 --partial '[FAIL] warning instruments_exist: '
  assert_line --partial '[FAIL] error export_destinations: cdcs: '
  refute_output --partial s3cret-token-0815
  assert_equal "$(entry manifest.json | jq -r '.artifacts[] | select(.path == "preflight.json") | .status, .record_count')" "$(entry preflight.json | jq length | sed '1i ok')"
}

# real_database: the program's own instead of the stand-in, with the demo's instruments
real_database() {
  rm "$BATS_TEST_TMPDIR/bin/nx-db" "$NX_DB_PATH"
  nx-db create-demo "$NX_DB_PATH" >/dev/null
}

# session PID TIMESTAMP STATUS: a START row
session() {
  sqlite3 "$NX_DB_PATH" "INSERT INTO session_log (session_identifier, instrument, timestamp, event_type, record_status, user)
    VALUES ('s-' || '$2', '$1', '$2', 'START', '$3', 'ned, ''the'' \"diver\"')"
}

@test "the tables of the database are there as they are, with every column" {
  real_database
  pid=$(sqlite3 "$NX_DB_PATH" 'SELECT instrument_pid FROM instruments LIMIT 1')
  sqlite3 "$NX_DB_PATH" 'DELETE FROM session_log; DELETE FROM upload_log'
  session "$pid" 2025-03-03T11:00:00-05:00 COMPLETED
  sqlite3 "$NX_DB_PATH" "INSERT INTO upload_log (session_identifier, destination_name, success, timestamp, error_message)
    VALUES ('s-1', 'cdcs', 1, '2025-03-04T00:00:00+00:00', NULL), ('s-2', 'cdcs', 0, '2025-03-04T00:00:00+00:00', 'token s3cret-token-0815 refused'),
      ('s-3', 'old', 1, '2025-03-04T00:00:00+00:00', NULL)"
  nexuslims support-bundle --output b.zip >/dev/null
  for table in session_log instruments upload_log external_user_identifiers; do
    expected=$(sqlite3 -header -csv "$NX_DB_PATH" "SELECT * FROM $table ORDER BY 1" | sed 's/s3cret-token-0815/***/')
    [ -n "$expected" ] || expected=$(sqlite3 "$NX_DB_PATH" "SELECT group_concat(name) FROM pragma_table_info('$table')")
    got=$(entry "database/$table.csv" | python3 -c 'import csv, sys; csv.writer(sys.stdout).writerows(csv.reader(sys.stdin))')
    assert_equal "$got" "$(python3 -c 'import csv, sys; csv.writer(sys.stdout).writerows(csv.reader(sys.stdin))' <<<"$expected")"
  done
  assert_equal "$(entry database/schema.json | jq -c 'keys_unsorted')" \
    '["alembic_revision","database_path","engine","file_size_bytes","optional_tables","row_counts","tables"]'
  assert_equal "$(entry database/schema.json | jq -c '[.database_path, .row_counts.upload_log, .optional_tables.upload_log, (.tables | contains(["session_log"]))]')" \
    "[\"$NX_DB_PATH\",3,true,true]"
  assert_equal "$(entry exporters.json | jq -c .upload_counts)" '{"cdcs":{"failed":1,"succeeded":1},"old":{"failed":0,"succeeded":1}}'
  assert_equal "$(entry exporters.json | jq -c '[.strategy, (.exporters[] | [.name, .enabled])]')" \
    '["all",["site",false],["cdcs",true],["labarchives",false],["elabftw",false]]'
  assert_equal "$(entry extractors.json | jq -c '[(.[0] | keys), ([.[].priority] | . == (sort | reverse)), any(.[]; .extensions | index("dm3"))]')" \
    '[["extensions","name","priority"],true,true]'
  assert_equal "$(entry manifest.json | jq -c '.artifacts[] | select(.path == "database/upload_log.csv") | [.status, .record_count]')" '["ok",3]'
}

@test "sessions are counted, and the newest shown, those with a problem first" {
  real_database
  pid=$(sqlite3 "$NX_DB_PATH" 'SELECT instrument_pid FROM instruments LIMIT 1')
  sqlite3 "$NX_DB_PATH" 'DELETE FROM session_log'
  session "$pid" 2025-03-03T11:00:00-05:00 COMPLETED # 16:00 UTC, the latest instant
  session "$pid" 2025-03-03T12:00:00+00:00 TO_BE_BUILT
  session "$pid" 2025-03-01T12:00:00+00:00 ERROR
  session "$pid" 2025-03-02T12:00:00+00:00 NO_CONSENT
  nexuslims support-bundle --output b.zip >/dev/null
  assert_equal "$(entry recent_sessions.json | jq -c '[.[].record_status]')" '["NO_CONSENT","ERROR","COMPLETED","TO_BE_BUILT"]'
  assert_equal "$(entry recent_sessions.json | jq -r '.[0].session_identifier')" s-2025-03-02T12:00:00+00:00
  assert_equal "$(entry database/session_log_summary.json | jq -c .)" "{\"event_type\":{\"START\":4},\"instrument\":{\"$pid\":4},\
\"record_status\":{\"COMPLETED\":1,\"ERROR\":1,\"NO_CONSENT\":1,\"TO_BE_BUILT\":1},\
\"timestamp_max\":\"2025-03-03T11:00:00-05:00\",\"timestamp_min\":\"2025-03-01T12:00:00+00:00\"}"
  sqlite3 "$NX_DB_PATH" "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 150)
    INSERT INTO session_log (session_identifier, instrument, timestamp, event_type, record_status, user)
    SELECT 'n-' || i, '$pid', printf('2025-04-01T%02d:%02d:00+00:00', i / 60, i % 60), 'START', 'COMPLETED', 'ned' FROM n"
  nexuslims support-bundle --output b.zip >/dev/null
  assert_equal "$(entry recent_sessions.json | jq -c '[length, .[0].record_status, .[2].session_identifier, .[99].session_identifier]')" \
    '[100,"NO_CONSENT","n-150","n-53"]'
}

@test "tables that an old database has not are left out, and no failure" {
  real_database
  nx-db downgrade v1_4_3 >/dev/null
  run nexuslims support-bundle --output b.zip
  assert_success
  refute_line --partial Issues
  assert_equal "$(entries | grep '^database/.*csv')" 'database/instruments.csv
database/session_log.csv'
  assert_equal "$(entry database/schema.json | jq -c .optional_tables)" '{"external_user_identifiers":false,"upload_log":false}'
}

@test "a folder whose name is not UTF-8 is shown as well as it can be, and all JSON of the bundle is JSON" {
  odd=$(printf 'w\351st')
  mkdir "$odd"
  cd "$odd"
  NX_LOG_PATH=$PWD run nexuslims support-bundle --output ../b.zip
  assert_success
  cd ..
  python3 -c 'import json, sys, zipfile
names = [name for name in zipfile.ZipFile(sys.argv[1]).namelist() if name.endswith(".json")]
for name in names: json.loads(zipfile.ZipFile(sys.argv[1]).read(name))
print(len(names))' b.zip >count
  [ "$(cat count)" -gt 3 ]
}
