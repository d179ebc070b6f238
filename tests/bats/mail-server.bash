# mail-server.bash — a mail server on loopback for the tests of those who send mail. Call end_mail_server in teardown.

# serve_mail OPTIONS… — one whose messages go to mails/; NX_EMAIL_SMTP_PORT is its port
serve_mail() {
  /usr/bin/python3 -c 'import aiosmtpd' 2>/dev/null || skip 'python3-aiosmtpd is not installed'
  mkdir -p mails
  "$NX_SOURCE/tests/servers/smtp-sink" mails "$@" >port 2>server.err 3>&- &
  echo $! >server.pid
  for _ in $(seq 400); do [ ! -s port ] || break; sleep 0.05; done
  NX_EMAIL_SMTP_PORT=$(cat port)
  [ -n "$NX_EMAIL_SMTP_PORT" ] || fail "the mail server did not start: $(cat server.err)"
  export NX_EMAIL_SMTP_PORT
}

end_mail_server() {
  [ ! -e server.pid ] || kill "$(cat server.pid)"
}

# A certificate of an authority that no system knows.
certify() {
  openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=IP:127.0.0.1,DNS:localhost \
    -keyout key.pem -out authority.pem 2>/dev/null
  cat authority.pem key.pem >server.pem
}
