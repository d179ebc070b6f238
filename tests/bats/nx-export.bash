# For the tests of nx-export: records, session lines, servers that the test starts and ends.

# scene: a facility in the test's own folder, without any destination.
scene() {
  cd "$BATS_TEST_TMPDIR" || return
  mkdir data instruments data/records
  export NX_DATA_PATH=$PWD/data NX_INSTRUMENT_DATA_PATH=$PWD/instruments
}

# put_record NUMBER [PREVIEWS] — a record with that many previews, and its path in $RECORD
put_record() {
  RECORD=$PWD/data/records/2025-01-27_Titan_$1.xml
  {
    echo '<?xml version="1.0" encoding="UTF-8"?>'
    echo '<Experiment xmlns="https://data.nist.gov/od/dm/nexus/experiment/v1.0"><title>R</title><acquisitionActivity seqno="0">'
    for ((i = 0; i < ${2:-0}; i++)); do
      echo "<dataset><name>$i</name><location>/T/$i.dm3</location><preview>/T/$i.dm3.thumb.png</preview></dataset>"
    done
    echo '</acquisitionActivity></Experiment>'
  } >"$RECORD"
}

# session NUMBER [JQ-FILTER] — the line of the session with that record
session() {
  jq -cn --arg record "$PWD/data/records/2025-01-27_Titan_$1.xml" --arg number "$1" "{kind:\"session\",
    session_identifier:(\"https://nemo.example.com/api/usage_events/?id=\"+\$number),
    instrument:{instrument_pid:\"Titan\",timezone:\"America/New_York\"},start:\"2025-01-27T10:00:00-05:00\",end:\"2025-01-27T11:00:00-05:00\",
    user:\"ned\",status:\"TO_BE_BUILT\",export_mode:\"export\",uploads:[],record:{path:\$record,activities:1,datasets:1}} | ${2:-.}"
}

# again LINE — that line as it comes back for a retry: what was exported is in `uploads`
again() {
  jq -c '.uploads = .exports | .export_mode = "retry" | .status = "BUILT_NOT_EXPORTED" | del(.exports)' <<<"$1"
}

# start_repositories [OPTION…] — sets ROOT
start_repositories() {
  rm -f server.out
  "$NX_SOURCE/tests/servers/repositories" "$@" >server.out 2>server.err &
  SERVER=$!
  await_address server
  ROOT=$address
}

# await_address NAME — the whole line that a server writes into NAME.out when it listens, as $address
await_address() {
  for _ in $(seq 600); do
    address=
    [ -s "$1.out" ] && read -r address <"$1.out" && [ -n "$address" ] && return
    sleep 0.05
  done
  fail "the server did not start: $(cat "$1.err")"
}

stop_repositories() {
  [ -z "${SERVER:-}" ] || kill "$SERVER"
}

# use cdcs|elabftw|labarchives… — turns these destinations on
use() {
  for name in "$@"; do
    case $name in
    cdcs) export NX_CDCS_URL=${ROOT}cdcs/ NX_CDCS_TOKEN=cdcs-secret-token ;;
    elabftw) export NX_ELABFTW_URL=${ROOT}eln NX_ELABFTW_API_KEY=1-elabftw-secret-key ;;
    labarchives) export NX_LABARCHIVES_URL=${ROOT}la/api NX_LABARCHIVES_ACCESS_KEY_ID=akid NX_LABARCHIVES_ACCESS_PASSWORD=labarchives-secret \
      NX_LABARCHIVES_USER_ID=uid NX_LABARCHIVES_NOTEBOOK_ID=nb ;;
    esac
  done
}

# faults JSON — what goes wrong on the server started next
faults() {
  printf '%s' "$1" >faults.json
}

# state JQ-FILTER — what the server holds
state() {
  python3 -c 'import sys, urllib.request; print(urllib.request.build_opener(urllib.request.ProxyHandler({})).open(sys.argv[1] + "state").read().decode())' "$ROOT" | jq -rc "$1"
}

refute_secrets() {
  refute_regex "$output${stderr:-}" 'cdcs-secret-token|elabftw-secret-key|labarchives-secret'
}

# Unless the file has its own.
setup() {
  scene
  put_record 101
  export NX_TEST_TIME_SCALE=0
}

teardown() {
  stop_repositories
}

# The repositories to which a record goes.
all_three() {
  use cdcs elabftw labarchives
}

# What the three hold: records, experiments with their uploads, pages, text entries, attachments
holdings() {
  state '[(.cdcs|length), ([.elabftw[].uploads|length]|join("+")), ([.nodes[]|select(.is_page)]|length),
    ([.entries[]|select(.type == "text entry")]|length), ([.entries[]|select(.type == "Attachment")]|length)] | map(tostring) | join(" ")'
}

# built_again LINE [JQ-FILTER] — that line as it comes back when its session is built again
built_again() {
  put_record 101
  jq -c ".uploads = .exports | .export_mode = \"reexport\" | .status = \"TO_BE_BUILT\" | del(.exports) | ${2:-.}" <<<"$1"
}

# The pages with what stands on each: text entries and attachments
pages() {
  state '. as $all | [.nodes[] | select(.is_page) | .id as $page | ["page", ($all.entries[] | select(.page == $page) | .type[0:1])] | join("+")] | join(" ")'
}
