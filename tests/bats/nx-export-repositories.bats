#!/usr/bin/env bats
# nx-export and the repositories: what arrives, what a second attempt finds, and what servers do wrong.
load lib
load nx-export
bats_require_minimum_version 1.5.0

@test "one record goes to three repositories, in order, each once" {
  start_repositories
  all_three
  run --separate-stderr nx-export < <(session 101)
  assert_success
  assert_json .status COMPLETED
  assert_json '[.exports[].destination_name]|join(" ")' "cdcs labarchives elabftw"
  assert_json '[.exports[].success]|all' true
  run holdings
  assert_output "1 1 1 1 1"
}

@test "eLabFTW: an attachment that surely did not arrive is sent once more, one that may have is not" {
  faults '[{"at":"POST /eln/api/v2/experiments/","times":1,"do":"hang up"}]'
  start_repositories --faults faults.json
  use elabftw
  run --separate-stderr nx-export < <(session 101)
  assert_json .status COMPLETED
  run state '.elabftw[0].uploads|length'
  assert_output 1
  stop_repositories
  faults '[{"at":"POST /eln/api/v2/experiments/","do":"hang up"}]'
  start_repositories --faults faults.json --log requests
  use elabftw
  put_record 101
  run --separate-stderr nx-export < <(session 101)
  assert_json .status BUILT_NOT_EXPORTED
  run grep -c 'POST /eln/api/v2/experiments/' requests
  assert_output 2
  stop_repositories
  faults '[{"at":"POST /eln/api/v2/experiments/","times":1,"status":502},{"at":"GET /eln/api/v2/experiments/","status":500}]'
  start_repositories --faults faults.json
  use elabftw
  put_record 101
  run --separate-stderr nx-export < <(session 101)
  assert_json .status BUILT_NOT_EXPORTED
  run state '.elabftw[0].uploads|length'
  assert_output 0
}

@test "eLabFTW: an attachment is sent whole again after the server asked to wait, to a new experiment and to an older one" {
  export NX_TEST_TIMEOUT_SCALE=0.05
  for code in 503 429; do
    faults "[{\"at\":\"POST /eln/api/v2/experiments/\",\"times\":1,\"status\":$code}]"
    start_repositories --faults faults.json --log "requests-$code"
    use elabftw
    put_record 101
    run --separate-stderr nx-export < <(session 101)
    assert_json .status COMPLETED
    run grep -c /uploads "requests-$code" # it was not looked for
    assert_output 2
    run state '.elabftw[0].uploads|join(" ")'
    assert_output 2025-01-27_Titan_101.xml
    stop_repositories
    faults "[{\"at\":\"POST /eln/api/v2/experiments/\",\"times\":1,\"status\":413},{\"at\":\"POST /eln/api/v2/experiments/\",\"times\":2,\"status\":$code}]"
    start_repositories --faults faults.json
    use elabftw
    put_record 101
    run --separate-stderr nx-export < <(again "$(session 101 | nx-export 2>/dev/null)")
    assert_json .status COMPLETED
    run state '.elabftw[0].uploads|join(" ")'
    assert_output 2025-01-27_Titan_101.xml
    stop_repositories
  done
  SERVER=
}

@test "every request with a body is sent whole again after the server asked to wait" {
  export NX_TEST_TIMEOUT_SCALE=0.05
  faults "[$(for at in "POST /cdcs/rest/data/" "POST /eln/api/v2/experiments" "POST /la/api/entries/add_entry" "POST /la/api/entries/add_attachment" \
    "POST /eln/api/v2/experiments/"; do
    printf '{"at":"%s","times":2,"status":503},' "$at"; done | sed 's/,$//')]"
  start_repositories --faults faults.json --log requests
  all_three
  run --separate-stderr nx-export < <(session 101)
  assert_json .status COMPLETED
  run holdings
  assert_output "1 1 1 1 1"
  run state '[.cdcs[0].bytes > 100, (.entries | map(.bytes > 100))] | flatten | all'
  assert_output true
  run grep -c '"request": "POST' requests
  assert_output 15
  run grep -c /uploads requests # it was not looked for
  assert_output 3
}

