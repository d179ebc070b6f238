#!/usr/bin/env bats
# nx-harvest against servers that are slow, lie or vanish: retries (harvest-nemo §3), and what each kind of failure does to a session.
load nx-harvest

USERS='"/api/users/": [{"body": "[{\"id\": 1, \"username\": \"ned\", \"first_name\": \"Ned\", \"last_name\": \"Land\", \"email\": \"n@x.org\"}]"}]'
ANSWERS='{\"data_consent\": {\"user_input\": \"Agree\"}, \"experiment_title\": {\"user_input\": \"A title\"}}'
RESERVATION='[{\"id\": 5, \"start\": \"2025-03-03T09:00:00-05:00\", \"end\": \"2025-03-03T13:00:00-05:00\", \"creation_time\": \"2025-03-01T09:00:00-05:00\", \"user\": 1, \"creator\": 1, \"question_data\": '$ANSWERS'}]'
EVENT='{\"id\": 7, \"start\": \"2025-03-03T10:00:00-05:00\", \"end\": \"2025-03-03T12:00:00-05:00\", \"user\": 1, \"tool\": 3}'

setup() {
  export NX_TEST_TIME_SCALE=0.001
}

# serve PATH STEPS: a server with the answers above, but with STEPS for that path
serve() {
  start_script "$(jq -cn "{\"/api/usage_events/\": [{\"body\": \"[]\"}], \"/api/reservations/\": [{\"body\": \"$RESERVATION\"}], $USERS} + {\"/api/$1/\": $2}")"
}

# answer BODY [STATUS]: the steps of a path that always answers that
answer() {
  jq -cn --arg body "$1" --argjson status "${2:-200}" '[{status: $status, body: $body}]'
}

@test "an answer of 503 is asked for again after 1 s and 2 s, and then counts" {
  serve reservations "[{\"status\": 503}, {\"status\": 503}, {\"body\": \"$RESERVATION\"}]"
  run_harvest reservations -vv < <(session)
  assert_success
  assert_json .reservation.experiment_title "A title"
  [ "$(requests /reservations/)" -eq 3 ]
  assert_stderr "trying again in 1 s"
  assert_stderr "trying again in 2 s"
}

@test "after six times 502 the session is postponed" {
  serve reservations '[{"status": 502}]'
  run_harvest reservations -vv < <(session)
  assert_success
  assert_json .status TO_BE_BUILT
  assert_json .postponed.stage nx-harvest
  assert_json .error null
  assert_json .reservation null
  [ "$(requests /reservations/)" -eq 6 ]
  for seconds in 1 2 4 8 16; do
    assert_stderr "trying again in $seconds s"
  done
}

@test "500 and 429 are asked for once and postpone the session" {
  for code in 500 429; do
    serve reservations "[{\"status\": $code, \"body\": \"{\\\"detail\\\": \\\"Busy today.\\\"}\"}]"
    run_harvest reservations < <(session)
    assert_success
    assert_json .status TO_BE_BUILT
    assert_json '.postponed.message | test("status '$code': Busy today")' true
    [ "$(requests /reservations/)" -eq 1 ]
    stop_servers
  done
}

@test "a refusal (400, 403, 404) ends the session as ERROR with the server's own words" {
  for code in 400 403 404; do
    serve reservations "[{\"status\": $code, \"body\": \"{\\\"tool_id\\\": [\\\"Select a valid choice.\\\"]}\"}]"
    run_harvest reservations < <(session)
    assert_success
    assert_json .status ERROR
    assert_json '.error.message | test("status '$code': tool_id: Select a valid choice")' true
    stop_servers
  done
}

@test "an address that does not lead to the API is what is to be looked at when there is no such page, or a page of another kind" {
  local answer
  for answer in '{"status": 404, "body": "<html>not found</html>"}' '{"body": "<html>hello</html>"}'; do
    start_script "{\"/\": [$answer]}"
    NX_NEMO_ADDRESS_1=$ROOT run_harvest reservations < <(session '{}' "{\"api_url\": \"${ROOT}tools/?id=3\"}")
    assert_success
    assert_json '.error.message | test("; the address of an API of NEMO usually ends in api/: check NX_NEMO_ADDRESS_1$")' true
    NX_NEMO_ADDRESS_1=${ROOT}api/ run_harvest reservations < <(session)
    assert_json '.error.message | test("ends in api/")' false
    assert_json '.error.message | test("; check NX_NEMO_ADDRESS_1$")' "$([[ $answer == *404* ]] && echo true || echo false)"
    stop_servers
  done
}

