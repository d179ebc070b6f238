/* igem-settings.c — .igem.toml: the one of the project, which is looked for from the current folder upwards, and the one of the person, in
 * the home folder (igem-db §2). Keys of other programs are let be. */
#include "igem-address.h"

#include "nx-config.h"

#include <string.h>

#define SETTINGS_MAX (1u << 20)
#define RELATIVE "sqlite:///"

static gboolean refuse(const char *path, const char *reason, GError **err)
{
  g_set_error(err, NX_ERROR, NX_ERROR_CONFIG, "[igem] Invalid %s: %s", path, reason);
  return FALSE;
}

/* A relative SQLite address is one in the folder of the file. */
static char *in_folder_of(const char *path, const char *uri)
{
  if (g_ascii_strncasecmp(uri, RELATIVE, strlen(RELATIVE)) != 0)
    return g_strdup(uri);
  const char *file = uri + strlen(RELATIVE);
  if (*file == '\0' || *file == '/' || g_str_equal(file, ":memory:"))
    return g_strconcat(RELATIVE, file, NULL);
  g_autofree char *folder = g_path_get_dirname(path), *whole = g_canonicalize_filename(file, folder);
  return g_strconcat(RELATIVE, whole, NULL);
}

/* *uri is NULL when the file does not name a database. */
static gboolean read_uri(const char *path, char **uri, GError **err)
{
  g_autofree char *text = NULL;
  gsize length = 0;
  g_autoptr(GError) error = NULL;
  if (!nx_file_read(path, SETTINGS_MAX, &text, &length, &error))
    return refuse(path, error->message, err);
  g_autoptr(json_object) settings = nx_toml_parse(text, length, &error);
  if (!settings)
    return refuse(path, error->message, err);
  json_object *database = nx_json_get(settings, "database"), *value = nx_json_get(database, "uri");
  if (database && !json_object_is_type(database, json_type_object))
    return refuse(path, "database is not a table: write [database]", err);
  if (value && !json_object_is_type(value, json_type_string))
    return refuse(path, "uri of [database] is not a text: put it in quotes", err);
  g_autofree char *stripped = value ? g_strstrip(g_strdup(json_object_get_string(value))) : NULL;
  *uri = stripped && *stripped ? in_folder_of(path, stripped) : NULL;
  nx_log_debug("%s names %s", path, *uri ? "an address" : "no address");
  return TRUE;
}

char *igem_settings_uri(const char *name, GError **err)
{
  g_autofree char *local = nx_file_find_upwards(name), *home = g_build_filename(g_get_home_dir(), name, NULL);
  g_autofree char *local_uri = NULL, *home_uri = NULL;
  if (local && !read_uri(local, &local_uri, err))
    return NULL;
  if (g_file_test(home, G_FILE_TEST_IS_REGULAR) && !read_uri(home, &home_uri, err))
    return NULL;
  return local_uri ? g_steal_pointer(&local_uri) : g_steal_pointer(&home_uri);
}
