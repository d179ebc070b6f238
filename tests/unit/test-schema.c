/* test-schema.c — the database of a schema through its life, with the IGEM schema: what `create` makes, where it stands, how it moves, what
 * seeds do, and that nothing which stops a run leaves it between two revisions. Expected numbers and rows: igem-db 4, 6, 7 and its
 * Appendices; every promise is checked on each engine that is there. */
#include "schema-place.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* ------------------------------------------------------------------------------------------------------------ create */

static void test_create(gconstpointer engine)
{
  g_autoptr(Place) place = place_new(engine);
  place_create(place);
  g_assert_cmpint(place_number(place, place->engine->plain_tables), ==, 45);
  g_assert_cmpint(place_number(place, place->engine->columns), ==, 388);
  g_assert_cmpint(place_number(place, place->engine->indexes), ==, 59);
  place_assert_state(place, NX_STATE_AT_HEAD, HEAD);
  place_assert_text(place, "SELECT schema_version, schema_revision, etl_version FROM igem_metadata", "0.1.0|" HEAD "|0.1.0");
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
  place_create(place);
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
    g_assert_cmpint(place_number(place, sql), ==, SEEDS[i].rows);
  }
}

static void test_seeded_rows(gconstpointer engine)
{
  g_autoptr(Place) place = place_new(engine);
  place_have(place);
  place_assert_text(place, "SELECT id, name, domain FROM entity_types WHERE id IN (1, 8, 14) ORDER BY id",
                    "1|Variants|Genomics\n8|Diseases|Exposome\n14|Anatomy|Knowledge");
  place_assert_text(place, "SELECT id, code FROM entity_relationship_types WHERE id IN (1, 9, 18) ORDER BY id",
                    "1|is_a\n9|GxG\n18|responds_to");
  place_assert_text(place, "SELECT id, name FROM chemical_groups WHERE id IN (1, 9) ORDER BY id", "1|Metabolite\n9|Amino-Acid");
  place_assert_text(place, "SELECT accession, assembly_name, chromosome FROM genome_assemblies ORDER BY accession",
                    "GCF_000001405.25|GRCh37.p13|(null)\nGCF_000001405.40|GRCh38.p14|(null)");
  place_assert_text(place, "SELECT key, value, type FROM system_config WHERE editable IS TRUE ORDER BY key",
                    "data_root|igem_data|string\nnlp_confidence_threshold|0.75|float\nnlp_model|en_core_sci_sm|string");
  place_assert_text(
      place,
      "SELECT d.name, s.name, d.format, d.dtp_script, d.source_url FROM etl_data_sources d JOIN etl_source_systems s "
      "ON s.id = d.source_system_id WHERE d.name IN ('chemical_groups', 'variant_gnomad_chrx') ORDER BY d.name",
      "chemical_groups|IGEM|internal|dtp_chemical_groups|(null)\n"
      "variant_gnomad_chrx|gnomAD|VCF|dtp_variant_gnomad|https://storage.googleapis.com/gcp-public-data--gnomad/release/4.1/vcf/"
      "genomes/gnomad.genomes.v4.1.sites.chrX.vcf.bgz");
  place_assert_text(place, "SELECT name FROM etl_data_sources WHERE active IS NOT TRUE", "pubmed_nlp");
  g_assert_cmpint(place_number(place, "SELECT count(*) FROM etl_source_systems WHERE active IS TRUE"), ==, 25);
}

static void test_create_existing(gconstpointer engine)
{
  g_autoptr(Place) place = place_new(engine);
  g_autoptr(GError) error = NULL;
  gboolean existed = FALSE;
  place_have(place);
  place_run(place, "DELETE FROM chemical_groups");
  g_assert_true(nx_schema_create(place->schema, place->address, FALSE, &place->watcher, &existed, &error));
  g_assert_true(existed);
  g_assert_cmpint(place_number(place, "SELECT count(*) FROM chemical_groups"), ==, 0);
}