@test "a repository that answers lost requests is asked before they are repeated: nothing is there twice" {
  for loss in '"do":"hang up"' '"status":502,"body":"<html>Bad Gateway</html>"' '"status":504' '"do":"cut"'; do
    faults "[$(for at in "POST /cdcs/rest/data/" "POST /eln/api/v2/experiments" "GET /la/api/tree_tools/insert_node" "POST /la/api/entries/add_entry" \
      "POST /la/api/entries/add_attachment" "POST /eln/api/v2/experiments/"; do
      printf '{"at":"%s","times":1,"after":true,%s},' "$at" "$loss"; done | sed 's/,$//')]"
    start_repositories --faults faults.json
    all_three
    put_record 101
    run --separate-stderr nx-export < <(session 101)
    assert_success
    assert_json .status COMPLETED
    run holdings
    assert_output "1 1 1 1 1"
    stop_repositories
  done
  SERVER=
}

@test "a request that surely did not arrive is repeated" {
  faults '[{"at":["POST","GET"],"times":3,"do":"hang up"}]'
  start_repositories --faults faults.json
  all_three
  run --separate-stderr nx-export < <(session 101)
  assert_json .status COMPLETED
  run holdings
  assert_output "1 1 1 1 1"
}

@test "a retry finishes what the failed attempt left, and touches nothing that succeeded" {
  faults '[{"at":"POST /eln/api/v2/experiments/","times":1,"status":413,"body":"<html>413</html>"},
           {"at":"POST /la/api/entries/add_attachment","times":1,"status":400}]'
  start_repositories --faults faults.json
  all_three
  run --separate-stderr nx-export < <(session 101)
  line=$output
  assert_json .status BUILT_NOT_EXPORTED
  assert_json '.exports[] | select(.destination_name == "elabftw") | .metadata | keys[0]' orphan_experiment_id
  assert_json '.exports[] | select(.destination_name == "labarchives") | .metadata | keys | join(" ")' "entry_id orphan_page_id"
  run holdings
  assert_output "1 0 1 1 0"
  run --separate-stderr nx-export < <(again "$line")
  assert_json .status COMPLETED
  assert_json '[.exports[].destination_name]|join(" ")' "labarchives elabftw"
  run holdings
  assert_output "1 1 1 1 1"
  run state '[.elabftw[0].updates, .cdcs[0].updates]|join(" ")'
  assert_output "1 0"
}

@test "a run that was killed after sending is made good by the next, which finds everything by name" {
  start_repositories
  all_three
  nx-export < <(session 101) >/dev/null
  put_record 101 # built again
  run --separate-stderr nx-export < <(session 101 '.export_mode = "retry"')
  assert_json .status COMPLETED
  run state '[(.cdcs|length), (.elabftw|length), ([.nodes[]|select(.is_page)]|length), (.entries|length)] | map(tostring) | join(" ")'
  assert_output "1 1 1 2"
}

@test "a database that was put back to a time before the exports brings no second copies" {
  start_repositories
  all_three
  put_record 101
  run --separate-stderr nx-export < <(session 101)
  assert_json .status COMPLETED
  put_record 101
  run --separate-stderr nx-export < <(session 101)
  assert_json .status COMPLETED
  run state '[(.cdcs|length), (.elabftw|length), ([.nodes[]|select(.is_page)]|length)] | map(tostring) | join(" ")'
  assert_output "1 1 1"
}

@test "a retry finds the experiment among hundreds of others" {
  start_repositories
  use elabftw
  nx-export < <(session 101) >/dev/null
  python3 - "$ROOT" <<'PY'
import json, sys, urllib.request
for number in range(250):
    request = urllib.request.Request(sys.argv[1] + "eln/api/v2/experiments", json.dumps({"title": f"other {number}"}).encode(), {"Content-Type": "application/json"})
    urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request).read()
PY
  put_record 101
  run --separate-stderr nx-export < <(session 101 '.export_mode = "retry"')
  assert_json .status COMPLETED
  run state '.elabftw|length'
  assert_output 251
}

