# Shared by the tests that need a PostgreSQL server: one server a file, one database a test.

# start_postgres: in setup_file. Sets PG_FOLDER, where the socket is, and PG_PID.
start_postgres() {
  command -v psql >/dev/null && command -v setpriv >/dev/null || skip "psql or setpriv is not there (Debian: postgresql)"
  # The programs themselves: what Debian has under their names is a script around them that takes twice as long.
  PATH=$(cd "$(dirname "$(ls /usr/lib/postgresql/*/bin/psql /usr/local/bin/psql 2>/dev/null | sort -V | tail -n 1)")" && pwd):$PATH
  PG_FOLDER=$(mktemp -d /tmp/nx-pg.XXXXXX)
  chmod 755 "$PG_FOLDER"
  export PG_FOLDER PGHOST=$PG_FOLDER PGPORT=5432 PGUSER=admin PGDATABASE=postgres
  boot_postgres
}

# boot_postgres [postgres options…]: starts the server of PG_FOLDER (again), and waits until it answers.
boot_postgres() {
  local tries=0
  "$NX_SOURCE/tests/servers/postgres-cluster" "$PG_FOLDER" "$@" 3>&- 4>&- 8>&- &
  PG_PID=$!
  echo "$PG_PID" >"$PG_FOLDER/pid"
  until psql -qAtc 'SELECT 1' >/dev/null 2>&1; do
    tries=$((tries + 1))
    [ $tries -lt 1200 ] && kill -0 "$PG_PID" || { cat "$PG_FOLDER"/*.log >&2; return 1; }
    sleep 0.05
  done
}

# postgres_runs: whether the process is there, is the server of PG_FOLDER (numbers of processes come again), and has not ended
postgres_runs() {
  local pid
  pid=$(cat "$PG_FOLDER/pid")
  [[ $(ps -o stat= -p "$pid") != Z* ]] && [ "$(readlink "/proc/$pid/cwd")" = "$PG_FOLDER/data" -o "$(readlink "/proc/$pid/cwd")" = "$PG_FOLDER" ]
}

# end_jobs_and_servers: what a test started in the background ends, and a server other than the file's first ($FIRST_PG_PID), with it.
end_jobs_and_servers() {
  local pid
  for pid in $(jobs -pr); do kill "$pid"; done
  [ "$(cat "$PG_FOLDER/pid")" = "$FIRST_PG_PID" ] || halt_postgres
}

# halt_postgres [SIGNAL]: ends the server that boot_postgres started; INT closes every connection, QUIT as if it had crashed.
halt_postgres() {
  if postgres_runs; then kill -"${1:-INT}" "$(cat "$PG_FOLDER/pid")" 2>/dev/null || true; fi
  while postgres_runs; do sleep 0.05; done
}

# stop_postgres: in teardown_file
stop_postgres() {
  [ -n "${PG_FOLDER:-}" ] || return 0
  halt_postgres
  rm -rf "$PG_FOLDER"
}

# fresh_database: sets NX_DB_PATH to the address of an empty database of the role `nx`, and PGDATABASE to its name
fresh_database() {
  PGDATABASE=nx_${BATS_TEST_NUMBER:-0}_$RANDOM
  psql -qd postgres -c "DO \$\$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'nx') THEN CREATE ROLE nx LOGIN PASSWORD 'pa:ss@word'; END IF; END \$\$" \
    -c "CREATE DATABASE $PGDATABASE OWNER nx STRATEGY file_copy" # in half the time: it writes no log of what it copies
  export PGDATABASE NX_DB_PATH="postgresql://nx:pa%3Ass%40word@/$PGDATABASE?host=$PG_FOLDER"
}

# psql_says STATEMENTS: what the database answers, columns separated by |
psql_says() { psql -XqAt -v ON_ERROR_STOP=1 -c "$*"; }

# begin_on_postgres: in setup. A folder of the test's own, the server, which a test before may have ended, and an empty database.
begin_on_postgres() {
  set -o pipefail
  cd "$BATS_TEST_TMPDIR"
  postgres_runs || PGDATABASE=postgres boot_postgres
  fresh_database
}