static void test_create_completes(gconstpointer engine)
{
  g_autoptr(Place) place = place_new(engine);
  g_autoptr(GError) error = NULL;
  gboolean existed = TRUE;
  place_have(place);
  g_autofree char *before = place_text(place, place->engine->objects);
  place_run(place, "DROP TABLE go_relations; DROP TABLE chemical_group_memberships; DROP TABLE variant_effect_predictions");
  place_run(place, "DROP INDEX ix_disease_masters_icd10");
  g_ptr_array_set_size(place->events, 0);
  g_assert_true(nx_schema_create(place->schema, place->address, TRUE, &place->watcher, &existed, &error));
  g_assert_false(existed);
  g_assert_true(place_saw(place, "at head " HEAD));
  /* A table that was there is never altered: its lost index stays lost. */
  g_assert_cmpint(place_number(place, place->engine->indexes), ==, 58);
  place_run(place, "CREATE INDEX ix_disease_masters_icd10 ON disease_masters (icd10)");
  place_assert_text(place, place->engine->objects, before);
}

static void test_create_overwrite_behind(gconstpointer engine)
{
  g_autoptr(Place) place = place_new(engine);
  g_autoptr(GError) error = NULL;
  gboolean existed = TRUE;
  place_have_behind(place);
  g_assert_false(nx_schema_create(place->schema, place->address, TRUE, &place->watcher, &existed, &error));
  g_assert_error(error, NX_STATE_ERROR, NX_STATE_BEHIND);
  g_assert_cmpuint(place->events->len, ==, 0);
}

static void test_create_fails_whole(gconstpointer engine)
{
  g_autoptr(Place) place = place_new(engine);
  g_autoptr(GError) error = NULL;
  gboolean existed = TRUE;
  place_change_schema(place, "seeds/initial_chemical_groups.json",
                      "{\"chemical_groups\": [{\"id\": 1, \"name\": \"a\"}, {\"id\": 1, \"name\": \"b\"}]}");
  g_assert_false(nx_schema_create(place->schema, place->address, FALSE, &place->watcher, &existed, &error));
  g_assert_true(g_str_has_prefix(error->message, "initial_chemical_groups.json, row 2: "));
  place_assert_state(place, NX_STATE_NO_DATABASE, NULL);
}

/* ------------------------------------------------------------------------------------------------------------ states */

static void make_not_versioned(Place *place)
{
  place_have(place);
  place_run(place, "DROP TABLE alembic_version");
}

static void make_version_empty(Place *place)
{
  place_have(place);
  place_run(place, "DELETE FROM alembic_version");
}

static void make_unknown(Place *place)
{
  place_have(place);
  place_run(place, "UPDATE alembic_version SET version_num = 'ffffffffffff'");
}

static void make_several(Place *place)
{
  place_have(place);
  place_run(place, "INSERT INTO alembic_version VALUES ('" BASE "')");
}

static void make_empty(Place *place)
{
  make_not_versioned(place);
  g_autoptr(GString) drops = g_string_new(NULL);
  for (const char *const *table = nx_schema_tables(place->schema); *table; table++)
    g_string_append_printf(drops, "DROP TABLE %s%s;", *table, place->engine == &schema_sqlite ? "" : " CASCADE");
  place_run(place, drops->str);
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
    {"behind", place_have_behind, NX_STATE_BEHIND, BASE, NX_STATE_FAILED, NX_STATE_BEHIND, NX_STATE_FAILED},
    {"at head", place_have, NX_STATE_AT_HEAD, HEAD, NX_STATE_FAILED, NX_STATE_FAILED, NX_STATE_FAILED},
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
  return command == UPGRADE ? place_upgrade(place, FALSE, err)
                            : nx_schema_stamp_head(place->schema, place->address, command == FORCE, &place->watcher, err);
}

static Place *place_in_state(const Engine *engine, gsize row)
{
  Place *place = place_new(engine);
  STATES[row].make(place);
  place_assert_state(place, STATES[row].state, STATES[row].revision);
  return place;
}

/* What is refused changes nothing. */
static void check_refusals(const Engine *engine, gsize row)
{
  g_autoptr(Place) place = place_in_state(engine, row);
  g_autofree char *before = place_text(place, place->engine->objects);
  for (Command command = UPGRADE; command < COMMANDS; command++) {
    g_autoptr(GError) error = NULL;
    if (refusal_of(row, command) == NX_STATE_FAILED)
      continue;
    g_assert_false(give(place, command, &error));
    g_assert_error(error, NX_STATE_ERROR, (int)refusal_of(row, command));
    place_assert_state(place, STATES[row].state, STATES[row].revision);
    place_assert_text(place, place->engine->objects, before);
  }
}

static void check_success(const Engine *engine, gsize row, Command command)
{
  g_autoptr(Place) place = place_in_state(engine, row);
  g_autoptr(GError) error = NULL;
  g_assert_true(give(place, command, &error));
  g_assert_no_error(error);
  place_assert_state(place, NX_STATE_AT_HEAD, HEAD);
}

