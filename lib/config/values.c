/* values.c — one reader per type of setting (accepted forms and kinds of error: config 3). */
#include "values.h"

#include "addresses.h"
#include "nx-date-format.h"

#include <errno.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>

typedef gboolean (*Reader)(const NxSetting *setting, const char *text, json_object **value, char **problem);

static gboolean refuse(char **problem, const char *words)
{
  *problem = g_strdup(words);
  return FALSE;
}

/* -------------------------------------------------------------------------------------------------------- plain texts */

static gboolean read_string(const NxSetting *setting G_GNUC_UNUSED, const char *text, json_object **value, char **problem)
{
  if (!g_utf8_validate(text, -1, NULL))
    return refuse(problem, "must be UTF-8 text");
  *value = nx_json_string(text);
  return TRUE;
}

static gboolean read_enum(const NxSetting *setting, const char *text, json_object **value, char **problem)
{
  if (g_strv_contains(setting->members, text)) {
    *value = nx_json_string(text);
    return TRUE;
  }
  g_autofree char *members = g_strjoinv(", ", (char **)setting->members);
  *problem = g_strdup_printf("must be one of: %s", members);
  return FALSE;
}

static gboolean read_list(const NxSetting *setting G_GNUC_UNUSED, const char *text, json_object **value, char **problem)
{
  g_autoptr(json_object) list = nx_json_parse(text, strlen(text), NULL);
  if (!list)
    return refuse(problem, "is not valid JSON; write a list such as [\"*.mib\", \"*.db\"]");
  if (!json_object_is_type(list, json_type_array))
    return refuse(problem, "must be a JSON list such as [\"*.mib\", \"*.db\"]");
  for (gsize i = 0; i < json_object_array_length(list); i++)
    if (!json_object_is_type(json_object_array_get_idx(list, i), json_type_string))
      return refuse(problem, "must hold only strings, each in double quotes");
  *value = g_steal_pointer(&list);
  return TRUE;
}

static gboolean read_zone(const NxSetting *setting G_GNUC_UNUSED, const char *text, json_object **value, char **problem)
{
  if (!nx_zone(text, NULL))
    return refuse(problem, "must be an IANA time zone such as America/Denver");
  *value = nx_json_string(text);
  return TRUE;
}

static gboolean read_date_format(const NxSetting *setting, const char *text, json_object **value, char **problem)
{
  *problem = nx_date_format_problem(text, setting->type == NX_TYPE_STRFTIME ? NX_DATE_WRITTEN : NX_DATE_READ);
  if (*problem)
    return FALSE;
  *value = nx_json_string(text);
  return TRUE;
}

/* -------------------------------------------------------------------------------------------------------------- paths */

char *nx_value_clean_path(const char *path)
{
  g_auto(GStrv) parts = g_strsplit(path, "/", -1);
  GString *clean = g_string_new(*path == '/' ? "/" : NULL);
  for (char **part = parts; *part; part++) {
    if (**part == '\0' || strcmp(*part, ".") == 0)
      continue;
    if (clean->len > 0 && clean->str[clean->len - 1] != '/')
      g_string_append_c(clean, '/');
    g_string_append(clean, *part);
  }
  if (clean->len == 0)
    g_string_append_c(clean, '.');
  return g_string_free(clean, FALSE);
}

/* Sets *value to the cleaned path when it leads to a folder (or, if not `folder`, to anything else). */
static gboolean read_existing(const char *text, gboolean folder, json_object **value, char **problem)
{
  const char *what = folder ? "directory" : "file";
  g_autofree char *path = nx_value_clean_path(text);
  struct stat status;
  if (stat(path, &status) != 0) {
    *problem = g_strdup_printf(errno == ENOENT ? "must be an existing %s; there is nothing at this path" : "must be an existing %s; %s", what,
                               g_strerror(errno));
    return FALSE;
  }
  if (S_ISDIR(status.st_mode) != folder) {
    *problem = g_strdup_printf("must be a %s, and this is a %s", what, folder ? "file" : "directory");
    return FALSE;
  }
  g_autofree char *shown = nx_text_utf8(path, -1);
  *value = nx_json_string(shown);
  return TRUE;
}

static gboolean read_directory(const NxSetting *setting G_GNUC_UNUSED, const char *text, json_object **value, char **problem)
{
  return read_existing(text, TRUE, value, problem);
}

static gboolean read_file(const NxSetting *setting G_GNUC_UNUSED, const char *text, json_object **value, char **problem)
{
  return read_existing(text, FALSE, value, problem);
}

static gboolean read_new_directory(const NxSetting *setting G_GNUC_UNUSED, const char *text, json_object **value, char **problem)
{
  g_autofree char *path = nx_value_clean_path(text);
  g_autofree char *parent = g_path_get_dirname(path);
  if (g_file_test(path, G_FILE_TEST_EXISTS))
    return read_existing(text, TRUE, value, problem);
  if (!g_file_test(parent, G_FILE_TEST_IS_DIR))
    return refuse(problem, "must be a directory, or a new one inside a directory that exists");
  g_autofree char *shown = nx_text_utf8(path, -1);
  *value = nx_json_string(shown);
  return TRUE;
}

