/* test-schema.c — the database of a schema through its life, with the IGEM schema: what `create` makes, where it stands, how it moves, what
 * seeds do, and that nothing which stops a run leaves it between two revisions. Expected numbers and rows: igem-db 4, 6, 7 and its
 * Appendices; every promise is checked on each engine that is there. */
#include "driver.h"
#include "schema.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define BASE "7a8b9c0d1e2f"
#define HEAD "846c774a8f66"

/* ---------------------------------------------------------------------------------------------------------- engines */

/* What is said differently to the two engines. */
typedef struct {
  const char *name;
  const char *objects;      /* one line of text for each fact about the schema, sorted */
  const char *old_variants; /* variant_masters as it was at the base (igem-db 6) */
  const char *plain_tables; /* number of tables that are no partition */
  const char *columns, *indexes;
} Engine;

#define OLD_VARIANT_COLUMNS                                                                                                                \
  "entity_id BIGINT REFERENCES entities (id) ON DELETE CASCADE, chromosome INTEGER NOT NULL, position_start BIGINT NOT NULL, "             \
  "position_end BIGINT NOT NULL, reference_allele VARCHAR(64) NOT NULL, alternate_allele VARCHAR(256) NOT NULL, rsid VARCHAR(32), "        \
  "variant_type VARCHAR(20), allele_type VARCHAR(20), af FLOAT, cadd_phred FLOAT, revel_max FLOAT, spliceai_ds_max FLOAT, "                \
  "assembly_id INTEGER REFERENCES genome_assemblies (id) ON DELETE SET NULL, "                                                             \
  "data_source_id INTEGER REFERENCES etl_data_sources (id) ON DELETE SET NULL, "                                                           \
  "etl_package_id INTEGER REFERENCES etl_packages (id) ON DELETE SET NULL, CONSTRAINT uq_variant_masters_allele UNIQUE (chromosome, "      \
  "position_start, position_end, reference_allele, alternate_allele));"                                                                    \
  "CREATE INDEX ix_variant_masters_entity_id ON variant_masters (entity_id);"                                                              \
  "CREATE INDEX ix_variant_masters_chromosome ON variant_masters (chromosome);"                                                            \
  "CREATE INDEX ix_variant_masters_rsid ON variant_masters (rsid);"                                                                        \
  "CREATE INDEX ix_variant_masters_assembly_id ON variant_masters (assembly_id);"

static const Engine SQLITE = {
    .name = "sqlite",
    .objects = "SELECT t.name || ' column ' || c.cid || ' ' || c.name || ' ' || c.type || ' ' || c.\"notnull\" || ' ' || "
               "coalesce(c.dflt_value, '-') || ' ' || c.pk FROM sqlite_master t, pragma_table_xinfo(t.name) c WHERE t.type = 'table' "
               "UNION ALL SELECT t.name || ' index ' || i.name || ' ' || i.\"unique\" || ' ' || i.origin || ' ' || "
               "(SELECT group_concat(name, ',') FROM pragma_index_info(i.name)) FROM sqlite_master t, pragma_index_list(t.name) i "
               "WHERE t.type = 'table' "
               "UNION ALL SELECT t.name || ' key ' || f.\"from\" || ' ' || f.\"table\" || ' ' || f.\"to\" || ' ' || f.on_delete "
               "FROM sqlite_master t, pragma_foreign_key_list(t.name) f WHERE t.type = 'table' "
               "UNION ALL SELECT name || ' text ' || replace(sql, ' IF NOT EXISTS', '') FROM sqlite_master WHERE sql IS NOT NULL "
               "ORDER BY 1",
    .old_variants = "CREATE TABLE variant_masters (id INTEGER NOT NULL PRIMARY KEY, " OLD_VARIANT_COLUMNS,
    .plain_tables = "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name <> 'alembic_version'",
    .columns = "SELECT count(*) FROM sqlite_master t, pragma_table_xinfo(t.name) WHERE t.type = 'table' AND t.name <> 'alembic_version'",
    .indexes = "SELECT count(*) FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL",
};

#define OURS "n.nspname = current_schema()"

static const Engine POSTGRESQL = {
    .name = "postgresql",
    .objects = "SELECT c.relname || ' column ' || a.attnum || ' ' || a.attname || ' ' || format_type(a.atttypid, a.atttypmod) || ' ' || "
               "a.attnotnull || ' ' || coalesce(pg_get_expr(d.adbin, d.adrelid), '-') || ' ' || a.attidentity::text COLLATE \"C\" "
               "FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace "
               "LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum WHERE " OURS
               " AND c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped "
               "UNION ALL SELECT c.relname || ' constraint ' || k.conname || ' ' || pg_get_constraintdef(k.oid) FROM pg_constraint k "
               "JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE " OURS
               " UNION ALL SELECT c.relname || ' index ' || pg_get_indexdef(x.indexrelid) FROM pg_index x "
               "JOIN pg_class c ON c.oid = x.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE " OURS
               " UNION ALL SELECT c.relname || ' partition ' || p.relname || ' ' || pg_get_expr(c.relpartbound, c.oid) FROM pg_inherits i "
               "JOIN pg_class c ON c.oid = i.inhrelid JOIN pg_class p ON p.oid = i.inhparent JOIN pg_namespace n ON n.oid = c.relnamespace "
               "WHERE " OURS " AND c.relkind = 'r' "
               "UNION ALL SELECT t.typname || ' type ' || e.enumsortorder || ' ' || e.enumlabel FROM pg_enum e "
               "JOIN pg_type t ON t.oid = e.enumtypid ORDER BY 1",
    .old_variants = "CREATE TABLE variant_masters (id BIGSERIAL NOT NULL PRIMARY KEY, " OLD_VARIANT_COLUMNS,
    .plain_tables = "SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE " OURS
                    " AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relname <> 'alembic_version'",
    .columns = "SELECT count(*) FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace "
               "WHERE " OURS " AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relname <> 'alembic_version' AND a.attnum > 0",
    .indexes =
        "SELECT count(*) FROM pg_index x JOIN pg_class c ON c.oid = x.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE " OURS
        " AND NOT EXISTS (SELECT 1 FROM pg_constraint WHERE conindid = x.indexrelid)",
};

/* ---------------------------------------------------------------------------------------------------------- places */

/* The folder of the server, and that of databases which others are copied from. */
static char *server_folder, *first_folder;
static GPid server;

/* One database, and the folder that its test may fill. */
typedef struct {
  const Engine *engine;
  NxSchema *schema;
  char *folder, *address;
  GPtrArray *events; /* one line of text for each */
  NxWatcher watcher;
} Place;

