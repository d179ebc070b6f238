#!/usr/bin/env bats
# nexuslims check: the twelve findings about a real facility, in their order, and what each says when it fails (export §9).
load lib
bats_require_minimum_version 1.5.0

setup() {
  cd "$BATS_TEST_TMPDIR"
  mkdir data instruments instruments/Titan instruments/JEOL site
  export NX_DATA_PATH=$PWD/data NX_INSTRUMENT_DATA_PATH=$PWD/instruments NX_DB_PATH=$PWD/nexuslims.db NX_SITE_PATH=$PWD/site
  export NX_TEST_TIME_SCALE=0.05
  printf '%s\r\n' BEGIN:VCALENDAR VERSION:2.0 END:VCALENDAR >lab.ics
  nx-db init >/dev/null
  {
    instrument FEI-Titan Titan ical UTC
    instrument JEOL-JEM JEOL '' America/Denver
  } | nx-db instruments --import 2>/dev/null
  # Disks of test machines are as full as they are: the bounds have a test of their own.
  not_space='.[] | select(.name != "disk_space")'
}

teardown() {
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
  [ -z "${small:-}" ] || umount "$small"
}

# instrument PID FOLDER HARVESTER ZONE
instrument() {
  jq -nc --arg pid "$1" --arg folder "$2" --arg harvester "$3" --arg zone "$4" '{kind:"instrument",instrument_pid:$pid,
    api_url:("https://nemo.example.com/api/tools/?id=" + ($pid | length | tostring)),calendar_url:("file://" + env.PWD + "/lab.ics"),location:"B",display_name:$pid,
    property_tag:$pid,filestore_path:$folder,harvester:(if $harvester == "" then "nemo" else $harvester end),timezone:$zone}'
}

# nemo_server SCRIPT — its address becomes NX_NEMO_ADDRESS_1; what it is asked is in requests
nemo_server() {
  echo "$1" >script.json
  "$NX_SOURCE/tests/servers/scripted-http" script.json --log requests >address 3>&- &
  pids+=($!)
  for _ in $(seq 400); do [ ! -s address ] || break; sleep 0.05; done
  NX_NEMO_ADDRESS_1=$(cat address)
  sqlite3 "$NX_DB_PATH" "UPDATE instruments SET api_url = '${NX_NEMO_ADDRESS_1}tools/?id=' || length(instrument_pid)"
  export NX_NEMO_ADDRESS_1 NX_NEMO_TOKEN_1=n3mo-token-0815
}

# findings NAME — "passed severity message" of each
findings() {
  jq -r --arg name "$1" '.[] | select(.name == $name) | "\(.passed) \(.severity) \(.message)"' <<<"$output"
}

checked() {
  run --separate-stderr nexuslims check --format json
}

@test "a facility where all is well passes every check, in the documented order" {
  nemo_server '{"/": [{"body": "{}"}]}'
  checked
  assert_success
  assert_equal "$stderr" ''
  assert_equal "$(jq -r '.[].name' <<<"$output" | paste -sd ' ')" "db_reachable db_tables alembic_migration instruments_exist \
instrument_filestore_paths instrument_harvesters instrument_timezones nemo_harvester_config data_path_writable export_destinations disk_space mail_server"
  assert_equal "$(jq -c "[$not_space | .passed] | unique" <<<"$output")" '[true]'
  assert_equal "$(jq -c '.[0] | keys_unsorted' <<<"$output")" '["name","passed","severity","message"]'
  assert_equal "$(jq -r '[.[].severity] | join(" ")' <<<"$output" | cut -d' ' -f1-10)" 'error error error warning warning error warning error error warning'
  assert_equal "$(findings instruments_exist)" 'true warning 2 instruments'
  assert_equal "$(findings instrument_filestore_paths)" 'true warning the folders of 2 instruments are there'
}

@test "the table has a line a finding, PASS, WARN or FAIL, and only FAIL exits 1" {
  rmdir instruments/JEOL
  nemo_server '{"/": [{"body": "{}"}]}'
  run --separate-stderr nexuslims check
  assert_success
  assert_line --index 0 "PASS  db_reachable                the database $NX_DB_PATH can be read and written to"
  assert_line --index 4 --partial "WARN  instrument_filestore_paths  JEOL-JEM: its folder $PWD/instruments/JEOL does not exist"
  assert_equal "${#lines[@]}" 12
  sqlite3 "$NX_DB_PATH" "UPDATE instruments SET harvester = 'bogus'"
  run --separate-stderr nexuslims check
  assert_failure 1
  assert_line --index 5 --partial 'FAIL  instrument_harvesters       '
}