@test "eLabFTW: of sessions whose titles are alike as far as the server keeps them, a retry takes its own experiment alone" {
  uid=$(printf 'U%.0s' $(seq 240))
  start_repositories --log requests
  use elabftw
  put_record 102
  session 101 ".session_identifier = \"ical:Titan:$uid/20250127T100000Z\"" >first
  session 102 ".session_identifier = \"ical:Titan:$uid/20250203T100000Z\" | .export_mode = \"retry\"" >second
  nx-export <first >/dev/null
  run --separate-stderr nx-export <second
  assert_json .status COMPLETED
  run state '[.elabftw[] | .updates] | join(" ")'
  assert_output "0 0"
  put_record 101
  run --separate-stderr nx-export < <(jq -c '.export_mode = "retry"' first)
  assert_json .status COMPLETED
  run state '[.elabftw[] | .updates] | join(" ")'
  assert_output "1 0"
  python3 - "$ROOT" "NexusLIMS - Titan - ical:Titan:$uid" <<'PY'
import json, sys, urllib.request
for metadata in (None, 5, {"extra_fields": {"Session ID": "none of ours"}}):
    request = urllib.request.Request(sys.argv[1] + "eln/api/v2/experiments", json.dumps({"title": sys.argv[2], "metadata": metadata}).encode(), {"Content-Type": "application/json"})
    urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request).read()
PY
  put_record 102
  run --separate-stderr nx-export <second
  assert_json .status COMPLETED
  run state '[.elabftw[] | .updates] | join(" ")'
  assert_output "1 1 0 0 0"
}

@test "--reexport replaces what is there; LabArchives, which can replace nothing, gets a new page" {
  start_repositories
  all_three
  line=$(nx-export < <(session 101) | jq -c '.uploads = .exports')
  run --separate-stderr nx-export --reexport <<<"$line"
  assert_json .status COMPLETED
  run state '[(.cdcs|length), .cdcs[0].updates, (.elabftw|length), .elabftw[0].updates, ([.nodes[]|select(.is_page)]|length)] | map(tostring) | join(" ")'
  assert_output "1 1 1 1 2"
}

# left_behind — $line is the session that went to eLabFTW alone under first_success, because CDCS was down; CDCS is well again
left_behind() {
  faults '[{"at":"POST /cdcs/rest/data/","times":1,"status":500}]'
  start_repositories --faults faults.json
  use cdcs elabftw
  export NX_EXPORT_STRATEGY=first_success
  line=$(nx-export 2>/dev/null < <(session 101) | jq -c '.uploads = .exports')
  assert_equal "$(jq -r '[.exports[] | "\(.destination_name) \(.success)"] | join(" ")' <<<"$line")" "cdcs false elabftw true"
}

@test "--reexport under first_success replaces what is anywhere, and reaches every destination" {
  left_behind
  run --separate-stderr nx-export --reexport <<<"$line"
  assert_json '[.exports[] | "\(.destination_name) \(.success)"] | join(" ")' "cdcs true elabftw true"
  run state '[(.cdcs|length), (.elabftw|length), .elabftw[0].updates] | map(tostring) | join(" ")'
  assert_output "1 1 1"
}

@test "a session that is built again under first_success leaves no old copy where it was exported to" {
  left_behind
  put_record 101
  run --separate-stderr nx-export < <(jq -c '.export_mode = "reexport" | .status = "TO_BE_BUILT" | del(.exports)' <<<"$line")
  assert_json '[.exports[] | "\(.destination_name) \(.success)"] | join(" ")' "cdcs true elabftw true"
  run state '.elabftw[0].updates'
  assert_output 1
}

@test "a session that is built again by hand replaces what is there, and finishes what failed" {
  faults '[{"at":"POST /eln/api/v2/experiments/","times":1,"status":413}]'
  start_repositories --faults faults.json
  use cdcs elabftw
  line=$(nx-export 2>/dev/null < <(session 101) | jq -c '.uploads = .exports | .status = "TO_BE_BUILT" | .export_mode = "export" | del(.exports)')
  put_record 101
  run --separate-stderr nx-export <<<"$line"
  assert_json .status COMPLETED
  assert_json '[.exports[] | "\(.destination_name) \(.success)"] | join(" ")' "cdcs true elabftw true"
  run state '[(.cdcs|length), .cdcs[0].updates, (.elabftw|length), .elabftw[0].updates] | map(tostring) | join(" ")'
  assert_output "1 1 1 1"
  put_record 101
  rm -r data/records/uploaded
  run --separate-stderr nx-export < <(jq -c '.uploads |= map(.success = false)' <<<"$line")
  assert_json .status COMPLETED
  run state '[(.cdcs|length), .cdcs[0].updates, (.elabftw|length), .elabftw[0].updates] | map(tostring) | join(" ")'
  assert_output "1 2 1 2"
}

