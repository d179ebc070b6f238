#!/usr/bin/env bats
# The main job on several hosts at once: four builders, each with a data folder of its own, one PostgreSQL server, one catalogue (DESIGN 5).
bats_require_minimum_version 1.5.0
load lib
load postgres

SESSIONS=${NX_TEST_SESSIONS:-200}

setup_file() { start_postgres; }
teardown_file() { stop_postgres; }

# facility N: a calendar of that many ended sessions of one hour each, and a small file for each. A lease lasts 15 seconds here.
facility() {
  cd "$BATS_TEST_TMPDIR" || return
  fresh_database
  export NX_INSTRUMENT_DATA_PATH=$PWD/share NX_SITE_PATH=$PWD/site NX_FILE_STRATEGY=inclusive NX_TEST_TIME_SCALE=0.05
  mkdir -p share/SEM
  python3 - "$1" <<'PY'
import datetime, os, sys
lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//x//y//EN"]
start = datetime.datetime(2025, 1, 1, tzinfo=datetime.timezone.utc)
for number in range(int(sys.argv[1])):
    begin = start + datetime.timedelta(hours=2 * number)
    end = begin + datetime.timedelta(hours=1)
    lines += ["BEGIN:VEVENT", f"UID:s{number}", "DTSTAMP:20250101T000000Z", f"DTSTART:{begin:%Y%m%dT%H%M%SZ}", f"DTEND:{end:%Y%m%dT%H%M%SZ}",
              f"SUMMARY:Work {number}", "ORGANIZER;CN=Ned Land:mailto:ned@example.com", "END:VEVENT"]
    path = f"share/SEM/{number}.txt"
    open(path, "w").write(f"note {number}\n")
    when = (begin + datetime.timedelta(minutes=30)).timestamp()
    os.utime(path, (when, when))
open("sem.ics", "w").write("\r\n".join(lines + ["END:VCALENDAR", ""]))
PY
  nexuslims db init >/dev/null
  jq -cn --arg c "file://$PWD/sem.ics" '{kind:"instrument",instrument_pid:"SEM",api_url:($c+"#1"),calendar_url:$c,
    location:"B",display_name:"SEM",property_tag:"1",filestore_path:"SEM",harvester:"ical",timezone:"UTC"}' | nx-db instruments --import 2>/dev/null
}

teardown() {
  local pid
  for pid in $(jobs -pr); do kill -9 "$pid"; done
}

# builder N: one run of host N
builder() {
  mkdir -p "data$1"
  NX_DATA_PATH=$PWD/data$1 exec nexuslims build-records --from none >>"builder$1.out" 2>>"builder$1.err" 3>&-
}

completed() { psql_says "SELECT count(*) FROM session_log WHERE event_type = 'START' AND record_status = 'COMPLETED'"; }

@test "a build with a PostgreSQL address goes through every stage, and a second one builds nothing" {
  facility 3
  (builder 1)
  [ "$(psql_says "SELECT record_status, event_type, count(*) FROM session_log GROUP BY 1, 2 ORDER BY 2" | tr '\n' ' ')" = \
    "COMPLETED|END|3 COMPLETED|RECORD_GENERATION|3 COMPLETED|START|3 " ]
  [ "$(psql_says 'SELECT destination_name, success, count(*) FROM upload_log GROUP BY 1, 2')" = 'site|t|3' ]
  [ "$(ls -A site/records | wc -l)" = 3 ]
  [ "$(psql_says 'SELECT count(*) FROM nx_session_lease')" = 0 ]
  (builder 2)
  [ ! -s builder2.out ]
  NX_DATA_PATH=$PWD/data1 run nexuslims check
  assert_success
  NX_DATA_PATH=$PWD/data1 run nexuslims support-bundle --output bundle.zip
  assert_success
  run python3 -c 'import sys, zipfile; bundle = zipfile.ZipFile("bundle.zip")
for name in bundle.namelist(): sys.stdout.write(name + "\n" + bundle.read(name).decode("utf-8", "replace"))'
  assert_output --partial v2_5_0b
  refute_output --regexp 'pa:ss@word|pa%3Ass%40word'
}

@test "four builders at once, some of them killed: every session ends with one record and one upload" {
  facility "$SESSIONS"
  for number in 1 2 3 4; do builder $number & done
  tries=0
  until [ "$(completed)" -ge $((SESSIONS / 10)) ]; do
    tries=$((tries + 1))
    [ $tries -lt 1200 ] || fail "nothing is built: $(cat builder*.err)"
    sleep 0.1
  done
  # The front of up to two hosts, as when they lose their power: the stages end with it.
  killed=0
  for pid in $(jobs -pr); do
    [ $killed = 2 ] || ! kill -9 "$pid" || killed=$((killed + 1))
  done
  wait
  [ $killed -ge 1 ] # one that came late may have found nothing left
  tries=0
  until [ "$(completed)" = "$SESSIONS" ]; do
    tries=$((tries + 1))
    [ $tries -lt 60 ] || fail "sessions are left: $(completed) of $SESSIONS"
    (builder 5) || true
    sleep 1
  done
  [ "$(psql_says "SELECT event_type, record_status, count(*) FROM session_log GROUP BY 1, 2 ORDER BY 1" | tr '\n' ' ')" = \
    "END|COMPLETED|$SESSIONS RECORD_GENERATION|COMPLETED|$SESSIONS START|COMPLETED|$SESSIONS " ]
  [ "$(psql_says "SELECT count(*), count(DISTINCT session_identifier) FROM upload_log WHERE success")" = "$SESSIONS|$SESSIONS" ]
  [ "$(ls -A site/records | wc -l)" = "$SESSIONS" ]
  [ "$(grep -c '"name"' site/records.js)" = "$SESSIONS" ]
}
