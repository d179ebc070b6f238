#!/usr/bin/env bats
# instruments manage: sizes, colours, scripts and terminals, and what the terminal is like afterwards (tui §1).
bats_require_minimum_version 1.5.0
load screen
load instruments-manage

@test "without a terminal it says so in a sentence and ends with 1" {
  make_database
  run --separate-stderr nexuslims instruments manage </dev/null
  assert_failure 1
  assert_output ""
  [[ $stderr == "Error: "*terminal* ]]
}

@test "a dumb terminal is refused in a sentence" {
  two_instruments
  SCREEN_TERM=dumb manage
  wait_for "END=1" "cannot work on a terminal of the type 'dumb'"
}

@test "names in any script are whole from the first screen on" {
  make_database
  instrument Titan-1 "Zürich Größenmaß ÄÖÜ" "Gebäude" | import
  manage 120
  wait_for "Zürich Größenmaß ÄÖÜ"
}

@test "names in any script are shown, and typed, whatever encoding the locale has" {
  make_database
  { instrument Titan-1 "Zürich Größenmaß" "Gebäude 電子"; instrument Quanta-2 "Quanta SEM"; } | import
  for locale in "LC_ALL=C" "LC_ALL= LC_CTYPE=POSIX" "LC_ALL= LC_CTYPE= LANG=" "LC_ALL=no_SUCH.UTF-8"; do
    start_screen 120 24 env $locale nexuslims instruments manage
    wait_for "Zürich Größenmaß" "Gebäude 電子" "Quanta SEM"
    keys /
    typed ÜR
    wait_until_gone "Quanta SEM"
    wait_for "ÜR" "Zürich Größenmaß"
    keys Escape
    wait_for "Quanta SEM"
    keys q
    wait_for "END=0 icanon"
    teardown
  done
}

@test "a form survives a resize to 40x12 and to 20x5 and keeps what was typed" {
  two_instruments
  manage
  wait_for "Titan TEM"
  keys a
  wait_for "Add New Instrument"
  typed Half-typed
  resize 40 12
  wait_for "Half-typed" "Instrument PID *"
  resize 20 5
  wait_for "terminal too small"
  resize 100 30
  wait_for "Add New Instrument" "Half-typed" "Timezone *"
}

@test "Ctrl+T switches to light, says so, and the choice is remembered" {
  two_instruments
  manage
  wait_for "Titan TEM"
  [[ $(tmux_of_test capture-pane -e -p) == *$'\033'*"[38;5;"*"Titan TEM"* ]]
  dark=$(tmux_of_test capture-pane -e -p | grep "Quanta SEM")
  keys C-t
  wait_for "Switched to light mode"
  [ "$(tmux_of_test capture-pane -e -p | grep "Quanta SEM")" != "$dark" ]
  [ "$(cat "$BATS_TEST_TMPDIR/home/nexuslims/theme")" = light ]
  keys C-t
  wait_for "Switched to dark mode"
}

@test "with NO_COLOR no colour is sent" {
  two_instruments
  export NO_COLOR=1
  manage
  wait_for "Titan TEM"
  keys d
  wait_for "Confirm Delete"
  run -0 tmux_of_test capture-pane -e -p
  [[ $output != *$'\033['*[34]8\;5* ]]
  [[ $output != *$'\033[3'[1-7]m* ]]
}

@test "it works on screen, linux and vt100 terminals" {
  two_instruments
  for SCREEN_TERM in screen linux vt100; do
    manage
    wait_for "Titan TEM" "Quit"
    keys q
    wait_for "END=0 icanon"
    teardown
  done
}

@test "SIGTERM gives the terminal back" {
  two_instruments
  manage
  wait_for "Titan TEM"
  kill -TERM "$(cat "$BATS_TEST_TMPDIR/pid")"
  wait_for "the shell before" "END=143 icanon"
}

@test "a crash gives the terminal back" {
  # A sanitizer would take the signal for itself and fill the screen with its report.
  export ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}handle_segv=0
  two_instruments
  manage
  wait_for "Titan TEM"
  kill -SEGV "$(cat "$BATS_TEST_TMPDIR/pid")"
  wait_for "the shell before" " icanon"
}

@test "values of every kind of script keep the columns straight, and direction marks and controls are harmless" {
  make_database
  instrument P-1 $'\u05e9\u05dc\u05d5\u05dd \u202e evil' "here|" | import
  instrument P-2 $'\u96fb\u5b50\u9855\u5fae\u93e1 e\u0301' "here|" | import
  instrument P-3 "plain" "here|" | import
  manage 120 24
  wait_for "plain" "P-3"
  run -0 screen
  [[ $output != *$'\u202e'* ]]
  [[ $output == *$'e\u0301'* ]]
}

@test "the wheel moves the cursor, and a click on the filter goes there" {
  two_instruments
  manage
  wait_for "Titan TEM"
  wheel down 4 6
  keys e
  wait_for "Edit Instrument: Quanta-2"
  keys Escape
  wait_for "Filter (press"
  click 4 2
  typed titan
  wait_until_gone "Quanta SEM"
}

