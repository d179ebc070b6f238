#!/usr/bin/env bats
# nx-export and certificates, proxies, redirects: whom it trusts with a token.
load lib
load nx-export
bats_require_minimum_version 1.5.0

teardown() {
  stop_repositories
  [ -z "${OTHER:-}" ] || kill "$OTHER"
}

# authority — a private one: ca.pem, ca.key
authority() {
  openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -days 2 -subj "/CN=Private Authority" 2>/dev/null
}

# certificate NAME DAYS — server.pem for that name, valid until then (DAYS -1: expired)
certificate() {
  openssl req -newkey rsa:2048 -nodes -keyout server.key -out server.csr -subj "/CN=$1" 2>/dev/null
  openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days "$2" -extfile <(echo "subjectAltName=$1") -out server.pem 2>/dev/null
}

secure_repositories() {
  authority
  certificate "${1:-IP:127.0.0.1}" "${2:-2}"
  start_repositories --cert server.pem --key server.key
  use cdcs elabftw labarchives
}

statuses() {
  jq -r '[.exports[].success]|map(tostring)|join(" ")' <<<"$output"
}

@test "an unknown authority is refused at once, at every destination, before anything is sent" {
  secure_repositories
  run --separate-stderr nx-export -v < <(session 101)
  assert_json .status BUILT_NOT_EXPORTED
  assert_equal "$(statuses)" "false false false"
  assert_json '[.exports[].error_message|test("certificate")]|all' true
  refute_regex "$stderr" "trying again"
  refute_secrets
}

@test "NX_CERT_BUNDLE_FILE is trusted besides the system's authorities" {
  secure_repositories
  NX_CERT_BUNDLE_FILE=$PWD/ca.pem run --separate-stderr nx-export < <(session 101)
  assert_json .status COMPLETED
}

@test "NX_CERT_BUNDLE, with line ends written as backslash n, wins over the file" {
  secure_repositories
  openssl req -x509 -newkey rsa:2048 -nodes -keyout other.key -out other.pem -days 2 -subj "/CN=Another" 2>/dev/null
  NX_CERT_BUNDLE_FILE=$PWD/other.pem NX_CERT_BUNDLE=$(awk '{printf "%s\\n", $0}' ca.pem) run --separate-stderr nx-export < <(session 101)
  assert_json .status COMPLETED
}

@test "a certificate for another host, or one that has expired, is refused" {
  secure_repositories DNS:other.example.com
  NX_CERT_BUNDLE_FILE=$PWD/ca.pem run --separate-stderr nx-export < <(session 101)
  assert_equal "$(statuses)" "false false false"
  stop_repositories
  put_record 101
  secure_repositories IP:127.0.0.1 -1
  NX_CERT_BUNDLE_FILE=$PWD/ca.pem run --separate-stderr nx-export < <(session 101)
  assert_equal "$(statuses)" "false false false"
  assert_json '.exports[0].error_message|test("expired")' true
}

@test "NX_DISABLE_SSL_VERIFY takes any certificate, and says so once" {
  secure_repositories DNS:other.example.com
  NX_DISABLE_SSL_VERIFY=true run --separate-stderr nx-export -j 2 < <(session 101)
  assert_json .status COMPLETED
  run grep -c "NX_DISABLE_SSL_VERIFY is on" <<<"$stderr"
  assert_output 1
}

# start_other [OPTION…] — a second server at $other
start_other() {
  rm -f other.out
  "$NX_SOURCE/tests/servers/repositories" "$@" >other.out 2>other.err 3>&- &
  OTHER=$!
  await_address other
  other=$address
}

@test "a redirect to another host is followed without the token" {
  start_other --log other.log
  faults "[{\"at\":[\"GET /cdcs\",\"GET /eln\"],\"status\":302,\"headers\":{\"Location\":\"${other/127.0.0.1/localhost}cdcs/rest/template-version-manager/global/\"}}]"
  start_repositories --faults faults.json
  use cdcs
  run --separate-stderr nx-export < <(session 101)
  run jq -rs '[length > 0, all(.authorization == null)] | map(tostring) | join(" ")' other.log
  assert_output "true true"
}

# advice ADDRESS SETTING
advice() {
  echo "it redirects to $1, where no token is sent: if that is the API, set $2 to it"
}