static const char *const EVENT_NAMES[] = {
    [NX_EVENT_DATABASE_MADE] = "database made",
    [NX_EVENT_EXTENSION] = "extension",
    [NX_EVENT_TABLES] = "tables",
    [NX_EVENT_SEEDS] = "seeds",
    [NX_EVENT_SEEDED] = "seeded",
    [NX_EVENT_STAMPING] = "stamping",
    [NX_EVENT_STAMPED] = "stamped",
    [NX_EVENT_AT_HEAD] = "at head",
    [NX_EVENT_MIGRATING] = "migrating",
    [NX_EVENT_MIGRATED] = "migrated",
    [NX_EVENT_WARNING] = "warning",
    [NX_EVENT_LINE] = "line",
};

/* "seeded SystemConfig 4 0 0", "migrated 7a8b9c0d1e2f 846c774a8f66", "stamped 846c774a8f66" */
static void remember(const NxEvent *event, gpointer user_data)
{
  Place *place = user_data;
  GString *line = g_string_new(EVENT_NAMES[event->kind]);
  if (event->from)
    g_string_append_printf(line, " %s", event->from);
  if (event->text)
    g_string_append_printf(line, " %s", event->text);
  if (event->kind == NX_EVENT_SEEDED)
    g_string_append_printf(line, " %d %d %d", (int)event->created, (int)event->updated, (int)event->skipped);
  g_ptr_array_add(place->events, g_string_free(line, FALSE));
}

static void remove_tree(const char *path)
{
  g_autoptr(GDir) folder = g_dir_open(path, 0, NULL);
  const char *name = NULL;
  while (folder && (name = g_dir_read_name(folder))) {
    g_autofree char *inside = g_build_filename(path, name, NULL);
    remove_tree(inside);
  }
  g_remove(path);
}

static char *fresh_address(const Engine *engine, const char *folder);
static void copy_database(const Engine *engine, const char *from, const char *to);

static Place *place_new(const Engine *engine)
{
  g_autoptr(GError) error = NULL;
  Place *place = g_new0(Place, 1);
  place->engine = engine;
  place->folder = g_dir_make_tmp("nx-schema-XXXXXX", NULL);
  place->address = fresh_address(engine, place->folder);
  place->schema = nx_schema_load("igem", &error);
  place->events = g_ptr_array_new_with_free_func(g_free);
  place->watcher = (NxWatcher){.happened = remember, .user_data = place};
  g_assert_no_error(error);
  return place;
}

static void place_free(Place *place)
{
  nx_schema_free(place->schema);
  g_ptr_array_unref(place->events);
  remove_tree(place->folder);
  g_free(place->folder);
  g_free(place->address);
  g_free(place);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Place, place_free)

static gboolean happened(const Place *place, const char *line)
{
  return g_ptr_array_find_with_equal_func(place->events, line, g_str_equal, NULL);
}

static gboolean was_warned(const Place *place, const char *part)
{
  for (guint i = 0; i < place->events->len; i++)
    if (g_str_has_prefix(place->events->pdata[i], "warning") && strstr(place->events->pdata[i], part))
      return TRUE;
  return FALSE;
}

static gint64 number(const Place *place, const char *sql)
{
  gint64 n = -1;
  g_autoptr(GError) error = NULL;
  g_autoptr(NxDb) db = nx_db_open(place->address, NX_DB_READ, &error);
  g_assert_no_error(error);
  nx_db_number(db, &n, &error, sql, NULL);
  g_assert_no_error(error);
  return n;
}

static char *text(const Place *place, const char *sql)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(NxDb) db = nx_db_open(place->address, NX_DB_READ, &error);
  g_assert_no_error(error);
  g_autoptr(NxRows) rows = nx_db_select(db, &error, sql, NULL);
  g_assert_no_error(error);
  GString *lines = g_string_new(NULL);
  while (nx_rows_next(rows))
    for (guint i = 0; i < nx_rows_columns(rows); i++)
      g_string_append_printf(lines, "%s%s", i ? "|" : lines->len ? "\n" : "", nx_rows_text(rows, i) ? nx_rows_text(rows, i) : "(null)");
  nx_rows_finish(rows, &error);
  g_assert_no_error(error);
  return g_string_free(lines, FALSE);
}

static void assert_text(const Place *place, const char *sql, const char *expected)
{
  g_autofree char *answer = text(place, sql);
  g_assert_cmpstr(answer, ==, expected);
}

static void run(const Place *place, const char *sql)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(NxDb) db = nx_db_open(place->address, NX_DB_WRITE, &error);
  g_assert_no_error(error);
  nx_db_script(db, sql, &error);
  g_assert_no_error(error);
}

static void create(Place *place)
{
  gboolean existed = TRUE;
  g_autoptr(GError) error = NULL;
  nx_schema_create(place->schema, place->address, FALSE, &place->watcher, &existed, &error);
  g_assert_no_error(error);
  g_assert_false(existed);
}

/* What `create` makes, copied from the first one that it made. */
static void have(Place *place)
{
  static GHashTable *first = NULL;
  if (!first)
    first = g_hash_table_new(NULL, NULL);
  const Engine *engine = place->engine;
  char *address = g_hash_table_lookup(first, engine);
  if (!address) {
    g_autofree char *usual = g_steal_pointer(&place->address);
    address = fresh_address(engine, first_folder);
    place->address = g_strdup(address);
    create(place);
    g_free(place->address);
    place->address = g_steal_pointer(&usual);
    g_hash_table_insert(first, (gpointer)engine, address);
  }
  copy_database(engine, address, place->address);
  g_ptr_array_set_size(place->events, 0);
}

/* The database of release 0.2.0: the head without what the one migration brings. */
static void create_behind(Place *place)
{
  have(place);
  run(place, "DROP TABLE variant_gene_regulatory_evidence; DROP TABLE variant_regulatory_elements; DROP TABLE variant_effect_predictions; "
             "DROP TABLE variant_molecular_effects; DROP TABLE variant_masters");
  run(place, place->engine->old_variants);
  run(place, "UPDATE alembic_version SET version_num = '" BASE "'");
  g_ptr_array_set_size(place->events, 0);
}

static void insert_old_variant(const Place *place)
{
  run(place, "INSERT INTO variant_masters (chromosome, position_start, position_end, reference_allele, alternate_allele) "
             "VALUES (1, 100, 101, 'A', 'C')");
}

static void assert_state(const Place *place, NxState expected, const char *revision)
{
  g_autofree char *found = NULL;
  g_autoptr(GError) error = NULL;
  g_assert_cmpint(nx_schema_state(place->schema, place->address, &found, &error), ==, expected);
  g_assert_cmpstr(found, ==, revision);
}

