/* postgres-address.c — addresses of PostgreSQL databases, and connecting to them. What an address may say (several hosts, sockets, TLS,
 * passfile, service, …) is libpq's affair: postgresql.org/docs/15/libpq-connect.html. Forms and settings: igem-db 1.2. */
#include "postgres.h"

#include "nx-config.h"

#include <string.h>

#define SCHEME "postgresql://"

gboolean nx_postgres_accepts(const char *address)
{
  const char *end = strstr(address, "://");
  return end && (g_str_has_prefix(address, "postgres://") ||
                 (g_str_has_prefix(address, "postgresql") && strcspn(address, "/:?#") == (gsize)(end - address)));
}

char *nx_postgres_uri(const char *address)
{
  return g_strconcat(SCHEME, strstr(address, "://") + strlen("://"), NULL);
}

/* --------------------------------------------------------------------------------------------------------- parameters */

/* What holds when the address does not say otherwise; the variable, where it is an integer, outranks both. */
static const struct {
  const char *keyword, *variable, *standard;
} PARAMETERS[] = {
    {"connect_timeout", "IGEM_DB_CONNECT_TIMEOUT", "10"},  {"keepalives", "IGEM_DB_KEEPALIVES", "1"},
    {"keepalives_idle", "IGEM_DB_KEEPALIVES_IDLE", "30"},  {"keepalives_interval", "IGEM_DB_KEEPALIVES_INTERVAL", "10"},
    {"keepalives_count", "IGEM_DB_KEEPALIVES_COUNT", "5"},
};

#define PARAMETERS_MAX (2 * G_N_ELEMENTS(PARAMETERS) + 6)

typedef struct {
  const char *keywords[PARAMETERS_MAX], *values[PARAMETERS_MAX];
  guint n;
} Parameters;

static void add(Parameters *parameters, const char *keyword, const char *value)
{
  parameters->keywords[parameters->n] = keyword;
  parameters->values[parameters->n++] = value;
}

static gboolean is_integer(const char *text)
{
  return text && *text && strlen(text) < 10 && strspn(text, "0123456789") == strlen(text);
}

/* Of a keyword that stands twice libpq takes the last, and `dbname` may be a whole address. */
static void fill(Parameters *parameters, const char *uri, const char *database)
{
  const char *name = g_getenv("IGEM_DB_APPLICATION_NAME");
  for (gsize i = 0; i < G_N_ELEMENTS(PARAMETERS); i++)
    add(parameters, PARAMETERS[i].keyword, PARAMETERS[i].standard);
  add(parameters, "dbname", uri);
  for (gsize i = 0; i < G_N_ELEMENTS(PARAMETERS); i++)
    if (is_integer(g_getenv(PARAMETERS[i].variable)))
      add(parameters, PARAMETERS[i].keyword, g_getenv(PARAMETERS[i].variable));
  if (name && *name)
    add(parameters, "application_name", name);
  add(parameters, "fallback_application_name", g_get_prgname() ? g_get_prgname() : "nx-db");
  add(parameters, "client_encoding", "UTF8");
  add(parameters, "dbname", database);
  add(parameters, NULL, NULL);
}

/* ---------------------------------------------------------------------------------------------------------- sentences */

static char *replaced(const char *text, const char *from, const char *to)
{
  g_auto(GStrv) parts = g_strsplit(text, from, -1);
  return g_strjoinv(to, parts);
}

char *nx_postgres_sentence(const char *text, const char *address)
{
  g_autofree char *valid = nx_text_utf8(text, -1);
  g_auto(GStrv) lines = g_strsplit(g_strstrip(valid), "\n", -1);
  for (char **line = lines; *line; line++)
    g_strstrip(*line);
  g_autofree char *joined = g_strjoinv("; ", lines);
  if (!address)
    return g_steal_pointer(&joined);
  g_autofree char *shown = nx_config_masked_address(address);
  return replaced(joined, address, shown);
}

/* The library quotes what it could not read or find, which may be a password, or a part of one. Names of options are its own words. */
static char *without_quotations(const char *sentence)
{
  static const char FIRST_TO_LAST[] = "^[^\"]*\\K(?:\".*\"(?= for connection option \"\\w+\"$)|\".*\")";
  g_autoptr(GRegex) quotation = g_regex_new(FIRST_TO_LAST, G_REGEX_RAW, 0, NULL);
  return g_regex_replace_literal(quotation, sentence, -1, 0, "***", 0, NULL);
}

const char *nx_db_end_of_user(const char *authority)
{
  return memchr(authority, '@', strcspn(authority, "/"));
}