@test "CDCS: a record that got another name, because its session's start was corrected, takes the place of the old one" {
  start_repositories
  use cdcs
  line=$(nx-export 2>/dev/null < <(session 101))
  put_record 102
  run --separate-stderr nx-export < <(session 102 ".export_mode = \"reexport\" | .uploads = $(jq -c .exports <<<"$line")")
  assert_json .status COMPLETED
  run state '.cdcs | map("\(.id) \(.title) \(.updates)") | join(", ")'
  assert_output "101 2025-01-27_Titan_102 1"
  put_record 103
  run --separate-stderr nx-export < <(session 103 '.export_mode = "reexport" | .uploads = [{destination_name:"cdcs",success:true,record_id:"999"}]')
  assert_json .status COMPLETED
  run state '.cdcs | map(.title) | join(" ")'
  assert_output "2025-01-27_Titan_102 2025-01-27_Titan_103"
}

@test "a re-export that reached nobody still replaces what is there when it is tried again" {
  start_repositories
  use cdcs labarchives
  line=$(nx-export 2>/dev/null < <(session 101))
  export NX_LABARCHIVES_URL=http://127.0.0.1:1/la/api NX_CDCS_URL=http://127.0.0.1:1/cdcs
  put_record 102
  line=$(nx-export 2>/dev/null < <(session 102 ".export_mode = \"reexport\" | .uploads = $(jq -c .exports <<<"$line")"))
  assert_equal "$(jq -r '[.exports[] | .success] | any' <<<"$line")" false
  use cdcs labarchives
  run --separate-stderr nx-export < <(again "$line")
  assert_json .status COMPLETED
  run state '[(.cdcs | map("\(.id) \(.title)") | join(",")), ([.nodes[] | select(.is_page)] | length)] | map(tostring) | join(" ")'
  assert_output "101 2025-01-27_Titan_102 2"
}

@test "what an attempt left is still known after tries that reached nobody" {
  faults '[{"at":["POST /la/api/entries/add_attachment","POST /eln/api/v2/experiments/"],"times":8,"status":413}]'
  start_repositories --faults faults.json
  use labarchives elabftw
  unset NX_LABARCHIVES_NOTEBOOK_ID
  for number in 101 102 103 104; do
    put_record $number
    session $number
  done | nx-export -j 1 >lines 2>/dev/null
  export NX_LABARCHIVES_URL=http://127.0.0.1:1/la/api NX_ELABFTW_URL=http://127.0.0.1:1/eln
  while read -r line; do again "$line"; done <lines | nx-export -j 1 2>/dev/null >unreached
  run jq -s 'map(.exports[] | select(.error_message | test("not asked again"))) | length' unreached
  assert_output 2
  use labarchives elabftw
  unset NX_LABARCHIVES_NOTEBOOK_ID
  run --separate-stderr nx-export -j 1 < <(while read -r line; do again "$line"; done <unreached)
  assert_equal "$(jq -r .status <<<"$output" | uniq -c | xargs)" "4 COMPLETED"
  run state '[([.entries[] | .type] | sort | group_by(.) | map(length) | join("+")), (.elabftw | length), ([.elabftw[].updates] | add)] | map(tostring) | join(" ")'
  assert_output "4+4 4 4"
}