static gboolean upgrade(Place *place, gboolean allow_data_loss, GError **err)
{
  return nx_schema_upgrade(place->schema, place->address, allow_data_loss, &place->watcher, err);
}

static void assert_upgrades(Place *place)
{
  g_autoptr(GError) error = NULL;
  upgrade(place, FALSE, &error);
  g_assert_no_error(error);
}

/* -------------------------------------------------------------------------------------------------------- migrations */

static char *repository_migrations(void)
{
  return g_test_build_filename(G_TEST_DIST, "..", "migrations", NULL);
}

static NxSchema *load_from(const char *root, GError **err)
{
  g_autofree char *usual = repository_migrations();
  g_setenv("NX_MIGRATIONS_PATH", root, TRUE);
  NxSchema *schema = nx_schema_load("igem", err);
  g_setenv("NX_MIGRATIONS_PATH", usual, TRUE);
  return schema;
}

static void copy_tree(const char *from, const char *to)
{
  g_autoptr(GDir) folder = g_dir_open(from, 0, NULL);
  const char *name = NULL;
  g_assert_cmpint(g_mkdir_with_parents(to, 0755), ==, 0);
  while ((name = g_dir_read_name(folder))) {
    g_autofree char *source = g_build_filename(from, name, NULL), *target = g_build_filename(to, name, NULL), *content = NULL;
    gsize length = 0;
    if (g_file_test(source, G_FILE_TEST_IS_DIR)) {
      copy_tree(source, target);
      continue;
    }
    g_assert_true(g_file_get_contents(source, &content, &length, NULL));
    g_assert_true(g_file_set_contents(target, content, (gssize)length, NULL));
  }
}

/* A copy of the schema's folder that the test may change: `name` gets `content` (NULL: it is removed). The place has the new one. */
static void change_schema(Place *place, const char *name, const char *content)
{
  g_autoptr(GError) error = NULL;
  g_autofree char *root = g_build_filename(place->folder, "migrations", NULL), *folder = g_build_filename(root, "igem", NULL);
  g_autofree char *path = g_build_filename(folder, name, NULL);
  if (!g_file_test(folder, G_FILE_TEST_IS_DIR))
    copy_tree(nx_schema_folder(place->schema), folder);
  if (content)
    g_assert_true(g_file_set_contents(path, content, -1, NULL));
  else
    g_assert_cmpint(g_remove(path), ==, 0);
  nx_schema_free(place->schema);
  place->schema = load_from(root, &error);
  g_assert_no_error(error);
}

#define NEXT_REVISION "aaaa774a8f66"

/* A further revision, so that head is the one after HEAD. */
static void add_revision(Place *place, const char *statements)
{
  g_autofree char *up = g_strdup_printf("-- revision: " NEXT_REVISION "\n-- parent: " HEAD "\n-- title: A further step.\n\n%s", statements);
  g_autofree char *root = g_build_filename(place->folder, "migrations", "igem", NULL);
  g_autofree char *down = g_build_filename(root, NEXT_REVISION "_further.down.sql", NULL);
  copy_tree(nx_schema_folder(place->schema), root);
  g_assert_true(g_file_set_contents(down, "", -1, NULL));
  change_schema(place, NEXT_REVISION "_further.up.sql", up);
}

/* ------------------------------------------------------------------------------------------------------------ create */

static void test_create(gconstpointer engine)
{
  g_autoptr(Place) place = place_new(engine);
  create(place);
  g_assert_cmpint(number(place, place->engine->plain_tables), ==, 45);
  g_assert_cmpint(number(place, place->engine->columns), ==, 388);
  g_assert_cmpint(number(place, place->engine->indexes), ==, 59);
  assert_state(place, NX_STATE_AT_HEAD, HEAD);
  assert_text(place, "SELECT schema_version, schema_revision, etl_version FROM igem_metadata", "0.1.0|" HEAD "|0.1.0");
}

static const struct {
  const char *label, *table;
  int rows;
} SEEDS[] = {
    {"SystemConfig", "system_config", 4},
    {"IgemMetadata", "igem_metadata", 1},
    {"ETLSourceSystem", "etl_source_systems", 25},
    {"ETLDataSource", "etl_data_sources", 52},
    {"EntityType", "entity_types", 14},
    {"EntityRelationshipType", "entity_relationship_types", 18},
    {"GenomeAssembly", "genome_assemblies", 2},
    {"ChemicalGroup", "chemical_groups", 9},
};

static void test_create_events(gconstpointer engine)
{
  g_autoptr(Place) place = place_new(engine);
  guint at = 0;
  create(place);
  for (guint i = 0; i < place->events->len; i++)
    if (g_str_has_prefix(place->events->pdata[i], "seeded")) {
      g_autofree char *expected = g_strdup_printf("seeded %s %d 0 0", SEEDS[at].label, SEEDS[at].rows);
      g_assert_cmpstr(place->events->pdata[i], ==, expected);
      at++;
    }
  g_assert_cmpuint(at, ==, G_N_ELEMENTS(SEEDS));
  g_assert_cmpstr(place->events->pdata[place->events->len - 1], ==, "stamped " HEAD);
  for (gsize i = 0; i < G_N_ELEMENTS(SEEDS); i++) {
    g_autofree char *sql = g_strdup_printf("SELECT count(*) FROM %s", SEEDS[i].table);
    g_assert_cmpint(number(place, sql), ==, SEEDS[i].rows);
  }
}

static void test_seeded_rows(gconstpointer engine)
{
  g_autoptr(Place) place = place_new(engine);
  have(place);
  assert_text(place, "SELECT id, name, domain FROM entity_types WHERE id IN (1, 8, 14) ORDER BY id",
              "1|Variants|Genomics\n8|Diseases|Exposome\n14|Anatomy|Knowledge");
  assert_text(place, "SELECT id, code FROM entity_relationship_types WHERE id IN (1, 9, 18) ORDER BY id", "1|is_a\n9|GxG\n18|responds_to");
  assert_text(place, "SELECT id, name FROM chemical_groups WHERE id IN (1, 9) ORDER BY id", "1|Metabolite\n9|Amino-Acid");
  assert_text(place, "SELECT accession, assembly_name, chromosome FROM genome_assemblies ORDER BY accession",
              "GCF_000001405.25|GRCh37.p13|(null)\nGCF_000001405.40|GRCh38.p14|(null)");
  assert_text(place, "SELECT key, value, type FROM system_config WHERE editable IS TRUE ORDER BY key",
              "data_root|igem_data|string\nnlp_confidence_threshold|0.75|float\nnlp_model|en_core_sci_sm|string");
  assert_text(place,
              "SELECT d.name, s.name, d.format, d.dtp_script, d.source_url FROM etl_data_sources d JOIN etl_source_systems s "
              "ON s.id = d.source_system_id WHERE d.name IN ('chemical_groups', 'variant_gnomad_chrx') ORDER BY d.name",
              "chemical_groups|IGEM|internal|dtp_chemical_groups|(null)\n"
              "variant_gnomad_chrx|gnomAD|VCF|dtp_variant_gnomad|https://storage.googleapis.com/gcp-public-data--gnomad/release/4.1/vcf/"
              "genomes/gnomad.genomes.v4.1.sites.chrX.vcf.bgz");
  assert_text(place, "SELECT name FROM etl_data_sources WHERE active IS NOT TRUE", "pubmed_nlp");
  g_assert_cmpint(number(place, "SELECT count(*) FROM etl_source_systems WHERE active IS TRUE"), ==, 25);
}

