#!/usr/bin/env bats
# What `Test connection` of config edit says about a server, from the program behind the button; its environment is what stands in the form (tui §4).
load ../bats/lib
load ../bats/mail-server
bats_require_minimum_version 1.5.0

setup() {
  cd "$BATS_TEST_TMPDIR"
  export NX_ENV_FILE=/dev/null NX_EMAIL_SMTP_HOST=127.0.0.1 NX_EMAIL_SENDER=nexus@example.com NX_EMAIL_RECIPIENTS=admin@example.com
}

teardown() { end_mail_server; }

@test "a mail server is trusted by the authorities of both settings, as when mail is sent" {
  certify
  serve_mail --certificate server.pem
  export NX_EMAIL_USE_TLS=true
  run nx-tui-probe mail
  assert_failure 1
  assert_output --partial NX_CERT_BUNDLE_FILE
  NX_CERT_BUNDLE=$(cat authority.pem) run nx-tui-probe mail
  assert_success
  NX_CERT_BUNDLE_FILE=$PWD/authority.pem run nx-tui-probe mail
  assert_success
  assert_output "127.0.0.1 answers; no mail was sent."
}

@test "on port 465 a mail server is spoken to in TLS, whatever NX_EMAIL_USE_TLS says" {
  certify
  own=(unshare -rn "$NX_SOURCE/tests/servers/own-network")
  "${own[@]}" true 2>/dev/null || skip 'no network namespace can be made here'
  serve_mail # for its settings
  export NX_EMAIL_SMTP_PORT=465 NX_EMAIL_USE_TLS=false NX_CERT_BUNDLE_FILE=$PWD/authority.pem
  rm port
  run "${own[@]}" bash -c '"$NX_SOURCE/tests/servers/smtp-sink" mails --port 465 --implicit --certificate server.pem >port 3>&- &
    server=$!
    for _ in $(seq 400); do [ ! -s port ] || break; sleep 0.05; done
    nx-tui-probe mail; code=$?
    kill $server
    exit $code'
  assert_success
  assert_output "127.0.0.1 answers; no mail was sent."
}

@test "a login is spoken of only when there was one" {
  serve_mail --login ned:hunter2-secret
  export NX_EMAIL_USE_TLS=false NX_EMAIL_SMTP_USERNAME=ned
  run nx-tui-probe mail
  assert_success
  assert_output "127.0.0.1 answers; no mail was sent."
  NX_EMAIL_SMTP_PASSWORD=hunter2-secret run nx-tui-probe mail
  assert_success
  assert_output "127.0.0.1 answers and accepts the login; no mail was sent."
  NX_EMAIL_SMTP_PASSWORD=wrong-secret run nx-tui-probe mail
  assert_failure 1
  assert_output --partial "check NX_EMAIL_SMTP_USERNAME and NX_EMAIL_SMTP_PASSWORD"
  refute_output --partial wrong-secret
}

# nemo SCRIPT — a server that answers as told (tests/servers/scripted-http); its address is in $address
nemo() {
  echo "$1" >script.json
  "$NX_SOURCE/tests/servers/scripted-http" script.json >address 3>&- &
  echo $! >server.pid
  for _ in $(seq 400); do [ ! -s address ] || break; sleep 0.05; done
  address=$(cat address)
  export NX_NEMO_TOKEN_1=nemo-secret-token
}

@test "NEMO is what answers with the JSON of its API: a page, a list or a login page that one is sent to is not" {
  nemo '{"/api/": [{"status": 200, "body": "{\"users\": \"@ROOT@api/users/\"}"}], "/login/": [{"status": 200, "body": "<html>Log in</html>"}],
    "/list/": [{"status": 200, "body": "[]"}], "/empty/": [{"status": 200}], "/": [{"status": 302, "headers": {"Location": "@ROOT@login/"}}]}'
  NX_NEMO_ADDRESS_1=${address}api/ run nx-tui-probe nemo 1
  assert_success
  assert_output "${address}api/ answers and accepts the token."
  for place in '' login/ list/ empty/; do
    NX_NEMO_ADDRESS_1=$address$place run nx-tui-probe nemo 1
    assert_failure 1
    assert_output "Error: $address$place answers with a page, not with NEMO's API: is this the address of the API root (…/api/)?"
  done
}