@test "an address that redirects to another one is told from credentials that are no good" {
  echo '[{"at":["GET /cdcs","GET /eln"],"status":401,"body":"{\"detail\":\"No credentials.\"}"}]' >other.json
  start_other --faults other.json
  faults "[{\"at\":[\"GET /cdcs\",\"GET /eln\",\"POST /eln\",\"POST /la\"],\"status\":301,
    \"headers\":{\"Location\":\"http://svc:pw-in-url@$(cut -d / -f 3 other.out)@PATH@\"}}]"
  start_repositories --faults faults.json
  use cdcs elabftw labarchives
  run --separate-stderr nx-export < <(session 101)
  assert_json .status BUILT_NOT_EXPORTED
  assert_json '.exports[0].error_message' \
    "Could not read the templates: HTTP 401 from GET rest/template-version-manager/global/: No credentials.; $(advice "${other}cdcs/" NX_CDCS_URL)"
  assert_json '.exports[1].error_message' "LabArchives: HTTP 301 from POST entries/add_entry: \
it redirects to ${other}la/api/: if that is the API, set NX_LABARCHIVES_URL to it"
  assert_json '.exports[2].error_message' "Could not create the experiment: HTTP 301 from POST api/v2/experiments: $(advice "${other}eln/" NX_ELABFTW_URL)"
  refute_regex "$output$stderr" 'pw-in-url|svc'
  run --separate-stderr nx-export --validate
  assert_success
  refute_output --partial 'authentication failed'
  assert_output --partial "$(advice "${other}cdcs/" NX_CDCS_URL)"
  assert_output --partial "$(advice "${other}eln/" NX_ELABFTW_URL)"
}

@test "a page of another server is no answer of the repository, and its address is said" {
  start_other
  faults "[{\"at\":\"GET /cdcs\",\"status\":302,\"headers\":{\"Location\":\"${other}login?ticket=5\"}}]"
  start_repositories --faults faults.json
  use cdcs
  run --separate-stderr nx-export < <(session 101)
  assert_json '.exports[0].error_message' \
    "Could not read the templates: HTTP 404 from GET rest/template-version-manager/global/: $(advice "${other}login" NX_CDCS_URL)"
}

@test "from https nothing is followed to http" {
  authority
  certificate IP:127.0.0.1 2
  faults '[{"at":"GET /cdcs","status":302,"headers":{"Location":"http://127.0.0.1:1/"}}]'
  start_repositories --cert server.pem --key server.key --faults faults.json
  use cdcs
  NX_CERT_BUNDLE_FILE=$PWD/ca.pem run --separate-stderr nx-export < <(session 101)
  assert_json .status BUILT_NOT_EXPORTED
  assert_json '.exports[0].error_message|test("(?i)protocol")' true
}

@test "the proxy of the environment is used, except for hosts in no_proxy" {
  start_repositories --log requests.log
  export NX_CDCS_URL=http://cdcs.example.com/cdcs/ NX_CDCS_TOKEN=cdcs-secret-token
  http_proxy=$ROOT run --separate-stderr nx-export < <(session 101)
  run jq -rs '.[0].request' requests.log
  assert_output "GET http://cdcs.example.com/cdcs/rest/template-version-manager/global/"
  use cdcs
  http_proxy=http://127.0.0.1:1/ no_proxy=127.0.0.1 run --separate-stderr nx-export < <(session 101)
  assert_json .status COMPLETED
}

@test "a proxy whose address cannot be read is named as a wrong setting, at once and without its password" {
  export NX_CDCS_URL=http://cdcs.example.com/ NX_CDCS_TOKEN=cdcs-secret-token
  for proxy in http://u:PROXY/SECRET@127.0.0.1:3128 http://u:PROXY#SECRET@127.0.0.1:3128 u:PROXYSECRET@127.0.0.1:port; do
    http_proxy=$proxy run --separate-stderr nx-export -vv < <(session 101)
    assert_success
    assert_json '.exports[0].error_message|endswith("the address of the proxy (http_proxy, https_proxy, all_proxy) cannot be read")' true
    refute_regex "$output$stderr" 'PROXY|SECRET|trying again'
  done
}