@test "LabArchives: the page of a re-export that failed half way is still known after a try that reached nobody" {
  faults '[{"at":"POST /la/api/entries/add_attachment","times":1,"status":400}]'
  start_repositories --faults faults.json
  use labarchives
  line=$(session 101 '.export_mode = "reexport" | .uploads = [{destination_name:"labarchives",success:true,record_id:"e1",metadata:{}}]' | nx-export 2>/dev/null)
  line=$(built_again "$line" | NX_LABARCHIVES_URL=http://127.0.0.1:1/la/api nx-export 2>/dev/null)
  run --separate-stderr nx-export < <(built_again "$line")
  assert_json .status COMPLETED
  run pages
  assert_output "page+t+A"
}

@test "eLabFTW: of an experiment that was deleted nothing is kept, so what took its place is looked for" {
  faults '[{"at":"POST /eln/api/v2/experiments","times":1,"after":true,"do":"hang up"},{"at":"GET /eln/api/v2/experiments?","times":1,"status":500}]'
  start_repositories --faults faults.json
  use elabftw
  line=$(session 101 '.export_mode = "retry" | .uploads = [{destination_name:"elabftw",success:false,metadata:{orphan_experiment_id:"5",known_record_id:"4"}}]' |
    nx-export 2>/dev/null)
  assert_equal "$(jq -c '.exports[0].metadata' <<<"$line")" "{}"
  run --separate-stderr nx-export < <(again "$line")
  assert_json .status COMPLETED
  run state '.elabftw|length'
  assert_output 1
}

@test "an experiment that was deleted meanwhile is made afresh" {
  start_repositories
  use elabftw
  run --separate-stderr nx-export < <(session 101 '.export_mode = "reexport" | .uploads = [{destination_name:"elabftw",success:true,record_id:"5"}]')
  assert_json .status COMPLETED
  run state '[.elabftw[].updates] | join(" ")'
  assert_output 0
}

@test "a re-export that failed half way keeps the experiment's number for the next" {
  faults '[{"at":"POST /eln/api/v2/experiments/","times":2,"status":413}]'
  start_repositories --faults faults.json
  use elabftw
  line=$(nx-export 2>/dev/null < <(session 101) | jq -c '.uploads = .exports')
  line=$(nx-export --reexport 2>/dev/null <<<"$line" | jq -c '.uploads = .exports')
  run --separate-stderr nx-export --reexport <<<"$line"
  assert_json .status COMPLETED
  run state '.elabftw|length'
  assert_output 1
}

# ------------------------------------------------------------------------------------------------------------ bad servers

# failing FAULT — the record with that fault at CDCS and a good eLabFTW; the error is in $error
failing() {
  faults "[{\"at\":[\"GET /cdcs\",\"POST /cdcs\"],$1}]"
  start_repositories --faults faults.json
  use cdcs elabftw
  put_record 101
  run --separate-stderr nx-export < <(session 101)
  assert_success
  assert_json .status BUILT_NOT_EXPORTED
  assert_json '.exports[] | select(.destination_name == "elabftw") | .success' true
  assert_json '.exports[] | select(.destination_name == "cdcs") | .success' false
  error=$(jq -r '.exports[] | select(.destination_name == "cdcs") | .error_message' <<<"$output")
  refute_secrets
  stop_repositories
  SERVER=
}

@test "each status that means no is a failed result that names request, status and reason; the others go on" {
  for code in 400 403 404 405 409 413 422 500 501; do
    failing "\"status\":$code,\"body\":\"<html>the reason</html>\""
    assert_regex "$error" "HTTP $code from GET rest/template-version-manager/global/: <html>the reason</html>"
  done
  failing '"status":401,"body":"{\"detail\":\"Invalid token.\"}"'
  assert_equal "$error" "Could not authenticate to CDCS: HTTP 401 from GET rest/template-version-manager/global/: Invalid token."
}

@test "429 and 5xx that pass are waited for: as long as the server asks, at most a minute" {
  failing '"status":429,"headers":{"Retry-After":"7200"}'
  assert_regex "$error" "HTTP 429"
  faults '[{"at":"GET /cdcs","times":1,"status":429,"headers":{"Retry-After":"7200"}},{"at":"GET /cdcs","times":1,"status":429},
           {"at":"GET /cdcs","times":1,"status":503,"headers":{"Retry-After":"soon"}},{"at":"GET /cdcs","times":1,"status":504}]'
  start_repositories --faults faults.json
  use cdcs
  unset NX_ELABFTW_URL NX_ELABFTW_API_KEY
  put_record 101
  run --separate-stderr nx-export -v < <(session 101)
  assert_json .status COMPLETED
  run grep -o 'trying again in [0-9]* s' <<<"$stderr"
  assert_output "trying again in 60 s
trying again in 2 s
trying again in 4 s
trying again in 8 s"
}

@test "a login page, half an answer, broken JSON: the error says what was expected" {
  failing '"status":200,"headers":{"Content-Type":"text/html"},"body":"<html>Log in</html>"'
  assert_equal "$error" "Could not read the templates: HTTP 200 from GET rest/template-version-manager/global/: not a JSON array: <html>Log in</html>"
  failing '"status":200,"body":"[{\"id\": 1,"'
  assert_regex "$error" "not a JSON array"
  failing '"do":"cut"'
  assert_regex "$error" "GET rest/template-version-manager/global/: .*(transfer closed|end of response)"
}

