/* fields.c — columns, and their values as text. */
#include "nx-snapshot.h"

#define DAY_US G_GINT64_CONSTANT(86400000000)
#define DAYS_MIN (-719162)  /* 0001-01-01 */
#define DAYS_MAX 2932896    /* 9999-12-31 */

static void clear_field(gpointer data)
{
  g_free(((NxField *)data)->name);
}

GArray *nx_fields_new(void)
{
  GArray *fields = g_array_new(FALSE, TRUE, sizeof(NxField));
  g_array_set_clear_func(fields, clear_field);
  return fields;
}

void nx_fields_add(GArray *fields, const char *name, NxFieldType type)
{
  NxField field = {.name = g_strdup(name), .type = type};
  g_array_append_val(fields, field);
}

static gint64 floor_divide(gint64 value, gint64 by)
{
  return value / by - (value % by < 0);
}

static char *date_text(gint64 days)
{
  GDate date;
  if (days < DAYS_MIN || days > DAYS_MAX)
    return g_strdup_printf("%" G_GINT64_FORMAT " days", days);
  g_date_clear(&date, 1);
  g_date_set_julian(&date, (guint32)(days - DAYS_MIN + 1));
  return g_strdup_printf("%04d-%02d-%02d", g_date_get_year(&date), g_date_get_month(&date), g_date_get_day(&date));
}

static void append_clock(GString *text, gint64 microseconds)
{
  gint64 seconds = microseconds / 1000000, rest = microseconds % 1000000;
  g_string_append_printf(text, "%02d:%02d:%02d", (int)(seconds / 3600), (int)(seconds / 60 % 60), (int)(seconds % 60));
  if (rest == 0)
    return;
  g_string_append_printf(text, ".%06d", (int)rest);
  while (text->str[text->len - 1] == '0')
    g_string_truncate(text, text->len - 1);
}

static char *timestamp_text(gint64 microseconds, const char *zone)
{
  gint64 since_midnight = microseconds % DAY_US;
  since_midnight += since_midnight < 0 ? DAY_US : 0;
  g_autofree char *date = date_text(floor_divide(microseconds, DAY_US));
  GString *text = g_string_new(date);
  g_string_append_c(text, ' ');
  append_clock(text, since_midnight);
  g_string_append(text, zone);
  return g_string_free(text, FALSE);
}

static char *bytes_text(const NxDatum *datum)
{
  GString *text = g_string_new(NULL);
  for (gsize i = 0; i < datum->length; i++) {
    guchar byte = (guchar)datum->bytes[i];
    if (g_ascii_isprint(byte) && byte != '\\')
      g_string_append_c(text, (char)byte);
    else
      g_string_append_printf(text, "\\x%02X", byte);
  }
  return g_string_free(text, FALSE);
}

static char *time_text(gint64 microseconds)
{
  GString *text = g_string_new(NULL);
  append_clock(text, microseconds);
  return g_string_free(text, FALSE);
}

char *nx_datum_text(const NxField *field, const NxDatum *datum)
{
  if (datum->is_null)
    return NULL;
  switch (field->type) {
  case NX_FIELD_INTEGER:
    return g_strdup_printf("%" G_GINT64_FORMAT, datum->integer);
  case NX_FIELD_UNSIGNED:
    return g_strdup_printf("%" G_GUINT64_FORMAT, (guint64)datum->integer);
  case NX_FIELD_BOOLEAN:
    return g_strdup(datum->integer ? "true" : "false");
  case NX_FIELD_REAL:
    return nx_text_from_double(datum->real);
  case NX_FIELD_TIMESTAMP:
    return timestamp_text(datum->integer, "");
  case NX_FIELD_TIMESTAMP_UTC:
    return timestamp_text(datum->integer, "+00");
  case NX_FIELD_DATE:
    return date_text(datum->integer);
  case NX_FIELD_TIME:
    return time_text(datum->integer);
  case NX_FIELD_BYTES:
    return bytes_text(datum);
  default:
    return g_strndup(datum->bytes, datum->length);
  }
}
