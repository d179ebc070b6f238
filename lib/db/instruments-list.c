/* instruments-list.c — `instruments list`: each instrument with its number of sessions and the end of the last one (cli 7, database 7.2).
 */
#include "instruments-usage.h"
#include "nx-cli.h"
#include "nx-config.h"
#include "nx-listing.h"
#include "stages.h"
#include "text-table.h"

#include <langinfo.h>
#include <locale.h>
#include <string.h>
#include <unistd.h>

#define API_URL_WIDTH 22
#define WRAPPED_FLOOR 8

typedef struct {
  guint sessions;
  GDateTime *last; /* NULL: none */
} Usage;

/* ---------------------------------------------------------------------------------------------------------- reading */

static Usage usage_of(const NxUsage *all, json_object *instrument)
{
  const char *pid = nx_json_get_string(instrument, "instrument_pid"), *zone_name = nx_json_get_string(instrument, "timezone");
  GTimeZone *zone = zone_name ? nx_zone(zone_name, NULL) : NULL;
  return (Usage){.sessions = nx_usage_sessions(all, pid), .last = nx_usage_last(all, pid, zone ? zone : nx_zone_system())};
}

/* A calendar's address may hold a password, which is nobody's business here. */
static char *shown_api_url(json_object *instrument)
{
  const char *url = nx_json_get_string(instrument, "api_url");
  return url ? nx_config_masked_address(url) : NULL;
}

/* ------------------------------------------------------------------------------------------------------------- JSON */

static json_object *listed(json_object *instrument, const Usage *usage)
{
  static const char *const KEYS[] = {"instrument_pid", "display_name", "location", "api_url", "harvester", NULL};
  json_object *entry = json_object_new_object();
  g_autofree char *url = shown_api_url(instrument);
  g_autofree char *last = usage->last ? nx_time_format(usage->last) : NULL;
  for (guint i = 0; KEYS[i]; i++)
    nx_json_set(entry, KEYS[i], json_object_get(nx_json_get(instrument, KEYS[i])));
  nx_json_set_string(entry, "api_url", url);
  nx_json_set(entry, "sessions_total", json_object_new_int64(usage->sessions));
  nx_json_set_string(entry, "last_session", last);
  return entry;
}

/* ------------------------------------------------------------------------------------------------------------ table */

/* The front and the end of an address, which tell tools apart. */
static char *shortened_url(const char *url, gboolean ascii)
{
  glong length = g_utf8_strlen(url, -1), front = (API_URL_WIDTH - 1) / 2, end = API_URL_WIDTH - front - 1;
  if (length <= API_URL_WIDTH)
    return g_strdup(url);
  g_autofree char *first = g_utf8_substring(url, 0, front);
  g_autofree char *last = g_utf8_substring(url, length - end, length);
  return g_strconcat(first, ascii ? "~" : "…", last, NULL);
}

static char *cell(json_object *instrument, const char *key)
{
  const char *text = nx_json_get_string(instrument, key);
  return nx_text_visible(text ? text : "");
}

static char **table_row(json_object *instrument, const Usage *usage, gboolean ascii)
{
  g_autoptr(GStrvBuilder) row = g_strv_builder_new();
  static const char *const KEYS[] = {"instrument_pid", "display_name", "location"};
  for (gsize i = 0; i < G_N_ELEMENTS(KEYS); i++) {
    g_autofree char *text = cell(instrument, KEYS[i]);
    g_strv_builder_add(row, text);
  }
  g_autofree char *shown = shown_api_url(instrument), *url = nx_text_visible(shown ? shown : "");
  g_autofree char *short_url = shortened_url(url, ascii);
  g_autofree char *sessions = g_strdup_printf("%u", usage->sessions);
  g_autofree char *last = usage->last ? g_date_time_format(usage->last, "%Y-%m-%d %H:%M %Z") : g_strdup(ascii ? "-" : "—");
  g_strv_builder_add_many(row, short_url, sessions, last, NULL);
  return g_strv_builder_end(row);
}

