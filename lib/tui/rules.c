/* rules.c — what may stand in a field, and what is said when it may not (tui §1.1). */
#include "rules.h"

#include "zones.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static gboolean is_blank(const char *text)
{
  return text[strspn(text, " \t\n")] == '\0';
}

char *nx_rule_required(const char *label, const char *text)
{
  return is_blank(text) ? g_strdup_printf("%s is required", label) : NULL;
}

char *nx_rule_length(const char *label, const char *text, guint most)
{
  return g_utf8_strlen(text, -1) > (glong)most ? g_strdup_printf("%s must be at most %u characters", label, most) : NULL;
}

char *nx_rule_url(const char *label, const char *text)
{
  if (is_blank(text))
    return nx_rule_required(label, text);
  gsize scheme = g_ascii_strncasecmp(text, "http://", 7) == 0 ? 7 : g_ascii_strncasecmp(text, "https://", 8) == 0 ? 8 : 0;
  if (!scheme)
    return g_strdup_printf("%s must start with http:// or https://", label);
  g_autoptr(GUri) uri = g_uri_parse(text, G_URI_FLAGS_PARSE_RELAXED, NULL);
  if (!uri || !g_uri_get_host(uri) || !*g_uri_get_host(uri) || strpbrk(text, " \t\n"))
    return g_strdup_printf("%s is not a valid URL", label);
  return NULL;
}

char *nx_rule_nemo_address(const char *text)
{
  char *problem = nx_rule_url("NEMO address", text);
  if (!problem && !g_str_has_suffix(text, "/"))
    problem = g_strdup("NEMO address must end with a trailing slash ('/')");
  return problem;
}

/* "A, B, C": the first three common names that contain the text; NULL when none does. */
static char *alike(const char *text)
{
  g_autofree char *wanted = g_ascii_strdown(text, -1);
  g_autoptr(GString) names = g_string_new(NULL);
  guint found = 0;
  for (const char *const *name = nx_zones_common(); *name && found < 3; name++) {
    g_autofree char *lower = g_ascii_strdown(*name, -1);
    if (!strstr(lower, wanted))
      continue;
    g_string_append_printf(names, "%s%s", found++ ? ", " : "", *name);
  }
  return found ? g_strdup(names->str) : NULL;
}

char *nx_rule_instrument_zone(const char *text)
{
  if (is_blank(text))
    return nx_rule_required("Timezone", text);
  if (nx_zone(text, NULL))
    return NULL;
  g_autofree char *names = alike(text);
  if (!names)
    return g_strdup("Unknown timezone. Use IANA format (e.g., America/New_York)");
  return g_strdup_printf("Unknown timezone. Did you mean: %s?", names);
}

char *nx_rule_setting_zone(const char *text)
{
  if (!*text || nx_zone(text, NULL))
    return NULL;
  return g_strdup_printf("Unknown timezone \"%s\". Use IANA format (e.g., America/New_York)", text);
}

char *nx_rule_number(const char *label, const char *text, NxNumberRange range)
{
  char *end = NULL;
  if (is_blank(text))
    return nx_rule_required(label, text);
  double value = g_ascii_strtod(text, &end);
  if (end == text || !is_blank(end) || !isfinite(value))
    return g_strdup_printf("%s must be a number", label);
  if (range == NX_ABOVE_ZERO && !(value > 0))
    return g_strdup_printf("%s must be greater than 0", label);
  return range == NX_ZERO_OR_MORE && value < 0 ? g_strdup_printf("%s must be 0 or greater", label) : NULL;
}

static gboolean read_integer(const char *text, gint64 *value)
{
  char *end = NULL;
  errno = 0;
  *value = g_ascii_strtoll(text, &end, 10);
  return end != text && is_blank(end) && errno == 0;
}

char *nx_rule_integer(const char *label, const char *text)
{
  gint64 value;
  return is_blank(text) || (read_integer(text, &value) && value >= G_MININT && value <= G_MAXINT) ? NULL : g_strdup_printf("%s must be an integer", label);
}

char *nx_rule_port(const char *text)
{
  gint64 port;
  if (is_blank(text))
    return NULL;
  if (!read_integer(text, &port))
    return g_strdup("SMTP port must be an integer");
  return port < 1 || port > 65535 ? g_strdup("SMTP port must be between 1 and 65535") : NULL;
}

char *nx_rule_filestore(const char *label, const char *text)
{
  if (is_blank(text))
    return nx_rule_required(label, text);
  if (*text == '/')
    return g_strdup_printf("%s must be relative to the instrument data folder", label);
  return nx_path_leads_upwards(text) ? g_strdup_printf("%s must not contain '..'", label) : NULL;
}
