#!/usr/bin/env bats
# nx-harvest with calendars: identifiers, people, X-NX-… properties, consent, where calendars are fetched from.
load nx-harvest

setup() {
  ROOT=http://127.0.0.1:1/
  FILE=$BATS_TEST_TMPDIR/lab.ics
}

# calendar EVENTS: writes the feed; `calendar` lines end in LF, as many writers have them
calendar() {
  printf 'BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//x//y\n%s\nEND:VCALENDAR\n' "$1" >"$FILE"
}

# event LINES: one VEVENT
event() {
  printf 'BEGIN:VEVENT\n%s\nEND:VEVENT\n' "$1"
}

ical_instrument() {
  instrument "{\"harvester\": \"ical\", \"calendar_url\": \"${1:-file://$FILE}\"}"
}

# ical_session IDENTIFIER [URL]
ical_session() {
  session "{\"session_identifier\": \"$1\"}" "{\"harvester\": \"ical\", \"calendar_url\": \"${2:-file://$FILE}\"}"
}

FULL='UID:a-1@x
DTSTAMP:20250301T080000Z
LAST-MODIFIED:20250302T080000Z
DTSTART;TZID=America/New_York:20250303T100000
DTEND;TZID=America/New_York:20250303T120000
SUMMARY:Grain size\, second try
DESCRIPTION:First line\nsecond line
ORGANIZER;CN="Land, Ned":mailto:ned.land@x.org
ATTENDEE;CN=Other:mailto:other@x.org
URL:https://calendar.example.com/a-1
X-NX-SAMPLE;X-PID=10.5281/zenodo.1234;X-DETAILS="polished, etched";X-ELEMENTS=Fe,O:
X-NX-SAMPLE:α-Probe
X-NX-PROJECT:NIST-42
X-NX-CONSENT:Agree'

@test "an event that has ended is usage, with an identifier of instrument and UID and the organizer's name" {
  calendar "$(event "$FULL")"
  run_harvest events --from none < <(ical_instrument)
  assert_success
  [ "$output" = '{"kind":"usage_event","session_identifier":"ical:TEM-1:a-1@x","instrument_pid":"TEM-1","start":"2025-03-03T10:00:00-05:00","end":"2025-03-03T12:00:00-05:00","user":"ned.land"}' ] || fail "$output"
}

@test "an instrument without a pid, whose events nobody could store, is left out and named, and the others are harvested" {
  calendar "$(event "$FULL")"
  run_harvest events --from none < <(ical_instrument | jq -c '.instrument_pid = ""'; ical_instrument)
  assert_success
  assert_json .instrument_pid TEM-1
  [ "$(wc -l <<<"$output")" = 1 ]
  assert_stderr "WARNING: line 1: an instrument whose instrument_pid is empty is left out"
}

@test "the same event is the reservation of its session, with every key" {
  calendar "$(event "$FULL")"
  run_harvest reservations < <(ical_session ical:TEM-1:a-1@x)
  assert_success
  diff <(jq -S .reservation <<<"$output") <(jq -S . <<'END'
{"source": "ical", "internal_id": "a-1@x", "url": "https://calendar.example.com/a-1", "experiment_title": "Grain size, second try",
 "experiment_purpose": "First line\nsecond line", "start_time": "2025-03-03T10:00:00-05:00", "end_time": "2025-03-03T12:00:00-05:00",
 "last_updated": "2025-03-02T08:00:00+00:00", "username": "ned.land", "user_full_name": "Land, Ned", "user_email": "ned.land@x.org",
 "user_first_name": null, "user_last_name": null, "created_by": null, "created_by_full_name": null, "division": null, "group": null,
 "samples": [{"name": null, "pid": "10.5281/zenodo.1234", "details": "polished, etched", "elements": ["Fe", "O"]},
             {"name": "α-Probe", "pid": null, "details": null, "elements": null}],
 "projects": [{"name": null, "id": "NIST-42", "ref": null}]}
END
  )
}

