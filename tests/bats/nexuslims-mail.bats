#!/usr/bin/env bats
# nexuslims-mail against a real mail server on loopback: when a mail is sent, what stands in it, TLS, log-in, and servers that fail (export §10).
load lib
load mail-server
bats_require_minimum_version 1.5.0

setup() {
  cd "$BATS_TEST_TMPDIR"
  export NX_EMAIL_SMTP_HOST=127.0.0.1 NX_EMAIL_USE_TLS=false NX_EMAIL_SENDER=nexus@example.com NX_EMAIL_RECIPIENTS=admin@example.com
  printf '2025-01-28 02:00:00,000 nexuslims INFO: Starting\n2025-01-28 02:00:01,001 nx-export ERROR: Export to cdcs failed\n' >run.log
}

teardown() { end_mail_server; }

# mail EXPRESSION — what Python's mail parser makes of the only message, with plain line ends
mail() {
  python3 -c 'import email, email.policy, sys
m = email.message_from_binary_file(open("mails/1.eml", "rb"), policy=email.policy.default)
print(str(eval(sys.argv[1])).replace("\r\n", "\n"))' "$1"
}

no_mail() {
  [ ! -e mails/1.eml ] || fail "a mail was sent"
}

@test "the log of a run with an error is mailed whole, with the documented headers" {
  serve_mail
  run nexuslims-mail run.log
  assert_success
  assert_output ''
  assert_equal "$(jq -c . mails/1.json)" '{"sender":"nexus@example.com","recipients":["admin@example.com"],"tls":false,"user":null}'
  assert_equal "$(mail 'm["From"]')" nexus@example.com
  assert_equal "$(mail 'm["To"]')" admin@example.com
  assert_equal "$(mail 'm["Subject"]')" 'ERROR in NexusLIMS record builder'
  assert_equal "$(mail 'm["Content-Type"]')" 'text/plain; charset="utf-8"'
  assert_equal "$(mail 'm["Content-Transfer-Encoding"]')" 7bit
  assert_equal "$(mail 'm["MIME-Version"]')" 1.0
  assert_equal "$(mail 'abs(m["Date"].datetime.timestamp() - __import__("time").time()) < 600')" True
  assert_regex "$(mail 'm["Message-ID"]')" '^<.+@.+>$'
  assert_equal "$(mail 'm.defects')" '[]'
  mail 'm.get_content()' >text
  grep -qF "$PWD/run.log" text
  grep -qx error text
  tail -n 3 text | diff - <(cat run.log; echo)
  assert_equal "$(grep -c $'[^\r]$' mails/1.eml)" 0
}

@test "a log without trouble sends nothing" {
  serve_mail
  echo '2025-01-28 02:00:00,000 nexuslims WARNING: No sessions to build; 0 errors in error_log' >run.log
  run nexuslims-mail -v run.log
  assert_success
  assert_output --partial 'INFO: The log reports no problem'
  no_mail
}

@test "without its settings mail is off, and nothing is an error" {
  NX_EMAIL_RECIPIENTS= run nexuslims-mail -v run.log
  assert_success
  assert_output --partial 'INFO: Mail is off'
}

@test "a wrong sender, recipient or port is an error that names it, and nothing is sent" {
  for wrong in NX_EMAIL_SENDER='not an address' NX_EMAIL_RECIPIENTS='a@example.com,nobody' NX_EMAIL_SMTP_PORT=65536; do
    run --separate-stderr env "$wrong" nexuslims-mail run.log
    assert_failure 1
    [[ $stderr == *" nexuslims-mail ERROR: ${wrong%%=*}: "*"; mail is off" ]] || fail "$stderr"
    assert_equal "${#stderr_lines[@]}" 1
    run --separate-stderr env "$wrong" nexuslims-mail --check
    assert_json .passed false
  done
}

@test "all recipients get it, and a refused one is named and stops nobody" {
  serve_mail --refuse gone@example.com
  NX_EMAIL_RECIPIENTS='a@example.com, gone@example.com ,b@example.com,' run nexuslims-mail run.log
  assert_success
  assert_output --partial 'WARNING: mail to <gone@example.com> was refused: 550 no such mailbox'
  assert_equal "$(jq -c .recipients mails/1.json)" '["a@example.com","b@example.com"]'
  assert_equal "$(mail 'm["To"]')" 'a@example.com, gone@example.com, b@example.com'
}

