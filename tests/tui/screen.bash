# Drives a full-screen program in a terminal of its own: a tmux server on a socket of this test alone, ended by teardown.
load ../bats/lib

# A screen that does not come within this many tenths of a second will not come; a loaded machine is slow.
PATIENCE=${NX_TEST_PATIENCE:-600}

# The person whose terminal is meant; a test in which two work at once sets it.
PERSON=one

# Which server: one that has been told to end may still answer when the next is started.
SERVER=0

tmux_of_test() {
  tmux -L "nx-${BATS_ROOT_PID:-$$}-$BATS_SUITE_TEST_NUMBER-$SERVER" -f "$BATS_TEST_TMPDIR/tmux.conf" "$@"
}

# start_screen COLUMNS ROWS COMMAND… — the shell behind it says END=<exit status> and whether the terminal is in its ordinary mode. It has job
# control: a program that stops is said to be STOPPED, and goes on when Enter is pressed.
start_screen() {
  local columns=$1 rows=$2
  shift 2
  # curses keeps what it has read of a terminal until the end of the process.
  printf '%s\n' leak:libtinfo leak:libncursesw >"$BATS_TEST_TMPDIR/lsan"
  export LSAN_OPTIONS=suppressions=$BATS_TEST_TMPDIR/lsan:print_suppressions=0 XDG_CONFIG_HOME=$BATS_TEST_TMPDIR/home NX_TEST_COMMAND
  NX_TEST_COMMAND=$(printf '%q ' "$@")
  printf '%s\n' 'set -g status off' 'set -g set-clipboard on' 'set -sg escape-time 0' 'set -g default-terminal xterm-256color' >"$BATS_TEST_TMPDIR/tmux.conf"
  cat >"$BATS_TEST_TMPDIR/run" <<'END'
#!/bin/bash
set -m
trap : INT
echo "the shell before"
bash -c "echo \$\$ >'$BATS_TEST_TMPDIR/pid'; exec $NX_TEST_COMMAND"
status=$?
while [ -n "$(jobs -s)" ]; do
  echo "STOPPED $(stty -a | grep -oE -- '-?icanon')"
  read -r
  fg >/dev/null
  status=$?
done
echo "END=$status $(stty -a | grep -oE -- '-?icanon')"
exec sleep 600
END
  chmod +x "$BATS_TEST_TMPDIR/run"
  # On a loaded machine tmux 3.3a now and then "exited unexpectedly" before there is any session: then it is asked again.
  local tries=0
  until tmux_of_test new-session -d -s "$PERSON" -x "$columns" -y "$rows" "TERM=${SCREEN_TERM:-xterm-256color} $BATS_TEST_TMPDIR/run"; do
    tries=$((tries + 1))
    [ $tries -lt 3 ] || return 1
    [ "$PERSON" != one ] || SERVER=$((SERVER + 1))
  done
}

teardown() {
  tmux_of_test kill-server 2>/dev/null || true
  SERVER=$((SERVER + 1))
}

keys() {
  tmux_of_test send-keys -t "$PERSON" "$@"
}

# typed TEXT — as it is, no key names.
typed() {
  tmux_of_test send-keys -t "$PERSON" -l -- "$1"
}

# pasted TEXT — between the marks of a paste, when the program has asked for them.
pasted() {
  tmux_of_test set-buffer -- "$1"
  tmux_of_test paste-buffer -rp -t "$PERSON"
}

# click COLUMN ROW — from 1, press and release.
click() {
  typed $'\033'"[<0;$1;$2M"$'\033'"[<0;$1;$2m"
}

# double_click COLUMN ROW
double_click() {
  local once=$'\033'"[<0;$1;$2M"$'\033'"[<0;$1;$2m"
  typed "$once$once"
}

# wheel up|down COLUMN ROW
wheel() {
  typed $'\033'"[<$([ "$1" = up ] && echo 64 || echo 65);$2;$3M"
}

screen() {
  tmux_of_test capture-pane -t "$PERSON" -p
}

# wait_for TEXT… — until the screen shows all of them.
wait_for() {
  local i text shown all
  for ((i = 0; i < PATIENCE; i++)); do
    shown=$(screen 2>/dev/null) all=yes
    for text in "$@"; do
      [[ $shown == *"$text"* ]] || all=no
    done
    [ "$all" = yes ] && return 0
    sleep 0.1
  done
  fail "never shown together: $* -- last screen:"$'\n'"$shown"
}

# wait_until_gone TEXT
wait_until_gone() {
  local i
  for ((i = 0; i < PATIENCE; i++)); do
    [[ $(screen) == *"$1"* ]] || return 0
    sleep 0.1
  done
  fail "still shown: $1 -- $(screen)"
}

# line_of TEXT — the number of the first screen line that holds it, from 1.
line_of() {
  screen | grep -nF -- "$1" | head -n 1 | cut -d: -f1
}

resize() {
  tmux_of_test resize-window -t "$PERSON" -x "$1" -y "$2"
}

# instrument PID NAME [LOCATION] — a line for `instruments import`.
instrument() {
  jq -nc --arg pid "$1" --arg name "$2" --arg location "${3:-Building 1}" '{kind: "instrument", instrument_pid: $pid,
    api_url: ("https://nemo.example.com/api/tools/?id=" + ($pid | @uri)), calendar_url: "https://nemo.example.com/calendar/", location: $location,
    display_name: $name, property_tag: "T1", filestore_path: ("./" + $pid), harvester: "nemo", timezone: "America/Denver"}'
}

# make_database — an empty one at $NX_DB_PATH.
make_database() {
  export NX_DB_PATH=$BATS_TEST_TMPDIR/n.db
  nx-db init >/dev/null
}

import() {
  nx-db instruments import >/dev/null 2>&1
}

# start_as_nobody COLUMNS ROWS COMMAND… — for whom permissions hold, also when the tests are root's.
start_as_nobody() {
  local columns=$1 rows=$2
  shift 2
  [ "$(id -u)" = 0 ] || { start_screen "$columns" "$rows" "$@"; return; }
  setpriv --reuid=65534 --regid=65534 --clear-groups test -x "$(command -v nx-tui)" || skip "nobody cannot run the programs here"
  mkdir -p "$BATS_TEST_TMPDIR/home"
  chmod 777 "$BATS_TEST_TMPDIR/home"
  for folder in "$BATS_RUN_TMPDIR" "$BATS_RUN_TMPDIR/test" "$BATS_TEST_TMPDIR"; do chmod go+x "$folder"; done
  start_screen "$columns" "$rows" setpriv --reuid=65534 --regid=65534 --clear-groups "$@"
}
