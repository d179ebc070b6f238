/* names.c — display names of core fields (record-building §7.1, extractors-b §9.3). Most follow from the key itself; the table holds those
 * that do not. */
#include "names.h"

#include <glib.h>
#include <string.h>

static const struct {
  const char *key, *shown;
} EXCEPTIONS[] = {
    {"dataset_type", "DatasetType"},    {"dwell_time", "Pixel Dwell Time"},
    {"detector_type", "Detector"},      {"detector_energy_resolution", "Energy Resolution"},
    {"instrument_id", "Instrument ID"},
};

static gboolean is_field_name(const char *key)
{
  if (!strchr(key, '_'))
    return FALSE;
  for (const char *at = key; *at; at = g_utf8_next_char(at))
    if (g_unichar_isupper(g_utf8_get_char(at)) || g_unichar_istitle(g_utf8_get_char(at)))
      return FALSE;
  return TRUE;
}

char *nx_field_display_name(const char *key)
{
  if (!is_field_name(key))
    return g_strdup(key);
  for (gsize i = 0; i < G_N_ELEMENTS(EXCEPTIONS); i++)
    if (g_str_equal(EXCEPTIONS[i].key, key))
      return g_strdup(EXCEPTIONS[i].shown);
  GString *shown = g_string_new(NULL);
  gboolean in_word = FALSE;
  for (const char *at = key; *at; at = g_utf8_next_char(at)) {
    gunichar c = g_utf8_get_char(at);
    g_string_append_unichar(shown, c == '_' ? ' ' : in_word ? c : g_unichar_totitle(c));
    in_word = g_unichar_isalpha(c);
  }
  return g_string_free(shown, FALSE);
}