@test "a login page instead of JSON is reported with its first line" {
  serve reservations '[{"body": "<!DOCTYPE html>\n<title>Sign in</title>", "headers": {"Content-Type": "text/html"}}]'
  run_harvest reservations < <(session)
  assert_success
  assert_json .status ERROR
  assert_json '.error.message | test("is not JSON") and test("<!DOCTYPE html>") and (test("Sign in") | not)' true
}

@test "an answer that is JSON but no list is an ERROR, not a crash" {
  for body in '{\"detail\": \"x\"}' 7 '\"text\"' null '{\"results\": 3}'; do
    serve reservations "[{\"body\": \"$body\"}]"
    run_harvest reservations < <(session)
    assert_success
    assert_json .status ERROR
    stop_servers
  done
}

@test "a connection that is cut in the middle, or never answered, postpones that session and not the next" {
  serve reservations "[{\"do\": \"cut\"}, {\"do\": \"hang up\"}, {\"body\": \"$RESERVATION\"}]"
  run_harvest reservations < <(session; session; session)
  assert_success
  [ "$(jq -s -c 'map([.status, .postponed != null, .reservation != null])' <<<"$output")" = \
    '[["TO_BE_BUILT",true,false],["TO_BE_BUILT",true,false],["TO_BE_BUILT",false,true]]' ] || fail "$output"
}

@test "no server at all postpones" {
  ROOT=http://127.0.0.1:1/
  NX_NEMO_ADDRESS_1=${ROOT}api/ NX_NEMO_TOKEN_1=$TOKEN run_harvest reservations < <(session)
  assert_success
  assert_json '.postponed.message | test("127.0.0.1")' true
}

@test "an endless body ends the session without filling the memory" {
  serve reservations '[{"do": "flood"}]'
  run_harvest reservations < <(session)
  assert_success
  assert_json .status ERROR
  assert_json '.error.message | test("larger")' true
}

@test "redirects that never end do not hang" {
  serve reservations '[{"status": 302, "headers": {"Location": "@ROOT@api/reservations/?again=1"}}]'
  run_harvest reservations < <(session)
  assert_success
  assert_json .postponed.stage nx-harvest
  [ "$(requests /reservations/)" -lt 20 ]
}

@test "a redirect to another host does not carry the token there" {
  start_script '{"/": [{"body": "[]"}]}' elsewhere
  local other=$ROOT other_log=$LOG
  serve reservations "[{\"status\": 302, \"headers\": {\"Location\": \"${other}api/reservations/\"}}]"
  run_harvest reservations < <(session)
  assert_success
  [ "$(wc -l <"$other_log")" -eq 1 ]
  [ "$(jq -r .authorization "$other_log")" = null ] || fail "$(cat "$other_log")"
}

@test "a server that redirects to another address is told from one that rejects the token, and the session waits" {
  local body words other advice
  while IFS='|' read -r words body; do
    start_script "{\"/\": [$body]}" elsewhere
    other=$ROOT
    serve reservations "[{\"status\": 301, \"headers\": {\"Location\": \"${other/127.0.0.1/bob:hunter2@127.0.0.1}api/reservations/?start=1\"}}]"
    run_harvest reservations < <(session)
    assert_success
    assert_json .status TO_BE_BUILT
    advice="it redirected to ${other}api/, where no token is sent: if that is the API, set NX_NEMO_ADDRESS_1 to it"
    assert_json '.postponed.message' "NEMO 1: ${words/@/${ROOT}api/reservations/}; $advice"
    stop_servers
  done <<'END'
@ answered with status 401: No credentials.|{"status": 401, "body": "{\"detail\": \"No credentials.\"}"}
@ answered with status 403|{"status": 403}
@ answered with status 503|{"status": 503}
the answer of @ is not JSON (a login page?); its first line: '<title>Sign in</title>'|{"body": "<title>Sign in</title>"}
END
}

