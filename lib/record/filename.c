/* filename.c — record-building §11.1, DECISIONS 45. */
#include "filename.h"

#include "nx-base.h"

#include <string.h>

#define HASH_DIGITS 8

static gboolean is_uuid(const char *text)
{
  return strlen(text) == 36 && g_uuid_string_is_valid(text);
}

/* The number of a usage event, the first part of a UUID, or what tells any other identifier from all the rest. */
static char *suffix_of(const char *identifier)
{
  g_autofree char *id = nx_text_query_value(identifier, "id");
  if (id && *id)
    return g_steal_pointer(&id);
  if (is_uuid(identifier))
    return g_strndup(identifier, strcspn(identifier, "-"));
  g_autofree char *hash = g_compute_checksum_for_string(G_CHECKSUM_SHA256, identifier, -1);
  return g_strndup(hash, HASH_DIGITS);
}

static void make_plain(char *text)
{
  for (char *at = text; *at; at++)
    if (!g_ascii_isalnum(*at) && !strchr("._-", *at))
      *at = '_';
}

char *nx_record_file_name(GDateTime *start, const char *instrument_pid, const char *session_identifier)
{
  g_autofree char *pid = g_strdup(instrument_pid), *suffix = suffix_of(session_identifier);
  make_plain(pid);
  make_plain(suffix);
  return g_strdup_printf("%04d-%02d-%02d_%s_%s.xml", g_date_time_get_year(start), g_date_time_get_month(start),
                         g_date_time_get_day_of_month(start), pid, suffix);
}