@test "headers without end, and what does not speak HTTP, are named as what they are" {
  failing "\"status\":200,\"headers\":{\"X-Long\":\"$(printf 'x%.0s' {1..120000})\"}"
  assert_equal "$error" "Could not read the templates: GET rest/template-version-manager/global/: the headers of the answer are too large, or memory is short"
  failing '"do":"babble"'
  assert_equal "$error" "Could not read the templates: GET rest/template-version-manager/global/: what answers there does not speak HTTP"
}

@test "a redirect loop, and a POST that is redirected, are failures" {
  failing '"status":302,"headers":{"Location":"@ROOT@cdcs/rest/template-version-manager/global/"}'
  assert_regex "$error" "redirects"
  faults '[{"at":"POST /cdcs/rest/data/","status":302,"headers":{"Location":"@ROOT@cdcs/login?next=/rest/data/"}}]'
  start_repositories --faults faults.json
  use cdcs
  run --separate-stderr nx-export < <(session 101)
  assert_json '.exports[0].error_message' "Could not create the record: HTTP 302 from POST rest/data/: it redirects to ${ROOT}cdcs/login"
  run state '.cdcs|length'
  assert_output 0
}

@test "an answer of a gigabyte ends at 64 MiB" {
  failing '"do":"flood"'
  assert_regex "$error" "the answer is larger than 67108864 bytes"
}

@test "a server that accepts and says nothing, and one that closes, end in time" {
  export NX_TEST_TIMEOUT_SCALE=0.005
  failing '"do":"silence"'
  assert_regex "$error" "GET rest/template-version-manager/global/: .*timed out"
  unset NX_TEST_TIMEOUT_SCALE
  failing '"do":"hang up"'
  assert_regex "$error" "GET rest/template-version-manager/global/: "
}

@test "no such host and a refused connection name the reason" {
  start_repositories
  use elabftw
  export NX_CDCS_URL=http://no-such-host.invalid/ NX_CDCS_TOKEN=cdcs-secret-token
  run --separate-stderr nx-export < <(session 101)
  assert_json .status BUILT_NOT_EXPORTED
  error=$(jq -r '.exports[0].error_message' <<<"$output")
  assert_regex "$error" "GET rest/template-version-manager/global/: Could not resolve host: no-such-host.invalid: [A-Za-z]"
  assert_json '.exports[1].success' true
  put_record 101
  NX_CDCS_URL=http://127.0.0.1:1/ run --separate-stderr nx-export < <(session 101)
  error=$(jq -r '.exports[0].error_message' <<<"$output")
  assert_regex "$error" "GET rest/template-version-manager/global/: Failed to connect to 127.0.0.1"
  refute_secrets
}

@test "CDCS: an id that is empty is none, and one of any characters is encoded in the record's address" {
  faults '[{"at":"POST /cdcs/rest/data/","times":1,"status":201,"body":"{\"id\": \"\"}"},
           {"at":"POST /cdcs/rest/data/","times":1,"status":201,"body":"{\"id\": \"a b&c\"}"}]'
  start_repositories --faults faults.json
  use cdcs
  run --separate-stderr nx-export < <(session 101)
  assert_json .status BUILT_NOT_EXPORTED
  assert_json '.exports[0].error_message' "Could not create the record: POST rest/data/: 201 without id"
  run --separate-stderr nx-export < <(session 101)
  assert_json '.exports[0] | [.record_id, .record_url] | join(" ")' "a b&c ${ROOT}cdcs/data?id=a%20b%26c"
}

@test "CDCS: an id of megabytes is a failed result, and the session's line stays one" {
  python3 -c 'import json; print(json.dumps([{"at": "POST /cdcs/rest/data/", "status": 201, "body": json.dumps({"id": "A" * 3000000})}]))' >faults.json
  start_repositories --faults faults.json
  use cdcs
  run --separate-stderr nx-export < <(session 101)
  assert_json .status BUILT_NOT_EXPORTED
  assert_json '.exports[0].error_message' "cdcs answered with a record id of 3000000 bytes; at most 2000 are taken"
  assert_equal "$((${#output} < 20000))" 1
}