@test "a redirect on the same server leaves the token to blame" {
  serve reservations '[{"status": 301, "headers": {"Location": "/api/reservations/?there=1"}}, {"status": 401}]'
  run_harvest reservations < <(session)
  assert_json .status ERROR
  assert_json '.error.message | test("check NX_NEMO_TOKEN_1$")' true
}

@test "pages are followed to the end, and always on the configured server" {
  start_script '{"/": [{"body": "[]"}]}' elsewhere
  local other=$ROOT other_log=$LOG
  serve usage_events "[{\"body\": \"{\\\"count\\\": 2, \\\"next\\\": \\\"${other}api/usage_events/?page=2\\\", \\\"results\\\": [$(sed 's/\\"/\\\\\\"/g' <<<"$EVENT" | sed 's/\\\\\\"/\\"/g')]}\"},
    {\"body\": \"{\\\"count\\\": 2, \\\"next\\\": null, \\\"results\\\": [$(sed 's/: 7,/: 8,/' <<<"$EVENT")]}\"}]"
  run_harvest events --from none < <(instrument)
  assert_success
  [ "$(jq -r .session_identifier <<<"$output")" = "${ROOT}api/usage_events/?id=7
${ROOT}api/usage_events/?id=8" ] || fail "$output"
  [ "$(requests 'usage_events/\?page=2')" -eq 1 ]
  [ ! -s "$other_log" ]
}

# page ID NEXT: a page with that event, and the address of the next one as JSON
page() {
  jq -cn --argjson id "$1" --argjson next "$2" '{count: 9, next: $next, previous: null, results: [{id: $id, tool: 3, user: 1,
    start: "2025-03-03T10:00:00-05:00", end: "2025-03-03T12:00:00-05:00"}]}'
}

# paged NEXT: the events of a server whose first page is followed by NEXT; the further ones lie under usage_events/page/
paged() {
  start_script "$(jq -cn --arg first "$(page 1 "$1")" --arg second "$(page 2 '"3?cursor=x"')" --arg third "$(page 3 null)" "{$USERS} + {
    \"/api/usage_events/\": [{body: \$first}], \"/api/usage_events/page/2\": [{body: \$second}], \"/api/usage_events/page/3\": [{body: \$third}],
    \"/page/2\": [{body: \$third}]}")"
  run_harvest events --from none < <(instrument)
  assert_success
}

ids() {
  jq -r '.session_identifier | split("=")[1]' <<<"$output" | paste -sd,
}

@test "a next page with a path of its own is followed, wherever on the server it lies" {
  for next in '"page/2"' '"/api/usage_events/page/2"' '"@ROOT@api/usage_events/page/2#top"' '"@ROOT@api/usage_events/page/2?a=b"'; do
    paged "$next"
    [ "$(ids)" = 1,2,3 ] || fail "$next: $output"
    assert_no_stderr
    stop_servers
  done
  paged '"/page/2"'
  [ "$(ids)" = 1,3 ] || fail "$output"
}

@test "a next page that cannot be followed is an error, and no token goes to another server" {
  start_script '{"/": [{"body": "[]"}]}' elsewhere
  local other=$ROOT other_log=$LOG
  for next in "\"${other}api/usage_events/page/2\"" '"//other.example/page/2"' '"https://127.0.0.1/api/page/2"' '7' '{}' 'true' '""' '"http://[/"' '"ftp:x"'; do
    paged "$next"
    assert_output ""
    assert_stderr "NEMO 1: the next page of ${ROOT}api/usage_events/ cannot be followed"
  done
  [ ! -s "$other_log" ]
}

@test "pages that lead back to themselves end as an error" {
  serve usage_events '[{"body": "{\"next\": \"http://x/?page=2\", \"results\": []}"}]'
  run_harvest events --from none < <(instrument)
  assert_success
  assert_stderr "do not end"
}

