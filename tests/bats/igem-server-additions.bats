#!/usr/bin/env bats
# igem-server db upgrade and what a site has added to its database: what goes with a table that a step drops is named (igem-db §6).
bats_require_minimum_version 1.5.0
load lib
load igem-server
load postgres

teardown_file() { stop_postgres; }

setup() {
  set -o pipefail
  own_folder
}

lost() { echo "[WARNING] the $1 did not come along to $HEAD; make it again if it is still wanted"; }
warnings() { grep WARNING <<<"$stderr" | grep -v extension; }

@test "upgrade keeps a site's indexes and views of a table that it makes anew, and names the triggers and what cannot be kept" {
  igem-server --db-uri a.db db create >/dev/null 2>&1
  { into_state behind INTEGER
    echo "CREATE INDEX by_af ON variant_masters (af); CREATE INDEX by_id ON variant_masters (id, af);
      CREATE VIEW common AS SELECT rsid FROM variant_masters WHERE af > 0.01; CREATE VIEW numbers AS SELECT id FROM variant_masters;
      CREATE TABLE site (a); CREATE TRIGGER masters_t AFTER INSERT ON variant_masters BEGIN INSERT INTO site VALUES (1); END;
      CREATE TRIGGER site_t AFTER INSERT ON site BEGIN SELECT rsid FROM variant_masters; END"; } | sqlite3 a.db
  run --separate-stderr igem-server db upgrade --db-uri a.db
  assert_success
  assert_equal "$(warnings)" "$(lost 'index by_id of variant_masters')
$(lost 'trigger masters_t of variant_masters')
$(lost 'view numbers')"
  assert_equal "$(sqlite3 a.db "SELECT group_concat(name, ' ') FROM (SELECT name FROM sqlite_master
    WHERE type = 'view' OR type = 'trigger' OR tbl_name = 'variant_masters' AND sql LIKE 'CREATE INDEX%' ORDER BY name)")" "by_af common site_t"
}

@test "upgrade on PostgreSQL names the views, foreign keys, indexes and triggers that go with a table" {
  start_postgres
  A="postgresql://admin@/igem?host=$PG_FOLDER"
  igem-server --db-uri "$A" db create >/dev/null 2>&1
  psql -qXd igem -v ON_ERROR_STOP=1 -c "$(into_state behind BIGINT)
    CREATE VIEW common AS SELECT rsid FROM variant_masters WHERE af > 0.01; CREATE VIEW groups AS SELECT * FROM chemical_groups;
    CREATE TABLE site_notes (variant BIGINT CONSTRAINT of_variant REFERENCES variant_masters, gene BIGINT REFERENCES entities (id));
    CREATE INDEX by_af ON variant_masters (af); CREATE INDEX by_gene ON site_notes (gene);
    CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
    CREATE TRIGGER masters_t AFTER INSERT ON variant_masters FOR EACH STATEMENT EXECUTE FUNCTION nothing()" 2>/dev/null
  run --separate-stderr igem-server db upgrade --db-uri "$A"
  assert_success
  assert_equal "$(warnings)" "$(lost 'foreign key of_variant of site_notes')
$(lost 'index by_af of variant_masters')
$(lost 'trigger masters_t of variant_masters')
$(lost 'view common')"
}