static void test_states(gconstpointer engine)
{
  for (gsize row = 0; row < G_N_ELEMENTS(STATES); row++) {
    g_test_message("%s", STATES[row].name);
    check_refusals(engine, row);
    /* The server's databases take their time to copy, and igem-server-states.bats has every cell on both engines. */
    for (Command command = UPGRADE; engine == &schema_sqlite && command < COMMANDS; command++)
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
  g_assert_false(place_upgrade(place, FALSE, &upgrade_error));
  g_assert_error(upgrade_error, NX_STATE_ERROR, NX_STATE_NO_DATABASE);
  g_assert_false(nx_schema_stamp_head(place->schema, place->address, TRUE, &place->watcher, &stamp_error));
  g_assert_error(stamp_error, NX_STATE_ERROR, NX_STATE_NO_DATABASE);
}

static void test_no_database_files(void)
{
  g_autoptr(Place) place = place_new(&schema_sqlite);
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
  place_run(place, "DROP TABLE go_relations");
  place_run(place, "ALTER TABLE go_masters RENAME COLUMN namespace TO namespaces");
  g_assert_true(nx_schema_stamp_head(place->schema, place->address, FALSE, &place->watcher, &error));
  g_assert_true(place_was_warned(place, "lacks column go_masters.namespace, table go_relations"));
}

/* ----------------------------------------------------------------------------------------------------------- upgrade */

static void test_head_is_base_migrated(gconstpointer engine)
{
  g_autoptr(Place) migrated = place_new(engine), made = place_new(engine);
  place_have(made);
  place_have_behind(migrated);
  g_autofree char *expected = place_text(made, made->engine->objects), *behind = place_text(migrated, migrated->engine->objects);
  g_assert_cmpstr(behind, !=, expected);
  place_assert_upgrades(migrated);
  place_assert_text(migrated, migrated->engine->objects, expected);
  place_assert_state(migrated, NX_STATE_AT_HEAD, HEAD);
}

static void test_upgrade_events(gconstpointer engine)
{
  g_autoptr(Place) place = place_new(engine);
  place_have_behind(place);
  place_assert_upgrades(place);
  g_assert_cmpstr(place->events->pdata[0], ==, "migrating " BASE);
  g_assert_cmpstr(place->events->pdata[1], ==, "migrated " BASE " " HEAD);
  g_assert_cmpstr(place->events->pdata[2], ==, "seeds");
  g_assert_cmpstr(place->events->pdata[3], ==, "seeded SystemConfig 0 4 0");
  g_ptr_array_set_size(place->events, 0);
  place_assert_upgrades(place);
  g_assert_cmpstr(place->events->pdata[0], ==, "at head " HEAD);
  for (gsize i = 0; i < G_N_ELEMENTS(SEEDS); i++) {
    g_autofree char *expected = g_strdup_printf("seeded %s 0 %d 0", SEEDS[i].label, SEEDS[i].rows);
    g_assert_true(place_saw(place, expected));
  }
}

static void test_mirror(gconstpointer engine)
{
  g_autoptr(Place) place = place_new(engine);
  place_have_behind(place);
  place_run(place, "UPDATE igem_metadata SET schema_revision = '" BASE "'");
  place_assert_upgrades(place);
  place_assert_text(place, "SELECT schema_revision FROM igem_metadata", HEAD);
}

static void insert_old_variant(const Place *place)
{
  place_run(place, "INSERT INTO variant_masters (chromosome, position_start, position_end, reference_allele, alternate_allele) "
                   "VALUES (1, 100, 101, 'A', 'C')");
}

static void test_data_loss(gconstpointer engine)
{
  g_autoptr(Place) place = place_new(engine);
  g_autoptr(GError) refusal = NULL, error = NULL;
  place_have_behind(place);
  insert_old_variant(place);
  g_assert_false(place_upgrade(place, FALSE, &refusal));
  g_assert_error(refusal, NX_STATE_ERROR, NX_STATE_BEHIND);
  g_assert_cmpstr(refusal->message, ==, "the step to " HEAD " would destroy the rows of variant_masters");
  place_assert_state(place, NX_STATE_BEHIND, BASE);
  g_assert_cmpint(place_number(place, "SELECT count(*) FROM variant_masters"), ==, 1);
  place_upgrade(place, TRUE, &error);
  g_assert_no_error(error);
  g_assert_cmpint(place_number(place, "SELECT count(*) FROM variant_masters"), ==, 0);
}

/* Both pending steps are one transaction: the second fails, and the first has not happened either. */
static void test_failure_rolls_back(gconstpointer engine)
{
  g_autoptr(Place) place = place_new(engine);
  g_autoptr(GError) error = NULL;
  place_have_behind(place);
  place_add_revision(place, "CREATE TABLE further (id INTEGER);\nINSERT INTO nowhere VALUES (1);\n");
  g_autofree char *before = place_text(place, place->engine->objects);
  g_assert_false(place_upgrade(place, FALSE, &error));
  g_assert_nonnull(strstr(error->message, "nowhere"));
  place_assert_state(place, NX_STATE_BEHIND, BASE);
  place_assert_text(place, place->engine->objects, before);
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
  place_have_behind(place);
  place_add_revision(place,
                     "CREATE TABLE further (id INTEGER);\n--@ count chemical_groups \"{n} groups\"\nCREATE TABLE last (id INTEGER);\n");
  g_autofree char *before = place_text(place, place->engine->objects);
  pid_t child = fork();
  if (child == 0) {
    NxWatcher watcher = {.happened = die_at_line};
    nx_schema_upgrade(place->schema, place->address, FALSE, &watcher, NULL);
    _exit(0);
  }
  g_assert_cmpint(waitpid(child, &status, 0), ==, child);
  g_assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
  place_assert_state(place, NX_STATE_BEHIND, BASE);
  place_assert_text(place, place->engine->objects, before);
  place_assert_upgrades(place);
  place_assert_state(place, NX_STATE_AT_HEAD, NEXT_REVISION);
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
  place_create(place);
  place_assert_state(place, NX_STATE_AT_HEAD, HEAD);
}

#define RUNS 4

/* All end well; the first has migrated, and the others have found that done. */
static void test_upgrades_at_once(gconstpointer engine)
{
  g_autoptr(Place) place = place_new(engine);
  pid_t children[RUNS];
  place_have_behind(place);
  for (int i = 0; i < RUNS; i++)
    if ((children[i] = fork()) == 0)
      _exit(place_upgrade(place, FALSE, NULL) ? (place_saw(place, "migrated " BASE " " HEAD) ? 1 : 0) : 2);
  int migrated = 0;
  for (int i = 0; i < RUNS; i++) {
    int status = 0;
    g_assert_cmpint(waitpid(children[i], &status, 0), ==, children[i]);
    g_assert_true(WIFEXITED(status) && WEXITSTATUS(status) < 2);
    migrated += WEXITSTATUS(status);
  }
  g_assert_cmpint(migrated, ==, 1);
  place_assert_state(place, NX_STATE_AT_HEAD, HEAD);
}

/* ------------------------------------------------------------------------------------------------------------- seeds */

#define OLD_TIME "2001-02-03 04:05:06"

static void test_seeds_write_nothing_new(gconstpointer engine)
{
  g_autoptr(Place) place = place_new(engine);
  place_have(place);
  place_run(place, "UPDATE system_config SET updated_at = '" OLD_TIME "'; UPDATE genome_assemblies SET updated_at = '" OLD_TIME "'");
  place_run(place, "UPDATE genome_assemblies SET assembly_name = 'other' WHERE accession = 'GCF_000001405.25'");
  place_assert_upgrades(place);
  g_assert_cmpint(place_number(place, "SELECT count(*) FROM system_config WHERE updated_at = '" OLD_TIME "'"), ==, 4);
  place_assert_text(place, "SELECT accession FROM genome_assemblies WHERE updated_at = '" OLD_TIME "'", "GCF_000001405.40");
  place_assert_text(place, "SELECT assembly_name FROM genome_assemblies WHERE accession = 'GCF_000001405.25'", "GRCh37.p13");
}

static void test_seeds_keep_settings(gconstpointer engine)
{
  g_autoptr(Place) place = place_new(engine);
  place_have(place);
  place_run(place, "UPDATE system_config SET value = '0.9' WHERE key = 'nlp_confidence_threshold'");
  place_run(place, "UPDATE system_config SET value = 'x' WHERE key = 'igem_version'");
  place_run(place, "DELETE FROM system_config WHERE key = 'data_root'");
  place_assert_upgrades(place);
  place_assert_text(place, "SELECT key, value FROM system_config ORDER BY key",
                    "data_root|igem_data\nigem_version|0.1.0\nnlp_confidence_threshold|0.9\nnlp_model|en_core_sci_sm");
}

static void test_seeds_leave_others(gconstpointer engine)
{
  g_autoptr(Place) place = place_new(engine);
  place_have(place);
  place_run(place, "INSERT INTO chemical_groups (name, description) VALUES ('Ours', 'of this site')");
  place_run(place, "UPDATE chemical_groups SET data_source_id = (SELECT min(id) FROM etl_data_sources) WHERE name = 'Drug'");
  place_assert_upgrades(place);
  /* Ten rows, and the next number was free although the file had given nine itself. */
  place_assert_text(place, "SELECT id, description FROM chemical_groups WHERE name = 'Ours'", "10|of this site");
  g_assert_cmpint(place_number(place, "SELECT count(*) FROM chemical_groups WHERE data_source_id IS NOT NULL"), ==, 1);
}

static void test_seeds_find_their_rows(gconstpointer engine)
{
  g_autoptr(Place) place = place_new(engine);
  place_have(place);
  place_run(place, "UPDATE entity_relationship_types SET code = 'codes_for' WHERE id = 3");
  place_run(place, "UPDATE entity_types SET id = 99 WHERE name = 'Anatomy'; UPDATE entity_types SET domain = 'Exposome' WHERE id = 99");
  place_assert_upgrades(place);
  /* By its id the one, by its name the other, which keeps the id that other rows may name. */
  place_assert_text(place, "SELECT code FROM entity_relationship_types WHERE id = 3", "encodes");
  place_assert_text(place, "SELECT id, domain FROM entity_types WHERE name = 'Anatomy'", "99|Knowledge");
}

static void test_numbers_after_seeds(gconstpointer engine)
{
  g_autoptr(Place) place = place_new(engine);
  place_have(place);
  place_run(place, "INSERT INTO entity_types (name, domain) VALUES ('Ours', 'Knowledge')");
  place_run(place, "INSERT INTO entity_relationship_types (code) VALUES ('ours')");
  place_assert_text(place, "SELECT id FROM entity_types WHERE name = 'Ours'", "15");
  place_assert_text(place, "SELECT id FROM entity_relationship_types WHERE code = 'ours'", "19");
  place_run(place, "INSERT INTO entity_types (id, name, domain) VALUES (90, 'Far', 'Knowledge')");
  place_assert_upgrades(place);
  place_run(place, "DELETE FROM entity_types WHERE id = 90");
  place_assert_upgrades(place);
  place_run(place, "INSERT INTO entity_types (name, domain) VALUES ('Next', 'Knowledge')");
  g_assert_cmpint(place_number(place, "SELECT count(*) FROM entity_types"), ==, 16);
}

static void test_metadata_stays_one_row(gconstpointer engine)
{
  g_autoptr(Place) place = place_new(engine);
  place_have(place);
  place_change_schema(place, "seeds/initial_metadata.json", "[{\"schema_version\": \"0.2.0\", \"etl_version\": \"0.2.0\"}]");
  place_assert_upgrades(place);
  place_assert_text(place, "SELECT schema_version, etl_version, schema_revision FROM igem_metadata", "0.2.0|0.2.0|" HEAD);
}

static void test_seeds_unusable(gconstpointer engine)
{
  g_autoptr(Place) place = place_new(engine);
  place_have(place);
  place_change_schema(place, "seeds/initial_chemical_groups.json", NULL);
  place_change_schema(place, "seeds/initial_genome_assemblies.json",
                      "{\"genome_assemblies\": [{\"accession\": null, \"assembly_name\": \"a\"}, {\"assembly_name\": \"b\"}, 7]}");
  place_change_schema(place, "seeds/initial_data_sources.json",
                      "{\"data_sources\": [{\"name\": \"new\", \"source_system\": \"Nobody\", \"data_type\": \"x\", \"format\": \"x\", "
                      "\"dtp_script\": \"x\"}, {\"name\": \"other\", \"source_system\": \"NCBI\", \"data_type\": \"x\", \"format\": \"x\", "
                      "\"dtp_script\": \"x\"}]}");
  g_ptr_array_set_size(place->events, 0);
  place_assert_upgrades(place);
  g_assert_true(place_was_warned(place, "initial_chemical_groups.json is missing"));
  g_assert_true(place_was_warned(place, "no source_system Nobody"));
  g_assert_true(place_saw(place, "seeded GenomeAssembly 0 0 3"));
  g_assert_true(place_saw(place, "seeded ETLDataSource 1 0 1"));
  /* The program supplies what the file does not say. */
  g_assert_cmpint(place_number(place, "SELECT count(*) FROM etl_data_sources WHERE name = 'other' AND active IS TRUE"), ==, 1);
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
  place_have_behind(place);
  place_run(place, "DROP TABLE alembic_version");
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
  place_assert_state(place, NX_STATE_NOT_VERSIONED, NULL);
  g_assert_null(script(place, "nothing", FALSE, &refusal));
  g_assert_error(refusal, NX_STATE_ERROR, NX_STATE_UNKNOWN_REVISION);
  g_assert_cmpstr(refusal->message, ==, "Can't locate revision identified by 'nothing'");
}

static void test_script_from_current(gconstpointer engine)
{
  g_autoptr(Place) place = place_new(engine);
  g_autoptr(GError) error = NULL;
  place_have_behind(place);
  g_autofree char *sql = script(place, "head", TRUE, &error);
  g_assert_no_error(error);
  g_assert_null(strstr(sql, "-> " BASE));
  place_run(place, g_str_equal(place->engine->name, "sqlite") ? sql : strstr(sql, "-- Running"));
  place_assert_state(place, NX_STATE_AT_HEAD, HEAD);
}

static void test_info(gconstpointer engine)
{
  g_autoptr(Place) place = place_new(engine);
  g_autoptr(GError) error = NULL;
  place_create(place);
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
  g_assert_cmpstr(nx_json_get_string(nx_json_get(nx_schema_fact(igem, "parquet_types"), "entity_aliases"), "embedding"), ==, "STRING");
  g_assert_cmpstr(nx_schema_head(ours), ==, "v2_5_0b");
  g_assert_cmpstr(nx_schema_variables(ours)[0], ==, "NX_DB_PATH");
  g_assert_cmpstr(nx_schema_settings_file(ours), ==, "");
  g_assert_cmpstr(nx_json_get_string(nx_json_get(nx_schema_fact(ours, "parquet_types"), "*"), "times"), ==, "STRING");
}

static void test_two_heads(void)
{
  g_autoptr(Place) place = place_new(&schema_sqlite);
  g_autoptr(GError) error = NULL;
  g_autofree char *root = g_build_filename(place->folder, "migrations", NULL);
  place_add_revision(place, "");
  g_autofree char *up = g_build_filename(root, "igem", "bbbb774a8f66_x.up.sql", NULL);
  g_autofree char *down = g_build_filename(root, "igem", "bbbb774a8f66_x.down.sql", NULL);
  g_assert_true(g_file_set_contents(up, "-- revision: bbbb774a8f66\n-- parent: " HEAD "\n", -1, NULL));
  g_assert_true(g_file_set_contents(down, "", -1, NULL));
  g_assert_null(load_schema_from(root, &error));
  g_assert_true(g_str_has_prefix(error->message, "there are 2 head revisions in "));
}

/* -------------------------------------------------------------------------------------------------------------- main */

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
    {"upgrades at once wait for one another, and one migrates", test_upgrades_at_once},
    {"killed in the middle of a create, nothing hinders the next", test_kill_create},
    {"seeds write no row that has not changed", test_seeds_write_nothing_new},
    {"seeds leave editable settings as they are", test_seeds_keep_settings},
    {"seeds leave rows alone that they do not know", test_seeds_leave_others},
    {"seeds find their rows by the key of their set, and leave ids as they are", test_seeds_find_their_rows},
    {"after the seeds the next number is free", test_numbers_after_seeds},
    {"the metadata stay one row when their version grows", test_metadata_stays_one_row},
    {"seeds that cannot be used cost no more than themselves", test_seeds_unusable},
    {"the script is the migrations in the words of the engine, and changes nothing", test_script},
    {"the script from where the database stands can be run", test_script_from_current},
    {"info names engine, revision, version, partitions and rows", test_info},
};

int main(int argc, char **argv)
{
  static const Engine *const ENGINES[] = {&schema_sqlite, &schema_postgresql};
  g_test_init(&argc, &argv, NULL);
  gsize engines = schema_server_start() ? G_N_ELEMENTS(ENGINES) : 1;
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
  schema_server_stop();
  return status;
}