static void test_create_existing(gconstpointer engine)
{
  g_autoptr(Place) place = place_new(engine);
  g_autoptr(GError) error = NULL;
  gboolean existed = FALSE;
  have(place);
  run(place, "DELETE FROM chemical_groups");
  g_assert_true(nx_schema_create(place->schema, place->address, FALSE, &place->watcher, &existed, &error));
  g_assert_true(existed);
  g_assert_cmpint(number(place, "SELECT count(*) FROM chemical_groups"), ==, 0);
}

static void test_create_completes(gconstpointer engine)
{
  g_autoptr(Place) place = place_new(engine);
  g_autoptr(GError) error = NULL;
  gboolean existed = TRUE;
  have(place);
  g_autofree char *before = text(place, place->engine->objects);
  run(place, "DROP TABLE go_relations; DROP TABLE chemical_group_memberships; DROP TABLE variant_effect_predictions");
  run(place, "DROP INDEX ix_disease_masters_icd10");
  g_ptr_array_set_size(place->events, 0);
  g_assert_true(nx_schema_create(place->schema, place->address, TRUE, &place->watcher, &existed, &error));
  g_assert_false(existed);
  g_assert_true(happened(place, "at head " HEAD));
  /* A table that was there is never altered: its lost index stays lost. */
  g_assert_cmpint(number(place, place->engine->indexes), ==, 58);
  run(place, "CREATE INDEX ix_disease_masters_icd10 ON disease_masters (icd10)");
  assert_text(place, place->engine->objects, before);
}

static void test_create_overwrite_behind(gconstpointer engine)
{
  g_autoptr(Place) place = place_new(engine);
  g_autoptr(GError) error = NULL;
  gboolean existed = TRUE;
  create_behind(place);
  g_assert_false(nx_schema_create(place->schema, place->address, TRUE, &place->watcher, &existed, &error));
  g_assert_error(error, NX_STATE_ERROR, NX_STATE_BEHIND);
  g_assert_cmpuint(place->events->len, ==, 0);
}

static void test_create_fails_whole(gconstpointer engine)
{
  g_autoptr(Place) place = place_new(engine);
  g_autoptr(GError) error = NULL;
  gboolean existed = TRUE;
  change_schema(place, "seeds/initial_chemical_groups.json",
                "{\"chemical_groups\": [{\"id\": 1, \"name\": \"a\"}, {\"id\": 1, \"name\": \"b\"}]}");
  g_assert_false(nx_schema_create(place->schema, place->address, FALSE, &place->watcher, &existed, &error));
  g_assert_true(g_str_has_prefix(error->message, "initial_chemical_groups.json, row 2: "));
  assert_state(place, NX_STATE_NO_DATABASE, NULL);
}

/* ------------------------------------------------------------------------------------------------------------ states */

static void make_not_versioned(Place *place)
{
  have(place);
  run(place, "DROP TABLE alembic_version");
}

static void make_version_empty(Place *place)
{
  have(place);
  run(place, "DELETE FROM alembic_version");
}

static void make_unknown(Place *place)
{
  have(place);
  run(place, "UPDATE alembic_version SET version_num = 'ffffffffffff'");
}

static void make_several(Place *place)
{
  have(place);
  run(place, "INSERT INTO alembic_version VALUES ('" BASE "')");
}

static void make_empty(Place *place)
{
  make_not_versioned(place);
  g_autoptr(GString) drops = g_string_new(NULL);
  for (const char *const *table = nx_schema_tables(place->schema); *table; table++)
    g_string_append_printf(drops, "DROP TABLE %s%s;", *table, place->engine == &SQLITE ? "" : " CASCADE");
  run(place, drops->str);
}

/* A row a state of igem-db 4. FAILED in a column: it is done, without an error. */
static const struct {
  const char *name;
  void (*make)(Place *place);
  NxState state;
  const char *revision;
  NxState upgrade, stamp, force;
} STATES[] = {
    {"empty", make_empty, NX_STATE_EMPTY, NULL, NX_STATE_EMPTY, NX_STATE_FAILED, NX_STATE_FAILED},
    {"not versioned", make_not_versioned, NX_STATE_NOT_VERSIONED, NULL, NX_STATE_NOT_VERSIONED, NX_STATE_FAILED, NX_STATE_FAILED},
    {"version empty", make_version_empty, NX_STATE_VERSION_EMPTY, NULL, NX_STATE_VERSION_EMPTY, NX_STATE_VERSION_EMPTY, NX_STATE_FAILED},
    {"behind", create_behind, NX_STATE_BEHIND, BASE, NX_STATE_FAILED, NX_STATE_BEHIND, NX_STATE_FAILED},
    {"at head", have, NX_STATE_AT_HEAD, HEAD, NX_STATE_FAILED, NX_STATE_FAILED, NX_STATE_FAILED},
    {"unknown", make_unknown, NX_STATE_UNKNOWN_REVISION, "ffffffffffff", NX_STATE_UNKNOWN_REVISION, NX_STATE_UNKNOWN_REVISION,
     NX_STATE_FAILED},
    {"several", make_several, NX_STATE_SEVERAL_ROWS, NULL, NX_STATE_SEVERAL_ROWS, NX_STATE_SEVERAL_ROWS, NX_STATE_FAILED},
};

typedef enum { UPGRADE, STAMP, FORCE, COMMANDS } Command;

static NxState refusal_of(gsize row, Command command)
{
  return command == UPGRADE ? STATES[row].upgrade : command == STAMP ? STATES[row].stamp : STATES[row].force;
}

static gboolean give(Place *place, Command command, GError **err)
{
  return command == UPGRADE ? upgrade(place, FALSE, err)
                            : nx_schema_stamp_head(place->schema, place->address, command == FORCE, &place->watcher, err);
}

static Place *place_in_state(const Engine *engine, gsize row)
{
  Place *place = place_new(engine);
  STATES[row].make(place);
  assert_state(place, STATES[row].state, STATES[row].revision);
  return place;
}