@test "--jq filters the findings, and a program that does not compile is a usage error" {
  run --separate-stderr nexuslims check --jq '.[] | select(.name == "db_tables") | .passed'
  assert_success
  assert_output true
  run nexuslims check --jq '.['
  assert_failure 2
}

@test "a --jq program that halts with an error fails with its words, and one that halts ends well" {
  while IFS='|' read -r message program; do
    run --separate-stderr nexuslims check --jq "$program"
    [ "$status" -eq 1 ] && [ "$stderr" = "Error: jq: $message" ] || fail "$program: exit $status: $stderr"
  done <<'CASES'
no|"no"|halt_error(1)
no|"no"|halt_error
{"why":"no"}|{why: "no"}|halt_error(3)
CASES
  run --separate-stderr nexuslims check --jq '1, halt'
  assert_success
  assert_output 1
  run --separate-stderr nexuslims check --jq '"done"|halt_error(0)'
  assert_success
}

@test "a database that is not there, is none, or is old is named with what to do" {
  rm "$NX_DB_PATH"
  checked
  assert_failure 1
  assert_equal "$(findings db_reachable)" "false error there is no database at $NX_DB_PATH: run 'nexuslims db init'"
  assert_equal "$(jq length <<<"$output")" 12
  yes garbage | head -c 5000 >"$NX_DB_PATH"
  checked
  assert_failure 1
  assert_regex "$(findings db_reachable)" "^false error the database $NX_DB_PATH cannot be read: "
  rm "$NX_DB_PATH"
  nx-db init >/dev/null
  nx-db downgrade v2_4_0a >/dev/null
  checked
  assert_failure 1
  assert_equal "$(findings db_tables)" "false error the database has no table external_user_identifiers: run 'nexuslims db upgrade'"
  assert_equal "$(findings alembic_migration)" "false error the schema is at revision v2_4_0a, this version needs v2_5_0b: run 'nexuslims db upgrade'"
  sqlite3 "$NX_DB_PATH" 'DROP TABLE upload_log; DROP TABLE alembic_version'
  checked
  assert_equal "$(findings db_tables)" "false error the database has no table external_user_identifiers, upload_log: run 'nexuslims db upgrade'"
  assert_regex "$(findings alembic_migration)" '^false error .*alembic_version.*v2_5_0b'
}

@test "the instruments of a database that is not at the newest revision are looked at like others" {
  sqlite3 "$NX_DB_PATH" "UPDATE instruments SET harvester = 'sharepoint', timezone = 'Mars/Olympus' WHERE instrument_pid = 'FEI-Titan'"
  rmdir instruments/Titan
  sqlite3 "$NX_DB_PATH" "UPDATE alembic_version SET version_num = 'v9_0_0a'" # of a newer version
  checked
  assert_failure 1
  assert_regex "$(findings alembic_migration)" '^false error the schema is at revision v9_0_0a'
  assert_regex "$(findings instruments_exist)" '^true '
  assert_regex "$(findings instrument_filestore_paths)" '^false warning FEI-Titan: its folder .* does not exist'
  assert_regex "$(findings instrument_harvesters)" "^false error nobody can harvest 'sharepoint' \(FEI-Titan\)"
  assert_regex "$(findings instrument_timezones)" "^false warning there is no time zone 'Mars/Olympus' \(FEI-Titan\)"
  assert_regex "$(findings nemo_harvester_config)" '^false warning JEOL-JEM cannot be harvested'
}

@test "nothing is said to be well about instruments that cannot be read" {
  # Before v2_5_0b instruments had no display_name.
  for spoil in "nx-db downgrade v2_5_0a" "sqlite3 $NX_DB_PATH 'DROP TABLE instruments'"; do
    eval "$spoil" >/dev/null
    checked
    assert_failure 1
    assert_equal "$stderr" ''
    for name in instrument_filestore_paths instrument_harvesters instrument_timezones nemo_harvester_config; do
      assert_regex "$(findings $name)" '^false warning not known, because the database does not say which instruments there are$'
    done
  done
  rm "$NX_DB_PATH"
  checked
  assert_equal "$(jq -c '[.[] | select(.message | startswith("not known")) | .name]' <<<"$output")" '["db_tables","alembic_migration",'\
'"instruments_exist","instrument_filestore_paths","instrument_harvesters","instrument_timezones","nemo_harvester_config"]'
}

