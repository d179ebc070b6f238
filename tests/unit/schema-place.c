/* schema-place.c — a database of the IGEM schema for a test: fresh, as `create` makes it, or as release 0.2.0 left it, on either engine. */
#include "schema-place.h"

#include "driver.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

/* ---------------------------------------------------------------------------------------------------------- engines */

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

const Engine schema_sqlite = {
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

const Engine schema_postgresql = {
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

/* ---------------------------------------------------------------------------------------------------------- server */

/* The folder of the server, and that of databases which others are copied from. */
static char *server_folder, *first_folder;
static GPid server;

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
  if (engine == &schema_sqlite)
    return g_build_filename(folder, "igem.db", NULL);
  g_autofree char *name = g_strdup_printf("igem_%u", databases++);
  return server_address(name);
}

static void copy_database(const Engine *engine, const char *from, const char *to)
{
  gsize length = 0;
  g_autofree char *content = NULL;
  if (engine == &schema_sqlite) {
    g_assert_true(g_file_get_contents(from, &content, &length, NULL));
    g_assert_true(g_file_set_contents(to, content, (gssize)length, NULL));
    return;
  }
  g_autofree char *address = server_address("postgres"), *source = name_in(from), *target = name_in(to);
  g_autofree char *sql = g_strdup_printf("CREATE DATABASE %s TEMPLATE %s STRATEGY file_copy", target, source);
  g_autoptr(NxDb) db = nx_db_open(address, NX_DB_WRITE, NULL);
  g_assert_true(nx_db_script(db, sql, NULL));
}

static char *repository_migrations(void)
{
  return g_test_build_filename(G_TEST_DIST, "..", "migrations", NULL);
}

gboolean schema_server_start(void)
{
  g_autofree char *migrations = repository_migrations();
  g_setenv("NX_MIGRATIONS_PATH", migrations, TRUE);
  server_folder = g_dir_make_tmp("nx-schema-server-XXXXXX", NULL);
  first_folder = g_dir_make_tmp("nx-schema-first-XXXXXX", NULL);
  g_assert_cmpint(g_chmod(server_folder, 0755), ==, 0);
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

void schema_server_stop(void)
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

/* ---------------------------------------------------------------------------------------------------------- places */

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

Place *place_new(const Engine *engine)
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

void place_free(Place *place)
{
  nx_schema_free(place->schema);
  g_ptr_array_unref(place->events);
  remove_tree(place->folder);
  g_free(place->folder);
  g_free(place->address);
  g_free(place);
}
gboolean place_saw(const Place *place, const char *line)
{
  return g_ptr_array_find_with_equal_func(place->events, line, g_str_equal, NULL);
}

gboolean place_was_warned(const Place *place, const char *part)
{
  for (guint i = 0; i < place->events->len; i++)
    if (g_str_has_prefix(place->events->pdata[i], "warning") && strstr(place->events->pdata[i], part))
      return TRUE;
  return FALSE;
}

gint64 place_number(const Place *place, const char *sql)
{
  gint64 n = -1;
  g_autoptr(GError) error = NULL;
  g_autoptr(NxDb) db = nx_db_open(place->address, NX_DB_READ, &error);
  g_assert_no_error(error);
  nx_db_number(db, &n, &error, sql, NULL);
  g_assert_no_error(error);
  return n;
}

char *place_text(const Place *place, const char *sql)
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

void place_assert_text(const Place *place, const char *sql, const char *expected)
{
  g_autofree char *answer = place_text(place, sql);
  g_assert_cmpstr(answer, ==, expected);
}

void place_run(const Place *place, const char *sql)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(NxDb) db = nx_db_open(place->address, NX_DB_WRITE, &error);
  g_assert_no_error(error);
  nx_db_script(db, sql, &error);
  g_assert_no_error(error);
}

void place_create(Place *place)
{
  gboolean existed = TRUE;
  g_autoptr(GError) error = NULL;
  nx_schema_create(place->schema, place->address, FALSE, &place->watcher, &existed, &error);
  g_assert_no_error(error);
  g_assert_false(existed);
}

/* What `create` makes, copied from the first one that it made. */
void place_have(Place *place)
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
    place_create(place);
    g_free(place->address);
    place->address = g_steal_pointer(&usual);
    g_hash_table_insert(first, (gpointer)engine, address);
  }
  copy_database(engine, address, place->address);
  g_ptr_array_set_size(place->events, 0);
}

/* The database of release 0.2.0: the head without what the one migration brings. */
void place_have_behind(Place *place)
{
  place_have(place);
  place_run(place,
            "DROP TABLE variant_gene_regulatory_evidence; DROP TABLE variant_regulatory_elements; DROP TABLE variant_effect_predictions; "
            "DROP TABLE variant_molecular_effects; DROP TABLE variant_masters");
  place_run(place, place->engine->old_variants);
  place_run(place, "UPDATE alembic_version SET version_num = '" BASE "'");
  g_ptr_array_set_size(place->events, 0);
}

void place_assert_state(const Place *place, NxState expected, const char *revision)
{
  g_autofree char *found = NULL;
  g_autoptr(GError) error = NULL;
  g_assert_cmpint(nx_schema_state(place->schema, place->address, &found, &error), ==, expected);
  g_assert_cmpstr(found, ==, revision);
}

gboolean place_upgrade(Place *place, gboolean allow_data_loss, GError **err)
{
  return nx_schema_upgrade(place->schema, place->address, allow_data_loss, &place->watcher, err);
}

void place_assert_upgrades(Place *place)
{
  g_autoptr(GError) error = NULL;
  place_upgrade(place, FALSE, &error);
  g_assert_no_error(error);
}

/* -------------------------------------------------------------------------------------------------------- migrations */

NxSchema *load_schema_from(const char *root, GError **err)
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
void place_change_schema(Place *place, const char *name, const char *content)
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
  place->schema = load_schema_from(root, &error);
  g_assert_no_error(error);
}

/* A further revision, so that head is the one after HEAD. */
void place_add_revision(Place *place, const char *statements)
{
  g_autofree char *up = g_strdup_printf("-- revision: " NEXT_REVISION "\n-- parent: " HEAD "\n-- title: A further step.\n\n%s", statements);
  g_autofree char *root = g_build_filename(place->folder, "migrations", "igem", NULL);
  g_autofree char *down = g_build_filename(root, NEXT_REVISION "_further.down.sql", NULL);
  copy_tree(nx_schema_folder(place->schema), root);
  g_assert_true(g_file_set_contents(down, "", -1, NULL));
  place_change_schema(place, NEXT_REVISION "_further.up.sql", up);
}
