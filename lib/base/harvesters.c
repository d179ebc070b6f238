/* harvesters.c — who harvests for an instrument: the facts about reservation systems that more than lib/harvest must know. Who stores, checks or
 * offers the name of one asks here, so that all of them take the same names. */
#include "nx-base.h"

#include <string.h>

#define PROGRAM "nx-harvest-"
#define STAMP_FORMAT "%Y%m%dT%H%M%SZ"
#define STAMP_LENGTH 16
#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-"

static const char *const OWN[] = {"nemo", NX_CALENDAR_HARVESTER, NULL};

const char *const *nx_harvester_names(void)
{
  return OWN;
}

/* What a harvester cannot be called, as it goes on behind "a program nx-harvest-NAME "; NULL: `name` is a name. */
static const char *fault_of(const char *name)
{
  if (!*name || name[strspn(name, LETTERS)])
    return "in whose NAME are only A-Z a-z 0-9 . _ -";
  return nx_program_is_copy(name) ? "whose name is not that of a copy" : NULL;
}

char *nx_harvester_program(const char *name)
{
  g_autofree char *program = g_strconcat(PROGRAM, name, NULL);
  return fault_of(name) ? NULL : nx_program_path(program);
}

char **nx_harvester_list(void)
{
  g_autoptr(GStrvBuilder) all = g_strv_builder_new();
  g_auto(GStrv) plugins = nx_program_list(PROGRAM);
  g_strv_builder_addv(all, (const char **)OWN);
  for (char **name = plugins; *name; name++)
    if (!fault_of(*name) && !g_strv_contains(OWN, *name))
      g_strv_builder_add(all, *name);
  return g_strv_builder_end(all);
}

/* libcurl takes no address with a blank in it. */
static gboolean names_host(const char *url)
{
  g_autofree char *host = NULL;
  return !strpbrk(url, " \t\r\n") && g_uri_split_network(url, G_URI_FLAGS_PARSE_RELAXED, NULL, &host, NULL, NULL) && host && *host;
}

static gboolean is_file_here(const char *url)
{
  g_autofree char *host = NULL;
  g_autofree char *path = g_filename_from_uri(url, &host, NULL);
  return path && (!host || !*host || g_ascii_strcasecmp(host, "localhost") == 0);
}

const char *nx_calendar_scheme(const char *url)
{
  static const struct {
    const char *name;
    gboolean (*is_whole)(const char *url);
  } SCHEMES[] = {{"https", names_host}, {"http", names_host}, {"webcal", names_host}, {"webcals", names_host}, {"file", is_file_here}};
  g_autofree char *scheme = g_uri_parse_scheme(url);
  for (gsize i = 0; scheme && i < G_N_ELEMENTS(SCHEMES); i++)
    if (g_ascii_strcasecmp(scheme, SCHEMES[i].name) == 0)
      return SCHEMES[i].is_whole(url) ? SCHEMES[i].name : NULL;
  return NULL;
}

char *nx_calendar_instance(const char *identifier, GDateTime *start)
{
  g_autoptr(GDateTime) utc = g_date_time_to_utc(start);
  g_autofree char *stamp = g_date_time_format(utc, STAMP_FORMAT);
  return g_strconcat(identifier, "/", stamp, NULL);
}

/* A UID may hold '/' itself. */
GDateTime *nx_calendar_instance_start(const char *instance, char **identifier)
{
  const char *slash = strrchr(instance, '/'), *stamp = slash ? slash + 1 : "";
  gboolean is_stamp = strlen(stamp) == STAMP_LENGTH && stamp[8] == 'T' && stamp[STAMP_LENGTH - 1] == 'Z';
  GDateTime *start = is_stamp ? nx_time_parse(stamp, NULL, NULL) : NULL;
  *identifier = start ? g_strndup(instance, (gsize)(slash - instance)) : NULL;
  return start;
}

static gboolean is_instance_of(const char *instance, const char *event)
{
  g_autofree char *single = NULL;
  g_autoptr(GDateTime) start = nx_calendar_instance_start(instance, &single);
  return start && g_str_equal(single, event);
}

gboolean nx_calendar_are_twins(const char *one, const char *other)
{
  return g_str_has_prefix(one, NX_CALENDAR_PREFIX) && (is_instance_of(one, other) || is_instance_of(other, one));
}

char *nx_harvester_problem(const char *name)
{
  g_autofree char *program = nx_harvester_program(name), *own = g_strjoinv(" or ", (char **)OWN);
  if (!*name || g_strv_contains(OWN, name) || program)
    return NULL;
  if (fault_of(name))
    return g_strdup_printf("use %s, or a program " PROGRAM "NAME %s", own, fault_of(name));
  return g_strdup_printf("use %s, or install a program " PROGRAM "%s", own, name);
}