@test "without instruments nothing of them is wrong, but that there are none is a warning" {
  sqlite3 "$NX_DB_PATH" 'DELETE FROM instruments'
  checked
  assert_success
  assert_regex "$(findings instruments_exist)" '^false warning '
  for name in instrument_filestore_paths instrument_harvesters instrument_timezones nemo_harvester_config; do
    assert_regex "$(findings $name)" '^true '
  done
}

@test "folders are named one by one, and a share that is gone once" {
  rmdir instruments/JEOL instruments/Titan
  : >instruments/Titan
  checked
  assert_success
  assert_equal "$(findings instrument_filestore_paths | cut -d, -f1 | cut -d';' -f1)" "false warning FEI-Titan: its folder $PWD/instruments/Titan is not a folder
false warning JEOL-JEM: its folder $PWD/instruments/JEOL does not exist"
  rm -r instruments
  checked
  assert_equal "$(findings instrument_filestore_paths)" "false warning NX_INSTRUMENT_DATA_PATH $PWD/instruments does not exist; is the share mounted?"
}

@test "a folder that leads out of the instruments' share is warned of: its files are not looked for" {
  mkdir raw
  sqlite3 "$NX_DB_PATH" "UPDATE instruments SET filestore_path = '../raw' WHERE instrument_pid = 'FEI-Titan'"
  checked
  assert_success
  assert_equal "$(findings instrument_filestore_paths)" "false warning FEI-Titan: its filestore_path ../raw leads out of $PWD/instruments; give it one without '..' with 'nexuslims instruments manage'"
}

@test "what NexusLIMS writes lies in no instrument's folder, else a sentence says where" {
  mkdir -p instruments/Titan/nx/records instruments/Titan/site elsewhere
  ln -s ../instruments/Titan/nx elsewhere/link
  NX_DATA_PATH=$PWD/elsewhere/link NX_SITE_PATH=$PWD/instruments/Titan/site checked
  assert_success
  assert_equal "$(findings instrument_filestore_paths)" "false warning FEI-Titan: its folder $PWD/instruments/Titan holds \
NX_DATA_PATH and NX_SITE_PATH, which the search for its files leaves out; give what NexusLIMS writes a folder outside"
  NX_DATA_PATH=$PWD/instruments/Titan checked
  assert_equal "$(findings instrument_filestore_paths)" "false warning FEI-Titan: its folder $PWD/instruments/Titan is also NX_DATA_PATH, \
so that records may list what NexusLIMS writes; give that a folder outside"
  mkdir logs
  NX_LOG_PATH=$PWD/instruments/JEOL/logs NX_DATA_PATH=$PWD checked # a log folder that is still to come is nothing to walk
  assert_equal "$(findings instrument_filestore_paths)" 'true warning the folders of 2 instruments are there'
}

@test "an unknown harvester or time zone is named once, with all instruments that have it" {
  sqlite3 "$NX_DB_PATH" "UPDATE instruments SET harvester = 'sharepoint', timezone = 'Mars/Olympus'"
  checked
  assert_failure 1
  assert_equal "$(findings instrument_harvesters)" \
    "false error nobody can harvest 'sharepoint' (FEI-Titan, JEOL-JEM): use nemo or ical, or install a program nx-harvest-sharepoint"
  assert_equal "$(findings instrument_timezones)" \
    "false warning there is no time zone 'Mars/Olympus' (FEI-Titan, JEOL-JEM): use an IANA name such as America/New_York"
}

@test "a program nx-harvest-NAME on PATH is a harvester, and no harvester is nemo" {
  sqlite3 "$NX_DB_PATH" "UPDATE instruments SET harvester = 'sharepoint' WHERE instrument_pid = 'FEI-Titan'"
  mkdir bin
  printf '#!/bin/sh\n' >bin/nx-harvest-sharepoint
  chmod +x bin/nx-harvest-sharepoint
  PATH=$PATH:$PWD/bin checked
  assert_equal "$(findings instrument_harvesters)" "true error every instrument's harvester is there"
}

