#!/usr/bin/env bats
# nx-config: what the person at the keyboard sees and what lies on the disk afterwards (config 6 to 9 and 11, cli 2).
bats_require_minimum_version 1.5.0
load lib

setup() {
  cd "$BATS_TEST_TMPDIR"
  unset NX_ENV_FILE
  touch n.db
  valid_settings >.env
  chmod 600 .env
}

valid_settings() {
  cat <<END
NX_INSTRUMENT_DATA_PATH=$BATS_TEST_TMPDIR
NX_DATA_PATH='$BATS_TEST_TMPDIR/'
NX_DB_PATH=$BATS_TEST_TMPDIR/n.db
NX_CDCS_TOKEN=tok-secret
NX_CDCS_URL=https://CDCS.example.com
END
}

@test "dump prints JSON on stdout and its warning on stderr" {
  run --separate-stderr nx-config dump
  assert_success
  [ "$(jq -r .NX_CDCS_URL <<<"$output")" = https://cdcs.example.com/ ]
  [ "$(jq -r .NX_CDCS_TOKEN <<<"$output")" = tok-secret ]
  [[ $stderr == *credentials* ]]
}

@test "dump --output writes the same bytes into a file that only its owner can read" {
  nx-config dump >expected 2>/dev/null
  run --separate-stderr nx-config dump --output out.json
  assert_success
  assert_output ""
  [[ $stderr == *"Configuration dumped to out.json"* ]]
  cmp expected out.json
  [ "$(stat -c %a out.json)" = 600 ]
}

@test "dump into a name that ends with a slash is refused and makes no folder of it" {
  run nx-config dump --output new/
  assert_failure 1
  assert_output --partial "cannot write new/: Is a directory"
  [ ! -e new ]
}

@test "dump --redact shows no secret and gives no warning" {
  run --separate-stderr nx-config dump --redact
  assert_success
  [ "$(jq -c '[.NX_CDCS_TOKEN, .NX_LABARCHIVES_ACCESS_PASSWORD, .NX_CERT_BUNDLE, .NX_ELABFTW_API_KEY]' <<<"$output")" = '["***","***","***","***"]' ]
  [ -z "$stderr" ]
}

@test "a broken configuration is reported whole, on stderr, with exit 1" {
  printf 'NX_DATA_PATH=/nonexistent\nNX_FILE_STRATEGY=both\nNX_INSTRUMENT_DATA_PATH=/tmp\n' >.env
  run --separate-stderr nx-config dump
  assert_failure 1
  assert_output ""
  [ "${stderr_lines[0]}" = "Error: NexusLIMS configuration is incomplete or invalid." ]
  [[ $stderr == *$'\n\n  Missing/invalid fields: NX_FILE_STRATEGY, NX_DATA_PATH, NX_DB_PATH, NX_CDCS_TOKEN, NX_CDCS_URL\n'* ]]
}

@test "the environment wins over the file" {
  NX_FILE_DELAY_DAYS=5 run --separate-stderr nx-config dump
  [ "$(jq .NX_FILE_DELAY_DAYS <<<"$output")" = 5.0 ] || [ "$(jq .NX_FILE_DELAY_DAYS <<<"$output")" = 5 ]
}

@test "load into an absent file asks nothing and makes a private file" {
  nx-config dump >dump.json 2>/dev/null
  run nx-config load dump.json --env-path new.env
  assert_success
  assert_output "Configuration loaded into new.env"
  [ "$(stat -c %a new.env)" = 600 ]
  NX_ENV_FILE=new.env nx-config dump 2>/dev/null | cmp - dump.json
}

@test "load over a file asks, and no changes nothing" {
  nx-config dump >dump.json 2>/dev/null
  cp .env before
  run --separate-stderr nx-config load dump.json <<<n
  assert_failure 1
  assert_output "Create a backup and proceed? [y/N]: "
  [[ $stderr == *"exists and will be overwritten"* && $stderr == *Aborted!* ]]
  cmp before .env
  run nx-config load dump.json </dev/null
  assert_failure 1
  cmp before .env
  [ -z "$(ls -d .env.bak.* 2>/dev/null)" ]
}

@test "load --force asks nothing but still backs up, keeping comments, order and foreign lines" {
  { echo "# our site"; echo "EDITOR=vi"; cat .env; echo "NX_LOG_PATH=$PWD"; } >.env.new
  mv .env.new .env
  nx-config dump 2>/dev/null | jq '.NX_LOG_PATH = null | .NX_CDCS_TOKEN = "it'"'"'s new"' >dump.json
  cp -p .env before
  run --separate-stderr nx-config load dump.json --force
  assert_success
  assert_line --index 0 --regexp '^Existing \.env backed up to \.env\.bak\.[0-9]{8}-[0-9]{6}$'
  cmp before .env.bak.*
  [ "$(sed -n 1,2p .env)" = $'# our site\nEDITOR=vi' ]
  grep -qx "NX_CDCS_TOKEN='it\\\\'s new'" .env
  ! grep -q NX_LOG_PATH .env
}

@test "load refuses what is no dump before it touches anything" {
  cp .env before
  echo '[1]' >array.json
  echo '{"a":' >broken.json
  for input in array.json broken.json; do
    run nx-config load "$input" --force
    assert_failure 1
    assert_output --partial "$input"
  done
  run nx-config load absent.json
  assert_failure 2
  assert_output --partial "Invalid value for 'INPUT': File 'absent.json' does not exist."
  cmp before .env
}

@test "load of a file that is no dump says what one is" {
  cp .env settings
  run nx-config load settings --force
  assert_failure 1
  assert_output --regexp "^Error: settings: not JSON: [^:]*at byte [12]\)
A dump is what 'nexuslims config dump --output FILE' writes, a JSON object; settings in the form of a .env file need no loading\.$"
  refute_output --partial 'single quote'
  refute_output --partial NaN
  echo '[]' >settings
  run nx-config load settings --force
  assert_failure 1
  assert_output --partial "config dump --output FILE"
}

@test "loading a redacted dump leaves the secrets that are there" {
  nx-config dump --redact >dump.json
  run --separate-stderr nx-config load dump.json --force
  assert_success
  grep -qx NX_CDCS_TOKEN=tok-secret .env
  ! grep -qF '***' .env
}

@test "loading a redacted dump leaves the addresses of which it hides a path, a parameter or a user" {
  local name
  cat >>.env <<'END'
NX_CDCS_URL=https://c.example.com/nx/0123456789abcdef0123456789abcdef/
NX_ELABFTW_URL=https://eln.example.com/?access_key=QQQQQQQQ
NX_LABARCHIVES_URL=https://QQQQQQQQ@la.example.com/api
END
  cp .env before
  nx-config dump --redact >dump.json
  run --separate-stderr nx-config load dump.json --force
  assert_success
  for name in NX_CDCS_URL NX_ELABFTW_URL NX_LABARCHIVES_URL; do
    [[ $stderr == *"$name holds *** in the dump, which was redacted; the present value stays."* ]]
    grep -qxF "$(grep "^$name=" before | tail -n 1)" .env
  done
}

@test "a null among the recipients of a dump is none" {
  echo '{"email_config":{"recipients":["a@b.cc",null,"d@e.ff"]}}' >dump.json
  run nx-config load dump.json --force
  assert_success
  grep -qx "NX_EMAIL_RECIPIENTS='a@b.cc,d@e.ff'" .env
}

@test "loading a redacted dump leaves the addresses whose passwords it hides" {
  cat >>.env <<'END'
NX_DB_PATH='postgresql://nx:secret@host/nx?sslpassword=k'
NX_CDCS_URL=http://svc:pw@cdcs.example.com/
NX_ELABFTW_URL=https://svc:pw@eln.example.com/
END
  nx-config dump 2>/dev/null >before.json
  nx-config dump --redact >dump.json
  run --separate-stderr nx-config load dump.json --force
  assert_success
  for name in NX_DB_PATH NX_CDCS_URL NX_ELABFTW_URL; do
    [[ $stderr == *"$name holds *** in the dump, which was redacted; the present value stays."* ]]
  done
  nx-config dump 2>/dev/null | cmp - before.json
}

@test "check says that all is well and where it was read" {
  run nx-config check
  assert_success
  assert_line --index 0 "✓ Configuration is valid"
  assert_output --partial "$BATS_TEST_TMPDIR/.env"
}

@test "check warns of slips and exits 0" {
  { echo 'NX_DATPATH=/x'; echo 'NX_LABARCHIVES_USER_ID=${OOPS'; echo 'NX_CDCS_URL=https://h/nexus'; } >>.env
  chmod 644 .env
  run --separate-stderr nx-config check
  assert_success
  [[ $stderr == *"NX_DATPATH: "*"did you mean NX_DATA_PATH?"* ]]
  [[ $stderr == *"NX_LABARCHIVES_USER_ID: "*'${'* ]]
  [[ $stderr == *"NX_CDCS_URL: "*slash* ]]
  [[ $stderr == *"chmod 600"* ]]
}

@test "check names what is missing of a destination that is half configured" {
  printf 'NX_ELABFTW_API_KEY=1-key\nNX_LABARCHIVES_ACCESS_KEY_ID=akid\nNX_LABARCHIVES_USER_ID=\n' >>.env
  run --separate-stderr nx-config check
  assert_success
  assert_regex "$stderr" 'NX_ELABFTW_URL: is not set; eLabFTW needs both NX_ELABFTW_API_KEY and NX_ELABFTW_URL'
  refute_regex "$stderr" 'NX_ELABFTW_API_KEY: '
  for name in ACCESS_PASSWORD USER_ID; do
    assert_regex "$stderr" "NX_LABARCHIVES_$name: is not set; LabArchives needs "
  done
  refute_regex "$stderr" 'NX_LABARCHIVES_ACCESS_KEY_ID: '
  printf 'NX_ELABFTW_URL=https://eln.example.com\nNX_LABARCHIVES_ACCESS_PASSWORD=word\nNX_LABARCHIVES_USER_ID=uid\n' >>.env
  run --separate-stderr nx-config check
  refute_regex "$stderr" 'is not set'
}

@test "check and whoever misses a setting say what became of the names of earlier versions" {
  printf 'NX_CDCS_USER=u\nsharepoint_root_url=https://h/\nNEMO_token_2=hush-hush\nemail_sender=a@b.co\n' >>.env
  run --separate-stderr nx-config check
  assert_success
  [[ $stderr == *"NX_CDCS_USER: is no longer used; its place is taken by NX_CDCS_TOKEN"* ]] || fail "$stderr"
  [[ $stderr == *"sharepoint_root_url: is no longer used" ]] || fail "$stderr"
  [[ $stderr == *"NEMO_token_2: is called NX_NEMO_TOKEN_2 now; "*"migrate-v1"* ]] || fail "$stderr"
  [[ $stderr == *"email_sender: is called NX_EMAIL_SENDER now; "* ]] || fail "$stderr"
  [[ $stderr$output != *hush* ]] || fail "$stderr"
  sed -i s/^NX_DATA_PATH/nexusLIMS_path/ .env
  run nx-config check
  assert_failure 1
  assert_line --partial "NX_DATA_PATH: is required and not set; it is by its old name, nexusLIMS_path: run \`nexuslims config migrate-v1\` on the file"
}

@test "check counts a bad mail address as an error" {
  printf 'NX_EMAIL_SMTP_HOST=h\nNX_EMAIL_SENDER=nobody\nNX_EMAIL_RECIPIENTS=a@b.co\n' >>.env
  run nx-config check
  assert_failure 1
  assert_output --partial "NX_EMAIL_SENDER: must be a mail address"
}

@test "a web address that cannot be used is shown without its password, also when its scheme is missing" {
  local name address
  for name in NX_CDCS_URL NX_ELABFTW_URL NX_LABARCHIVES_URL NX_NEMO_ADDRESS_1; do
    for address in u:hunter2@h.example.com //u:hunter2@h.example.com/ https:/u:hunter2@h.example.com/ hunter2@h.example.com/; do
      run env "$name=$address" NX_NEMO_TOKEN_1=t nx-config check
      assert_failure 1
      assert_output --partial "$name: "
      assert_output --regexp '\(got "[^"]*\*\*\*@h\.example\.com/?"\)'
      refute_output --partial hunter2
    done
  done
}

@test "a web address with a token for a user is shown without it" {
  run env NX_NEMO_ADDRESS_1=https://hunter2@nemo.example.com/api/ NX_NEMO_TOKEN_1=t nx-config check
  assert_failure 1
  assert_output --partial '(got "https://***@nemo.example.com/api/")'
  printf 'NX_ELABFTW_URL=https://hunter2@eln.example.com/\n' >>.env
  run nx-config dump --redact
  assert_success
  assert_equal "$(jq -r .NX_ELABFTW_URL <<<"$output")" 'https://***@eln.example.com/'
}

@test "check refuses a NEMO address with a user, and does not show the password" {
  printf 'NX_NEMO_ADDRESS_1=http://bob:hunter2@nemo.example.com/api/\nNX_NEMO_TOKEN_1=t\n' >>.env
  run nx-config check
  assert_failure 1
  assert_output --partial 'NX_NEMO_ADDRESS_1: must be without user and password'
  assert_output --partial '(got "http://bob:***@nemo.example.com/api/")'
  refute_output --partial hunter2
}

@test "check --format json lists names and problems without secrets" {
  printf 'NX_NEMO_ADDRESS_3=https://h/api\nNX_NEMO_TOKEN_3=hush-hush\nNX_NEMO_TZ_3=Nowhere\n' >>.env
  run --separate-stderr nx-config check --format json
  assert_failure 1
  [ "$(jq -c '[.[].name]' <<<"$output")" = '["NX_NEMO_ADDRESS_3","NX_NEMO_TZ_3"]' ]
  [ "$(jq -c '.[0]|keys' <<<"$output")" = '["name","problem"]' ]
  [[ $output$stderr != *hush* ]]
}

@test "check --jq prints each result on a line, and a program that does not compile is a usage error" {
  printf 'NX_NEMO_ADDRESS_3=https://h/api\nNX_NEMO_TOKEN_3=hush-hush\n' >>.env
  run --separate-stderr nx-config check --jq '.[] | .name, {n: .name}'
  assert_failure 1
  assert_output $'NX_NEMO_ADDRESS_3\n{"n":"NX_NEMO_ADDRESS_3"}'
  run nx-config check --jq '.['
  assert_failure 2
  assert_output --partial "Error: Invalid value for '--jq': "
  run nx-config check --jq '.[0] + 1'
  assert_failure 1
  assert_output --partial "Error: jq: "
}

@test "an .env that cannot be used is named: a folder, a huge file, a missing one" {
  mkdir folder
  truncate -s 50M huge
  for file in folder huge absent; do
    NX_ENV_FILE=$file run nx-config dump
    assert_failure 1
    assert_output --partial "$file"
  done
}

@test "broken lines and NUL bytes cost themselves alone" {
  printf 'NX_LOG_PATH=/a\0b\nnot a binding\n' >>.env
  run --separate-stderr nx-config dump
  assert_success
  [ "$(jq .NX_LOG_PATH <<<"$output")" = null ]
  [[ $stderr == *"line 6"* && $stderr == *"line 7"* ]]
}

@test "migrate-v1 renames in place, drops what is gone and tells what is missing" {
  printf '# site\nmmfnexus_path=%s\nnexusLIMS_path="%s" # data\nnexusLIMS_user=me\nnexusLIMS_pass=hush-hush\nNEMO_address_2=https://n/api/\n' "$PWD" "$PWD" >old.env
  run nx-config migrate-v1 old.env --env-path new.env
  assert_success
  assert_line --index 0 "Configuration migrated into new.env"
  assert_line "nexusLIMS_pass is no longer used"
  assert_line --partial "NX_DB_PATH"
  assert_line --partial "NX_CDCS_TOKEN"
  [ "$(cat new.env)" = "# site
NX_INSTRUMENT_DATA_PATH=$PWD
NX_DATA_PATH=\"$PWD\" # data
# nexusLIMS_user is no longer used
# nexusLIMS_pass is no longer used
NX_NEMO_ADDRESS_2=https://n/api/" ]
  [ "$(stat -c %a new.env)" = 600 ]
  run nx-config migrate-v1 absent.env
  assert_failure 2
}

@test "migrate-v1 over its own input asks and backs up" {
  printf 'nexusLIMS_path=/x\n' >.env
  run --separate-stderr nx-config migrate-v1 .env <<<y
  assert_success
  [ "$(cat .env)" = NX_DATA_PATH=/x ]
  [ "$(cat .env.bak.*)" = nexusLIMS_path=/x ]
}

@test "a settings file that is a link to one that is not there yet stays a link" {
  mkdir real link
  ln -s ../real/settings link/hop
  ln -s hop link/.env
  echo '{"NX_FILE_STRATEGY":"inclusive"}' >strategy.json
  run nx-config load strategy.json --env-path link/.env --force
  assert_success
  [ -L link/.env ]
  [ -L link/hop ]
  [ ! -L real/settings ]
  grep -q '^NX_FILE_STRATEGY=.*inclusive' real/settings
  [ "$(stat -c %a real/settings)" = 600 ]
  ln -s circle link/circle
  run nx-config load strategy.json --env-path link/circle --force
  assert_failure 1
  assert_output --partial "$(printf 'symbolic links')"
}

@test "a backup of the settings that cannot be made whole leaves nothing, and the settings as they are" {
  strace -f -qq -o /dev/null true 2>/dev/null || skip "strace cannot trace here"
  cp .env before
  echo '{"NX_FILE_STRATEGY":"inclusive"}' >strategy.json
  ASAN_OPTIONS=detect_leaks=0 run strace -qq -o /dev/null -e trace=fchmod -e inject=fchmod:error=EPERM "$NX_BUILD/bin/nx-config" load strategy.json --force
  assert_failure 1
  assert_output --partial "cannot create the backup"
  cmp .env before
  run ls .env.bak.*
  assert_failure
}
