/* schema-script.c — pending migrations of a schema as SQL in the dialect of the database, executed nowhere (igem-db 5.5). */
#include "offline.h"
#include "schema.h"

/* A name that is none is the caller's to report: an error of states, not of revisions. */
static gboolean check_target(const NxSchema *schema, const char *target, GError **err)
{
  g_autoptr(GPtrArray) found = nx_graph_resolve(schema->graph, target, NULL);
  return (found && found->len == 1) || nx_state_refuse(NX_STATE_UNKNOWN_REVISION, target, err);
}

gboolean nx_schema_script(const NxSchema *schema, const char *address, const char *target, gboolean from_current, FILE *out, GError **err)
{
  g_autoptr(NxDb) db = nx_db_open(address, NX_DB_READ, err);
  g_auto(GStrv) rows = db && check_target(schema, target, err) ? nx_version_rows(db, NULL, err) : NULL;
  if (!rows)
    return FALSE;
  g_autofree char *range = g_strdup_printf("%s:%s", from_current && *rows ? *rows : "base", target);
  return nx_offline_migrate(schema->graph, address, range, TRUE, out, err);
}