@test "many recipients make a header that is folded, not a line too long" {
  serve_mail
  NX_EMAIL_RECIPIENTS=$(seq -s, -f 'person-%g@department.example.com' 60) run nexuslims-mail run.log
  assert_success
  assert_equal "$(jq '.recipients | length' mails/1.json)" 60
  assert_equal "$(mail 'len(m["To"].addresses)')" 60
  assert_equal "$(awk '/^To:/ { on = 1 } /^Subject:/ { on = 0 } on && length > 80' mails/1.eml | wc -l)" 0
}

@test "when all recipients are refused, or the message is, that is an error" {
  serve_mail --refuse admin@example.com
  run nexuslims-mail run.log
  assert_failure 1
  assert_equal "$(grep -c ' ERROR: ' <<<"$output")" 1
  assert_output --partial "ERROR: The log could not be mailed: mail server 127.0.0.1, port $NX_EMAIL_SMTP_PORT: RCPT failed: 550"
  kill "$(cat server.pid)"
  rm port
  serve_mail --reject
  run nexuslims-mail run.log
  assert_failure 1
  assert_output --partial 'the server said: 554 this message is not wanted'
}

@test "text beyond ASCII and long lines travel as base64 and arrive as they were" {
  serve_mail
  { cat run.log; printf 'µm — „Größe“ 電子\n'; printf 'x%.0s' $(seq 2000); printf '\n.a line that begins with a dot\n..\n.\n'; } >big.log
  run nexuslims-mail big.log
  assert_success
  assert_equal "$(mail 'm["Content-Transfer-Encoding"]')" base64
  assert_equal "$(awk '{ sub(/\r$/, "") } length > 76' mails/1.eml | wc -l)" 0
  mail 'm.get_content()' >text
  tail -n 8 text | diff - <(cat big.log; echo)
}