@test "one broken event costs itself alone" {
  local broken='7, null, \"text\", {}, {\"id\": 1, \"tool\": 3, \"start\": \"yesterday\", \"end\": \"2025-03-03T12:00:00-05:00\"}, {\"id\": 2, \"tool\": 99, \"start\": \"2025-03-03T10:00:00-05:00\", \"end\": \"2025-03-03T12:00:00-05:00\"}, {\"id\": 3, \"tool\": 3, \"start\": [], \"end\": 5}'
  serve usage_events "[{\"body\": \"[$broken, $EVENT]\"}]"
  run_harvest events --from none < <(instrument)
  assert_success
  [ "$(jq -c '[.session_identifier, .user]' <<<"$output")" = "[\"${ROOT}api/usage_events/?id=7\",\"ned\"]" ] || fail "$output"
  assert_stderr "yesterday"
  assert_stderr "is not known as an instrument"
}

@test "an event that ends later than now, as with a delayed logoff, is left for the run after its end" {
  local later past
  later=$(date -u -d '+1 hour' +%Y-%m-%dT%H:%M:%S+00:00)
  past=$(date -u -d '-1 minute' +%Y-%m-%dT%H:%M:%S+00:00)
  serve usage_events "$(answer "$(jq -cn --arg later "$later" --arg past "$past" '[{id: 8, tool: 3, user: 1, start: "2025-03-03T10:00:00-05:00", end: $later},
    {id: 7, tool: 3, user: 1, start: "2025-03-03T10:00:00-05:00", end: $past}]')")"
  run_harvest events -v --from none < <(instrument)
  assert_success
  [ "$(jq -r .session_identifier <<<"$output")" = "${ROOT}api/usage_events/?id=7" ] || fail "$output"
  assert_stderr "INFO: ${ROOT}api/usage_events/?id=8: the usage ends later than now; a later run takes it up"
}

@test "a server cannot write lines of the log: dates, names of fields and of samples are shown in one line" {
  local forged='x\n2026-01-01 00:00:00,000 nexuslims INFO: forged'
  serve usage_events "$(answer '[{"id": 7, "tool": 3, "start": "'"$forged"'", "end": "2025-03-03T12:00:00-05:00"}]')"
  run_harvest events --from none < <(instrument)
  assert_success
  assert_stderr "'start': 'x…' is not a date and time"
  refute_stderr forged
  stop_servers
  serve reservations "$(answer '{"'"$forged"'": ["'"$forged"'"]}' 400)"
  run_harvest reservations < <(session)
  assert_json '.error.message | test("status 400: x…: x…$")' true
  refute_stderr forged
  stop_servers
  serve reservations "$(answer '[{"id": 5, "start": "2025-03-03T09:00:00-05:00", "end": "2025-03-03T13:00:00-05:00", "user": 1, "question_data":
    {"data_consent": {"user_input": "Agree"}, "sample_group": {"user_input": {"'"$forged"'": 1}}}}]')"
  run_harvest reservations < <(session)
  assert_json .reservation.internal_id 5
  assert_stderr "sample 'x…' of 'sample_group'"
  refute_stderr forged
}

@test "an event whose user cannot be asked for waits for the next run; a user that does not exist is null" {
  serve usage_events "[{\"body\": \"[$EVENT]\"}]"
  run_harvest events --from none < <(instrument)
  assert_json .user ned
  stop_servers
  start_script "$(jq -cn "{\"/api/usage_events/\": [{\"body\": \"[$EVENT]\"}], \"/api/users/\": [{\"status\": 500}]}")"
  run_harvest events --from none < <(instrument)
  assert_success
  assert_output ""
  assert_stderr "left for the next run"
  stop_servers
  start_script "$(jq -cn "{\"/api/usage_events/\": [{\"body\": \"[$EVENT]\"}], \"/api/users/\": [{\"body\": \"[]\"}]}")"
  run_harvest events --from none < <(instrument)
  assert_success
  assert_json .user null
}

@test "a user that NEMO does not know stands with the number in the reservation" {
  start_script "$(jq -cn "{\"/api/usage_events/\": [{\"body\": \"[]\"}], \"/api/reservations/\": [{\"body\": \"$RESERVATION\"}], \"/api/users/\": [{\"body\": \"[]\"}]}")"
  run_harvest reservations < <(session)
  assert_success
  assert_json .reservation.username 1
  assert_json .reservation.user_full_name null
}