/* What is refused changes nothing. */
static void check_refusals(const Engine *engine, gsize row)
{
  g_autoptr(Place) place = place_in_state(engine, row);
  g_autofree char *before = text(place, place->engine->objects);
  for (Command command = UPGRADE; command < COMMANDS; command++) {
    g_autoptr(GError) error = NULL;
    if (refusal_of(row, command) == NX_STATE_FAILED)
      continue;
    g_assert_false(give(place, command, &error));
    g_assert_error(error, NX_STATE_ERROR, (int)refusal_of(row, command));
    assert_state(place, STATES[row].state, STATES[row].revision);
    assert_text(place, place->engine->objects, before);
  }
}

static void check_success(const Engine *engine, gsize row, Command command)
{
  g_autoptr(Place) place = place_in_state(engine, row);
  g_autoptr(GError) error = NULL;
  g_assert_true(give(place, command, &error));
  g_assert_no_error(error);
  assert_state(place, NX_STATE_AT_HEAD, HEAD);
}

static void test_states(gconstpointer engine)
{
  for (gsize row = 0; row < G_N_ELEMENTS(STATES); row++) {
    g_test_message("%s", STATES[row].name);
    check_refusals(engine, row);
    /* The server's databases take their time to copy, and igem-server-states.bats has every cell on both engines. */
    for (Command command = UPGRADE; engine == &SQLITE && command < COMMANDS; command++)
      if (refusal_of(row, command) == NX_STATE_FAILED)
        check_success(engine, row, command);
  }
}

static void test_no_database(gconstpointer engine)
{
  g_autoptr(Place) place = place_new(engine);
  g_autoptr(GError) state_error = NULL, upgrade_error = NULL, stamp_error = NULL;
  g_assert_cmpint(nx_schema_state(place->schema, place->address, NULL, &state_error), ==, NX_STATE_NO_DATABASE);
  g_assert_nonnull(state_error);
  g_assert_false(upgrade(place, FALSE, &upgrade_error));
  g_assert_error(upgrade_error, NX_STATE_ERROR, NX_STATE_NO_DATABASE);
  g_assert_false(nx_schema_stamp_head(place->schema, place->address, TRUE, &place->watcher, &stamp_error));
  g_assert_error(stamp_error, NX_STATE_ERROR, NX_STATE_NO_DATABASE);
}

static void test_no_database_files(void)
{
  g_autoptr(Place) place = place_new(&SQLITE);
  g_autoptr(GError) folder_error = NULL, file_error = NULL;
  g_autofree char *expected = g_strdup_printf("%s is a directory, not a database or snapshot", place->folder);
  g_assert_cmpint(nx_schema_state(place->schema, place->folder, NULL, &folder_error), ==, NX_STATE_FAILED);
  g_assert_cmpstr(folder_error->message, ==, expected);
  g_assert_true(g_file_set_contents(place->address, "This is no database, whatever its name may say of it.\n", -1, NULL));
  g_assert_cmpint(nx_schema_state(place->schema, place->address, NULL, &file_error), ==, NX_STATE_FAILED);
  g_assert_error(file_error, NX_ERROR, NX_ERROR_FORMAT);
}

static void test_stamp_warns(gconstpointer engine)
{
  g_autoptr(Place) place = place_new(engine);
  g_autoptr(GError) error = NULL;
  make_not_versioned(place);
  run(place, "DROP TABLE go_relations");
  run(place, "ALTER TABLE go_masters RENAME COLUMN namespace TO namespaces");
  g_assert_true(nx_schema_stamp_head(place->schema, place->address, FALSE, &place->watcher, &error));
  g_assert_true(was_warned(place, "lacks column go_masters.namespace, table go_relations"));
}

/* ----------------------------------------------------------------------------------------------------------- upgrade */

static void test_head_is_base_migrated(gconstpointer engine)
{
  g_autoptr(Place) migrated = place_new(engine), made = place_new(engine);
  have(made);
  create_behind(migrated);
  g_autofree char *expected = text(made, made->engine->objects), *behind = text(migrated, migrated->engine->objects);
  g_assert_cmpstr(behind, !=, expected);
  assert_upgrades(migrated);
  assert_text(migrated, migrated->engine->objects, expected);
  assert_state(migrated, NX_STATE_AT_HEAD, HEAD);
}

static void test_upgrade_events(gconstpointer engine)
{
  g_autoptr(Place) place = place_new(engine);
  create_behind(place);
  assert_upgrades(place);
  g_assert_cmpstr(place->events->pdata[0], ==, "migrating " BASE);
  g_assert_cmpstr(place->events->pdata[1], ==, "migrated " BASE " " HEAD);
  g_assert_cmpstr(place->events->pdata[2], ==, "seeds");
  g_assert_cmpstr(place->events->pdata[3], ==, "seeded SystemConfig 0 4 0");
  g_ptr_array_set_size(place->events, 0);
  assert_upgrades(place);
  g_assert_cmpstr(place->events->pdata[0], ==, "at head " HEAD);
  for (gsize i = 0; i < G_N_ELEMENTS(SEEDS); i++) {
    g_autofree char *expected = g_strdup_printf("seeded %s 0 %d 0", SEEDS[i].label, SEEDS[i].rows);
    g_assert_true(happened(place, expected));
  }
}

static void test_mirror(gconstpointer engine)
{
  g_autoptr(Place) place = place_new(engine);
  create_behind(place);
  run(place, "UPDATE igem_metadata SET schema_revision = '" BASE "'");
  assert_upgrades(place);
  assert_text(place, "SELECT schema_revision FROM igem_metadata", HEAD);
}

static void test_data_loss(gconstpointer engine)
{
  g_autoptr(Place) place = place_new(engine);
  g_autoptr(GError) refusal = NULL, error = NULL;
  create_behind(place);
  insert_old_variant(place);
  g_assert_false(upgrade(place, FALSE, &refusal));
  g_assert_error(refusal, NX_STATE_ERROR, NX_STATE_BEHIND);
  g_assert_cmpstr(refusal->message, ==, "the step to " HEAD " would destroy the rows of variant_masters");
  assert_state(place, NX_STATE_BEHIND, BASE);
  g_assert_cmpint(number(place, "SELECT count(*) FROM variant_masters"), ==, 1);
  upgrade(place, TRUE, &error);
  g_assert_no_error(error);
  g_assert_cmpint(number(place, "SELECT count(*) FROM variant_masters"), ==, 0);
}

