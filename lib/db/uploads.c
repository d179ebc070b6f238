/* uploads.c — upload_log rows as results (LINES) and back (export 3). */
#include "stages.h"

#include <string.h>

/* The newest row of a destination so far: its place in the array. */
typedef struct {
  gsize index;
  gint64 when_ns;
} Newest;

static json_object *metadata_of(const char *text)
{
  g_autoptr(json_object) metadata = text ? nx_json_parse(text, strlen(text), NULL) : NULL;
  if (json_object_is_type(metadata, json_type_object))
    return g_steal_pointer(&metadata);
  return json_object_new_object();
}

static json_object *result_of(NxRows *rows)
{
  json_object *result = json_object_new_object();
  nx_json_set(result, "destination_name", nx_rows_json(rows, 0));
  nx_json_set(result, "success", json_object_new_boolean(nx_rows_int(rows, 1) != 0));
  nx_json_set(result, "record_id", nx_rows_json(rows, 2));
  nx_json_set(result, "record_url", nx_rows_json(rows, 3));
  nx_json_set(result, "error_message", nx_rows_json(rows, 4));
  nx_json_set(result, "timestamp", nx_rows_json(rows, 5));
  nx_json_set(result, "metadata", metadata_of(nx_rows_text(rows, 6)));
  return result;
}

json_object *nx_uploads_of(NxDb *db, const char *session_identifier, GError **err)
{
  g_autoptr(NxRows) rows = nx_db_select(db, err,
                                        "SELECT destination_name, success, record_id, record_url, error_message, timestamp, metadata_json "
                                        "FROM upload_log WHERE session_identifier = $1 ORDER BY id",
                                        "s", session_identifier);
  if (!rows)
    return NULL;
  g_autoptr(GHashTable) newest = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
  g_autoptr(json_object) uploads = json_object_new_array();
  while (nx_rows_next(rows)) {
    const char *destination = nx_rows_text(rows, 0);
    gint64 when = nx_stored_instant_ns(nx_rows_text(rows, 5));
    Newest *place = destination ? g_hash_table_lookup(newest, destination) : NULL;
    if (!destination || (place && place->when_ns > when))
      continue;
    if (!place) {
      place = g_new0(Newest, 1);
      place->index = json_object_array_length(uploads);
      g_hash_table_insert(newest, g_strdup(destination), place);
    }
    place->when_ns = when;
    json_object_array_put_idx(uploads, place->index, result_of(rows));
  }
  return nx_rows_finish(rows, err) ? g_steal_pointer(&uploads) : NULL;
}
