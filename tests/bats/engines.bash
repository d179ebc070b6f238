# Shared by the tests that hold for every engine. They run on SQLite, and through tests/bats/*-postgresql on PostgreSQL (NX_TEST_ENGINE); what is
# a matter of files alone has the tag sqlite.
load postgres

on_postgresql() { [ "${NX_TEST_ENGINE:-}" = postgresql ]; }

setup_file() { if on_postgresql; then start_postgres; fi; }
teardown_file() { stop_postgres; }

# no_database: sets NX_DB_PATH to an address where nothing of ours is
no_database() {
  if on_postgresql; then
    fresh_database
  else
    export NX_DB_PATH=$BATS_TEST_TMPDIR/nexuslims.sqlite
    rm -f "$NX_DB_PATH"*
  fi
}

# sql STATEMENTS: what the database answers, columns separated by |, booleans as the engine shows them
sql() { if on_postgresql; then psql_says "$@"; else sqlite3 "$NX_DB_PATH" "$@"; fi; }

# fingerprint: of all that the database holds
fingerprint() {
  if on_postgresql; then
    pg_dump --no-owner | grep -v '^\\\|^--' | sha256sum
  else
    sha256sum <"$NX_DB_PATH"
  fi
}

# orphans_allowed: rows of session_log may name instruments that are not there, as in old databases
orphans_allowed() { if on_postgresql; then sql "ALTER TABLE session_log DROP CONSTRAINT session_log_instrument_fkey"; fi; }

# shown: the address as it is printed
shown() { if on_postgresql; then sed 's|//\([^:]*\):[^@]*@|//\1:***@|' <<<"$NX_DB_PATH"; else echo "sqlite:///$NX_DB_PATH"; fi; }