/* Both pending steps are one transaction: the second fails, and the first has not happened either. */
static void test_failure_rolls_back(gconstpointer engine)
{
  g_autoptr(Place) place = place_new(engine);
  g_autoptr(GError) error = NULL;
  create_behind(place);
  add_revision(place, "CREATE TABLE further (id INTEGER);\nINSERT INTO nowhere VALUES (1);\n");
  g_autofree char *before = text(place, place->engine->objects);
  g_assert_false(upgrade(place, FALSE, &error));
  g_assert_nonnull(strstr(error->message, "nowhere"));
  assert_state(place, NX_STATE_BEHIND, BASE);
  assert_text(place, place->engine->objects, before);
}

static void die_at_line(const NxEvent *event, gpointer user_data)
{
  (void)user_data;
  if (event->kind == NX_EVENT_LINE)
    kill(getpid(), SIGKILL);
}

/* The child dies between two statements of the second step, when all of the first has been run. */
static void test_kill(gconstpointer engine)
{
  g_autoptr(Place) place = place_new(engine);
  int status = 0;
  create_behind(place);
  add_revision(place, "CREATE TABLE further (id INTEGER);\n--@ count chemical_groups \"{n} groups\"\nCREATE TABLE last (id INTEGER);\n");
  g_autofree char *before = text(place, place->engine->objects);
  pid_t child = fork();
  if (child == 0) {
    NxWatcher watcher = {.happened = die_at_line};
    nx_schema_upgrade(place->schema, place->address, FALSE, &watcher, NULL);
    _exit(0);
  }
  g_assert_cmpint(waitpid(child, &status, 0), ==, child);
  g_assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
  assert_state(place, NX_STATE_BEHIND, BASE);
  assert_text(place, place->engine->objects, before);
  assert_upgrades(place);
  assert_state(place, NX_STATE_AT_HEAD, NEXT_REVISION);
}

static void die_at_seeds(const NxEvent *event, gpointer user_data)
{
  if (event->kind == NX_EVENT_SEEDED && g_str_equal(event->text, (const char *)user_data))
    kill(getpid(), SIGKILL);
}

static void test_kill_create(gconstpointer engine)
{
  g_autoptr(Place) place = place_new(engine);
  int status = 0;
  pid_t child = fork();
  if (child == 0) {
    gboolean existed = FALSE;
    NxWatcher watcher = {.happened = die_at_seeds, .user_data = (gpointer) "ETLDataSource"};
    nx_schema_create(place->schema, place->address, FALSE, &watcher, &existed, NULL);
    _exit(0);
  }
  g_assert_cmpint(waitpid(child, &status, 0), ==, child);
  g_assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
  create(place);
  assert_state(place, NX_STATE_AT_HEAD, HEAD);
}

/* ------------------------------------------------------------------------------------------------------------- seeds */

#define OLD_TIME "2001-02-03 04:05:06"

static void test_seeds_write_nothing_new(gconstpointer engine)
{
  g_autoptr(Place) place = place_new(engine);
  have(place);
  run(place, "UPDATE system_config SET updated_at = '" OLD_TIME "'; UPDATE genome_assemblies SET updated_at = '" OLD_TIME "'");
  run(place, "UPDATE genome_assemblies SET assembly_name = 'other' WHERE accession = 'GCF_000001405.25'");
  assert_upgrades(place);
  g_assert_cmpint(number(place, "SELECT count(*) FROM system_config WHERE updated_at = '" OLD_TIME "'"), ==, 4);
  assert_text(place, "SELECT accession FROM genome_assemblies WHERE updated_at = '" OLD_TIME "'", "GCF_000001405.40");
  assert_text(place, "SELECT assembly_name FROM genome_assemblies WHERE accession = 'GCF_000001405.25'", "GRCh37.p13");
}

static void test_seeds_keep_settings(gconstpointer engine)
{
  g_autoptr(Place) place = place_new(engine);
  have(place);
  run(place, "UPDATE system_config SET value = '0.9' WHERE key = 'nlp_confidence_threshold'");
  run(place, "UPDATE system_config SET value = 'x' WHERE key = 'igem_version'");
  run(place, "DELETE FROM system_config WHERE key = 'data_root'");
  assert_upgrades(place);
  assert_text(place, "SELECT key, value FROM system_config ORDER BY key",
              "data_root|igem_data\nigem_version|0.1.0\nnlp_confidence_threshold|0.9\nnlp_model|en_core_sci_sm");
}

static void test_seeds_leave_others(gconstpointer engine)
{
  g_autoptr(Place) place = place_new(engine);
  have(place);
  run(place, "INSERT INTO chemical_groups (name, description) VALUES ('Ours', 'of this site')");
  run(place, "UPDATE chemical_groups SET data_source_id = (SELECT min(id) FROM etl_data_sources) WHERE name = 'Drug'");
  assert_upgrades(place);
  /* Ten rows, and the next number was free although the file had given nine itself. */
  assert_text(place, "SELECT id, description FROM chemical_groups WHERE name = 'Ours'", "10|of this site");
  g_assert_cmpint(number(place, "SELECT count(*) FROM chemical_groups WHERE data_source_id IS NOT NULL"), ==, 1);
}

static void test_numbers_after_seeds(gconstpointer engine)
{
  g_autoptr(Place) place = place_new(engine);
  have(place);
  run(place, "INSERT INTO entity_types (name, domain) VALUES ('Ours', 'Knowledge')");
  run(place, "INSERT INTO entity_relationship_types (code) VALUES ('ours')");
  assert_text(place, "SELECT id FROM entity_types WHERE name = 'Ours'", "15");
  assert_text(place, "SELECT id FROM entity_relationship_types WHERE code = 'ours'", "19");
  run(place, "INSERT INTO entity_types (id, name, domain) VALUES (90, 'Far', 'Knowledge')");
  assert_upgrades(place);
  run(place, "DELETE FROM entity_types WHERE id = 90");
  assert_upgrades(place);
  run(place, "INSERT INTO entity_types (name, domain) VALUES ('Next', 'Knowledge')");
  g_assert_cmpint(number(place, "SELECT count(*) FROM entity_types"), ==, 16);
}

static void test_metadata_stays_one_row(gconstpointer engine)
{
  g_autoptr(Place) place = place_new(engine);
  have(place);
  change_schema(place, "seeds/initial_metadata.json", "[{\"schema_version\": \"0.2.0\", \"etl_version\": \"0.2.0\"}]");
  assert_upgrades(place);
  assert_text(place, "SELECT schema_version, etl_version, schema_revision FROM igem_metadata", "0.2.0|0.2.0|" HEAD);
}