# bad_eln FAULT, bad_la FAULT — the same for the other two
bad_eln() {
  faults "[{\"at\":[\"GET /eln\",\"POST /eln\"],$1}]"
  start_repositories --faults faults.json
  use elabftw
  put_record 101
  run --separate-stderr nx-export < <(session 101)
  stop_repositories
  SERVER=
  assert_json .status BUILT_NOT_EXPORTED
  refute_secrets
}

bad_la() {
  faults "[{\"at\":[\"GET /la\",\"POST /la\"],$1}]"
  start_repositories --faults faults.json
  use labarchives
  put_record 101
  run --separate-stderr nx-export < <(session 101)
  stop_repositories
  SERVER=
  assert_json .status BUILT_NOT_EXPORTED
  refute_secrets
}

@test "eLabFTW: the same troubles end as failed results" {
  for code in 400 401 403 404 409 413 429 500 502 503; do
    bad_eln "\"status\":$code,\"body\":\"<html>the reason</html>\""
    assert_regex "$(jq -r '.exports[0].error_message' <<<"$output")" "HTTP $code from POST api/v2/experiments: <html>the reason</html>"
  done
  bad_eln '"status":200,"body":"<html>Log in</html>"'
  assert_regex "$(jq -r '.exports[0].error_message' <<<"$output")" "HTTP 200 from POST api/v2/experiments"
  bad_eln '"status":201,"body":"{\"id\": "'
  assert_regex "$(jq -r '.exports[0].error_message' <<<"$output")" "neither a Location header nor an id"
  bad_eln '"do":"flood"'
  NX_TEST_TIMEOUT_SCALE=0.005 bad_eln '"do":"silence"'
}

@test "LabArchives: the same troubles end as failed results" {
  for code in 400 401 403 404 409 413 429 500 502 503; do
    bad_la "\"status\":$code,\"body\":\"<html>the reason</html>\""
    assert_regex "$(jq -r '.exports[0].error_message' <<<"$output")" "HTTP $code from GET tree_tools/get_tree_level: .*<html>the reason</html>"
  done
  bad_la '"status":200,"body":"<html xmlns=\"http://www.w3.org/1999/xhtml\"><body>Log in</body></html>"'
  assert_regex "$(jq -r '.exports[0].error_message' <<<"$output")" "not XML of LabArchives"
  bad_la '"status":200,"body":"<!DOCTYPE t [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;\">]><t><error>&b;</error></t>"'
  assert_regex "$(jq -r '.exports[0].error_message' <<<"$output")" "not XML of LabArchives"
  bad_la '"status":200,"body":"<tree-tools><level-nodes>"'
  bad_la '"do":"flood"'
  NX_TEST_TIMEOUT_SCALE=0.005 bad_la '"do":"silence"'
}

@test "a signature that a server quotes back is not in the error" {
  bad_la '"status":404,"body":"The requested URL @PATH@ was not found"'
  error=$(jq -r '.exports[0].error_message' <<<"$output")
  assert_regex "$error" 'sig=\*\*\*'
}

@test "a signature and key that LabArchives quotes back in an error of its own are not in the error" {
  for body in '<error><error-code>4500</error-code><error-description>Bad request: @PATH_AS_XML@</error-description></error>' \
    '<error><error-code>@PATH_AS_XML@</error-code></error>'; do
    bad_la "$(jq -nc --arg body "$body" '{status: 400, body: $body}' | sed 's/^{//; s/}$//')"
    error=$(jq -r '.exports[0].error_message' <<<"$output")
    assert_regex "$error" 'akid=\*\*\*.*sig=\*\*\*'
    refute_regex "$error" 'sig=[^*]|akid=[^*]'
  done
}