@test "a program whose name no harvest would accept is no harvester, and the finding says why" {
  sqlite3 "$NX_DB_PATH" "UPDATE instruments SET harvester = 'my lab' WHERE instrument_pid = 'FEI-Titan'"
  mkdir bin
  printf '#!/bin/sh\n' >'bin/nx-harvest-my lab'
  chmod +x 'bin/nx-harvest-my lab'
  PATH=$PATH:$PWD/bin checked
  assert_equal "$(findings instrument_harvesters)" \
    "false error nobody can harvest 'my lab' (FEI-Titan): use nemo or ical, or a program nx-harvest-NAME in whose NAME are only A-Z a-z 0-9 . _ -"
}

@test "a calendar that leads nowhere is warned of, with every instrument that has it" {
  sqlite3 "$NX_DB_PATH" "UPDATE instruments SET harvester = 'ical', calendar_url = 'file://$PWD/gone.ics'"
  checked
  assert_success
  assert_equal "$(findings instrument_harvesters | tail -n +2)" "false warning FEI-Titan: cannot read the calendar $PWD/gone.ics: there is no such file; check its calendar_url with 'nexuslims instruments manage'
false warning JEOL-JEM: cannot read the calendar $PWD/gone.ics: there is no such file; check its calendar_url with 'nexuslims instruments manage'"
  sqlite3 "$NX_DB_PATH" "UPDATE instruments SET calendar_url = 'http://127.0.0.1:1/lab.ics'"
  checked
  assert_regex "$(findings instrument_harvesters | tail -n 1)" "^false warning JEOL-JEM: GET http://127.0.0.1:1/[*]{3}: .*calendar_url"
  sqlite3 "$NX_DB_PATH" "UPDATE instruments SET calendar_url = 'file://$PWD/page.ics'"
  echo '<html>log in</html>' >page.ics
  checked
  assert_regex "$(findings instrument_harvesters | tail -n 1)" "^false warning JEOL-JEM: .*calendar.*calendar_url"
  run bash -c 'nx-db instruments | nx-harvest check'
  assert_success
  assert_equal "$(jq -r .passed <<<"$output" | paste -sd ' ')" 'false false'
  "$NX_SOURCE/tests/check-lines" <<<"$output"
}

@test "before a build no calendar is fetched: the build does that" {
  sqlite3 "$NX_DB_PATH" "UPDATE instruments SET calendar_url = 'file:///nowhere.ics' WHERE instrument_pid = 'FEI-Titan'"
  run --separate-stderr nexuslims-check --lines
  assert_success
  refute_output --partial nowhere.ics
  checked
  assert_output --partial nowhere.ics
}

@test "a calendar's server that says nothing, or that it is busy, is waited for no longer than a NEMO server" {
  nemo_server '{"/a.ics": [{"do": "silence"}], "/b.ics": [{"status": 503}]}'
  sqlite3 "$NX_DB_PATH" "UPDATE instruments SET harvester = 'ical', calendar_url = '${NX_NEMO_ADDRESS_1}a.ics' WHERE instrument_pid = 'FEI-Titan';
    UPDATE instruments SET harvester = 'ical', calendar_url = '${NX_NEMO_ADDRESS_1}b.ics' WHERE instrument_pid <> 'FEI-Titan'"
  checked
  assert_equal "$(findings instrument_harvesters | cut -d: -f1)" 'true error every instrument'"'"'s harvester is there
false warning FEI-Titan
false warning JEOL-JEM'
  assert_equal "$(grep -c ics requests)" 2
}

@test "an instrument whose api_url names no configured NEMO server, or no tool, is warned of" {
  nemo_server '{"/": [{"body": "{}"}]}'
  sqlite3 "$NX_DB_PATH" "UPDATE instruments SET harvester = '', api_url = 'https://other.example.com/api/tools/?id=3' WHERE instrument_pid = 'FEI-Titan';
    UPDATE instruments SET api_url = '${NX_NEMO_ADDRESS_1}tools/' WHERE instrument_pid <> 'FEI-Titan'"
  checked
  assert_success
  assert_equal "$(findings nemo_harvester_config)" "true error NEMO 1 at ${NX_NEMO_ADDRESS_1} answers (HTTP 200)
false warning FEI-Titan: no NEMO server is configured for 'https://other.example.com/api/tools/?id=3' (configured: ${NX_NEMO_ADDRESS_1}); set NX_NEMO_ADDRESS_N to its \
address up to 'api/'; check its api_url with 'nexuslims instruments manage'
false warning JEOL-JEM: its api_url has no tool id (…tools/?id=N); check its api_url with 'nexuslims instruments manage'"
}

