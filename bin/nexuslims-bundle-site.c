/* nexuslims-bundle-site.c — what is known without the database: the machine, the libraries, the configuration and its paths. Source: cli
 * §10. */
#include "nexuslims-bundle.h"

#include <dlfcn.h>
#include <limits.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/utsname.h>
#include <unistd.h>

/* ----------------------------------------------------------------------------------------------------- environment */

static void collect_environment(Bundle *bundle)
{
  struct utsname system;
  json_object *facts = json_object_new_object();
  g_autofree char *program = g_file_read_link("/proc/self/exe", NULL);
  g_autofree char *share = nx_share_path("");
  g_autofree char *folder = g_get_current_dir(), *shown_folder = nx_text_utf8(folder, -1);
  if (uname(&system) == 0) {
    nx_json_set_string(facts, "os", system.sysname);
    nx_json_set_string(facts, "release", system.release);
    nx_json_set_string(facts, "machine", system.machine);
  }
  g_autofree char *distribution = g_get_os_info(G_OS_INFO_KEY_PRETTY_NAME);
  nx_json_set_string(facts, "distribution", distribution);
  nx_json_set_string(facts, "version", NX_VERSION);
  nx_json_set_string(facts, "program", program);
  nx_json_set_string(facts, "share", share);
  nx_json_set_string(facts, "cwd", shown_folder);
  nx_json_set_string(facts, "timezone", g_time_zone_get_identifier(nx_zone_system()));
  nx_json_set_string(facts, "locale", setlocale(LC_ALL, NULL));
  bundle_add_json(bundle, "environment.json", facts, -1);
}

/* -------------------------------------------------------------------------------------------------------- libraries */

typedef enum { BY_FUNCTION, BY_VARIABLE, BY_NUMBER } VersionForm;

/* Libraries that our programs use: where each says its version. They are opened here only, and only to be asked. */
static const struct {
  const char *name, *file, *symbol;
  VersionForm form;
} LIBRARIES[] = {
    {"cairo", "libcairo.so.2", "cairo_version_string", BY_FUNCTION},
    {"curl", "libcurl.so.4", "curl_version", BY_FUNCTION},
    {"gdk-pixbuf", "libgdk_pixbuf-2.0.so.0", "gdk_pixbuf_version", BY_VARIABLE},
    {"json-c", "libjson-c.so.5", "json_c_version", BY_FUNCTION},
    {"libarchive", "libarchive.so.13", "archive_version_string", BY_FUNCTION},
    {"libpq", "libpq.so.5", "PQlibVersion", BY_NUMBER},
    {"libtiff", "libtiff.so.6", "TIFFGetVersion", BY_FUNCTION},
    {"libxml2", "libxml2.so.2", "xmlParserVersion", BY_VARIABLE},
    {"libxslt", "libxslt.so.1", "xsltEngineVersion", BY_VARIABLE},
    {"ncursesw", "libncursesw.so.6", "curses_version", BY_FUNCTION},
    {"pango", "libpango-1.0.so.0", "pango_version_string", BY_FUNCTION},
    {"sqlite3", "libsqlite3.so.0", "sqlite3_libversion", BY_FUNCTION},
    {"zlib", "libz.so.1", "zlibVersion", BY_FUNCTION},
    {"zstd", "libzstd.so.1", "ZSTD_versionString", BY_FUNCTION},
};

static char *version_of(void *symbol, VersionForm form)
{
  if (form == BY_VARIABLE)
    return g_strdup(*(const char *const *)symbol);
  if (form == BY_NUMBER) {
    int (*number)(void);
    memcpy(&number, &symbol, sizeof number);
    return g_strdup_printf("%d", number());
  }
  const char *(*text)(void);
  memcpy(&text, &symbol, sizeof text);
  return g_strdup(text());
}

/* "libcurl/7.88.1 OpenSSL/3.0" → "7.88.1", "LIBTIFF, Version 4.5.0\nCopyright" → "4.5.0": the first word that begins with a digit. */
static char *first_number(const char *version)
{
  g_auto(GStrv) words = g_strsplit_set(version, " /\n,", -1);
  for (guint i = 0; words[i]; i++)
    if (g_ascii_isdigit(*words[i]))
      return g_strdup(words[i]);
  return g_strdup("unknown");
}