@test "a password in a web address stays out of record addresses and links" {
  start_repositories
  use cdcs elabftw labarchives
  NX_CDCS_URL=${NX_CDCS_URL/:\/\//:\/\/svc:pw-in-url@} NX_ELABFTW_URL=${NX_ELABFTW_URL/:\/\//:\/\/svc:pw-in-url@} \
    NX_LABARCHIVES_URL=${NX_LABARCHIVES_URL/:\/\//:\/\/svc:pw-in-url@} run --separate-stderr nx-export < <(session 101)
  assert_json .status COMPLETED
  assert_json '.exports[0].record_url | startswith("http://127.0.0.1:")' true
  refute_regex "$output$stderr" 'pw-in-url|svc'
  run state '[.elabftw[0].link, .elabftw[0].metadata.extra_fields["CDCS Record"].value, .entries[0].link] | unique | join(" ")'
  assert_output "${ROOT}cdcs/data?id=101"
}

@test "the process list shows no secret" {
  faults '[{"at":"POST","do":"silence"}]'
  start_repositories --faults faults.json
  use cdcs
  nx-export < <(session 101) >out 2>err &
  child=$!
  for _ in $(seq 100); do [ "$(state .requests)" -ge 2 ] && break; sleep 0.05; done
  run cat "/proc/$child/cmdline"
  assert_output --partial nx-export
  kill -TERM "$child"
  wait "$child" || true
  refute_output --partial cdcs-secret-token
  run cat out
  assert_json .status TO_BE_BUILT
  assert_json .postponed.message "interrupted while exporting"
}

@test "a repository that takes none of three records in a row is left alone for the rest of the run, and the others are not" {
  export NX_CDCS_URL=http://127.0.0.1:9/ NX_CDCS_TOKEN=cdcs-secret-token NX_SITE_PATH=$PWD/site
  for number in 101 102 103 104 105; do
    put_record $number
    session $number
  done >lines
  run --separate-stderr nx-export -j 1 <lines
  assert_success
  run jq -r '.exports[] | select(.destination_name == "cdcs") | .error_message | test("not asked again in this run")' <<<"$output"
  assert_output $'false\nfalse\nfalse\ntrue\ntrue'
  run find site/records -mindepth 1 -maxdepth 1 -type d
  assert_equal "${#lines[@]}" 5
}

@test "a record that a repository refuses for itself does not count against the next ones" {
  faults '[{"at":"POST /cdcs/rest/data/","times":4,"status":400}]'
  start_repositories --faults faults.json
  use cdcs
  for number in 101 102 103 104 105; do
    put_record $number
    session $number
  done >lines
  run --separate-stderr nx-export -j 1 <lines
  run jq -r '.exports[0].success' <<<"$output"
  assert_output $'false\nfalse\nfalse\nfalse\ntrue'
}

# quoting LENGTH STATUS — a fault whose body quotes the secret behind so many characters
quoting() {
  jq -nc --argjson length "$1" --argjson status "$2" '{status: $status, body: ("x" * $length + " @SECRET@ was denied")}' | sed 's/^{//; s/}$//'
}

@test "of a token that a server quotes at the end of what is shown not even the beginning is in the error or the log" {
  for status in 400 201; do
    faults "[{\"at\":\"POST /cdcs/rest/data/\",$(quoting 490 "$status")}]"
    start_repositories --faults faults.json
    use cdcs
    put_record 101
    run --separate-stderr nx-export -v < <(session 101)
    stop_repositories
    SERVER=
    unset NX_CDCS_URL NX_CDCS_TOKEN
    assert_json '.exports[0].error_message|test("xxx")' true
    refute_regex "$output$stderr" 'xxx cdcs'
  done
  bad_eln "$(quoting 490 400)"
  assert_json '.exports[0].error_message|test("xxx")' true
  refute_regex "$output$stderr" 'xxx (1-)?elab'
}

@test "of a signature that LabArchives quotes again and again nothing is in the error" {
  bad_la "$(jq -nc '{status: 400, body: ("@SECRET@ " * 30)}' | sed 's/^{//; s/}$//')"
  error=$(jq -r '.exports[0].error_message' <<<"$output")
  assert_regex "$error" '\*\*\* \*\*\*'
  refute_regex "$error" '\*\*\* [^*]'
}

@test "the password of a new CDCS account is not in the warning or the log when the server quotes the request" {
  faults '[{"at":"POST /cdcs/rest/user/","status":500,"body":"Exception at /rest/user/ POST: @BODY@"}]'
  start_repositories --faults faults.json
  use cdcs
  export NX_CDCS_USER_OWNED_RECORDS=true
  run --separate-stderr nx-export -vv < <(session 101 '.reservation = {username: "ned", user_email: "ned@example.com"}')
  assert_json .status COMPLETED
  assert_json '.exports[0].warnings[0] | test("ned: new user: HTTP 500 .*\"password\": *\"\\*\\*\\*\"")' true
  refute_regex "$output$stderr" '[A-Za-z0-9]{48}'
}