/* TRUE when an @ or / of the user or the password stands there as it is. */
static gboolean is_bare(const char *authority)
{
  const char *at = nx_db_end_of_user(authority), *end = authority + strcspn(authority, "/?#");
  /* One that stands behind the host would be of the database's name; it is more likely of the password. */
  if (at)
    return memchr(at + 1, '@', strcspn(at + 1, "?#")) != NULL;
  const char *colon = g_strrstr_len(authority, end - authority, ":");
  if (!colon || memchr(colon, ']', (gsize)(end - colon)))
    return FALSE;
  gboolean has_port = strspn(colon + 1, "0123456789") == (gsize)(end - colon - 1);
  return memchr(end, '@', has_port ? strcspn(end, "?") : strlen(end)) != NULL;
}

gboolean nx_db_check_encoding(const char *address, GError **err)
{
  if (!nx_postgres_accepts(address) || !is_bare(strstr(address, "://") + strlen("://")))
    return TRUE;
  g_autofree char *masked = nx_config_masked_address(address), *shown = nx_text_utf8(masked, -1);
  g_set_error(err, NX_ERROR, NX_ERROR_CONFIG, "%s cannot be read: in the user and the password of an address @ is written %%40 and / %%2F", shown);
  return FALSE;
}

static void refuse_address(const char *address, const char *reason, GError **err)
{
  g_autofree char *shown = nx_config_masked_address(address);
  g_autofree char *sentence = nx_postgres_sentence(reason ? reason : "out of memory", address);
  g_autofree char *unquoted = without_quotations(sentence);
  g_set_error(err, NX_ERROR, NX_ERROR_CONFIG, "%s is not an address of a PostgreSQL database: %s", shown, unquoted);
}

/* Loads the library. Passwords of the address, wherever they stand in it, are shown nowhere from now on. */
static gboolean read_address(const char *address, char **database, GError **err)
{
  if (!nx_db_check_encoding(address, err) || !nx_libpq_load(err))
    return FALSE;
  char *reason = NULL;
  g_autofree char *uri = nx_postgres_uri(address);
  PQconninfoOption *options = nx_pq.conninfoParse(uri, &reason);
  if (!options)
    refuse_address(address, reason, err);
  for (PQconninfoOption *option = options; option && option->keyword; option++) {
    if (option->val && g_str_has_suffix(option->keyword, "password"))
      nx_log_hide(option->val);
    if (option->val && database && g_str_equal(option->keyword, "dbname"))
      *database = g_strdup(option->val);
  }
  nx_pq.conninfoFree(options);
  nx_pq.freemem(reason);
  return options != NULL;
}

/* --------------------------------------------------------------------------------------------------------- connecting */

/* A server that was reached is named by the library. */
static void set_failure(const char *address, const char *reason, GError **err)
{
  g_autofree char *uri = nx_postgres_uri(address), *sentence = nx_postgres_sentence(reason, uri);
  if (g_str_has_prefix(sentence, "connection to server")) {
    g_set_error_literal(err, NX_ERROR, NX_ERROR_PLACE, sentence);
    return;
  }
  g_autofree char *shown = nx_config_masked_address(address), *unquoted = without_quotations(sentence);
  g_set_error(err, NX_ERROR, NX_ERROR_PLACE, "%s: %s", shown, unquoted);
}

PGconn *nx_postgres_connect(const char *address, const char *database, GError **err)
{
  if (!read_address(address, NULL, err))
    return NULL;
  Parameters parameters = {0};
  g_autofree char *uri = nx_postgres_uri(address);
  fill(&parameters, uri, database);
  PGconn *connection = nx_pq.connectdbParams(parameters.keywords, parameters.values, TRUE);
  if (connection && nx_pq.status(connection) == CONNECTION_OK)
    return connection;
  set_failure(address, connection ? nx_pq.errorMessage(connection) : "out of memory", err);
  nx_pq.finish(connection);
  return NULL;
}

char *nx_postgres_database(const char *address, GError **err)
{
  g_autofree char *database = NULL;
  if (!read_address(address, &database, err))
    return NULL;
  if (database && *database)
    return g_steal_pointer(&database);
  /* Not in the address: the environment's or the user's own, which the library works out when it connects. */
  g_autofree char *uri = nx_postgres_uri(address);
  Parameters parameters = {0};
  fill(&parameters, uri, NULL);
  PGconn *connection = nx_pq.connectdbParams(parameters.keywords, parameters.values, TRUE);
  char *name = g_strdup(connection ? nx_pq.db(connection) : NULL);
  nx_pq.finish(connection);
  return name;
}