static int by_name(gconstpointer a, gconstpointer b)
{
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void collect_packages(Bundle *bundle)
{
  g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);
  g_ptr_array_add(lines, g_strdup_printf("glib==%u.%u.%u", glib_major_version, glib_minor_version, glib_micro_version));
  for (guint i = 0; i < G_N_ELEMENTS(LIBRARIES); i++) {
    void *library = dlopen(LIBRARIES[i].file, RTLD_LAZY | RTLD_LOCAL);
    void *symbol = library ? dlsym(library, LIBRARIES[i].symbol) : NULL;
    if (!symbol)
      continue;
    g_autofree char *said = version_of(symbol, LIBRARIES[i].form);
    g_autofree char *number = first_number(said);
    g_ptr_array_add(lines, g_strdup_printf("%s==%s", LIBRARIES[i].name, number));
  }
  g_ptr_array_sort(lines, by_name);
  GString *text = g_string_new(NULL);
  for (guint i = 0; i < lines->len; i++)
    g_string_append_printf(text, "%s\n", (char *)lines->pdata[i]);
  bundle_add(bundle, "packages.txt", "text/plain", text, lines->len);
}

/* ------------------------------------------------------------------------------------------------------------ paths */

static json_object *describe_path(const char *path)
{
  struct stat status;
  struct statvfs space;
  json_object *facts = json_object_new_object();
  gboolean exists = path && stat(path, &status) == 0;
  char *resolved = path ? realpath(path, NULL) : NULL;
  nx_json_set_string(facts, "path", path);
  g_autofree char *shown = resolved ? nx_text_utf8(resolved, -1) : NULL;
  nx_json_set_string(facts, "resolved", shown);
  json_object_object_add(facts, "exists", json_object_new_boolean(exists));
  json_object_object_add(facts, "is_file", json_object_new_boolean(exists && S_ISREG(status.st_mode)));
  json_object_object_add(facts, "is_dir", json_object_new_boolean(exists && S_ISDIR(status.st_mode)));
  json_object_object_add(facts, "readable", json_object_new_boolean(exists && access(path, R_OK) == 0));
  json_object_object_add(facts, "writable", exists ? json_object_new_boolean(access(path, W_OK) == 0) : NULL);
  json_object_object_add(facts, "free_bytes",
                         exists && statvfs(path, &space) == 0 ? json_object_new_int64((gint64)(space.f_bavail * space.f_frsize)) : NULL);
  free(resolved);
  return facts;
}

/* `used` is what the setting comes to, `configured` what was written (NULL: nothing). */
static void add_path(json_object *paths, const char *setting, const char *used, const char *configured)
{
  g_autofree char *valid = used ? nx_text_utf8(used, -1) : NULL;
  json_object *facts = describe_path(used);
  nx_json_set_string(facts, "path", valid);
  nx_json_set_string(facts, "source", configured ? "configured" : "default");
  nx_json_set_string(facts, "defaulted_from", !configured && used ? "NX_DATA_PATH" : NULL);
  json_object_object_add(paths, setting, facts);
}

static void collect_paths(Bundle *bundle, json_object *dump)
{
  const NxSettings *settings = bundle->settings;
  const struct {
    const char *setting, *used;
  } ROWS[] = {
      {"NX_INSTRUMENT_DATA_PATH", settings->instrument_data_path},
      {"NX_DATA_PATH", settings->data_path},
      {"NX_DB_PATH", settings->db_path && strstr(settings->db_path, "://") ? NULL : settings->db_path},
      {"NX_LOG_PATH", settings->log_path},
      {"NX_RECORDS_PATH", settings->records_path},
      {"NX_LOCAL_PROFILES_PATH", settings->local_profiles_path},
      {"NX_CERT_BUNDLE_FILE", settings->cert_bundle_file},
      {"NX_SITE_PATH", settings->site_path},
  };
  json_object *paths = json_object_new_object();
  for (guint i = 0; i < G_N_ELEMENTS(ROWS); i++)
    add_path(paths, ROWS[i].setting, ROWS[i].used, nx_json_get_string(dump, ROWS[i].setting));
  bundle_add_json(bundle, "paths.json", paths, G_N_ELEMENTS(ROWS));
}

void bundle_collect_site(Bundle *bundle)
{
  collect_environment(bundle);
  collect_packages(bundle);
  if (!bundle->settings)
    return;
  json_object *dump = nx_settings_to_json(bundle->settings, TRUE);
  collect_paths(bundle, dump);
  bundle_add_json(bundle, "config.redacted.json", dump, json_object_object_length(dump));
}
