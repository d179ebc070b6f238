/* schema-info.c — what `info` shows of the database of a schema (igem-db 5.6). */
#include "driver.h"
#include "schema.h"
#include "sql-text.h"

static gboolean count_table(NxDb *db, const char *table, json_object *counts, gboolean count, GError **err)
{
  gint64 rows = 0;
  g_autofree char *name = nx_sql_quoted(table);
  g_autofree char *sql = g_strdup_printf("SELECT count(*) FROM %s", name);
  if (count && !nx_db_number(db, &rows, err, sql, NULL))
    return FALSE;
  nx_json_set(counts, table, count ? json_object_new_int64(rows) : NULL);
  return TRUE;
}

/* Tables of the schema that are there, and how many partitions of them. */
static json_object *tables_of(const NxSchema *schema, NxDb *db, gboolean count, gint64 *partitions, GError **err)
{
  g_auto(GStrv) names = nx_db_tables(db, err);
  g_autoptr(json_object) counts = names ? json_object_new_object() : NULL;
  for (char **name = names; name && *name; name++) {
    *partitions += nx_schema_partitioned(schema, *name) != NULL;
    if (g_strv_contains((const char *const *)schema->tables, *name) && !count_table(db, *name, counts, count, err))
      return NULL;
  }
  return g_steal_pointer(&counts);
}

/* What the schema says of its version; NULL when it says nothing or cannot be asked. */
static char *schema_version(const NxSchema *schema, NxDb *db)
{
  const char *sql = json_object_get_string(nx_schema_fact(schema, "schema_version"));
  g_autoptr(NxRows) rows = sql ? nx_db_select(db, NULL, sql, NULL) : NULL;
  return rows && nx_rows_next(rows) && nx_rows_text(rows, 0) ? nx_text_utf8(nx_rows_text(rows, 0), -1) : NULL;
}

static json_object *info_of(const NxSchema *schema, NxDb *db, const char *address, gboolean count, GError **err)
{
  gint64 partitions = 0;
  g_auto(GStrv) rows = nx_version_rows(db, NULL, err);
  g_autoptr(json_object) tables = rows ? tables_of(schema, db, count, &partitions, err) : NULL;
  if (!tables)
    return NULL;
  g_autofree char *uri = nx_db_url_shown(address), *revision = g_strjoinv(", ", rows), *host = NULL, *database = NULL;
  g_autofree char *version = schema_version(schema, db);
  json_object *info = json_object_new_object();
  nx_db_describe(address, &host, &database);
  nx_json_set_string(info, "backend", "sql");
  nx_json_set(info, "read_only", json_object_new_boolean(FALSE));
  nx_json_set_string(info, "uri", uri);
  nx_json_set_string(info, "engine", nx_db_driver(db)->name);
  nx_json_set_string(info, "host", host);
  nx_json_set_string(info, "database", database);
  nx_json_set(info, "connected", json_object_new_boolean(TRUE));
  nx_json_set_string(info, "revision", *revision ? revision : NULL);
  nx_json_set_string(info, "schema_version", version);
  nx_json_set(info, "partitions", json_object_new_int64(partitions));
  nx_json_set(info, "tables", g_steal_pointer(&tables));
  return info;
}

json_object *nx_schema_info(const NxSchema *schema, const char *address, gboolean count, GError **err)
{
  g_autoptr(NxDb) db = nx_db_open(address, NX_DB_READ, err);
  return db ? info_of(schema, db, address, count, err) : NULL;
}
