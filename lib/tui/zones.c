/* zones.c — names of time zones: those of zone.tab and the usual short ones of North America to choose from (tui §1.1). */
#include "zones.h"

#include <string.h>

#define ZONEINFO "/usr/share/zoneinfo"

static const char *const ALSO[] = {
  "US/Alaska",       "US/Arizona",      "US/Central",      "US/Eastern",          "US/Hawaii",      "US/Mountain", "US/Pacific", "Canada/Atlantic",
  "Canada/Central",  "Canada/Eastern",  "Canada/Mountain", "Canada/Newfoundland", "Canada/Pacific", "GMT",         "UTC",
};

static gint by_name(gconstpointer a, gconstpointer b)
{
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Lines of zone.tab: country, coordinates, name, remark, parted by tabs. */
static void add_from_table(GPtrArray *names)
{
  g_autofree char *text = NULL;
  gsize length = 0;
  if (!nx_file_read(ZONEINFO "/zone.tab", 1024 * 1024, &text, &length, NULL))
    return;
  g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
  for (char **line = lines; *line; line++) {
    g_auto(GStrv) parts = g_strsplit(*line, "\t", 4);
    if (**line != '#' && g_strv_length(parts) >= 3)
      g_ptr_array_add(names, g_strdup(parts[2]));
  }
}

static GPtrArray *read_names(void)
{
  GPtrArray *names = g_ptr_array_new();
  add_from_table(names);
  for (gsize i = 0; i < G_N_ELEMENTS(ALSO); i++)
    g_ptr_array_add(names, g_strdup(ALSO[i]));
  g_ptr_array_sort(names, by_name);
  g_ptr_array_add(names, NULL);
  return names;
}

const char *const *nx_zones_common(void)
{
  static GPtrArray *names;
  if (!names)
    names = read_names();
  return (const char *const *)names->pdata;
}

const char *nx_zone_suggestion(const char *text)
{
  gsize length = strlen(text);
  for (const char *const *name = nx_zones_common(); length && *name; name++)
    if (g_ascii_strncasecmp(*name, text, length) == 0)
      return *name;
  return NULL;
}