@test "without an organizer the first attendee used the instrument, without either nobody is named" {
  calendar "$(event 'UID:1
DTSTART:20250303T100000Z
DTEND:20250303T110000Z
ATTENDEE;CN=Zoë:MAILTO:zo%C3%AB@x.org
ATTENDEE:mailto:b@x.org')
$(event 'UID:2
DTSTART:20250304T100000Z
DTEND:20250304T110000Z')
$(event 'UID:3
DTSTART:20250305T100000Z
DTEND:20250305T110000Z
ORGANIZER;CN=Room:urn:uuid:1234')"
  run_harvest events --from none < <(ical_instrument)
  assert_success
  [ "$(jq -c .user <<<"$output")" = '"zoë"
null
null' ] || fail "$output"
  run_harvest reservations < <(ical_session ical:TEM-1:3)
  assert_json .reservation.user_full_name Room
  assert_json .reservation.username null
  assert_json '.reservation.samples | length' 0
}

@test "a recurring event is one usage for each time it took place, named by its start in UTC" {
  calendar "$(event 'UID:s/1
DTSTART;TZID=America/New_York:20250303T100000
DTEND;TZID=America/New_York:20250303T120000
RRULE:FREQ=WEEKLY
EXDATE;TZID=America/New_York:20250317T100000')
$(event 'UID:s/1
RECURRENCE-ID;TZID=America/New_York:20250310T100000
DTSTART;TZID=America/New_York:20250311T150000
DTEND;TZID=America/New_York:20250311T160000
SUMMARY:moved')"
  run_harvest events --from none --to 2025-03-31 < <(ical_instrument)
  assert_success
  [ "$(jq -r '[.session_identifier, .start] | join(" ")' <<<"$output")" = 'ical:TEM-1:s/1/20250303T150000Z 2025-03-03T10:00:00-05:00
ical:TEM-1:s/1/20250310T140000Z 2025-03-11T15:00:00-04:00
ical:TEM-1:s/1/20250324T140000Z 2025-03-24T10:00:00-04:00
ical:TEM-1:s/1/20250331T140000Z 2025-03-31T10:00:00-04:00' ] || fail "$output"
  run_harvest reservations < <(ical_session ical:TEM-1:s/1/20250310T140000Z; ical_session ical:TEM-1:s/1/20250324T140000Z
    ical_session ical:TEM-1:s/1/20250317T140000Z; ical_session ical:TEM-1:s/1 | jq -c '.start = "2025-03-04T10:00:00-05:00"')
  [ "$(jq -c '[.status, .reservation.start_time, .reservation.experiment_title, .reservation.internal_id]' <<<"$output")" = \
    '["TO_BE_BUILT","2025-03-11T15:00:00-04:00","moved","s/1"]
["TO_BE_BUILT","2025-03-24T10:00:00-04:00",null,"s/1"]
["NO_RESERVATION",null,null,null]
["NO_RESERVATION",null,null,null]' ] || fail "$output"
}

@test "an instance that a change of this and all following moved takes place, and has its reservation, where it was moved to" {
  calendar "$(event 'UID:s
DTSTART;TZID=America/New_York:20250203T100000
DTEND;TZID=America/New_York:20250203T120000
RRULE:FREQ=WEEKLY')
$(event 'UID:s
RECURRENCE-ID;RANGE=THISANDFUTURE;TZID=America/New_York:20250203T100000
DTSTART;TZID=America/New_York:20250211T130000
DTEND;TZID=America/New_York:20250211T140000
SUMMARY:moved')"
  run_harvest events --from 2025-03-10 --to 2025-03-16 < <(ical_instrument)
  assert_success
  assert_equal "$(jq -r '[.session_identifier, .start, .end] | join(" ")' <<<"$output")" \
    'ical:TEM-1:s/20250303T150000Z 2025-03-11T13:00:00-04:00 2025-03-11T14:00:00-04:00'
  run_harvest reservations < <(ical_session ical:TEM-1:s/20250303T150000Z | jq -c '.start = "2025-03-11T13:00:00-04:00"')
  assert_json .reservation.start_time 2025-03-11T13:00:00-04:00
}

@test "in the autumn hour that occurs twice an event with a TZID is in the first, and its series names it so" {
  calendar "$(event 'UID:night
DTSTART;TZID=America/New_York:20251026T013000
DURATION:PT30M
RRULE:FREQ=WEEKLY;COUNT=3')"
  run_harvest events --from none < <(ical_instrument)
  assert_success
  [ "$(jq -r '[.session_identifier, .start, .end] | join(" ")' <<<"$output")" = \
    'ical:TEM-1:night/20251026T053000Z 2025-10-26T01:30:00-04:00 2025-10-26T02:00:00-04:00
ical:TEM-1:night/20251102T053000Z 2025-11-02T01:30:00-04:00 2025-11-02T01:00:00-05:00
ical:TEM-1:night/20251109T063000Z 2025-11-09T01:30:00-05:00 2025-11-09T02:00:00-05:00' ] || fail "$output"
}

@test "what has not ended, is cancelled or lies outside the dates is no usage" {
  local soon later
  soon=$(date -u -d '-1 hour' +%Y%m%dT%H%M%SZ) later=$(date -u -d '+1 hour' +%Y%m%dT%H%M%SZ)
  calendar "$(event "UID:running
DTSTART:$soon
DTEND:$later")
$(event "UID:over
DTSTART:$soon
DURATION:PT1M")
$(event "UID:cancelled
STATUS:CANCELLED
DTSTART:$soon
DURATION:PT1M")
$(event 'UID:old
DTSTART:20200101T000000Z
DURATION:PT1H')"
  run_harvest events < <(ical_instrument)
  assert_success
  [ "$(jq -r .session_identifier <<<"$output")" = ical:TEM-1:over ] || fail "$output"
}

@test "floating times and whole days are in the instrument's zone, and one event may book two instruments" {
  calendar "$(event 'UID:f
DTSTART:20250303T100000
DTEND:20250303T110000')
$(event 'UID:d
DTSTART;VALUE=DATE:20250304')"
  run_harvest events --from none < <(ical_instrument; ical_instrument | jq -c '.instrument_pid = "SEM-2" | .timezone = "Asia/Kolkata"')
  assert_success
  [ "$(jq -r '[.session_identifier, .start, .end] | join(" ")' <<<"$output")" = \
    'ical:TEM-1:f 2025-03-03T10:00:00-05:00 2025-03-03T11:00:00-05:00
ical:TEM-1:d 2025-03-04T00:00:00-05:00 2025-03-05T00:00:00-05:00
ical:SEM-2:f 2025-03-03T10:00:00+05:30 2025-03-03T11:00:00+05:30
ical:SEM-2:d 2025-03-04T00:00:00+05:30 2025-03-05T00:00:00+05:30' ] || fail "$output"
}

# An evening in Denver, which is the next day in UTC: a single event, a series over the change of the clocks, and one with a zone of its own.
EVENING="BEGIN:VEVENT
UID:single
DTSTART:20250304T023000Z
DTEND:20250304T043000Z
SUMMARY:Late
END:VEVENT
BEGIN:VEVENT
UID:series
DTSTART:20250303T013000Z
DTEND:20250303T023000Z
RRULE:FREQ=WEEKLY;COUNT=2
END:VEVENT
BEGIN:VEVENT
UID:zoned
DTSTART;TZID=Europe/London:20250304T023000
DTEND:20250304T043000Z
END:VEVENT
BEGIN:VEVENT
UID:named
DTSTART;TZID=UTC:20250305T020000
DTEND;TZID=UTC:20250305T030000
END:VEVENT
BEGIN:VEVENT
UID:further
DTSTART;TZID=America/Denver:20250306T100000
DURATION:PT1H
RDATE:20250308T020000Z
END:VEVENT"

denver() {
  jq -c '(.instrument // .).timezone = "America/Denver"'
}

@test "times in UTC are told in the instrument's zone, whose day names the record; those with a TZID in theirs" {
  calendar "$EVENING"
  run_harvest events --from none < <(ical_instrument | denver)
  assert_success
  assert_output '{"kind":"usage_event","session_identifier":"ical:TEM-1:single","instrument_pid":"TEM-1","start":"2025-03-03T19:30:00-07:00","end":"2025-03-03T21:30:00-07:00","user":null}
{"kind":"usage_event","session_identifier":"ical:TEM-1:series/20250303T013000Z","instrument_pid":"TEM-1","start":"2025-03-02T18:30:00-07:00","end":"2025-03-02T19:30:00-07:00","user":null}
{"kind":"usage_event","session_identifier":"ical:TEM-1:series/20250310T013000Z","instrument_pid":"TEM-1","start":"2025-03-09T19:30:00-06:00","end":"2025-03-09T20:30:00-06:00","user":null}
{"kind":"usage_event","session_identifier":"ical:TEM-1:zoned","instrument_pid":"TEM-1","start":"2025-03-04T02:30:00+00:00","end":"2025-03-04T04:30:00+00:00","user":null}
{"kind":"usage_event","session_identifier":"ical:TEM-1:named","instrument_pid":"TEM-1","start":"2025-03-04T19:00:00-07:00","end":"2025-03-04T20:00:00-07:00","user":null}
{"kind":"usage_event","session_identifier":"ical:TEM-1:further/20250306T170000Z","instrument_pid":"TEM-1","start":"2025-03-06T10:00:00-07:00","end":"2025-03-06T11:00:00-07:00","user":null}
{"kind":"usage_event","session_identifier":"ical:TEM-1:further/20250308T020000Z","instrument_pid":"TEM-1","start":"2025-03-07T19:00:00-07:00","end":"2025-03-07T20:00:00-07:00","user":null}'
  run_harvest reservations < <(for name in single series/20250310T013000Z zoned gone; do ical_session "ical:TEM-1:$name"; done | denver)
  assert_success
  assert_equal "$(jq -r '[.status, .reservation.start_time, .reservation.end_time] | map(. // "none") | join(" ")' <<<"$output")" \
    'TO_BE_BUILT 2025-03-03T19:30:00-07:00 2025-03-03T21:30:00-07:00
TO_BE_BUILT 2025-03-09T19:30:00-06:00 2025-03-09T20:30:00-06:00
TO_BE_BUILT 2025-03-04T02:30:00+00:00 2025-03-04T04:30:00+00:00
NO_RESERVATION none none'
  run_harvest events --from 2025-03-04T02:30:00Z --to 2025-03-04T04:30:00Z < <(ical_instrument | denver)
  assert_equal "$(jq -r .session_identifier <<<"$output")" 'ical:TEM-1:single
ical:TEM-1:zoned'
  calendar "$(event 'UID:beginning-of-time
DTSTART:00010101T003000Z
DURATION:PT10H')"
  run_harvest events --from none < <(ical_instrument | denver)
  assert_json '.start + " " + .end' '0001-01-01T00:30:00+00:00 0001-01-01T03:30:04-06:59:56'
  assert_no_stderr
}

@test "a session that is in the database with its times in UTC is known, and stays as it is" {
  export NX_DB_PATH=$BATS_TEST_TMPDIR/nexuslims.db
  calendar "$EVENING"
  nx-db init >/dev/null
  ical_instrument | denver | nx-db instruments --import >/dev/null 2>&1
  jq -cn '{kind: "usage_event", session_identifier: "ical:TEM-1:single", instrument_pid: "TEM-1", start: "2025-03-04T02:30:00+00:00",
    end: "2025-03-04T04:30:00+00:00", user: null}' | nx-db log-events
  run_harvest events --from none < <(ical_instrument | denver)
  assert_success
  run --separate-stderr nx-db pending -n --events <<<"$output"
  assert_success
  assert_equal "$(jq -r 'select(.session_identifier == "ical:TEM-1:single") | [.start, .end] | join(" ")' <<<"$output")" \
    '2025-03-04T02:30:00+00:00 2025-03-04T04:30:00+00:00'
  run_harvest events --from none < <(ical_instrument | denver)
  run nx-db log-events <<<"$output"
  assert_output '6 added, 1 known'
  run sqlite3 "$NX_DB_PATH" "SELECT event_type, timestamp FROM session_log WHERE session_identifier = 'ical:TEM-1:single'"
  assert_output 'START|2025-03-04T02:30:00+00:00
END|2025-03-04T04:30:00+00:00'
}

@test "consent is given unless the event says otherwise, and an empty answer is none" {
  local line outcome
  while IFS='|' read -r line outcome; do
    calendar "$(event "UID:c
DTSTART:20250303T100000Z
DTEND:20250303T110000Z
SUMMARY:x
$line")"
    run_harvest reservations < <(ical_session ical:TEM-1:c)
    assert_success
    assert_json .status "$outcome"
  done <<'END'
COMMENT:none|TO_BE_BUILT
X-NX-CONSENT:Agree|TO_BE_BUILT
x-nx-consent:yes|TO_BE_BUILT
x-nx-consent:no|NO_CONSENT
x-Nx-Consent;value=boolean;x-a="b;x-c:d":False|NO_CONSENT
X-NX-CONSENT:Disagree|NO_CONSENT
X-NX-CONSENT;X-A="b:c":NO|NO_CONSENT
X-NX-CONSENT:|NO_CONSENT
X-NX-CONSENT;X-A=b:|NO_CONSENT
X-NX-CONSENT|NO_CONSENT
X-NX-CONSENT:   |NO_CONSENT
X-NX-CONSENT;VALUE=TEXT:Agree|TO_BE_BUILT
X-NX-CONSENT;VALUE=TEXT:Disagree|NO_CONSENT
X-NX-CONSENT;VALUE=TEXT:|NO_CONSENT
X-NX-CONSENT;VALUE=BOOLEAN:TRUE|TO_BE_BUILT
X-NX-CONSENT;X-A="b;VALUE=c:";value="boolean";X-D=e:FALSE|NO_CONSENT
X-NX-CONSENT;VALUE=DATE:Agree|TO_BE_BUILT
X-NX-CONSENT;VALUE=X-OWN:Disagree|NO_CONSENT
END
  assert_stderr NoDataConsentError
}

@test "a sample and a project are read as text, whatever kind of value they say they are" {
  calendar "$(event $'UID:v\nDTSTART:20250303T100000Z\nX-NX-SAMPLE;VALUE=TEXT;X-PID=p:Au\\, annealed\nX-NX-PROJECT;VALUE=INTEGER:007\nX-NX-SAMPLE;X-DETAILS=";VALUE=a:b":two')"
  run_harvest reservations < <(ical_session ical:TEM-1:v)
  assert_success
  assert_json '.reservation.samples | map([.name, .pid, .details]) | tojson' '[["Au, annealed","p",null],["two",null,";VALUE=a:b"]]'
  assert_json .reservation.projects[0].id 007
}

@test "names of properties and parameters are the same in capitals or not, and what stands in quotes or is a value stays as it is" {
  calendar "$(event $'uid:low\ndtstart;tzid=America/New_York:20250303T100000\ndtend:20250303T160000Z\nsummary:x-ray;x-pid=no\nx-nx-project:x-7
x-nx-sample;x-pid=p;x-details=";x-pid=q;x-a:x-b";x-elements="Fe,O":x-nx-name;x-pid=r')"
  run_harvest reservations < <(ical_session ical:TEM-1:low)
  assert_success
  assert_json '.reservation | [.experiment_title, .start_time, .end_time, .projects[0].id] | tojson' \
    '["x-ray;x-pid=no","2025-03-03T10:00:00-05:00","2025-03-03T11:00:00-05:00","x-7"]'
  assert_json '.reservation.samples | tojson' '[{"name":"x-nx-name;x-pid=r","pid":"p","details":";x-pid=q;x-a:x-b","elements":["Fe","O"]}]'
}

@test "a session keeps its event when that became a series, or is one no more, and took place at the same time" {
  calendar "$(event $'UID:r\nDTSTART:20250303T150000Z\nDTEND:20250303T170000Z\nSUMMARY:each\nRRULE:FREQ=DAILY;COUNT=3')
$(event $'UID:s\nDTSTART:20250303T150000Z\nDTEND:20250303T170000Z\nSUMMARY:once')"
  run_harvest reservations < <(ical_session ical:TEM-1:r; ical_session ical:TEM-1:s/20250303T150000Z)
  assert_success
  [ "$(jq -r .reservation.experiment_title <<<"$output")" = "each
once" ] || fail "$output"
  run_harvest reservations < <(ical_session ical:TEM-1:r | jq -c '.start = "2025-03-03T11:00:00-05:00"'
    ical_session ical:TEM-1:s/20250304T150000Z | jq -c '.start = "2025-03-04T10:00:00-05:00"'
    ical_session ical:TEM-1:s/20250303T150000Z | jq -c '.start = "2025-03-03T11:00:00-05:00"')
  [ "$(jq -r .status <<<"$output" | uniq -c | sed 's/^ *//')" = "3 NO_RESERVATION" ] || fail "$output"
}

@test "a session keeps its event also when it is of an instance that was moved, whether that was a series before or became one" {
  calendar "$(event $'UID:s\nDTSTART:20250303T180000Z\nDTEND:20250303T200000Z\nSUMMARY:once')
$(event $'UID:r\nDTSTART:20250303T150000Z\nDTEND:20250303T170000Z\nSUMMARY:each\nRRULE:FREQ=DAILY;COUNT=3')
$(event $'UID:r\nRECURRENCE-ID:20250304T150000Z\nDTSTART:20250303T180000Z\nDTEND:20250303T200000Z\nSUMMARY:moved')"
  run_harvest reservations < <(for name in s/20250303T150000Z s/20250310T150000Z r s/20250303T160000Z r/20250308T150000Z; do
      ical_session "ical:TEM-1:$name"
    done | jq -c '.start = if .session_identifier[-7:] == "160000Z" then "2025-03-03T11:00:00-05:00" else "2025-03-03T13:00:00-05:00" end')
  assert_success
  assert_equal "$(jq -r '.reservation.experiment_title // .status' <<<"$output")" "once
once
moved
NO_RESERVATION
NO_RESERVATION"
}

@test "a session whose event is gone, or that was never of this calendar, has no reservation" {
  calendar "$(event "$FULL")"
  for identifier in ical:TEM-1:gone ical:SEM-2:a-1@x https://nemo.example.com/api/usage_events/?id=7 ical:TEM-1:a-1@x/20250304T150000Z; do
    run_harvest reservations < <(ical_session "$identifier" | jq -c '.start = "2025-03-04T10:00:00-05:00"')
    assert_success
    assert_json .status NO_RESERVATION
  done
  assert_stderr NoMatchingReservationError
}

@test "a calendar in a file is read without the network's libraries, one on the web with them" {
  calendar "$(event "$FULL")"
  LD_DEBUG=files LD_DEBUG_OUTPUT=$BATS_TEST_TMPDIR/file run_harvest events --from none < <(ical_instrument)
  assert_success
  LD_DEBUG=files LD_DEBUG_OUTPUT=$BATS_TEST_TMPDIR/web run_harvest events --from none < <(ical_instrument http://127.0.0.1:1/lab.ics)
  run ! grep -q libcurl "$BATS_TEST_TMPDIR"/file.*
  grep -q libcurl "$BATS_TEST_TMPDIR"/web.*
}

@test "a calendar on the web is fetched once, however many instruments and sessions it has" {
  calendar "$(event "$FULL")"
  start_script "$(jq -n --rawfile body "$FILE" '{"/": [{body: $body}]}')"
  run_harvest events --from none < <(ical_instrument "${ROOT}lab.ics"; ical_instrument "${ROOT}lab.ics" | jq -c '.instrument_pid = "SEM-2"')
  assert_success
  assert_no_stderr
  [ "$(wc -l <<<"$output")" -eq 2 ]
  [ "$(wc -l <"$LOG")" -eq 1 ]
  run_harvest reservations < <(for i in 1 2 3; do ical_session ical:TEM-1:a-1@x "${ROOT}lab.ics"; done)
  assert_no_stderr
  [ "$(jq -r .reservation.source <<<"$output" | sort | uniq -c | tr -d ' ')" = 3ical ]
  [ "$(wc -l <"$LOG")" -eq 2 ]
  [ "$(jq -r .authorization "$LOG" | sort -u)" = null ] # no NEMO token goes to a calendar
}

@test "webcal: is fetched over the web" {
  calendar "$(event "$FULL")"
  start_script "$(jq -n --rawfile body "$FILE" '{"/": [{body: $body}]}')"
  run_harvest events --from none < <(ical_instrument "webcal:${ROOT#http:}lab.ics")
  assert_success
  assert_no_stderr
  assert_json .session_identifier ical:TEM-1:a-1@x
}

@test "the scheme of an address is the same in capitals, and webcals: is https:" {
  calendar "$(event "$FULL")"
  start_script "$(jq -n --rawfile body "$FILE" '{"/": [{body: $body}]}')"
  for url in "HTTP${ROOT#http}lab.ics" "WebCal${ROOT#http}lab.ics" "FILE://$FILE" "File://$FILE"; do
    run_harvest events --from none < <(ical_instrument "$url")
    assert_success
    assert_no_stderr
    assert_json .session_identifier ical:TEM-1:a-1@x
  done
  # The server knows no TLS: webcals: is never asked for without.
  run_harvest events --from none < <(ical_instrument "WebCalS${ROOT#http}lab.ics")
  assert_success
  assert_output ""
  assert_stderr "harvest of instrument TEM-1 failed: "
  refute_stderr "must be"
  run_harvest events --from none < <(ical_instrument "ftp://x/lab.ics")
  assert_stderr "'ftp://x/***' must be http(s)://HOST/..., webcal(s)://HOST/... or file:///..."
}

@test "a calendar that cannot be had now postpones; one that is none, or is refused, is an ERROR" {
  local case body words
  while IFS='|' read -r words body; do
    start_script "{\"/\": [$body]}"
    NX_TEST_TIME_SCALE=0 run_harvest reservations < <(ical_session ical:TEM-1:a "${ROOT}lab.ics")
    assert_success
    assert_json 'if .postponed then "postponed" else .status end' "$words"
    NX_TEST_TIME_SCALE=0 run_harvest events < <(ical_instrument "${ROOT}lab.ics")
    assert_success
    assert_output ""
    assert_stderr "ERROR: harvest of instrument TEM-1 failed"
    stop_servers
  done <<'END'
postponed|{"status": 503}
postponed|{"status": 429}
postponed|{"status": 500}
postponed|{"do": "cut"}
postponed|{"do": "hang up"}
postponed|{"body": "BEGIN:VCALENDAR\\r\\nBEGIN:VEVENT\\r\\nUID:a\\r\\nDTSTA"}
ERROR|{"status": 404}
ERROR|{"status": 403}
ERROR|{"body": "<!DOCTYPE html><title>Sign in</title>"}
ERROR|{"body": ""}
ERROR|{"do": "flood"}
END
}

@test "a calendar that is caught while it is written postpones, however much of it is there already" {
  calendar "$(event "$FULL")"
  cp "$FILE" "$FILE.whole"
  for bytes in 0 40 200 -20 -12; do
    head -c "$bytes" "$FILE.whole" >"$FILE"
    run_harvest reservations < <(ical_session ical:TEM-1:a-1@x)
    assert_success
    assert_json .status TO_BE_BUILT
    assert_json '.postponed.message | test("it is empty$|is cut off")' true
  done
  head -c -1 "$FILE.whole" >"$FILE" # but for the last line feed, which many writers leave out
  run_harvest reservations < <(ical_session ical:TEM-1:a-1@x)
  assert_json .reservation.internal_id a-1@x
}

@test "a calendar file that is not there postpones, and so does an address that somebody has to correct" {
  run_harvest reservations < <(ical_session ical:TEM-1:a)
  assert_json .postponed.stage nx-harvest
  assert_json '.postponed.message | test(": there is no such file$")' true
  run_harvest reservations < <(ical_session ical:TEM-1:a file:///)
  assert_json .postponed.stage nx-harvest
  assert_json .postponed.message 'cannot read the calendar /: it is a folder'
  mkfifo "$BATS_TEST_TMPDIR/pipe"
  run_harvest reservations < <(ical_session ical:TEM-1:a "file://$BATS_TEST_TMPDIR/pipe")
  assert_json .postponed.message "cannot read the calendar $BATS_TEST_TMPDIR/pipe: it is no ordinary file"
  for url in ftp://x/y.ics lab.ics https:// webcal:lab file:lab.ics file://elsewhere/x.ics; do
    run_harvest reservations < <(ical_session ical:TEM-1:a "$url")
    assert_success
    assert_json .status TO_BE_BUILT
    assert_json '.postponed.message | test("the calendar address .* must be ")' true
  done
}

@test "an event that is broken costs itself alone" {
  calendar "$(event 'DTSTART:20250303T100000Z
SUMMARY:no UID')
$(event 'UID:no-start')
$(event 'UID:backwards
DTSTART:20250303T100000Z
DTEND:20250303T090000Z')
$(event "$FULL")"
  run_harvest events --from none < <(ical_instrument)
  assert_success
  [ "$(jq -r .session_identifier <<<"$output")" = ical:TEM-1:a-1@x ] || fail "$output"
  assert_stderr "no UID"
}

@test "an event that repeats without reason is named, and what it leaves out" {
  calendar "$(event $'UID:often\nDTSTART:20230101T000000Z\nRRULE:FREQ=HOURLY')
$(event $'UID:seconds\nDTSTART:20250303T100000Z\nRRULE:FREQ=HOURLY;BYMINUTE=0,15,30,45;BYSECOND=0,30')"
  run_harvest events --from 2023-01-01 --to 2025-12-31 < <(ical_instrument)
  assert_success
  [ "$(wc -l <<<"$output")" = 10001 ]
  assert_stderr "WARNING: event often takes place more than 10000 times between the dates; the rest is left out"
  assert_stderr "WARNING: event seconds repeats more than 6 times an hour"
}

@test "a calendar whose events take too long costs nobody else's: its usage ends with an error, its sessions wait" {
  calendar "$(event $'UID:s\nDTSTART:20250303T100000Z\nRRULE:FREQ=HOURLY;COUNT=500')
$(event $'UID:t\nDTSTART:20250303T100000Z')"
  NX_TEST_TIME_SCALE=0.00000001 run_harvest events --from none < <(ical_instrument)
  assert_success
  refute_output --partial ical:TEM-1:t
  assert_stderr "ERROR: harvest of instrument TEM-1: the recurring events of its calendar take too long; 0 of 2 were done"
  NX_TEST_TIME_SCALE=0.00000001 run_harvest reservations < <(ical_session ical:TEM-1:s/20250304T100000Z; ical_session ical:TEM-1:t)
  assert_success
  [ "$(jq -r .status <<<"$output")" = "TO_BE_BUILT
TO_BE_BUILT" ] || fail "$output"
  [ "$(jq -r .postponed.message <<<"$output" | grep -c 'events of its calendar take too long')" = 2 ] || fail "$output"
}

@test "an event cannot write lines of the log, neither by its SUMMARY nor by its UID" {
  local forged='x\n2026-01-01 00:00:00\,000 nexuslims INFO: forged'
  calendar "$(event "DTSTART:20250303T100000Z
SUMMARY:$forged")
$(event "UID:$forged
DTSTART:20250303T100000Z
DTEND:20250303T120000Z")
$(event "$FULL")"
  run_harvest events --from none < <(ical_instrument)
  assert_success
  [ "$(jq -r .session_identifier <<<"$output")" = ical:TEM-1:a-1@x ] || fail "$output"
  assert_stderr "no UID ('x…')"
  assert_stderr "the UID 'x…' of an event holds control characters"
  refute_stderr forged
}

@test "usage that is lost because its event is wrong is named" {
  local lines words
  while IFS='|' read -r lines words; do
    calendar "$(event "UID:wrong
${lines//;;/$'\n'}")"
    run_harvest events --from none < <(ical_instrument)
    assert_success
    [ "$(grep -c "WARNING: event wrong $words" "$BATS_TEST_TMPDIR/stderr")" = 1 ] || fail "$lines: $(stderr)"
  done <<'END'
DTSTART:20250110T240000Z;;DURATION:PT1H|has no usable start and end; it is left out
DTSTART:20250110T240000Z;;DURATION:PT1H;;RRULE:FREQ=DAILY|has no usable start and end; it is left out
DTSTART:99991231T000000Z;;DURATION:P1D|has no usable start and end; it is left out
DTSTART:20250110T080000Z;;DURATION:PT1H;;RRULE:FREQ=FORTNIGHTLY|has an unreadable RRULE, which is left out
DTSTART:20250110T080000Z;;DURATION:PT1H;;RRULE:FREQ=DAILY;INTERVAL=0|has an unreadable RRULE, which is left out
DTSTART:20250110T080000Z;;DURATION:PT1H;;RRULE:FREQ=DAILY;COUNT=2;;EXDATE:never|has an unreadable EXDATE, which is left out
DTSTART:20250110T080000Z;;DTEND:noon|has an unreadable DTEND, which is left out
DTSTART:20250110T080000Z;;END:VEVENT;;BEGIN:VEVENT;;UID:wrong;;DTSTART:20250111T080000Z|is there twice with the same SEQUENCE; that of 20250110T080000Z is left out
SEQUENCE:2;;DTSTART:20250110T080000Z;;END:VEVENT;;BEGIN:VEVENT;;UID:wrong;;SEQUENCE:2;;DTSTART;VALUE=DATE:20250110|is there twice with the same SEQUENCE; that of 20250110T080000Z is left out
END
}

@test "a new version of an event, and one that is there twice alike, are not worth a word" {
  local lines
  while read -r lines; do
    calendar "$(event "UID:a
DTSTART:20250110T080000Z
${lines//;;/$'\n'}
END:VEVENT
BEGIN:VEVENT
UID:a
DTSTART:20250111T080000Z
SEQUENCE:2")"
    run_harvest events --from none < <(ical_instrument)
    assert_success
    assert_json .start 2025-01-11T03:00:00-05:00
    assert_no_stderr
  done <<'END'
SEQUENCE:1
SEQUENCE:1;;END:VEVENT;;BEGIN:VEVENT;;UID:a;;DTSTART:20250110T080000Z;;SEQUENCE:1
SEQUENCE:1;;END:VEVENT;;BEGIN:VEVENT;;UID:a;;DTSTART:20250111T080000Z;;SEQUENCE:2;;SUMMARY:first
END
}

@test "an empty property that says nothing about the time is not worth a word" {
  calendar "$(event "$FULL
LOCATION:")"
  run_harvest events --from none < <(ical_instrument)
  assert_success
  assert_no_stderr
}

@test "the password in a calendar's address is in no message" {
  run_harvest reservations -vv < <(ical_session ical:TEM-1:a http://user:geheimnis@127.0.0.1:1/lab.ics)
  assert_success
  assert_json .postponed.stage nx-harvest
  refute_stderr geheimnis
  [ "$(jq -r .postponed.message <<<"$output" | grep -c geheimnis)" -eq 0 ]
}

@test "what keeps a calendar private is in no message, neither of its server nor of its file" {
  local url
  for url in http://127.0.0.1:1/calendar/private-0123456789abcdef/basic.ics 'http://127.0.0.1:1/lab.ics?token=0123456789abcdef' \
    ftp://127.0.0.1:1/private-0123456789abcdef/basic.ics 'file://elsewhere/lab.ics?token=0123456789abcdef' \
    http://127.0.0.1:1/feed/ks0123456789abcdef/0.ics 'http://127.0.0.1:1/subscribe.php?rid=5e9f&icskey=0123456789abcdef' \
    webcal://127.0.0.1:1/p/0123456789abcdef 127.0.0.1:1/p/0123456789abcdef http://0123456789abcdef@127.0.0.1:1/lab.ics \
    u:0123456789abcdef@127.0.0.1/lab.ics webcal:u:0123456789abcdef@127.0.0.1/lab.ics 'webcal://127.0.0.1:1/lab.ics#0123456789abcdef'; do
    NX_TEST_TIME_SCALE=0 run_harvest events -vv < <(ical_instrument "$url")
    assert_success
    assert_stderr "ERROR: harvest of instrument TEM-1 failed"
    refute_stderr 0123456789abcdef
    NX_TEST_TIME_SCALE=0 run_harvest reservations < <(ical_session ical:TEM-1:a "$url")
    assert_success
    assert_json .postponed.stage nx-harvest
    assert_equal "$(jq -r .postponed.message <<<"$output" | grep -c 0123456789abcdef)" 0
    NX_TEST_TIME_SCALE=0 run_harvest check < <(ical_instrument "$url")
    assert_success
    assert_json .kind check
    refute_output --partial 0123456789abcdef
  done
  NX_TEST_TIME_SCALE=0 run_harvest check < <(ical_instrument http://127.0.0.1:1/calendar/private-0123456789abcdef/basic.ics)
  assert_json '.message | test("GET http://127.0.0.1:1/[*]{3}: ")' true
}
