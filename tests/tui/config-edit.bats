#!/usr/bin/env bats
# config edit: tabs, checks, secrets, saving and leaving (tui §4, config §10).
bats_require_minimum_version 1.5.0
load screen

setup() {
  cd "$BATS_TEST_TMPDIR"
  unset NX_ENV_FILE
}

settings() {
  cat >.env <<'END'
# the facility's own remark
NX_DATA_PATH=/tmp   # previews
FOREIGN_KEY=stays
export NX_INSTRUMENT_DATA_PATH="/tmp"
NX_DB_PATH=/tmp/none.db
NX_CDCS_URL=http://127.0.0.1:1/
NX_CDCS_TOKEN='top-secret-token'
NX_NEMO_ADDRESS_3=http://127.0.0.1:1/api/
NX_NEMO_TOKEN_3=nemo-secret-token
NX_IGNORE_PATTERNS=["*.a", "*.b"]
END
  chmod 644 .env
}

edit() {
  start_screen "${1:-80}" "${2:-24}" nexuslims config edit
}

backups() {
  ls -A | grep -c '^\.env\.bak\.' || true
}

@test "without a terminal it says so and ends with 1" {
  run --separate-stderr nexuslims config edit </dev/null
  assert_failure 1
  [[ $stderr == *terminal* ]]
}

@test "an empty form with only the three paths names the two settings that are missing, and writes nothing" {
  edit
  wait_for "NexusLIMS Configurator" "Core Paths" "NX_INSTRUMENT_DATA_PATH *" "NX_DATA_PATH is required"
  typed /tmp; keys Tab
  typed /tmp; keys Tab
  typed /tmp/n.db
  keys C-s
  wait_for "Cannot save: 2 error(s). NX_CDCS_URL is required; NX_CDCS_TOKEN is required"
  [ ! -e .env ]
}

@test "saving keeps comments, order and unknown keys, backs the old file up first and makes it readable for its owner alone" {
  settings
  cp .env before
  edit
  wait_for "NX_DATA_PATH *"
  keys Tab C-u
  typed /var
  wait_for "changed"
  keys C-s
  wait_for "Configuration saved to .env" "END=0 icanon"
  [ "$(backups)" = 1 ]
  cmp before .env.bak.*
  [ "$(stat -c %a .env)" = 600 ]
  [ "$(sed -n 1p .env)" = "# the facility's own remark" ]
  grep -q '^FOREIGN_KEY=stays$' .env
  grep -q '^NX_DATA_PATH=.*/var.*# previews$' .env
  grep -q '^NX_IGNORE_PATTERNS=\["\*.a", "\*.b"\]$' .env
  grep -q '^NX_NEMO_ADDRESS_3=' .env
  [ "$(grep -n NX_DATA_PATH .env | cut -d: -f1)" = 2 ]
}

@test "secrets are stars until F2 asks for them" {
  settings
  edit
  wait_for "NX_DATA_PATH *"
  keys C-NPage
  wait_for "NX_CDCS_TOKEN *" "****************"
  [[ $(screen) != *top-secret-token* ]]
  keys Tab F2
  wait_for top-secret-token
  keys F2
  wait_until_gone top-secret-token
}

@test "fields are checked while they are typed" {
  settings
  edit
  wait_for "NX_DATA_PATH *"
  keys C-NPage
  wait_for "NX_CDCS_URL *"
  keys C-u
  typed nemo.example.com
  wait_for "NX_CDCS_URL must start with http:// or https://"
  keys C-NPage
  wait_for "NX_FILE_STRATEGY"
  keys Tab Tab Tab C-u
  typed 0
  wait_for "NX_FILE_DELAY_DAYS must be greater than 0"
  keys C-u
  typed x
  wait_for "NX_FILE_DELAY_DAYS must be a number"
  keys C-NPage
  wait_for "NEMO Harvester #3"
  keys C-u
  typed http://127.0.0.1:1/api
  wait_for "NEMO address must end with a trailing slash ('/')"
  keys Tab C-u
  wait_for "Harvester #3 API Token is required"
}

