# Shared by the tests of config edit: a settings file, and the program on a screen.

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

# open_tab NUMBER — from the first.
open_tab() {
  local i
  for ((i = 1; i < $1; i++)); do keys C-NPage; done
}

# press LABEL — a click on the button.
press() {
  local line
  line=$(screen | grep -F "[ $1 ]" | head -n 1)
  line=${line%%"[ $1 ]"*}
  click $((${#line} + 3)) "$(line_of "[ $1 ]")"
}