static const NxTextColumn COLUMNS[] = {
    {"ID", FALSE, FALSE},      {"Display Name", FALSE, TRUE}, {"Location", FALSE, TRUE},
    {"API URL", FALSE, FALSE}, {"Sessions", TRUE, TRUE},      {"Last Session", FALSE, FALSE},
};
#define API_URL_COLUMN 3

static void print_table(GPtrArray *rows, gboolean ascii)
{
  g_autofree char *title = g_strdup_printf("NexusLIMS Instruments (%u total)", rows->len);
  NxTextColumn columns[G_N_ELEMENTS(COLUMNS)];
  guint n = G_N_ELEMENTS(COLUMNS);
  const char *asked = g_getenv("COLUMNS");
  gboolean is_asked = asked && *asked && strspn(asked, "0123456789") == strlen(asked), is_terminal = isatty(STDOUT_FILENO);
  NxTextStyle style = {
      .width = is_asked || is_terminal ? nx_cli_columns(80) : G_MAXSIZE, .ascii = ascii, .styled = nx_cli_has_colour(stdout)};
  memcpy(columns, COLUMNS, sizeof COLUMNS);
  /* A person in a narrow window would rather miss the address than read columns of one letter. */
  if (!is_asked && is_terminal && nx_text_table_width(columns, n, rows) > style.width) {
    style.floor = WRAPPED_FLOOR;
    memmove(&columns[API_URL_COLUMN], &columns[API_URL_COLUMN + 1], sizeof columns[0] * (--n - API_URL_COLUMN));
    for (guint i = 0; i < rows->len; i++) {
      char **row = rows->pdata[i];
      g_free(row[API_URL_COLUMN]);
      memmove(&row[API_URL_COLUMN], &row[API_URL_COLUMN + 1], sizeof row[0] * (n - API_URL_COLUMN + 1));
    }
  }
  nx_text_table_print(title, columns, n, rows, &style, stdout);
}

static void free_row(gpointer row)
{
  g_strfreev(row);
}

static gboolean list(NxDb *db, const char *address, gboolean json, const char *jq, GError **err)
{
  setlocale(LC_CTYPE, "");
  gboolean ascii = !g_str_equal(nl_langinfo(CODESET), "UTF-8");
  g_autoptr(GPtrArray) instruments = nx_instruments_read(db, err);
  g_autoptr(NxUsage) all = instruments ? nx_usage_read(db, address, err) : NULL;
  g_autoptr(GPtrArray) rows = g_ptr_array_new_with_free_func(free_row);
  g_autoptr(json_object) entries = json_object_new_array();
  if (!instruments || !all)
    return FALSE;
  for (guint i = 0; i < instruments->len; i++) {
    Usage usage = usage_of(all, instruments->pdata[i]);
    g_ptr_array_add(rows, table_row(instruments->pdata[i], &usage, ascii));
    json_object_array_add(entries, listed(instruments->pdata[i], &usage));
    g_clear_pointer(&usage.last, g_date_time_unref);
  }
  if (json)
    return nx_listing_print(entries, jq, stdout, err);
  if (rows->len == 0)
    printf("No instruments found. Use 'nexuslims instruments manage' to add instruments.\n");
  else
    print_table(rows, ascii);
  return TRUE;
}

int nx_db_command_instruments_list(const char *address, gboolean json, const char *jq)
{
  g_autoptr(GError) error = NULL;
  if (!address || !*address) {
    fputs(nx_db_unset_message, stderr);
    fputs("Aborted!\n", stderr);
    return 1;
  }
  g_autoptr(NxDb) db = nx_stage_open(address, NX_DB_READ, &error);
  if (db && list(db, address, json || jq, jq, &error))
    return 0;
  if (error->code != NX_ERROR_MISSING && error->code != NX_ERROR_CONFIG && !g_str_has_prefix(error->message, "jq: "))
    nx_db_name_in_error(address, &error);
  return nx_fail(error);
}