static void test_seeds_unusable(gconstpointer engine)
{
  g_autoptr(Place) place = place_new(engine);
  have(place);
  change_schema(place, "seeds/initial_chemical_groups.json", NULL);
  change_schema(place, "seeds/initial_genome_assemblies.json",
                "{\"genome_assemblies\": [{\"accession\": null, \"assembly_name\": \"a\"}, {\"assembly_name\": \"b\"}, 7]}");
  change_schema(place, "seeds/initial_data_sources.json",
                "{\"data_sources\": [{\"name\": \"new\", \"source_system\": \"Nobody\", \"data_type\": \"x\", \"format\": \"x\", "
                "\"dtp_script\": \"x\"}, {\"name\": \"other\", \"source_system\": \"NCBI\", \"data_type\": \"x\", \"format\": \"x\", "
                "\"dtp_script\": \"x\"}]}");
  g_ptr_array_set_size(place->events, 0);
  assert_upgrades(place);
  g_assert_true(was_warned(place, "initial_chemical_groups.json is missing"));
  g_assert_true(was_warned(place, "no source_system Nobody"));
  g_assert_true(happened(place, "seeded GenomeAssembly 0 0 3"));
  g_assert_true(happened(place, "seeded ETLDataSource 1 0 1"));
  /* The program supplies what the file does not say. */
  g_assert_cmpint(number(place, "SELECT count(*) FROM etl_data_sources WHERE name = 'other' AND active IS TRUE"), ==, 1);
}

/* --------------------------------------------------------------------------------------------------- script and info */

static char *script(const Place *place, const char *target, gboolean from_current, GError **err)
{
  char *out = NULL;
  size_t length = 0;
  FILE *stream = open_memstream(&out, &length);
  gboolean printed = nx_schema_script(place->schema, place->address, target, from_current, stream, err);
  fclose(stream);
  if (printed)
    return out;
  free(out);
  return NULL;
}

static void test_script(gconstpointer engine)
{
  g_autoptr(Place) place = place_new(engine);
  g_autoptr(GError) error = NULL, refusal = NULL;
  create_behind(place);
  run(place, "DROP TABLE alembic_version");
  g_autofree char *whole = script(place, "head", FALSE, &error), *first = script(place, "7a8b", FALSE, &error);
  g_assert_no_error(error);
  gboolean in_transaction = !g_str_equal(place->engine->name, "sqlite");
  g_autofree char *expected =
      g_strdup_printf("%sCREATE TABLE alembic_version (\n    version_num VARCHAR(32) NOT NULL, \n"
                      "    CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)\n);\n\n-- Running upgrade  -> " BASE "\n\n"
                      "INSERT INTO alembic_version (version_num) VALUES ('" BASE "');\n\n%s",
                      in_transaction ? "BEGIN;\n\n" : "", in_transaction ? "COMMIT;\n\n" : "");
  g_assert_cmpstr(first, ==, expected);
  g_assert_nonnull(strstr(whole, "-- Running upgrade " BASE " -> " HEAD "\n\nDROP TABLE IF EXISTS variant_masters"));
  g_assert_true(g_str_has_suffix(whole, in_transaction ? "COMMIT;\n\n" : "version_num = '" BASE "';\n\n"));
  g_assert_cmpint(strstr(whole, "variant_masters_chr_25") != NULL, ==, in_transaction);
  assert_state(place, NX_STATE_NOT_VERSIONED, NULL);
  g_assert_null(script(place, "nothing", FALSE, &refusal));
  g_assert_error(refusal, NX_STATE_ERROR, NX_STATE_UNKNOWN_REVISION);
  g_assert_cmpstr(refusal->message, ==, "Can't locate revision identified by 'nothing'");
}

static void test_script_from_current(gconstpointer engine)
{
  g_autoptr(Place) place = place_new(engine);
  g_autoptr(GError) error = NULL;
  create_behind(place);
  g_autofree char *sql = script(place, "head", TRUE, &error);
  g_assert_no_error(error);
  g_assert_null(strstr(sql, "-> " BASE));
  run(place, g_str_equal(place->engine->name, "sqlite") ? sql : strstr(sql, "-- Running"));
  assert_state(place, NX_STATE_AT_HEAD, HEAD);
}

static void test_info(gconstpointer engine)
{
  g_autoptr(Place) place = place_new(engine);
  g_autoptr(GError) error = NULL;
  create(place);
  g_autoptr(json_object) info = nx_schema_info(place->schema, place->address, TRUE, &error);
  g_assert_no_error(error);
  g_assert_cmpstr(nx_json_get_string(info, "engine"), ==, place->engine->name);
  g_assert_cmpstr(nx_json_get_string(info, "revision"), ==, HEAD);
  g_assert_cmpstr(nx_json_get_string(info, "schema_version"), ==, "0.1.0");
  g_assert_cmpint(nx_json_get_int(info, "partitions", -1), ==, g_str_equal(place->engine->name, "sqlite") ? 0 : 125);
  json_object *tables = nx_json_get(info, "tables");
  g_assert_cmpint(json_object_object_length(tables), ==, 45);
  g_assert_cmpint(nx_json_get_int(tables, "etl_data_sources", -1), ==, 52);
}

/* ------------------------------------------------------------------------------------------------------------- facts */

static void test_facts(void)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(NxSchema) igem = nx_schema_load("igem", &error), ours = nx_schema_load("nexuslims", &error);
  g_assert_no_error(error);
  g_assert_cmpuint(g_strv_length((char **)nx_schema_tables(igem)), ==, 45);
  g_assert_cmpstr(nx_schema_head(igem), ==, HEAD);
  g_assert_cmpstr(nx_schema_variables(igem)[0], ==, "DATABASE_URL");
  g_assert_cmpstr(nx_schema_variables(igem)[1], ==, "IGEM_DB_URI");
  g_assert_cmpstr(nx_schema_settings_file(igem), ==, ".igem.toml");
  g_assert_cmpstr(nx_schema_partitioned(igem, "variant_masters_chr_25"), ==, "variant_masters");
  g_assert_null(nx_schema_partitioned(igem, "variant_masters_chr_26"));
  g_assert_null(nx_schema_partitioned(igem, "variant_masters"));
  g_assert_true(nx_schema_leaves_out(igem, "alembic_version"));
  g_assert_true(nx_schema_leaves_out(igem, "variant_regulatory_elements_chr_1"));
  g_assert_false(nx_schema_leaves_out(igem, "variant_regulatory_elements"));
  g_assert_cmpstr(nx_schema_parquet_type(igem, "entity_aliases", "embedding"), ==, "STRING");
  g_assert_null(nx_schema_parquet_type(igem, "entity_aliases", "id"));
  g_assert_cmpstr(nx_schema_head(ours), ==, "v2_5_0b");
  g_assert_cmpstr(nx_schema_variables(ours)[0], ==, "NX_DB_PATH");
  g_assert_cmpstr(nx_schema_settings_file(ours), ==, "");
  g_assert_cmpstr(nx_schema_parquet_type(ours, "session_log", "timestamp"), ==, "STRING");
}