@test "a group that is off is not written, and its fields cannot be reached" {
  settings
  edit
  wait_for "NX_DATA_PATH *"
  keys C-PPage C-PPage
  wait_for "[ ] Enable email notifications"
  keys Space
  wait_for "[x] Enable email notifications" "SMTP Host is required"
  keys Tab
  typed mail.example.com
  wait_until_gone "SMTP Host is required"
  keys Tab
  typed 70000
  wait_for "SMTP port must be between 1 and 65535"
  keys BTab BTab Space
  wait_for "[ ] Enable email notifications"
  wait_until_gone "SMTP port must"
  keys C-s
  wait_for "Configuration saved"
  run grep NX_EMAIL .env
  assert_failure
}

@test "harvesters are added with the next number and deleted after a question" {
  settings
  edit 120 40
  wait_for "NX_DATA_PATH *"
  keys C-NPage C-NPage C-NPage
  wait_for "NEMO Harvester #3" "+ Add NEMO Harvester"
  click 43 "$(line_of "+ Add NEMO Harvester")"
  wait_for "NEMO Harvester #4" "Added NEMO Harvester #4"
  typed https://new.example.com/api/
  keys Tab
  typed abc
  click 27 "$(line_of "Delete #3")"
  wait_for "Delete NEMO Harvester #3?"
  keys y
  wait_until_gone "NEMO Harvester #3"
  keys C-s
  wait_for "Configuration saved"
  grep -q "^NX_NEMO_ADDRESS_4=.*https://new.example.com/api/" .env
  run grep NX_NEMO_ADDRESS_3 .env
  assert_failure
}

@test "leaving without changes asks nothing, with changes it asks and keeps what was typed" {
  settings
  cp .env before
  edit
  wait_for "NX_DATA_PATH *"
  keys Escape
  wait_for "END=0"
  teardown
  edit
  wait_for "NX_DATA_PATH *"
  typed -changed
  keys Escape
  wait_for "Unsaved Changes"
  keys n
  wait_until_gone "Unsaved Changes"
  wait_for "/tmp-changed"
  keys C-q
  wait_for "Unsaved Changes"
  keys y
  wait_for "END=0"
  cmp before .env
}

@test "a file that another program changed meanwhile is not overwritten without a question" {
  settings
  edit
  wait_for "NX_DATA_PATH *"
  echo "ADDED_BY_OTHERS=1" >>.env
  typed x
  keys C-s
  wait_for "Changed by somebody else"
  keys y
  wait_for "Configuration saved"
  grep -q "^ADDED_BY_OTHERS=1$" .env
}

@test "a folder that cannot be written to is an error notice, and the form stays" {
  settings
  start_screen 80 24 nexuslims config edit --env-path "$BATS_TEST_TMPDIR/file/.env"
  wait_for "NX_DATA_PATH is required"
  touch "$BATS_TEST_TMPDIR/file"
  typed /tmp; keys Tab
  typed /tmp; keys Tab
  typed /tmp/n.db
  keys Tab Tab Tab Tab
  typed /tmp/site
  keys C-s
  wait_for "Failed to save:" "NX_SITE_PATH"
}

@test "F1 explains a setting with the text of the settings table" {
  settings
  edit
  wait_for "NX_DATA_PATH *"
  keys F1
  wait_for "mounted read-only"
  keys F1
  wait_for "NX_DATA_PATH *"
}

@test "a connection is tried with the values of the form, and its failure is told without the secret" {
  settings
  edit
  wait_for "NX_DATA_PATH *"
  keys C-NPage C-NPage C-NPage
  wait_for "NEMO Harvester #3"
  keys Tab Tab Tab Tab Tab Enter
  wait_for "Connection failed" "127.0.0.1"
  [[ $(screen) != *nemo-secret-token* ]]
}

@test "a NEMO that answers is said to work" {
  settings
  echo '{"/api/": [{"status": 200, "body": "{}"}]}' >script.json
  "$NX_SOURCE/tests/servers/scripted-http" script.json >address 3>&- &
  server=$!
  for ((i = 0; i < PATIENCE; i++)); do [ -s address ] && break; sleep 0.1; done
  sed -i "s|^NX_NEMO_ADDRESS_3=.*|NX_NEMO_ADDRESS_3=$(cat address)api/|" .env
  edit
  wait_for "NX_DATA_PATH *"
  keys C-NPage C-NPage C-NPage
  wait_for "NEMO Harvester #3"
  keys Tab Tab Tab Tab Tab Enter
  wait_for "Connection works" "accepts the token"
  kill "$server"
  wait "$server" || true
}
