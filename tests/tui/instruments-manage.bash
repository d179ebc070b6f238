# Shared by the tests of instruments manage: a database with two, and the program on a screen.

two_instruments() {
  make_database
  { instrument Titan-1 "Titan TEM" "Building 223"; instrument Quanta-2 "Quanta SEM" "Building 7"; } | import
}

manage() {
  start_screen "${1:-80}" "${2:-24}" nexuslims instruments manage
}

value() {
  sqlite3 "$NX_DB_PATH" "SELECT $2 FROM instruments WHERE instrument_pid = '$1'"
}

# change_titan TABS TEXT — in the form of Titan-1 the text of the field that many Tabs on becomes this one, and is saved
change_titan() {
  keys e
  wait_for "Edit Instrument: Titan-1"
  for ((i = 0; i < $1; i++)); do keys Tab; done
  keys C-u
  typed "$2"
  keys C-s
  wait_for "Updated instrument: Titan-1"
}