static gboolean read_database(const NxSetting *setting, const char *text, json_object **value, char **problem)
{
  if (strstr(text, "://"))
    return read_string(setting, text, value, problem);
  if (read_existing(text, FALSE, value, problem))
    return TRUE;
  if (!g_file_test(text, G_FILE_TEST_EXISTS)) {
    g_free(*problem);
    *problem = g_strdup("must be an existing database file (`nexuslims db init` makes one) or an address");
  }
  return FALSE;
}

/* ---------------------------------------------------------------------------------------------------------- addresses */

static gboolean read_url(const NxSetting *setting, const char *text, json_object **value, char **problem)
{
  const char *wrong = NULL;
  g_autofree char *url = setting->flags & NX_SETTING_ROOT ? nx_address_root(text, &wrong) : nx_address_url(text, &wrong);
  if (!url)
    return refuse(problem, wrong);
  *value = nx_json_string(url);
  return TRUE;
}

static gboolean read_email(const NxSetting *setting G_GNUC_UNUSED, const char *text, json_object **value, char **problem)
{
  const char *wrong = NULL;
  g_autofree char *address = nx_address_email(text, &wrong);
  if (!address)
    return refuse(problem, wrong);
  *value = nx_json_string(address);
  return TRUE;
}

static gboolean read_email_list(const NxSetting *setting, const char *text, json_object **value, char **problem)
{
  g_autoptr(json_object) list = json_object_new_array();
  g_auto(GStrv) parts = g_strsplit(text, ",", -1);
  for (char **part = parts; *part; part++) {
    json_object *address = NULL;
    if (*g_strstrip(*part) == '\0')
      continue;
    if (!read_email(setting, *part, &address, problem))
      return FALSE;
    json_object_array_add(list, address);
  }
  if (json_object_array_length(list) == 0)
    return refuse(problem, "must name at least one mail address");
  *value = g_steal_pointer(&list);
  return TRUE;
}

/* -------------------------------------------------------------------------------------------------- switches and numbers */

static gboolean read_bool(const NxSetting *setting G_GNUC_UNUSED, const char *text, json_object **value, char **problem)
{
  static const char *const YES[] = {"1", "on", "t", "true", "y", "yes", NULL}, *const NO[] = {"0", "off", "f", "false", "n", "no", NULL};
  g_autofree char *lower = g_ascii_strdown(text, -1);
  gboolean yes = g_strv_contains(YES, lower);
  if (!yes && !g_strv_contains(NO, lower))
    return refuse(problem, "must be true or false");
  *value = json_object_new_boolean(yes);
  return TRUE;
}

static gboolean read_yes(const NxSetting *setting G_GNUC_UNUSED, const char *text, json_object **value, char **problem G_GNUC_UNUSED)
{
  static const char *const YES[] = {"1", "true", "yes", NULL};
  g_autofree char *lower = g_ascii_strdown(text, -1);
  *value = json_object_new_boolean(g_strv_contains(YES, lower));
  return TRUE;
}

/* Sign, decimal digits, and a fraction of zeros at most; white space around it. */
static gboolean parse_int(const char *text, gint64 low, gint64 high, gint64 *number)
{
  g_autofree char *trimmed = g_strstrip(g_strdup(text));
  char *point = strchr(trimmed, '.');
  if (point && point > trimmed && g_ascii_isdigit(point[-1]) && point[1] != '\0' && strspn(point + 1, "0") == strlen(point + 1))
    *point = '\0';
  return g_ascii_string_to_signed(*trimmed == '+' && g_ascii_isdigit(trimmed[1]) ? trimmed + 1 : trimmed, 10, low, high, number, NULL);
}

static gboolean read_int(const NxSetting *setting G_GNUC_UNUSED, const char *text, json_object **value, char **problem)
{
  gint64 number = 0;
  if (!parse_int(text, G_MININT, G_MAXINT, &number))
    return refuse(problem, "must be a whole number");
  *value = json_object_new_int64(number);
  return TRUE;
}

static gboolean read_port(const NxSetting *setting G_GNUC_UNUSED, const char *text, json_object **value, char **problem)
{
  gint64 number = 0;
  if (!parse_int(text, 1, 65535, &number))
    return refuse(problem, "must be a port number from 1 to 65535");
  *value = json_object_new_int64(number);
  return TRUE;
}

/* Decimal or exponent form, inf or nan; no hexadecimal. */
static gboolean parse_float(const char *text, double *number)
{
  g_autofree char *trimmed = g_strstrip(g_strdup(text));
  char *end = NULL;
  *number = g_ascii_strtod(trimmed, &end);
  return *trimmed != '\0' && *end == '\0' && !strpbrk(trimmed, "xX()");
}