@test "instruments of NEMO without a NEMO server are a warning that names the settings" {
  checked
  assert_success
  assert_equal "$(findings nemo_harvester_config)" \
    "false warning JEOL-JEM cannot be harvested, because no NEMO server is configured: set NX_NEMO_ADDRESS_1 and NX_NEMO_TOKEN_1"
}

@test "a NEMO server is asked once with its token, and any HTTP answer will do" {
  nemo_server '{"/": [{"status": 503}]}'
  checked
  assert_success
  assert_equal "$(findings nemo_harvester_config)" "true error NEMO 1 at ${NX_NEMO_ADDRESS_1} answers (HTTP 503)"
  assert_equal "$(cat requests)" '{"path": "/", "authorization": "Token n3mo-token-0815"}'
  [[ $output$stderr != *n3mo-token-0815* ]]
}

@test "a token that is refused is an answer too, with a hint" {
  nemo_server '{"/": [{"status": 401}]}'
  checked
  assert_success
  assert_regex "$(findings nemo_harvester_config)" '^true .*HTTP 401; check NX_NEMO_TOKEN_1'
}

@test "a server that answers at the fourth try passes; one that hangs up four times does not" {
  nemo_server '{"/": [{"do": "hang up"}, {"do": "hang up"}, {"do": "hang up"}, {"body": "{}"}]}'
  checked
  assert_success
  assert_regex "$(findings nemo_harvester_config)" '^true '
  assert_equal "$(wc -l <requests)" 4
  rm requests address
  nemo_server '{"/": [{"do": "hang up"}]}'
  checked
  assert_failure 1
  assert_regex "$(findings nemo_harvester_config)" "^false error NEMO 1 at ${NX_NEMO_ADDRESS_1} does not answer: GET .*NX_NEMO_ADDRESS_1"
  assert_equal "$(wc -l <requests)" 4
}

@test "each server is a finding of its own, and a silent one does not hide the other" {
  nemo_server '{"/": [{"body": "{}"}]}'
  first=$NX_NEMO_ADDRESS_1
  rm address
  nemo_server '{"/": [{"do": "silence"}]}'
  NX_NEMO_ADDRESS_3=$NX_NEMO_ADDRESS_1 NX_NEMO_TOKEN_3=another-token NX_NEMO_ADDRESS_1=$first checked
  assert_failure 1
  assert_equal "$(findings nemo_harvester_config | cut -d' ' -f1-4)" 'true error NEMO 1
false error NEMO 3'
}

# as_owner: from now on "${as[@]}" runs a command as a user whom file modes bind, and to whom everything here belongs
as_owner() {
  as_bound_user "$NX_DB_PATH"
  [ "$(id -u)" != 0 ] || chown -R 65534:65534 .
}

@test "a database that this user cannot write to is an error that names what, and none for a dry run" {
  as_owner
  sqlite3 "$NX_DB_PATH" 'PRAGMA journal_mode=WAL' >/dev/null
  touch nexuslims.db-shm nexuslims.db-wal
  chmod a+w nexuslims.db-shm nexuslims.db-wal
  for part in nexuslims.db nexuslims.db-wal nexuslims.db-shm; do
    chmod a-w "$part"
    run --separate-stderr "${as[@]}" nexuslims check --format json
    assert_failure 1
    assert_equal "$(findings db_reachable)" "false error the database $NX_DB_PATH cannot be written to: $PWD/$part: Permission denied; \
run NexusLIMS always as the same user, and give that one what another has left (chown)"
    run --separate-stderr "${as[@]}" nexuslims-check --lines --dry-run
    assert_equal "$(jq -r 'select(.name == "db_reachable") | .passed' <<<"$output")" true
    chmod a+w "$part"
  done
  rm nexuslims.db-shm nexuslims.db-wal
  chmod a-w .
  run --separate-stderr "${as[@]}" nexuslims check --format json
  chmod u+w .
  assert_failure 1
  assert_regex "$(findings db_reachable)" "^false error the database $NX_DB_PATH cannot be written to: $PWD: Permission denied; "
  run --separate-stderr "${as[@]}" nexuslims check --format json
  assert_regex "$(findings db_reachable)" '^true '
}

