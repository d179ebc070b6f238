# Shared by the tests of nx-db as a stage: a database with one instrument, and its events.

setup() {
  set -o pipefail
  cd "$BATS_TEST_TMPDIR"
  export NX_TEST_TIME_SCALE=0.01
  no_database
  nx-db init >/dev/null
  instrument | nx-db instruments --import 2>/dev/null
}

instrument() {
  jq -nc '{kind:"instrument",instrument_pid:"FEI-Titan-TEM-635816",api_url:"https://nemo.example.com/api/tools/?id=3",
    calendar_url:"https://nemo.example.com/calendar/",location:"Building 223, Room B101",display_name:"FEI Titan TEM",property_tag:"PRP-12345",
    filestore_path:"Titan_TEM",harvester:"nemo",timezone:"America/Denver"}'
}

# event ID [START [END]]
event() {
  printf '{"kind":"usage_event","session_identifier":"https://nemo.example.com/api/usage_events/?id=%s","instrument_pid":"FEI-Titan-TEM-635816","start":"%s","end":"%s","user":"ned"}\n' \
    "$1" "${2:-2025-03-03T11:05:12.123456-05:00}" "${3:-2025-03-03T15:59:30-05:00}"
}

# rows: the session log, one row a line, without ids and the time of RECORD_GENERATION
rows() { sql "SELECT session_identifier, instrument, CASE event_type WHEN 'RECORD_GENERATION' THEN '' ELSE timestamp END, event_type, record_status, \"user\" FROM session_log ORDER BY id_session_log"; }

# waiting_for_input COMMAND…: nx-db reads from a FIFO that stays open (descriptor 8) and has one line in it
waiting_for_input() {
  mkfifo lines
  nx-db "$@" <lines >out 2>&1 3>&- &
  WAITING=$!
  exec 8>lines
}
