# Shared by the tests of igem-server: no address of the person who runs them leaks in, and databases in every state (igem-db §4).
unset DATABASE_URL IGEM_DB_URI
HEAD=846c774a8f66 BASE=7a8b9c0d1e2f

# The tables that the head revision brought, in an order in which they can be dropped.
VARIANTS='variant_gene_regulatory_evidence variant_regulatory_elements variant_effect_predictions variant_molecular_effects variant_masters'

# own_folder: a scratch folder to be in, and a home folder beside it
own_folder() {
  mkdir -p "$BATS_TEST_TMPDIR/w" "$BATS_TEST_TMPDIR/home"
  export HOME=$BATS_TEST_TMPDIR/home
  cd "$BATS_TEST_TMPDIR/w"
}

# old_variants TYPE-OF-THE-KEY: variant_masters as it was before the head revision (igem-db §6)
old_variants() {
  cat <<SQL
CREATE TABLE variant_masters (id $1 NOT NULL PRIMARY KEY, entity_id BIGINT REFERENCES entities (id) ON DELETE CASCADE, chromosome INTEGER NOT NULL,
  position_start BIGINT NOT NULL, position_end BIGINT NOT NULL, reference_allele VARCHAR(64) NOT NULL, alternate_allele VARCHAR(256) NOT NULL,
  rsid VARCHAR(32), variant_type VARCHAR(20), allele_type VARCHAR(20), af FLOAT, cadd_phred FLOAT, revel_max FLOAT, spliceai_ds_max FLOAT,
  assembly_id INTEGER REFERENCES genome_assemblies (id) ON DELETE SET NULL, data_source_id INTEGER REFERENCES etl_data_sources (id) ON DELETE SET NULL,
  etl_package_id INTEGER REFERENCES etl_packages (id) ON DELETE SET NULL,
  CONSTRAINT uq_variant_masters_allele UNIQUE (chromosome, position_start, position_end, reference_allele, alternate_allele));
CREATE INDEX ix_variant_masters_entity_id ON variant_masters (entity_id);
CREATE INDEX ix_variant_masters_chromosome ON variant_masters (chromosome);
CREATE INDEX ix_variant_masters_rsid ON variant_masters (rsid);
CREATE INDEX ix_variant_masters_assembly_id ON variant_masters (assembly_id);
SQL
}

# into_state STATE TYPE-OF-THE-KEY: the SQL that takes a database at head there
into_state() {
  case $1 in
  at-head) ;;
  not-versioned) echo 'DROP TABLE alembic_version;' ;;
  version-empty) echo 'DELETE FROM alembic_version;' ;;
  behind)
    for table in $VARIANTS; do echo "DROP TABLE $table;"; done
    old_variants "$2"
    echo "UPDATE alembic_version SET version_num = '$BASE';"
    ;;
  unknown) echo "UPDATE alembic_version SET version_num = 'ffffffffffff';" ;;
  several) echo "INSERT INTO alembic_version VALUES ('$BASE');" ;;
  esac
}

# refute_changed FILE SUM: the file is what it was, byte for byte, and nothing lies beside it
refute_changed() {
  assert_equal "$(sha256sum <"$1")" "$2"
  assert_equal "$(ls "$1"*)" "$1"
}
