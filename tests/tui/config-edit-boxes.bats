#!/usr/bin/env bats
# config edit: the boxes in which paths, certificates and choices are edited, and what is pasted (tui §4).
bats_require_minimum_version 1.5.0
load screen
load config-edit

@test "a folder whose name is not UTF-8 is chosen with its bytes" {
  settings
  mkdir -p $'place/Men\xfc'
  sed -i "s|^export.*|export NX_INSTRUMENT_DATA_PATH='$PWD/place/'|" .env
  edit
  wait_for "NX_DATA_PATH *"
  keys F3
  wait_for "Directories"
  keys BTab Down Down Down Space Tab Enter
  wait_until_gone "Directories"
  wait_for "Men�" "changed"
  keys C-s
  wait_for "Configuration saved"
  grep -aq $'^export NX_INSTRUMENT_DATA_PATH=.*/place/Men\xfc' .env
}

@test "a choice says what it means, and changes with Space" {
  settings
  edit
  wait_for "NX_DATA_PATH *"
  open_tab 3
  wait_for "‹ exclusive ›" "only files of a format that is known here"
  keys Space
  wait_for "‹ inclusive ›" "every file that was written during the session"
  keys Tab Space
  wait_for "‹ first_success ›" "destinations are tried by priority"
}

@test "certificates of several lines are pasted and edited in a box, and stored as they are" {
  settings
  edit
  wait_for "NX_DATA_PATH *"
  open_tab 8
  wait_for "NX_CERT_BUNDLE"
  keys Tab
  typed "-----BEGIN CERTIFICATE-----"
  wait_for "-----BEGIN CERTIFICATE-----" "OK"
  keys Enter
  typed MIIabc
  keys Enter
  typed "-----END CERTIFICATE-----"
  keys Tab Enter
  wait_until_gone "END CERTIFICATE"
  wait_for "****"
  [[ $(screen) != *MIIabc* ]]
  keys F2
  wait_for "MIIabc"
  keys C-s
  wait_for "Configuration saved"
  [ "$(sed -n '/^NX_CERT_BUNDLE=/,$p' .env | head -n 3)" = "NX_CERT_BUNDLE='-----BEGIN CERTIFICATE-----
MIIabc
-----END CERTIFICATE-----'" ]
}

@test "a pasted text of several lines is one text in its field, and presses nothing" {
  settings
  cp .env before
  edit 120
  wait_for "NX_DATA_PATH *"
  keys C-u
  pasted $'\n/one\r\ntwo\tthree\n\x13\x11\x1bfour\n/five\n/six\n/seven\n/eight\n/nine\n'
  wait_for " /one two three four /five /six /sev" "changed"
  [[ $(screen) != *END=* ]]
  typed /end
  wait_for "/nine/end"
  cmp before .env
  keys C-s
  wait_for "Configuration saved"
  grep -q "^export NX_INSTRUMENT_DATA_PATH='/one two three four /five /six /seven /eight /nine/end'" .env
  grep -q '^NX_DATA_PATH=/tmp ' .env
  grep -q '^NX_CDCS_URL=http://127.0.0.1:1/$' .env
}

@test "a text that is pasted into the field of certificates or into its box keeps its lines, and is typed nowhere but into the text" {
  settings
  edit
  wait_for "NX_DATA_PATH *"
  open_tab 8
  wait_for "NX_CERT_BUNDLE"
  keys Tab
  pasted $'?one\rtwo'
  wait_for "│?one" "│two" "Cancel"
  pasted $' with\ta tab\r\nthree\n'
  wait_for "│two with a tab" "│three"
  keys Tab # to the button
  pasted $'ook\n'
  typed x # nothing
  keys BTab
  typed end
  wait_for "│end"
  [[ $(screen) != *ook* ]]
  keys Tab Enter
  wait_until_gone "three"
  keys C-s
  wait_for "Configuration saved"
  [ "$(sed -n '/^NX_CERT_BUNDLE=/,$p' .env | head -n 4)" = "NX_CERT_BUNDLE='?one
two with a tab
three
end'" ]
}

@test "a box with a text survives a terminal that gets too small, with what was typed" {
  settings
  edit
  wait_for "NX_DATA_PATH *"
  keys F3
  wait_for "Directories"
  typed /x
  wait_for "│/tmp/x "
  resize 80 5
  wait_for "terminal too small"
  resize 80 24
  wait_for "Directories" "│/tmp/x "
  keys Tab Tab Enter
  wait_until_gone "Directories"
  open_tab 8
  wait_for "NX_CERT_BUNDLE"
  keys Tab
  typed first
  keys Enter
  typed second
  wait_for "│second"
  for size in "80 5" "20 24" "1 1"; do
    resize $size
    sleep 0.3
    resize 80 24
    wait_for "│first" "│second" "Cancel"
  done
  resize 60 16
  wait_for "│first" "│second" "Cancel"
  typed x
  keys Tab Enter
  wait_until_gone "Cancel>"
  resize 80 24
  keys F2
  wait_for "first"
  keys C-q
  wait_for "Unsaved Changes"
  keys y
  wait_for "END=0 icanon"
}

@test "a certificate whose lines are longer than the box holds is not cut without a word" {
  settings
  printf "NX_CERT_BUNDLE='%s\nshort'\n" "$(printf 'A%.0s' {1..3000})" >>.env
  cp .env before
  edit 100
  wait_for "NX_DATA_PATH *"
  open_tab 8
  wait_for "NX_CERT_BUNDLE"
  keys Tab Enter
  wait_for "longer than the box holds" "NX_CERT_BUNDLE_FILE"
  [[ $(screen) != *Cancel\>* ]]
  [[ $(screen) != *changed* ]]
  keys Escape
  wait_for "END=0 icanon"
  cmp before .env
  teardown
  settings
  edit 100
  wait_for "NX_DATA_PATH *"
  open_tab 8
  wait_for "NX_CERT_BUNDLE"
  keys Tab Enter
  wait_for "Cancel>"
  pasted "$(printf 'A%.0s' {1..3000})"
  keys Tab Enter
  wait_until_gone "Cancel>"
  wait_for "longer than the box holds"
  [[ $(screen) != *changed* ]]
}

@test "a certificate that was only looked at in its box stays as it is, its last line end too" {
  settings
  printf "NX_CERT_BUNDLE='one\ntwo\n'\n" >>.env
  edit
  wait_for "NX_DATA_PATH *"
  open_tab 8
  wait_for "NX_CERT_BUNDLE"
  keys Tab Enter
  wait_for "│two" "Cancel>"
  keys Down Down Tab Enter
  wait_until_gone "Cancel>"
  wait_for "****"
  [[ $(screen) != *changed* ]]
  keys Enter
  wait_for "│two" "Cancel>"
  typed x
  keys Tab Enter
  wait_for "changed"
}

@test "a path that is pasted into the choice of a folder does not press its button" {
  settings
  edit
  wait_for "NX_DATA_PATH *"
  keys F3
  wait_for "Directories"
  pasted $'/one\ntwo\n'
  wait_for "│/tmp/one two "
  keys Escape
  wait_until_gone "Directories"
}

@test "in a box with a text control characters are not typed, and Ctrl+Q quits as it does everywhere" {
  settings
  edit
  wait_for "NX_DATA_PATH *"
  open_tab 8
  wait_for "NX_CERT_BUNDLE"
  keys Tab Enter
  wait_for "OK"
  typed MIIab
  keys C-t C-v C-w C-g C-z C-k C-s C-_ C-a
  typed x
  keys C-e
  typed c
  wait_for "│xMIIabc "
  keys Tab Enter
  wait_for "changed" "****"
  keys F2
  wait_for " xMIIabc"
  keys Enter
  wait_for "OK"
  typed more
  keys C-q
  wait_for "Unsaved Changes" "NX_CERT_BUNDLE_FILE (optional)"
  keys C-q
  wait_for "Unsaved Changes"
  keys n
  wait_until_gone "Unsaved Changes"
  wait_for " xMIIabc"
  [[ $(screen) != *more* ]]
  keys Escape
  wait_for "Unsaved Changes"
  keys y
  wait_for "END=0 icanon"
}

@test "a path with blanks is typed into the choice of a folder, and Space copies a name out of its list" {
  settings
  mkdir -p "place/with blanks/in it"
  sed -i "s|^export.*|export NX_INSTRUMENT_DATA_PATH='$PWD/place/'|" .env
  edit
  wait_for "NX_DATA_PATH *"
  keys F3
  wait_for "Directories"
  typed "with b l"
  wait_for "/with b l "
  keys BSpace BSpace
  typed "lanks/"
  wait_for "/with blanks/ " "│in it "
  keys BTab Down Down Space
  wait_for "/with blanks/in it "
  keys Tab Enter
  wait_until_gone "Directories"
  wait_for "/with blanks/in it" "changed"
}

@test "the choice of a folder takes no control characters, and is left with Ctrl+C" {
  settings
  edit
  wait_for "NX_DATA_PATH *"
  keys F3
  wait_for "Directories"
  keys C-t C-v C-w C-g C-z C-k C-s C-]
  typed /x
  wait_for "│/tmp/x "
  keys C-c
  wait_for "END=0 icanon"
}

@test "a message is closed by q and by Ctrl+Q, which quits" {
  settings
  edit
  wait_for "NX_DATA_PATH *"
  open_tab 4
  wait_for "NEMO Harvester #3"
  press "Test connection"
  wait_for "Connection failed"
  keys q
  wait_until_gone "Connection failed"
  press "Test connection"
  wait_for "Connection failed"
  keys C-q
  wait_for "END=0 icanon"
}