static const char *const BOUND_WORDS[] = {
  [NX_BOUND_POSITIVE] = "must be greater than 0",
  [NX_BOUND_NOT_NEGATIVE] = "must be 0 or greater",
  [NX_BOUND_FRACTION] = "must be from 0 to 1",
};

static gboolean is_within(double number, NxBound bound)
{
  switch (bound) {
  case NX_BOUND_POSITIVE:
    return number > 0;
  case NX_BOUND_NOT_NEGATIVE:
    return number >= 0;
  case NX_BOUND_FRACTION:
    return number >= 0 && number <= 1;
  default:
    return TRUE;
  }
}

static gboolean read_float(const NxSetting *setting, const char *text, json_object **value, char **problem)
{
  double number = 0;
  if (!parse_float(text, &number))
    return refuse(problem, "must be a number");
  if (!is_within(number, setting->bound))
    return refuse(problem, BOUND_WORDS[setting->bound]);
  /* JSON has no infinity: the word survives dump and load. */
  *value = isinf(number) ? nx_json_string("inf") : nx_json_double(number);
  return TRUE;
}

/* ---------------------------------------------------------------------------------------------------------- all of them */

static const Reader READERS[] = {
  [NX_TYPE_STRING] = read_string,
  [NX_TYPE_DIRECTORY] = read_directory,
  [NX_TYPE_NEW_DIRECTORY] = read_new_directory,
  [NX_TYPE_FILE] = read_file,
  [NX_TYPE_DATABASE] = read_database,
  [NX_TYPE_URL] = read_url,
  [NX_TYPE_ENUM] = read_enum,
  [NX_TYPE_LIST] = read_list,
  [NX_TYPE_BOOL] = read_bool,
  [NX_TYPE_YES] = read_yes,
  [NX_TYPE_INT] = read_int,
  [NX_TYPE_PORT] = read_port,
  [NX_TYPE_FLOAT] = read_float,
  [NX_TYPE_ZONE] = read_zone,
  [NX_TYPE_STRFTIME] = read_date_format,
  [NX_TYPE_STRPTIME] = read_date_format,
  [NX_TYPE_EMAIL] = read_email,
  [NX_TYPE_EMAIL_LIST] = read_email_list,
};

gboolean nx_value_read(const NxSetting *setting, const char *text, json_object **value, char **problem)
{
  return READERS[setting->type](setting, text, value, problem);
}

char *nx_setting_problem(const NxSetting *setting, const char *text)
{
  g_autoptr(json_object) value = NULL;
  char *problem = NULL;
  if (*text != '\0')
    nx_value_read(setting, text, &value, &problem);
  return problem;
}

gboolean nx_setting_is_on(const NxSetting *setting, const char *text)
{
  g_autoptr(json_object) value = NULL;
  g_autofree char *problem = NULL;
  return nx_value_read(setting, text, &value, &problem) && json_object_get_boolean(value);
}

static int member_index(const NxSetting *setting, const char *word)
{
  int index = 0;
  while (strcmp(setting->members[index], word) != 0)
    index++;
  return index;
}

static char **strings_of(json_object *list)
{
  g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
  for (gsize i = 0; i < json_object_array_length(list); i++)
    g_strv_builder_add(builder, json_object_get_string(json_object_array_get_idx(list, i)));
  return g_strv_builder_end(builder);
}

static char *text_to_keep(const NxSetting *setting, const char *text, json_object *value)
{
  gboolean is_path = setting->type == NX_TYPE_DIRECTORY || setting->type == NX_TYPE_NEW_DIRECTORY || setting->type == NX_TYPE_FILE ||
                     (setting->type == NX_TYPE_DATABASE && !strstr(text, "://"));
  return is_path ? nx_path_absolute(text) : g_strdup(json_object_get_string(value));
}

void nx_value_store(const NxSetting *setting, const char *text, json_object *value, gpointer into)
{
  gpointer member = G_STRUCT_MEMBER_P(into, setting->offset);
  if (setting->has_offset)
    G_STRUCT_MEMBER(gboolean, into, setting->has_offset) = TRUE;
  switch (setting->type) {
  case NX_TYPE_ENUM:
    *(int *)member = member_index(setting, json_object_get_string(value));
    break;
  case NX_TYPE_LIST:
  case NX_TYPE_EMAIL_LIST:
    *(char ***)member = strings_of(value);
    break;
  case NX_TYPE_BOOL:
  case NX_TYPE_YES:
    *(gboolean *)member = json_object_get_boolean(value);
    break;
  case NX_TYPE_INT:
  case NX_TYPE_PORT:
    *(int *)member = json_object_get_int(value);
    break;
  case NX_TYPE_FLOAT:
    *(double *)member = json_object_is_type(value, json_type_string) ? INFINITY : json_object_get_double(value);
    break;
  default:
    *(char **)member = text_to_keep(setting, text, value);
  }
}
