#!/usr/bin/env bats
# config edit: tabs, checks, secrets, saving and leaving (tui §4, config §10).
bats_require_minimum_version 1.5.0
load screen
load config-edit

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

@test "the last line offers < and > only where they are not typed into a field" {
  settings
  edit 100
  wait_for "NX_INSTRUMENT_DATA_PATH" "^PgDn Next tab"
  [[ $(screen) != *'< > Tabs'* ]] || fail "$(screen)"
  keys BTab # the last button
  wait_for "< > Tabs"
  typed '>'
  wait_for "NX_CDCS_URL *"
  wait_until_gone "< > Tabs"
  keys Tab Tab # to a switch
  wait_for "< > Tabs"
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

@test "a harvester whose number begins with zero is shown, and written as the programs read it" {
  settings
  sed -i 's/_3=/_03=/' .env
  edit
  wait_for "NX_DATA_PATH *"
  open_tab 4
  wait_for "NEMO Harvester #3" "http://127.0.0.1:1/api/"
  keys C-s
  wait_for "Configuration saved"
  [ "$(grep -c "^NX_NEMO_ADDRESS_3=.*http://127.0.0.1:1/api/" .env)" = 1 ]
  [ "$(grep -c "^NX_NEMO_TOKEN_3=.*nemo-secret-token" .env)" = 1 ]
  run grep _03 .env
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

# wait_for_end PID — or until nobody but its parent has still to hear of it.
wait_for_end() {
  local i
  for ((i = 0; i < PATIENCE; i++)); do
    case $(ps -o stat= -p "$1") in '' | Z*) return 0 ;; esac
    sleep 0.1
  done
  kill -KILL "$1"
  fail "process $1 would not end"
}

# without_terminal TEXT KEY… — the keys are pressed in a changed form, TEXT is shown, and then the terminal is gone.
without_terminal() {
  start_screen 80 24 bash -c 'trap "" HUP; exec nexuslims config edit'
  wait_for "NX_DATA_PATH *"
  typed x
  wait_for "changed"
  keys "${@:2}"
  wait_for "$1"
  tmux_of_test kill-server
  wait_for_end "$(cat "$BATS_TEST_TMPDIR/pid")"
  SERVER=$((SERVER + 1))
}

@test "without its terminal it ends and asks nobody, even where a hang-up is ignored" {
  settings
  cp .env before
  without_terminal "changed" Home
  without_terminal "Unsaved Changes" Escape
  without_terminal "Directories" F3
  without_terminal "NX_CERT_BUNDLE" C-PPage Tab Enter
  without_terminal "Navigation" BTab '?'
  cmp before .env
}

@test "a hang-up that is ignored changes nothing as long as the terminal is there" {
  settings
  start_screen 80 24 bash -c 'trap "" HUP; exec nexuslims config edit'
  wait_for "NX_DATA_PATH *"
  kill -HUP "$(cat "$BATS_TEST_TMPDIR/pid")"
  typed x
  wait_for "changed" "NX_DATA_PATH *" "Save"
  [[ $(screen) != *"the shell before"* ]]
}

@test "when the shell has taken the terminal back for good, it ends with the next key" {
  settings
  start_screen 80 24 bash -c 'nexuslims config edit; true'
  wait_for "NX_DATA_PATH *"
  typed x
  wait_for "changed"
  shell=$(cat "$BATS_TEST_TMPDIR/pid")
  program=$(pgrep -P "$shell")
  kill -KILL "$shell"
  wait_for "END=137"
  typed y
  wait_for_end "$program"
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

@test "lines of other programs stay as they are when the file is written, two of one name and those that changed meanwhile too" {
  settings
  printf '%s\n' 'OTHERS=one' 'NX_LOG_PATH=${OTHERS}/log' 'OTHERS=two' >>.env
  edit
  wait_for "NX_DATA_PATH *"
  sed -i 's/^FOREIGN_KEY=.*/FOREIGN_KEY=new/' .env
  grep -v NX_INSTRUMENT_DATA_PATH .env >before
  typed x
  keys C-s
  wait_for "Changed by somebody else"
  keys y
  wait_for "Configuration saved"
  grep -v NX_INSTRUMENT_DATA_PATH .env | head -n "$(wc -l <before)" | diff before -
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

@test "a value that is not UTF-8 is shown as far as it can be, keeps its bytes until it is changed, and can be typed into" {
  settings
  printf 'NX_LOG_PATH=/mnt/Men\xfc\nNX_RECORDS_PATH=/mnt/\xe4\n' >>.env
  sed -i 's|^export.*|export NX_INSTRUMENT_DATA_PATH="/mnt/M\xfc"|' .env
  edit
  wait_for "/mnt/M�" "/mnt/Men�"
  typed aé
  wait_for "/mnt/M�aé"
  keys Left Left BSpace BSpace
  wait_for " /mnt/aé"
  keys C-e C-u
  typed /var
  wait_until_gone "/mnt/aé"
  keys Tab C-e
  typed /b
  wait_for "/tmp/b"
  keys C-s
  wait_for "Configuration saved"
  grep -aq $'^NX_LOG_PATH=/mnt/Men\xfc$' .env
  grep -aq $'^NX_RECORDS_PATH=/mnt/\xe4$' .env
  grep -aq "^export NX_INSTRUMENT_DATA_PATH='/var'" .env
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

@test "a NEMO that redirects to another server is told from one that refuses the token" {
  settings
  serve '{"/": [{"status": 401}]}'
  elsewhere=$address first=$server
  rm address
  serve "{\"/api/\": [{\"status\": 301, \"headers\": {\"Location\": \"${elsewhere}api/\"}}]}"
  sed -i "s|^NX_NEMO_ADDRESS_3=.*|NX_NEMO_ADDRESS_3=${address}api/|" .env
  edit
  wait_for "NX_DATA_PATH *"
  keys C-NPage C-NPage C-NPage
  wait_for "NEMO Harvester #3"
  keys Tab Tab Tab Tab Tab Enter
  wait_for "Connection failed" "redirects to" "${elsewhere}api/, where no token is sent"
  kill "$first"
  wait "$first" || true
}

# serve SCRIPT — a server that answers as told; its address is in $address. Ended by teardown.
serve() {
  echo "$1" >script.json
  "$NX_SOURCE/tests/servers/scripted-http" script.json --log requests >address 3>&- &
  server=$!
  for ((i = 0; i < PATIENCE; i++)); do [ -s address ] && break; sleep 0.1; done
  address=$(cat address)
}

teardown() {
  [ -z "${server:-}" ] || { kill "$server"; wait "$server" || true; }
  tmux_of_test kill-server 2>/dev/null || true
}

@test "a CDCS that answers is said to work, one that refuses the token is not" {
  settings
  serve '{"/rest/workspace/read_access/": [{"status": 200, "body": "[]"}, {"status": 401, "body": "{\"detail\": \"Invalid token.\"}"}]}'
  sed -i "s|^NX_CDCS_URL=.*|NX_CDCS_URL=$address|" .env
  edit
  wait_for "NX_DATA_PATH *"
  open_tab 2
  wait_for "NX_CDCS_TOKEN *"
  press "Test connection"
  wait_for "Connection works" "cdcs answers"
  keys Enter
  wait_until_gone "Connection works"
  press "Test connection"
  wait_for "Connection failed" "CDCS authentication failed"
  [[ $(screen) != *top-secret-token* ]]
}

@test "an eLabFTW that answers is said to work, one that is not there is not" {
  settings
  serve '{"/api/v2/": [{"status": 200, "body": "[]"}]}'
  printf '%s\n' "NX_ELABFTW_URL=$address" NX_ELABFTW_API_KEY=1-elab-secret >>.env
  edit
  wait_for "NX_DATA_PATH *"
  open_tab 5
  wait_for "[x] Enable eLabFTW integration"
  press "Test connection"
  wait_for "Connection works" "elabftw answers"
  grep -q '"authorization": "1-elab-secret"' requests
  keys Enter
  wait_until_gone "Connection works"
  click 5 "$(line_of "http://127")"
  keys C-u
  typed http://127.0.0.1:1/
  press "Test connection"
  wait_for "Connection failed" "127.0.0.1"
  [[ $(screen) != *elab-secret* ]]
}

@test "a mail server that answers is said to work without a mail being sent, a wrong password is told" {
  settings
  mkdir mail
  "$NX_SOURCE/tests/servers/smtp-sink" mail --login ned:right >port 3>&- &
  server=$!
  for ((i = 0; i < PATIENCE; i++)); do [ -s port ] && break; sleep 0.1; done
  [ -s port ] || skip "no mail server for tests here (python3-aiosmtpd)"
  printf '%s\n' NX_EMAIL_SMTP_HOST=127.0.0.1 "NX_EMAIL_SMTP_PORT=$(head -n 1 port)" NX_EMAIL_SMTP_USERNAME=ned NX_EMAIL_SMTP_PASSWORD=right \
    NX_EMAIL_USE_TLS=false NX_EMAIL_SENDER=a@example.com NX_EMAIL_RECIPIENTS=b@example.com >>.env
  edit 120 30
  wait_for "NX_DATA_PATH *"
  open_tab 7
  wait_for "[x] Enable email notifications"
  press "Test connection"
  wait_for "Connection works" "accepts the login; no mail was sent"
  keys Enter
  wait_until_gone "Connection works"
  [ -z "$(ls mail)" ]
  click 5 "$(line_of "*****")"
  keys C-u
  typed wrong-password
  press "Test connection"
  wait_for "Connection failed" "mail server 127.0.0.1, port"
  [[ $(screen) != *wrong-password* ]]
}

labarchives() {
  settings
  printf '%s\n' "NX_LABARCHIVES_URL=${address}api" NX_LABARCHIVES_ACCESS_KEY_ID=key NX_LABARCHIVES_ACCESS_PASSWORD=lab-secret >>.env
  edit 80 30
  wait_for "NX_DATA_PATH *"
  open_tab 6
  wait_for "[x] Enable LabArchives integration" "NX_LABARCHIVES_USER_ID is required" "Get My UID"
}

@test "Get My UID asks for a login, and puts the user id that LabArchives answers into its field" {
  serve '{"/api/users/user_access_info": [{"status": 200, "body": "<users><id>uid-4711</id><fullname>Ned</fullname></users>"}]}'
  labarchives
  press "Get My UID"
  wait_for "Get My UID" "Email *" "Password *"
  keys C-s
  wait_for "Email is required"
  typed ned@example.com
  keys Tab
  typed ned-password
  [[ $(screen) != *ned-password* ]]
  keys C-s
  wait_for "The user id is uid-4711" "Enable LabArchives integration"
  wait_until_gone "NX_LABARCHIVES_USER_ID is required"
  jq -r .path requests >paths
  grep -q '^/api/users/user_access_info?akid=key&expires=[0-9]*&sig=[^&]*&login_or_email=ned%40example.com&password=ned-password$' paths
  keys C-s
  wait_for "Configuration saved"
  grep -q "^NX_LABARCHIVES_USER_ID=.*uid-4711" .env
  run grep ned-password .env
  assert_failure
}

@test "Get My UID says what LabArchives has against the login, or that no user id came back" {
  serve '{"/api/users/user_access_info": [
    {"status": 404, "body": "<error><error-code>4514</error-code><error-description>Login or password wrong</error-description></error>"},
    {"status": 200, "body": "<users><fullname>Ned</fullname></users>"}]}'
  labarchives
  press "Get My UID"
  wait_for "Email *"
  typed ned@example.com
  keys Tab
  typed ned-password
  keys C-s
  wait_for "API error: Could not authenticate to LabArchives: HTTP 404, error code 4514:" "Login or password wrong"
  [[ $(screen) != *ned-password* ]]
  keys C-s
  wait_for "API error: LabArchives answered without a user id"
  keys Escape
  wait_for "Enable LabArchives integration" "NX_LABARCHIVES_USER_ID is required"
}

@test "Get My UID waits for key id and password" {
  settings
  edit 80 30
  wait_for "NX_DATA_PATH *"
  open_tab 6
  wait_for "[ ] Enable LabArchives integration" "Get My UID"
  press "Get My UID"
  keys Space
  wait_for "[x] Enable LabArchives integration"
  press "Get My UID"
  keys Tab Tab
  typed key
  keys Tab
  typed secret
  press "Get My UID"
  wait_for "Email *"
}

@test "saving names every error of every tab, in the order of the tabs, and goes to the first" {
  printf '%s\n' NX_CDCS_URL=ftp://x NX_FILE_DELAY_DAYS=0 NX_CLUSTERING_SENSITIVITY=-1 NX_NEMO_ADDRESS_2=http://n/api NX_NEMO_TZ_2=Nowhere \
    NX_ELABFTW_URL=http:// NX_ELABFTW_EXPERIMENT_CATEGORY=x NX_LABARCHIVES_ACCESS_KEY_ID=k NX_EMAIL_SMTP_HOST=h NX_EMAIL_SMTP_PORT=x >.env
  edit 200 40
  wait_for "NX_DATA_PATH *"
  open_tab 4
  wait_for "NEMO Harvester #2"
  keys C-s
  wait_for "Cannot save:" "NX_INSTRUMENT_DATA_PATH is required; NX_DATA_PATH is required (and "
  wait_for "✗ NX_INSTRUMENT_DATA_PATH is required" "✗ NX_DB_PATH is required"
  open_tab 2
  wait_for "NX_CDCS_URL must start with http:// or https://" "NX_CDCS_TOKEN is required"
  keys C-NPage
  wait_for "NX_FILE_DELAY_DAYS must be greater than 0" "NX_CLUSTERING_SENSITIVITY must be 0 or greater"
  keys C-NPage
  wait_for "NEMO address must end with a trailing slash ('/')" "Harvester #2 API Token is required" \
    'Unknown timezone "Nowhere". Use IANA format (e.g., America/New_York)'
  keys C-NPage
  wait_for "NX_ELABFTW_URL is not a valid URL" "NX_ELABFTW_API_KEY is required" "NX_ELABFTW_EXPERIMENT_CATEGORY must be an integer"
  keys C-NPage
  wait_for "NX_LABARCHIVES_ACCESS_PASSWORD is required" "NX_LABARCHIVES_USER_ID is required"
  keys C-NPage
  wait_for "SMTP port must be an integer" "Email Sender is required" "Email Recipients is required"
}

@test "a remark that does not fit beside its field is whole on the line of the notices" {
  settings
  edit 100 24
  wait_for "Folder above all instrument data; only ever r" "Folder for previews"
  keys Tab
  wait_for "Folder for previews and metadata; must be writable"
}

@test "every key of the help does what it says" {
  settings
  edit 100 30
  wait_for "NX_DATA_PATH *"
  keys BTab
  wait_for "Cancel (Esc)"
  keys '?'
  wait_for "save, and leave" "leave; asks" "what the field is for" "the tab before" "the next tab, Ctrl+PgUp" "show or hide a secret" "choose a folder"
  keys Escape
  wait_for "NX_DATA_PATH *"
  keys '>'
  wait_for "NX_CDCS_URL *"
  keys BTab '<'
  wait_for "NX_DATA_PATH *"
  keys F1
  wait_for "No extended help available for cancel."
  keys Tab F3
  wait_for "/tmp" "OK"
  keys Escape
  wait_until_gone "Directories"
  keys C-t
  wait_for "Switched to light mode"
  keys BTab Enter
  wait_for "END=0 icanon"
}

@test "Ctrl+PgUp and Ctrl+PgDn change the tab also in tmux and screen" {
  settings
  for SCREEN_TERM in screen screen-256color; do
    edit
    wait_for "NX_DATA_PATH *"
    keys C-NPage
    wait_for "NX_CDCS_URL *"
    keys C-PPage
    wait_for "NX_DATA_PATH *"
    teardown
  done
}

@test "on a screen of 40x12 every tab can be reached and a form filled" {
  settings
  edit 40 12
  wait_for "Core Paths" "NX_INSTRUMENT_DATA_PATH *"
  keys Tab Tab Tab
  wait_for "NX_LOG_PATH"
  open_tab 4
  wait_for "NEMO Harvester #3"
  keys Tab Tab
  wait_for "Timezone (optional)"
  typed europe/ber
  wait_for "europe/berlin"
  keys Right C-s
  wait_for "Configuration saved"
  grep -q "^NX_NEMO_TZ_3=.*Europe/Berlin" .env
}

@test "a save that fails leaves the file as it was and nothing beside it" {
  mkdir place
  cd place
  settings
  cp .env ../before
  ls -A >../listing
  chmod 666 .env
  chmod 555 .
  start_as_nobody 80 24 nexuslims config edit
  wait_for "NX_DATA_PATH *"
  keys C-u
  typed /var
  keys C-s
  wait_for "Failed to save:"
  keys Escape
  wait_for "Unsaved Changes"
  keys y
  wait_for "END=0"
  cmp ../before .env
  [ "$(ls -A)" = "$(cat ../listing)" ]
}

@test "a file that may not be written to is refused at once, and matters only when no other is named" {
  settings
  chmod 444 .env
  start_as_nobody 80 24 nexuslims config edit
  wait_for "Error: Invalid value for '--env-path': File '.env' is not writable." "END=2"
  teardown
  start_as_nobody 80 24 nexuslims config edit --env-path "$BATS_TEST_TMPDIR/home/other"
  wait_for "NX_DATA_PATH *"
  keys Escape
  wait_for "END=0 icanon"
  [[ $(screen) != *Error* ]]
}
