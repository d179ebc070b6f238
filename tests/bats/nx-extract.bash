# What the tests of nx-extract share: an instrument with a note, lines, and an image without a corpus.

setup() {
  ROOT=$BATS_TEST_TMPDIR/instruments
  DATA=$BATS_TEST_TMPDIR/data
  mkdir -p "$ROOT/Quanta" "$DATA"
  export NX_INSTRUMENT_DATA_PATH=$ROOT NX_DATA_PATH=$DATA
  echo "a note" > "$ROOT/Quanta/note.txt"
  touch -d 2024-05-06T07:08:09Z "$ROOT/Quanta/note.txt"
}

# file_line PATH [JSON members]: a line, as nx-build-xml writes it.
file_line() {
  jq -nc --arg path "$1" "{kind: \"file\", path: \$path, instrument: {instrument_pid: \"FEI-Quanta\", timezone: \"America/Denver\"}} + ${2:-{\}}"
}

# A little-endian TIFF of one white pixel with FEI text in tag 34682, so that no corpus is needed.
make_fei_tiff() {
  python3 - "$1" "${2:-5000}" <<'PYTHON'
import struct, sys
text = ("[User]\r\nDate=01/02/2024\r\nUser=ned\r\nUserText=\xb5 \u2014 x\r\n[Beam]\r\nBeam=EBeam\r\n[EBeam]\r\nHV=%s\r\n" % sys.argv[2]).encode("latin-1", "replace") + b"\0"
tags = [(256, 3, 1, 1), (257, 3, 1, 1), (258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, 1), (273, 4, 1, 8), (277, 3, 1, 1), (278, 3, 1, 1),
        (279, 4, 1, 1), (34682, 2, len(text), 200)]
ifd = struct.pack("<H", len(tags)) + b"".join(struct.pack("<HHII", *t) for t in tags) + struct.pack("<I", 0)
data = (b"II*\0" + struct.pack("<I", 16) + b"\xff" + b"\0" * 7 + ifd).ljust(200, b"\0") + text
open(sys.argv[1], "wb").write(data)
PYTHON
}

# extract_lines OPTIONS…: runs the filter on $INPUT; its answers are $output, its log is in $LOG.
extract_lines() {
  LOG=$BATS_TEST_TMPDIR/log
  run bash -c 'nx-extract "$@" 2>"$0"' "$LOG" "$@" <<<"$INPUT"
}