static void test_two_heads(void)
{
  g_autoptr(Place) place = place_new(&SQLITE);
  g_autoptr(GError) error = NULL;
  g_autofree char *root = g_build_filename(place->folder, "migrations", NULL);
  add_revision(place, "");
  g_autofree char *up = g_build_filename(root, "igem", "bbbb774a8f66_x.up.sql", NULL);
  g_autofree char *down = g_build_filename(root, "igem", "bbbb774a8f66_x.down.sql", NULL);
  g_assert_true(g_file_set_contents(up, "-- revision: bbbb774a8f66\n-- parent: " HEAD "\n", -1, NULL));
  g_assert_true(g_file_set_contents(down, "", -1, NULL));
  g_assert_null(load_from(root, &error));
  g_assert_true(g_str_has_prefix(error->message, "there are 2 head revisions in "));
}

/* -------------------------------------------------------------------------------------------------------------- main */

static char *server_address(const char *database)
{
  return g_strdup_printf("postgresql://admin@/%s?host=%s", database, server_folder);
}

/* postgresql://admin@/NAME?host=… → NAME */
static char *name_in(const char *address)
{
  const char *name = strstr(address, "@/") + 2;
  return g_strndup(name, strcspn(name, "?"));
}

static char *fresh_address(const Engine *engine, const char *folder)
{
  static guint databases = 0;
  if (engine == &SQLITE)
    return g_build_filename(folder, "igem.db", NULL);
  g_autofree char *name = g_strdup_printf("igem_%u", databases++);
  return server_address(name);
}

static void copy_database(const Engine *engine, const char *from, const char *to)
{
  gsize length = 0;
  g_autofree char *content = NULL;
  if (engine == &SQLITE) {
    g_assert_true(g_file_get_contents(from, &content, &length, NULL));
    g_assert_true(g_file_set_contents(to, content, (gssize)length, NULL));
    return;
  }
  g_autofree char *address = server_address("postgres"), *source = name_in(from), *target = name_in(to);
  g_autofree char *sql = g_strdup_printf("CREATE DATABASE %s TEMPLATE %s STRATEGY file_copy", target, source);
  g_autoptr(NxDb) db = nx_db_open(address, NX_DB_WRITE, NULL);
  g_assert_true(nx_db_script(db, sql, NULL));
}

static gboolean start_server(void)
{
  g_autofree char *program = g_test_build_filename(G_TEST_DIST, "servers", "postgres-cluster", NULL);
  char *argv[] = {program, server_folder, NULL};
  g_autofree char *address = server_address("postgres");
  if (!g_spawn_async(NULL, argv, NULL, G_SPAWN_DO_NOT_REAP_CHILD, NULL, NULL, &server, NULL))
    return FALSE;
  for (int tries = 0; tries < 1200 && waitpid(server, NULL, WNOHANG) == 0; tries++, g_usleep(50000)) {
    g_autoptr(NxDb) db = nx_db_open(address, NX_DB_READ, NULL);
    if (db)
      return TRUE;
  }
  server = 0;
  return FALSE;
}

static void stop_server(void)
{
  if (server) {
    kill(server, SIGINT);
    waitpid(server, NULL, 0);
  }
  remove_tree(server_folder);
  remove_tree(first_folder);
  g_free(server_folder);
  g_free(first_folder);
}

static const struct {
  const char *name;
  GTestDataFunc run;
} PROMISES[] = {
    {"create makes 45 tables, 388 columns and 59 indexes, and stands at head", test_create},
    {"create seeds eight sets in their order and stamps last", test_create_events},
    {"seeded rows have the ids, names and references of the list", test_seeded_rows},
    {"create leaves an existing database alone", test_create_existing},
    {"create completes what is missing and alters no table that is there", test_create_completes},
    {"create refuses a database that has to be upgraded", test_create_overwrite_behind},
    {"a create that fails leaves nothing", test_create_fails_whole},
    {"every state answers upgrade, stamp and forced stamp as the table says", test_states},
    {"no database is a state, and nothing makes one", test_no_database},
    {"a stamp warns of tables and columns that are missing", test_stamp_warns},
    {"the base, migrated, is the head", test_head_is_base_migrated},
    {"upgrade tells what it does, and does nothing twice", test_upgrade_events},
    {"the mirror says what the version table says", test_mirror},
    {"rows are destroyed only when that is allowed", test_data_loss},
    {"a failing step takes all pending steps back", test_failure_rolls_back},
    {"killed in the middle of an upgrade, a database is at its old revision", test_kill},
    {"killed in the middle of a create, nothing hinders the next", test_kill_create},
    {"seeds write no row that has not changed", test_seeds_write_nothing_new},
    {"seeds leave editable settings as they are", test_seeds_keep_settings},
    {"seeds leave rows alone that they do not know", test_seeds_leave_others},
    {"after the seeds the next number is free", test_numbers_after_seeds},
    {"the metadata stay one row when their version grows", test_metadata_stays_one_row},
    {"seeds that cannot be used cost no more than themselves", test_seeds_unusable},
    {"the script is the migrations in the words of the engine, and changes nothing", test_script},
    {"the script from where the database stands can be run", test_script_from_current},
    {"info names engine, revision, version, partitions and rows", test_info},
};

int main(int argc, char **argv)
{
  static const Engine *const ENGINES[] = {&SQLITE, &POSTGRESQL};
  g_test_init(&argc, &argv, NULL);
  g_autofree char *migrations = repository_migrations();
  g_setenv("NX_MIGRATIONS_PATH", migrations, TRUE);
  server_folder = g_dir_make_tmp("nx-schema-server-XXXXXX", NULL);
  first_folder = g_dir_make_tmp("nx-schema-first-XXXXXX", NULL);
  g_assert_cmpint(g_chmod(server_folder, 0755), ==, 0);
  gsize engines = start_server() ? G_N_ELEMENTS(ENGINES) : 1;
  if (engines == 1)
    g_printerr("# no PostgreSQL server can be started here; its tests are left out\n");
  for (gsize i = 0; i < engines; i++)
    for (gsize j = 0; j < G_N_ELEMENTS(PROMISES); j++) {
      g_autofree char *path = g_strdup_printf("/schema/%s/%s", ENGINES[i]->name, PROMISES[j].name);
      g_test_add_data_func(path, ENGINES[i], PROMISES[j].run);
    }
  g_test_add_func("/schema/a folder or another file is no database", test_no_database_files);
  g_test_add_func("/schema/the facts of both schemas", test_facts);
  g_test_add_func("/schema/two heads are refused", test_two_heads);
  int status = g_test_run();
  stop_server();
  return status;
}
