/* igem-address.c — from what was typed, set or written to the database or snapshot that it names. Order and forms: igem-db §1.1, §1.2. */
#include "igem-address.h"

#include "nx-config.h"
#include "nx-db.h"
#include "nx-snapshot.h"

#include <stdlib.h>
#include <string.h>

#define SQLITE "sqlite:///"
#define SNAPSHOT "parquet://"
#define MEMORY ":memory:"

void igem_address_free(IgemAddress *address)
{
  g_free(address->uri);
  g_free(address->scheme);
  g_free(address->place);
  g_free(address->opened);
  g_free(address->host);
  g_free(address->database);
  g_free(address);
}

/* -------------------------------------------------------------------------------------------------------------- forms */

/* `uri` as given; `place` is taken. */
static IgemAddress *make(IgemKind kind, const char *uri, char *place)
{
  IgemAddress *address = g_new0(IgemAddress, 1);
  const char *end = strstr(uri, "://");
  g_autofree char *masked = nx_config_masked_address(uri), *valid = nx_text_utf8(masked, -1);
  address->kind = kind;
  address->uri = nx_text_visible(valid);
  address->scheme = g_strndup(uri, (gsize)(end - uri));
  address->place = place;
  address->opened = g_strdup(kind == IGEM_SNAPSHOT ? place : uri);
  return address;
}

static char *unless_empty(char *text)
{
  if (*text)
    return text;
  g_free(text);
  return NULL;
}

/* user:password@HOST:port/DATABASE?parameters; a host in brackets has colons of its own. */
static IgemAddress *make_server(const char *uri)
{
  const char *authority = strstr(uri, "://") + 3, *at = nx_db_end_of_user(authority), *host = at ? at + 1 : authority;
  const char *end = host + strcspn(host, "/?#"), *bracket = memchr(host, ']', (gsize)(end - host)), *from = bracket ? bracket : host;
  const char *colon = memchr(from, ':', (gsize)(end - from));
  IgemAddress *address = make(IGEM_POSTGRESQL, uri, g_strdup(uri));
  address->host = unless_empty(g_strndup(host, (gsize)((colon ? colon : end) - host)));
  address->database = *end == '/' ? unless_empty(g_strndup(end + 1, strcspn(end + 1, "?#"))) : NULL;
  return address;
}

static IgemAddress *make_snapshot(const char *folder)
{
  g_autofree char *uri = g_strconcat(SNAPSHOT, folder, NULL);
  return make(IGEM_SNAPSHOT, uri, g_strdup(folder));
}

static IgemAddress *make_sqlite(const char *path)
{
  g_autofree char *uri = g_strconcat(SQLITE, path, NULL);
  if (*path == '\0' || g_str_equal(path, MEMORY))
    return make(IGEM_MEMORY, uri, g_strdup(MEMORY));
  return make(g_file_test(path, G_FILE_TEST_IS_DIR) ? IGEM_FOLDER : IGEM_SQLITE, uri, g_strdup(path));
}

/* A folder that holds a manifest is a snapshot; anything else is a SQLite file, also one that is not there yet. */
static IgemAddress *make_from_path(const char *path)
{
  g_autofree char *expanded = nx_path_without_tilde(path), *whole = g_canonicalize_filename(path, NULL);
  g_autofree char *real = realpath(expanded, NULL);
  return real && nx_snapshot_is_one(real) ? make_snapshot(real) : make_sqlite(whole);
}

static gboolean is_postgresql(const char *text)
{
  return g_str_has_prefix(text, "postgresql") || g_str_has_prefix(text, "postgres://");
}

IgemAddress *igem_address_new(const char *text)
{
  if (!strstr(text, "://"))
    return make_from_path(text);
  if (g_str_has_prefix(text, SNAPSHOT)) {
    const char *folder = text + strlen(SNAPSHOT);
    g_autofree char *whole = g_strconcat(*folder == '/' ? "" : "/", folder, NULL);
    return make_snapshot(whole);
  }
  if (g_str_has_prefix(text, SQLITE))
    return make_sqlite(text + strlen(SQLITE));
  if (g_str_equal(text, "sqlite://"))
    return make(IGEM_MEMORY, text, g_strdup(MEMORY));
  return is_postgresql(text) ? make_server(text) : make(IGEM_OTHER, text, g_strdup(text));
}

/* ------------------------------------------------------------------------------------------------------------ sources */

/* A copy without the blank space around it; NULL for nothing. */
static char *stripped(const char *text)
{
  g_autofree char *copy = text ? g_strstrip(g_strdup(text)) : NULL;
  return copy && *copy ? g_steal_pointer(&copy) : NULL;
}

static void warn_of_another(const char *const *variables, const char *taken, const char *uri)
{
  for (; *variables; variables++) {
    g_autofree char *other = stripped(g_getenv(*variables));
    if (other && !g_str_equal(other, uri))
      nx_log_warning("%s and %s name different databases: %s counts", taken, *variables, taken);
  }
}

static char *from_environment(const char *const *variables)
{
  for (; *variables; variables++) {
    char *uri = stripped(g_getenv(*variables));
    if (!uri)
      continue;
    nx_log_debug("the address is that of %s", *variables);
    warn_of_another(variables + 1, *variables, uri);
    return uri;
  }
  return NULL;
}

IgemAddress *igem_address_find(const NxSchema *schema, const char *const typed[2], GError **err)
{
  g_autofree char *uri = stripped(typed[0]);
  if (!uri)
    uri = stripped(typed[1]);
  if (!uri)
    uri = from_environment(nx_schema_variables(schema));
  if (!uri)
    uri = igem_settings_uri(nx_schema_settings_file(schema), err);
  return uri ? igem_address_new(uri) : NULL;
}