@test "on a screen of 40x12 the list, the form, the question and the help can be used" {
  two_instruments
  sqlite3 "$NX_DB_PATH" "INSERT INTO session_log (session_identifier, instrument, timestamp, event_type, record_status) VALUES
    ('s1', 'Titan-1', '2024-01-01T10:00:00+00:00', 'START', 'TO_BE_BUILT')"
  manage 40 12
  wait_for "Titan TEM" "Add"
  keys Right Right
  wait_for "API URL"
  keys d
  wait_for "Delete instrument 'Titan-1'?" "nothing." "Yes" "No"
  keys n
  wait_for "Add"
  keys e
  wait_for "Edit Instrument: Titan-1" "API URL *"
  keys Tab Tab Tab Tab
  wait_for "Property Tag *"
  keys Escape
  wait_for "Filter (press"
  keys '?'
  wait_for "add an instrument"
  keys End NPage NPage NPage
  wait_for "back to the shell"
}

@test "on a narrow screen the last line still says how to get help and out" {
  two_instruments
  manage 40 12
  wait_for "Titan TEM" "a Add  e Edit  d Delete  ? Help  q Quit"
  resize 100 12
  wait_for "d Delete  u Undo  s Sort  / Filter  r Refresh  ? Help  q Quit  ^T Theme"
}

# attributes LINE — what was sent before the example.
attributes() {
  grep -o $'[\033[0-9;m]*FEI-Q' <<<"$1"
}

@test "the example in an empty field with the focus does not look like a typed text" {
  two_instruments
  manage
  wait_for "Titan TEM"
  keys a
  wait_for "FEI-Quanta-650-FEG-123456"
  example=$(tmux_of_test capture-pane -t "$PERSON" -ep | grep FEI-Quanta)
  typed FEI-Quanta-650-FEG-123456x
  wait_for "FEI-Quanta-650-FEG-123456x"
  typed_text=$(tmux_of_test capture-pane -t "$PERSON" -ep | grep FEI-Quanta)
  [ -n "$(attributes "$typed_text")" ]
  [ "$(attributes "$example")" != "$(attributes "$typed_text")" ]
}

@test "a question survives a resize to 20x5 and back" {
  two_instruments
  manage
  wait_for "Titan TEM"
  keys d
  wait_for "Confirm Delete"
  resize 20 5
  wait_for "Yes"
  resize 80 24
  wait_for "Delete instrument 'Titan-1'?"
  keys n
  wait_for "Titan TEM" "Quit"
  keys q
  wait_for "END=0 icanon"
}

@test "Ctrl+Z gives the terminal to the shell, and fg brings the screen back as it was" {
  two_instruments
  manage
  wait_for "Titan TEM"
  keys a
  wait_for "Add New Instrument"
  typed Half-typed
  keys C-z
  wait_for "the shell before" "STOPPED icanon"
  [[ $(screen) != *"Add New Instrument"* ]]
  keys Enter
  wait_for "Add New Instrument" "Half-typed"
  typed -more
  wait_for "Half-typed-more"
  keys Escape
  wait_for "Titan TEM"
  keys q
  wait_for "END=0 icanon"
}

@test "SIGTSTP and SIGCONT from outside do the same" {
  two_instruments
  manage
  wait_for "Titan TEM"
  kill -TSTP "$(cat "$BATS_TEST_TMPDIR/pid")"
  wait_for "STOPPED icanon"
  keys Enter
  wait_for "Titan TEM" "Quit"
  keys q
  wait_for "END=0 icanon"
}

@test "every deadly signal gives the terminal back" {
  export ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}handle_abort=0:handle_sigfpe=0:handle_sigill=0:handle_sigbus=0
  two_instruments
  for signal in HUP:129 INT:130 QUIT:131 ILL:132 ABRT:134 BUS:135 FPE:136 USR1:138 PIPE:141 ALRM:142 XCPU:152 PROF:155; do
    manage
    wait_for "Titan TEM"
    kill -"${signal%:*}" "$(cat "$BATS_TEST_TMPDIR/pid")"
    wait_for "the shell before" "END=${signal#*:} icanon"
    teardown
  done
}

@test "the theme that was chosen is there at the next start" {
  two_instruments
  manage
  wait_for "Titan TEM"
  dark=$(tmux_of_test capture-pane -e -p | grep "Quanta SEM")
  keys C-t
  wait_for "Switched to light mode"
  light=$(tmux_of_test capture-pane -e -p | grep "Quanta SEM")
  keys q
  wait_for "END=0"
  teardown
  manage
  wait_for "Titan TEM"
  [ "$(tmux_of_test capture-pane -e -p | grep "Quanta SEM")" = "$light" ]
  [ "$light" != "$dark" ]
}

@test "wide characters, combining marks, emoji and scripts from the right keep the next column in its place" {
  make_database
  instrument P-1 plain "here|" | import
  instrument P-2 $'\u05e9\u05dc\u05d5\u05dd \u202e evil' "here|" | import
  instrument P-3 $'\u96fb\u5b50\u9855\u5fae\u93e1 e\u0301 \u1112\u1161\u11ab' "here|" | import
  instrument P-4 $'\U0001f52c \u0627\u0644\u0645\u062c\u0647\u0631 \u0378\u200d' "here|" | import
  instrument P-5 $'tab\there \x01\x7f' "here|" | import
  manage 140 24
  wait_for P-1 P-5 "here|"
  screen >"$BATS_TEST_TMPDIR/shown"
  run -0 python3 - "$BATS_TEST_TMPDIR/shown" <<'END'
import sys, unicodedata
def cells(text):
    return sum(0 if unicodedata.combining(c) or unicodedata.category(c) in ("Mn", "Cf") or 0x1160 <= ord(c) <= 0x11ff else
               2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)
places = {cells(line.split("here|")[0]) for line in open(sys.argv[1], encoding="utf-8") if "here|" in line}
print(len(places), "place")
END
  assert_output "1 place"
}