@test "what another user has left in the data folder is an error that names it" {
  day=logs/$(date +%Y/%m/%d)
  mkdir -p "data/$day" data/records/uploaded data/Titan
  touch data/.builder.lock
  as_owner
  for part in .builder.lock "$day" records records/uploaded; do
    chmod a-w "data/$part"
    run --separate-stderr "${as[@]}" nexuslims check --format json
    chmod u+w "data/$part"
    assert_failure 1
    assert_regex "$(findings data_path_writable)" "^false error [^/]* $PWD/data/$part cannot be written to: Permission denied; [^;]*\(chown\)[^;]*\$"
  done
  chmod a-w data/Titan # which costs the sessions of one instrument
  run --separate-stderr "${as[@]}" nexuslims check --format json
  chmod u+w data/Titan
  assert_success
  assert_regex "$(findings data_path_writable)" "^false warning the folder of metadata $PWD/data/Titan cannot be written to: "
  rm -r data/logs/*
  chmod a-w data/logs # where today's folder is to come
  run --separate-stderr "${as[@]}" nexuslims check --format json
  chmod u+w data/logs
  assert_regex "$(findings data_path_writable)" "^false error the log folder $PWD/data/logs cannot be written to: "
  run --separate-stderr "${as[@]}" nexuslims check --format json
  assert_regex "$(findings data_path_writable)" '^true '
}

@test "a data folder that cannot be written to is an error" {
  as_bound_user "$NX_DB_PATH"
  chmod 555 data
  run --separate-stderr "${as[@]}" nexuslims check --format json
  chmod 755 data
  assert_failure 1
  assert_equal "$(findings data_path_writable)" "false error NX_DATA_PATH $PWD/data cannot be written to: Permission denied; \
run NexusLIMS always as the same user, and give that one what another has left (chown)"
}

@test "a full disk is an error that names the folder and the bytes" {
  [ "$(id -u)" = 0 ] || skip 'needs root to mount a small tmpfs'
  mkdir records
  mount -t tmpfs -o size=64k tmpfs records 2>/dev/null || skip 'cannot mount a tmpfs here'
  small=$PWD/records
  NX_RECORDS_PATH=$small checked
  assert_failure 1
  assert_line --partial "bytes (0.1 MiB) are free for $small: make room"
}

@test "a destination that refuses is named with its reason, an error when records must reach all" {
  export NX_CDCS_URL=http://127.0.0.1:1/ NX_CDCS_TOKEN=s3cret-token-0815 NX_TEST_TIME_SCALE=0
  checked
  assert_failure 1
  assert_regex "$(findings export_destinations)" '^false error cdcs: .*rest/workspace/read_access/'
  [[ $output$stderr != *s3cret-token-0815* ]]
  NX_EXPORT_STRATEGY=best_effort checked
  assert_failure 1
}

@test "a destination that is half configured is a warning that names what is missing" {
  NX_ELABFTW_URL=https://eln.example.com checked
  assert_success
  assert_equal "$(findings export_destinations)" "false warning NX_ELABFTW_API_KEY is not set; eLabFTW needs both NX_ELABFTW_API_KEY and \
NX_ELABFTW_URL; ready for records: site"
  NX_EXPORT_STRATEGY=all NX_LABARCHIVES_ACCESS_KEY_ID=akid NX_LABARCHIVES_ACCESS_PASSWORD=s3cret-la-0815 checked
  assert_success
  assert_regex "$(findings export_destinations)" '^false warning NX_LABARCHIVES_USER_ID is not set; LabArchives needs .*; ready for records: site$'
  refute_regex "$output$stderr" s3cret-la-0815
  NX_LABARCHIVES_ACCESS_KEY_ID=akid checked
  assert_regex "$(findings export_destinations)" \
    '^false warning NX_LABARCHIVES_ACCESS_PASSWORD is not set, NX_LABARCHIVES_USER_ID is not set; LabArchives needs [^;]*; ready for records: site$'
}

@test "a bad configuration is reported, what can be looked at is, and the exit status is 1" {
  NX_FILE_STRATEGY=both checked
  assert_failure 1
  [[ $stderr == *'Missing/invalid fields: NX_FILE_STRATEGY'* ]]
  assert_equal "$(jq -c "[$not_space | select(.passed | not) | .name]" <<<"$output")" '["nemo_harvester_config"]'
  NX_EXPORT_STRATEGY=some checked
  assert_failure 1
  assert_regex "$(findings export_destinations)" "^false error no destination can be asked while the configuration is not valid"
  assert_equal "$(grep -c 'configuration is incomplete' <<<"$stderr")" 1
}

@test "mail that is off is no finding; a wrong address and a dead mail server are warnings" {
  export NX_EMAIL_SMTP_HOST=127.0.0.1 NX_EMAIL_SMTP_PORT=1 NX_EMAIL_SENDER=nexus@example.com
  checked
  assert_regex "$(findings mail_server)" '^true '
  NX_EMAIL_RECIPIENTS=nobody checked
  assert_success
  assert_regex "$(findings mail_server)" '^false warning no mail is sent; NX_EMAIL_RECIPIENTS '
  NX_EMAIL_RECIPIENTS=admin@example.com checked
  assert_success
  assert_regex "$(findings mail_server)" '^false warning mail server 127\.0\.0\.1, port 1: '
}

@test "a program that dies becomes failed findings, and all the others are there" {
  mkdir bin
  for name in nexuslims-check nx-export; do cp "$NX_BUILD/bin/$name" bin/; done
  printf '#!/bin/sh\necho "{\\"kind\\":\\"check\\",\\"name\\":\\"db_reachable\\",\\"passed\\":true,\\"severity\\":\\"error\\",\\"message\\":\\"fine\\"}"\nkill -SEGV $$\n' >bin/nx-db
  chmod +x bin/nx-db
  run --separate-stderr bin/nexuslims-check --format json
  assert_failure 1
  assert_equal "$(findings db_reachable)" 'true error fine'
  assert_equal "$(findings db_tables)" 'false error Unexpected error in check: nx-db was ended by signal 11 (Segmentation fault)'
  assert_regex "$(findings instruments_exist)" '^false warning Unexpected error in check: '
  assert_equal "$(jq length <<<"$output")" 12
  printf '#!/bin/sh\necho "{\\"kind\\":\\"destination\\",\\"name\\":\\"cdcs\\"}"\nkill -KILL $$\n' >bin/nx-export
  run --separate-stderr bin/nexuslims-check --format json
  assert_equal "$(findings export_destinations)" 'false error cdcs: Unexpected error in check: nx-export was ended by signal 9 (Killed)'
}

@test "--lines writes valid lines and exits 0; --dry-run leaves out what only a real run needs" {
  sqlite3 "$NX_DB_PATH" "UPDATE instruments SET harvester = 'bogus'"
  run --separate-stderr nexuslims-check --lines --dry-run
  assert_success
  "$NX_SOURCE/tests/check-lines" <<<"$output"
  assert_equal "$(jq -r .name <<<"$output" | tail -n 1)" nemo_harvester_config
  run nx-db preflight
  assert_success
  "$NX_SOURCE/tests/check-lines" <<<"$output"
  assert_equal "$(jq -r .kind <<<"$output" | sort | uniq -c | tr -s ' ' | paste -sd,)" ' 4 check, 2 instrument'
}

@test "--lines goes with no listing" {
  for listing in '--format json' '--jq .'; do
    run --separate-stderr nexuslims-check --lines $listing
    [ "$status" -eq 2 ] && [ -z "$output" ] && [[ $stderr == *"Error: '--lines' writes lines"* ]] || fail "$listing: exit $status: $output$stderr"
  done
}

@test "checking changes nothing" {
  before=$(find . -newermt @0 -type f -exec sha256sum {} + | sort; ls -laR data instruments site | grep -v '^d')
  run nexuslims check
  assert_output --partial db_reachable
  assert_equal "$(find . -newermt @0 -type f -exec sha256sum {} + | sort; ls -laR data instruments site | grep -v '^d')" "$before"
}

@test "a catalogue that is not there yet is not made by checking, and one that cannot be made is named" {
  rmdir site
  checked
  assert_equal "$(findings export_destinations)" "true warning ready for records: site"
  [ ! -e site ]
  as_bound_user
  chmod a-w .
  run --separate-stderr "${as[@]}" nx-export --validate
  chmod u+w .
  assert_equal "$(jq -r 'select(.destination_name == "site") | .error' <<<"$output")" "cannot make the catalogue folder in $PWD: Permission denied"
}

@test "a catalogue whose parts belong to another user is not ready for records" {
  as_bound_user
  for part in records .lock; do
    rm -rf site
    mkdir -m 777 site site/records
    install -m 666 /dev/null site/.lock
    chmod 555 "site/$part"
    run --separate-stderr "${as[@]}" nx-export --validate
    error=$(jq -r 'select(.destination_name == "site") | .error' <<<"$output")
    assert_equal "$error" "cannot write into the catalogue $PWD/site/$part: Permission denied"
  done
}
