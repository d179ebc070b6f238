# What the tests of migrations share: a database of their own, and the one of the corpus.

setup() {
  set -o pipefail
  cd "$BATS_TEST_TMPDIR"
  export NX_DB_PATH=$BATS_TEST_TMPDIR/nexuslims.sqlite NX_TEST_TIME_SCALE=0.01
}

sql() { sqlite3 "$NX_DB_PATH" "$@"; }
version() { sql 'SELECT version_num FROM alembic_version'; }
backups() { find . -name '*_backup_*' | wc -l; }
# golden [FILE]: the database of the corpus at the baseline, with 41 session logs
golden() {
  need_corpus db
  install -m 644 "$CORPUS/db/v1_4_3.sqlite" "${1:-$NX_DB_PATH}"
}
head_with_rows() {
  golden
  nx-db upgrade >/dev/null
  rm -f ./*_backup_*
}