@test "bytes that are no text are replaced, and lines with a dot arrive in plain mails too" {
  serve_mail
  { cat run.log; printf '.\n.b\n'; } >dots.log
  nexuslims-mail dots.log
  assert_equal "$(mail 'm["Content-Transfer-Encoding"]')" 7bit
  mail 'm.get_content()' >text
  tail -n 5 text | diff - <(cat dots.log; echo)
  rm mails/*
  kill "$(cat server.pid)"
  rm port
  serve_mail
  { cat run.log; printf 'a\xffb\0c\n'; } >bytes.log
  nexuslims-mail bytes.log
  assert_equal "$(mail 'm.get_content().splitlines()[-1]')" $'a\ufffdb\ufffdc'
}

@test "a large log is cut to its beginning, its end and what called for the mail" {
  serve_mail
  {
    for n in $(seq 300); do echo "2025-01-28 02:00:00,000 a INFO: first $n"; done
    yes '2025-01-28 02:00:00,000 a INFO: one of many lines that nobody misses' | head -n 50000
    printf '2025-01-28 02:00:01,000 nx-export ERROR: in the middle\n  and what follows\n'
    yes '2025-01-28 02:00:00,000 a INFO: one of many lines that nobody misses' | head -n 50000
    for n in $(seq 2000); do echo "2025-01-28 02:00:02,000 a INFO: last $n"; done
  } >big.log
  run nexuslims-mail big.log
  assert_success
  mail 'm.get_content()' >text
  [ "$(wc -c <text)" -lt 300000 ]
  assert_equal "$(grep -c 'first' text)" 200
  assert_equal "$(grep -c 'last' text)" 2000
  grep -A1 'ERROR: in the middle' text | grep -qx '  and what follows'
  grep -q "of $(stat -c %s big.log) bytes cut here" text
  refute [ "$(grep -c 'nobody misses' text)" != 0 ]
}

@test "a log that is cut while it is read costs nobody the program" {
  for after in 0.02 0.05 0.1; do
    yes '2025-01-28 02:00:00,000 nexuslims INFO: nothing to see here, and nothing to see there' | head -c 60M >cut.log
    nexuslims-mail -n cut.log >/dev/null 2>&1 &
    reader=$!
    sleep $after
    : >cut.log
    wait $reader || fail "it ended with $?"
  done
}

@test "--dry-run writes the message and sends nothing" {
  NX_EMAIL_SMTP_PORT=1 run nexuslims-mail -n run.log
  assert_success
  assert_line --index 0 $'From: nexus@example.com\r'
}

@test "with TLS on, the message goes through STARTTLS, checked against the own authority" {
  certify
  serve_mail --certificate server.pem
  NX_EMAIL_USE_TLS=true NX_CERT_BUNDLE_FILE=$PWD/authority.pem run nexuslims-mail run.log
  assert_success
  assert_output ''
  assert_equal "$(jq .tls mails/1.json)" true
}

@test "the authority may stand in NX_CERT_BUNDLE, with \\n for its line ends" {
  certify
  serve_mail --certificate server.pem
  NX_EMAIL_USE_TLS=yes NX_CERT_BUNDLE=$(sed -z 's/\n/\\n/g' authority.pem) run nexuslims-mail run.log
  assert_success
  assert_equal "$(jq .tls mails/1.json)" true
}

@test "a certificate of nobody known is not trusted, unless checks are off" {
  certify
  serve_mail --certificate server.pem
  NX_EMAIL_USE_TLS=true run nexuslims-mail run.log
  assert_failure 1
  assert_output --partial 'SSL certificate problem'
  assert_output --partial 'NX_CERT_BUNDLE_FILE'
  no_mail
  NX_EMAIL_USE_TLS=true NX_DISABLE_SSL_VERIFY=true run nexuslims-mail run.log
  assert_success
  assert_output --partial 'WARNING: NX_DISABLE_SSL_VERIFY is on'
  assert_equal "$(jq .tls mails/1.json)" true
}

@test "with TLS on, a server without STARTTLS gets nothing in clear text" {
  serve_mail --login ned:hunter2-secret
  NX_EMAIL_USE_TLS=true NX_EMAIL_SMTP_USERNAME=ned NX_EMAIL_SMTP_PASSWORD=hunter2-secret run nexuslims-mail -vv run.log
  assert_failure 1
  assert_output --partial 'the server offers no STARTTLS'
  no_mail
}

@test "on port 465 TLS begins with the first byte" {
  /usr/bin/python3 -c 'import aiosmtpd' 2>/dev/null || skip 'python3-aiosmtpd is not installed'
  own=(unshare -rn "$NX_SOURCE/tests/servers/own-network")
  "${own[@]}" true 2>/dev/null || skip 'no network namespace can be made here'
  certify
  mkdir mails
  export NX_EMAIL_USE_TLS=true NX_EMAIL_SMTP_PORT=465 NX_CERT_BUNDLE_FILE=$PWD/authority.pem
  run "${own[@]}" bash -c '"$NX_SOURCE/tests/servers/smtp-sink" mails --port 465 --implicit --certificate server.pem >port 3>&- &
    server=$!
    for _ in $(seq 400); do [ ! -s port ] || break; sleep 0.05; done
    nexuslims-mail run.log; code=$?
    nexuslims-mail --check
    kill $server
    exit $code'
  assert_success
  assert_json .passed true
  assert_equal "$(jq .tls mails/1.json)" true
}

@test "user and password are used when both are set, and a wrong password is said without being shown" {
  certify
  serve_mail --certificate server.pem --login ned:hunter2-secret
  export NX_EMAIL_USE_TLS=true NX_CERT_BUNDLE_FILE=$PWD/authority.pem NX_EMAIL_SMTP_USERNAME=ned NX_EMAIL_SMTP_PASSWORD=hunter2-secret
  run nexuslims-mail -vv run.log
  assert_success
  refute_output --partial hunter2-secret
  assert_equal "$(jq -r .user mails/1.json)" ned
  rm mails/*
  NX_EMAIL_SMTP_PASSWORD=wrong-secret run nexuslims-mail -vv run.log
  assert_failure 1
  assert_output --partial 'check NX_EMAIL_SMTP_USERNAME and NX_EMAIL_SMTP_PASSWORD'
  refute_output --partial wrong-secret
  no_mail
}

@test "a password that a server quotes in base64 is not shown" {
  export NX_EMAIL_SMTP_USERNAME=ned NX_EMAIL_SMTP_PASSWORD=hunter2-secret
  for mechanism in plain login; do
    serve_mail --do quote-$mechanism
    run nexuslims-mail -vv run.log
    assert_failure 1
    assert_output --partial 'not understood:'
    refute_output --partial aHVudGVyMi1zZWNyZXQ     # hunter2-secret, without the padding that a server may leave out
    refute_output --partial AG5lZABodW50ZXIyLXNlY3JldA # NUL ned NUL hunter2-secret
    run nexuslims-mail --check
    assert_json .passed false
    assert_output --partial 'not understood:'
    refute_output --partial aHVudGVyMi1zZWNyZXQ
    refute_output --partial AG5lZABodW50ZXIyLXNlY3JldA
    kill "$(cat server.pid)"
    rm port server.pid
  done
}

@test "a server that hangs, closes or is not there costs its time limit and one line" {
  serve_mail --do hang
  NX_TEST_TIME_SCALE=0.02 run nexuslims-mail run.log
  assert_failure 1
  assert_equal "${#lines[@]}" 1
  assert_line --partial 'ERROR: The log could not be mailed: mail server 127.0.0.1'
  kill "$(cat server.pid)"
  rm port
  serve_mail --do close
  run nexuslims-mail run.log
  assert_failure 1
  assert_equal "${#lines[@]}" 1
  kill "$(cat server.pid)"
  rm server.pid
  run nexuslims-mail run.log
  assert_failure 1
  assert_output --partial 'check NX_EMAIL_SMTP_HOST and NX_EMAIL_SMTP_PORT'
}

@test "a server that does not answer the good-bye has taken the mail, and one that stalls after the text costs the time limit alone" {
  serve_mail --stall quit
  NX_TEST_TIME_SCALE=0.02 run timeout 30 nexuslims-mail run.log
  assert_success
  assert_output ''
  assert_equal "$(mail 'm["Subject"]')" 'ERROR in NexusLIMS record builder'
  NX_TEST_TIME_SCALE=0.02 run timeout 30 nexuslims-mail --check
  assert_success
  assert_json .passed true
  kill "$(cat server.pid)"
  rm port
  serve_mail --stall data
  NX_TEST_TIME_SCALE=0.02 run timeout 30 nexuslims-mail run.log
  assert_failure 1
  assert_line --partial 'timeout'
  assert_equal "${#lines[@]}" 1
}

@test "--check says whether the server answers, lets in and is trusted, and sends nothing" {
  certify
  serve_mail --certificate server.pem --login ned:hunter2-secret
  export NX_EMAIL_USE_TLS=true NX_CERT_BUNDLE_FILE=$PWD/authority.pem NX_EMAIL_SMTP_USERNAME=ned NX_EMAIL_SMTP_PASSWORD=hunter2-secret
  run nexuslims-mail --check
  assert_success
  assert_json '[.kind, .name, .passed, .severity] | join(" ")' 'check mail_server true warning'
  "$NX_SOURCE/tests/check-lines" <<<"$output"
  NX_EMAIL_SMTP_PASSWORD=wrong-secret run nexuslims-mail --check
  assert_success
  assert_json '[.passed, (.message | contains("127.0.0.1") and contains("'"$NX_EMAIL_SMTP_PORT"'"))] | join(" ")' 'false true'
  refute_output --partial wrong-secret
  NX_CERT_BUNDLE_FILE= run nexuslims-mail --check
  assert_json .passed false
  no_mail
}

@test "--check tells a proxy whose address cannot be read without its password" {
  export NX_EMAIL_SMTP_PORT=1
  no_proxy= all_proxy=http://u:PROXY/SECRET@127.0.0.1:3128 run nexuslims-mail --check
  assert_success
  assert_json '.message | contains("the address of the proxy (http_proxy, https_proxy, all_proxy) cannot be read")' true
  refute_output --regexp 'PROXY|SECRET'
}

@test "a log that is not there is an error with its name" {
  run nexuslims-mail nowhere.log
  assert_failure 1
  assert_output --partial "$PWD/nowhere.log"
  run nexuslims-mail
  assert_failure 2
  assert_output --partial "Missing argument 'LOGFILE'."
}

@test "a run whose preflight fails mails its log, and a clean one nothing" {
  serve_mail
  mkdir data instruments
  export NX_DATA_PATH=$PWD/data NX_INSTRUMENT_DATA_PATH=$PWD/instruments NX_DB_PATH=$PWD/nexuslims.db NX_SITE_PATH=$PWD/site
  nx-db init >/dev/null
  run nexuslims build-records
  assert_success
  no_mail
  sqlite3 "$NX_DB_PATH" 'DROP TABLE upload_log'
  run nexuslims build-records
  assert_failure 1
  assert_equal "$(mail 'm["Subject"]')" 'ERROR in NexusLIMS record builder'
  mail 'm.get_content()' >text
  grep -q ' nexuslims ERROR: Preflight checks failed: db_tables$' text
  grep -qF "$NX_DATA_PATH/logs/$(date +%Y/%m/%d)/process_records_" text
}