@test "NUL characters in an answer are left out with a warning, and what stands behind them stays" {
  serve reservations "$(answer '[{"id": 5, "start": "2025-03-03T09:00:00-05:00", "end": "2025-03-03T13:00:00-05:00", "user": 1, "question_data":
    {"data_consent": {"user_input": "Agree"}, "experiment_title": {"user_input": "before\u0000after"}}}]')"
  run_harvest reservations < <(session)
  assert_success
  assert_json .reservation.experiment_title beforeafter
  assert_stderr "WARNING: the answer to 'experiment_title' holds NUL characters, which are left out of it"
}

@test "ids that a server writes as text are the same ids" {
  serve usage_events "$(answer '[{"id": "7", "start": "2025-03-03T10:00:00-05:00", "end": "2025-03-03T12:00:00-05:00", "user": "1", "tool": "3"}]')"
  run_harvest events --from none < <(instrument)
  assert_success
  assert_json .session_identifier "${ROOT}api/usage_events/?id=7"
  assert_json .user ned
  stop_servers
  serve reservations "$(answer '[{"id": "100", "start": "2025-03-03T09:00:00-05:00", "end": "2025-03-03T13:00:00-05:00", "user": "1", "creator": "1",
    "question_data": {"data_consent": {"user_input": "Agree"}}}]')"
  run_harvest reservations < <(session)
  assert_json .reservation.internal_id 100
  assert_json .reservation.url "${ROOT}event_details/reservation/100/"
  assert_json .reservation.created_by_full_name "Ned Land (ned)"
  assert_no_stderr
}

@test "a reservation without an id has no link, and says so" {
  for id in '' '"id": null,' '"id": "A-17",' '"id": -1,'; do
    serve reservations "$(answer '[{'"$id"' "start": "2025-03-03T09:00:00-05:00", "end": "2025-03-03T13:00:00-05:00", "user": 1,
      "question_data": {"data_consent": {"user_input": "Agree"}}}]')"
    run_harvest reservations < <(session)
    assert_json '.reservation | [.internal_id, .url, .username] | tojson' '[null,null,"ned"]'
    assert_stderr "WARNING: NEMO 1: a reservation without an id"
    stop_servers
  done
  serve reservations "$(answer '[{"start": "2025-03-03T09:00:00-05:00", "end": "2025-03-03T13:00:00-05:00", "user": 1}]')"
  run_harvest reservations < <(session)
  assert_json .error.message "a reservation without an id did not define consent to have its data harvested"
}

@test "a reservation with unreadable dates is passed over when another one overlaps, else the session is an ERROR" {
  local bad='{\"id\": 6, \"start\": \"soon\", \"end\": \"later\"}'
  serve reservations "[{\"body\": \"[$bad, $(sed 's/^\[//; s/\]$//' <<<"$RESERVATION")]\"}]"
  run_harvest reservations < <(session)
  assert_json .reservation.internal_id 5
  stop_servers
  serve reservations "[{\"body\": \"[$bad]\"}]"
  run_harvest reservations < <(session)
  assert_success
  assert_json .status ERROR
  assert_json '.error.message | test("soon")' true
}

@test "a server that fails three times in a row is left alone for the rest of the run" {
  serve usage_events '[{"status": 500}]'
  run_harvest reservations < <(for i in 1 2 3 4 5 6; do session; done)
  assert_success
  [ "$(jq -s 'map(select(.postponed)) | length' <<<"$output")" -eq 6 ]
  [ "$(wc -l <"$LOG")" -eq 3 ]
}

@test "a date format that cannot be used stops the stage, and no session ends of it" {
  serve reservations "[{\"body\": \"$RESERVATION\"}]"
  for name in NX_NEMO_STRFTIME_FMT_1 NX_NEMO_STRPTIME_FMT_1; do
    export "$name=%Y-%m-%d %Q"
    run_harvest reservations < <(session)
    assert_failure 1
    assert_output ""
    assert_stderr "$name: must be made of"
    unset "$name"
  done
  [ ! -s "$LOG" ]
}

@test "the token is in no message, however much is logged" {
  serve reservations "[{\"status\": 403, \"body\": \"{\\\"detail\\\": \\\"Bad header: Token $TOKEN\\\"}\"}]"
  run_harvest reservations -vv < <(session)
  assert_success
  refute_stderr "$TOKEN"
  refute_output --partial "$TOKEN"
}
