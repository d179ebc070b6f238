/* session.c — what the stages share about session and file lines: how one ends, its times, its zone, its paths. */
#include "nx-base.h"

#include <string.h>

#define ID_MAX_BYTES 100 /* in the name of a record, which may have 255 in all */

gboolean nx_session_is_open(json_object *session, const char *status)
{
  const char *own = nx_json_get_string(session, "status");
  return !nx_json_get(session, "error") && !nx_json_get(session, "postponed") && own && (!status || g_str_equal(own, status));
}

static json_object *reason(const char *stage, const char *format, va_list arguments)
{
  g_autofree char *raw = g_strdup_vprintf(format, arguments);
  g_autofree char *masked = nx_log_masked(raw);
  g_autofree char *valid = nx_text_utf8(masked, -1);
  json_object *object = json_object_new_object();
  nx_json_set_string(object, "stage", stage);
  nx_json_set_string(object, "message", valid);
  return object;
}

void nx_session_end(json_object *session, const char *status, const char *stage, const char *format, ...)
{
  va_list arguments;
  va_start(arguments, format);
  nx_json_set_string(session, "status", status);
  nx_json_set(session, "error", reason(stage, format, arguments));
  va_end(arguments);
}

void nx_session_postpone(json_object *session, const char *stage, const char *format, ...)
{
  va_list arguments;
  va_start(arguments, format);
  nx_json_set(session, "postponed", reason(stage, format, arguments));
  va_end(arguments);
}

/* Errors that others have to end, after which the session can still become a record. */
static gboolean is_worth_waiting(const GError *error)
{
  return g_error_matches(error, NX_ERROR, NX_ERROR_PLACE) || g_error_matches(error, NX_ERROR, NX_ERROR_CONFIG) ||
         g_error_matches(error, NX_ERROR, NX_ERROR_INTERRUPTED);
}

void nx_session_fail(json_object *session, const char *stage, const GError *error)
{
  const char *identifier = nx_json_get_string(session, "session_identifier");
  gboolean later = is_worth_waiting(error), is_interrupted = g_error_matches(error, NX_ERROR, NX_ERROR_INTERRUPTED);
  nx_log(is_interrupted ? NX_LOG_INFO : NX_LOG_ERROR, "session %s: %s%s", identifier ? identifier : "(no identifier)", error->message,
         later ? " (will be tried again)" : "");
  if (later)
    nx_session_postpone(session, stage, "%s", error->message);
  else
    nx_session_end(session, "ERROR", stage, "%s", error->message);
}

/* Many lines are of one instrument: what is wrong with it is said once. */
static gboolean is_first_time(const char *name)
{
  static GHashTable *told;
  if (!told)
    told = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  return g_hash_table_add(told, g_strdup(name));
}

GTimeZone *nx_line_zone(json_object *line)
{
  const char *name = nx_json_get_string(nx_json_get(line, "instrument"), "timezone");
  if (!name || !*name)
    return nx_zone_system();
  g_autoptr(GError) problem = NULL;
  GTimeZone *zone = nx_zone(name, &problem);
  if (!zone && is_first_time(name))
    nx_log_warning("%s; the system's zone is used", problem->message);
  return zone ? zone : nx_zone_system();
}

GDateTime *nx_session_time(json_object *session, const char *key, GError **err)
{
  const char *text = nx_json_get_string(session, key);
  if (!text) {
    g_set_error(err, NX_ERROR, NX_ERROR_DATA, "the session has no '%s' time", key);
    return NULL;
  }
  return nx_time_parse(text, nx_line_zone(session), err);
}

char *nx_line_path(json_object *object, GError **err)
{
  const char *encoded = nx_json_get_string(object, "path_b64"), *path = nx_json_get_string(object, "path");
  gsize length = 0;
  g_autofree guchar *bytes = encoded ? g_base64_decode(encoded, &length) : NULL;
  if (encoded && length > 0 && !memchr(bytes, 0, length))
    return g_strndup((const char *)bytes, length);
  if (!encoded && path && *path && strlen(path) == (gsize)json_object_get_string_len(nx_json_get(object, "path")))
    return g_strdup(path);
  g_set_error(err, NX_ERROR, NX_ERROR_DATA, encoded ? "'path_b64' does not hold the bytes of a path" : "'path' is missing or not a path");
  return NULL;
}

void nx_line_set_path(json_object *object, const char *path)
{
  g_autofree char *shown = nx_text_utf8(path, -1);
  nx_json_set_string(object, "path", shown);
  if (g_str_equal(shown, path))
    return;
  g_autofree char *encoded = g_base64_encode((const guchar *)path, strlen(path));
  nx_json_set_string(object, "path_b64", encoded);
}

static gboolean is_uuid(const char *text)
{
  static const char SHAPE[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
  for (gsize i = 0; i < sizeof SHAPE; i++)
    if (SHAPE[i] == 'x' ? !g_ascii_isxdigit(text[i]) : text[i] != SHAPE[i])
      return FALSE;
  return TRUE;
}

static gboolean is_address(const char *identifier)
{
  g_autofree char *scheme = g_uri_parse_scheme(identifier);
  return g_strcmp0(scheme, "https") == 0 || g_strcmp0(scheme, "http") == 0;
}

static gboolean is_name_character(char c)
{
  return g_ascii_isalnum(c) || (c && strchr("._-", c));
}

/* An id that can stand in a name as it is: with characters replaced, two ids could become one. */
static gboolean is_name_part(const char *id)
{
  gsize length = 0;
  while (is_name_character(id[length]))
    length++;
  return length > 0 && length <= ID_MAX_BYTES && id[length] == '\0';
}

/* What tells two sessions of one instrument and day apart: the usage event's id, a UUID's first part, else a hash of the whole identifier.
 * The UID in an identifier of a calendar may look like an address, too, but it does not say that its id makes it unique. */
static char *record_suffix(const char *identifier)
{
  g_autofree char *id = is_address(identifier) ? nx_text_query_value(identifier, "id") : NULL;
  if (id && is_name_part(id))
    return g_steal_pointer(&id);
  if (is_uuid(identifier))
    return g_strndup(identifier, 8);
  g_autofree char *hash = g_compute_checksum_for_string(G_CHECKSUM_SHA256, identifier, -1);
  return g_strndup(hash, 8);
}

static void keep_name_characters(char *text)
{
  for (; *text; text++)
    if (!is_name_character(*text))
      *text = '_';
}

char *nx_session_record_name(json_object *session, GError **err)
{
  const char *identifier = nx_json_get_string(session, "session_identifier");
  const char *pid = nx_json_get_string(nx_json_get(session, "instrument"), "instrument_pid");
  g_autoptr(GDateTime) start = nx_session_time(session, "start", err);
  if (!start)
    return NULL;
  if (!identifier || !pid) {
    g_set_error(err, NX_ERROR, NX_ERROR_DATA, "the session has no identifier or no instrument, so its record has no name");
    return NULL;
  }
  g_autofree char *suffix = record_suffix(identifier), *name = g_strdup(pid);
  keep_name_characters(name);
  return g_strdup_printf("%04d-%02d-%02d_%s_%s.xml", g_date_time_get_year(start), g_date_time_get_month(start),
                         g_date_time_get_day_of_month(start), name, suffix);
}
