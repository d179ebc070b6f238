/* instruments.c — checks 5 to 7 of export §9: the folders, the harvesters and the time zones of the instruments. */
#include "checks.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NONE_THERE "there is no instrument: skipped"

static gsize count(json_object *instruments)
{
  return instruments ? json_object_array_length(instruments) : 0;
}

/* That none came does not mean that none is there: nothing about them is said to be well then. Why none came is the database's error, and said. */
static gboolean are_unknown(const NxSubject *subject, FILE *out, const char *check)
{
  if (!subject->instruments)
    nx_finding_write(out, check, FALSE, NX_SEVERITY_WARNING, "not known, because the database does not say which instruments there are");
  return !subject->instruments;
}

static const char *text_of(json_object *instrument, const char *key)
{
  const char *text = nx_json_get_string(instrument, key);
  return text ? text : "";
}

/* ------------------------------------------------------------------------------------------------------------- folders */

/* Why a path is no folder that can be looked into; NULL when it is one. */
static const char *folder_problem(const char *path, struct stat *status)
{
  if (stat(path, status) != 0)
    return errno == ENOENT || errno == ENOTDIR ? "does not exist" : g_strerror(errno);
  return S_ISDIR(status->st_mode) ? NULL : "is not a folder";
}

/* What NexusLIMS writes to. */
static const struct {
  const char *name;
  gsize offset;
} OURS[] = {
  {"NX_DATA_PATH", G_STRUCT_OFFSET(NxSettings, data_path)},
  {"NX_RECORDS_PATH", G_STRUCT_OFFSET(NxSettings, records_path)},
  {"NX_LOG_PATH", G_STRUCT_OFFSET(NxSettings, log_path)},
  {"NX_SITE_PATH", G_STRUCT_OFFSET(NxSettings, site_path)},
};

/* Adds `name` to `inside` when the folder at `path` lies in the one of the status `above`, to `same` when it is that one. */
static void place(const char *name, const char *path, const struct stat *above, GPtrArray *inside, GPtrArray *same)
{
  struct stat status;
  int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0)
    return;
  if (fstat(fd, &status) == 0 && nx_folder_is_within(fd, above))
    g_ptr_array_add(status.st_dev == above->st_dev && status.st_ino == above->st_ino ? same : inside, (gpointer)name);
  close(fd);
}

static void write_names(FILE *out, GPtrArray *names, const char *format, const char *pid, const char *folder)
{
  if (names->len == 0)
    return;
  g_ptr_array_add(names, NULL);
  g_autofree char *joined = g_strjoinv(" and ", (char **)names->pdata);
  g_autofree char *what = g_strdup_printf(format, joined);
  nx_finding_write(out, NX_CHECK_FILESTORES, FALSE, NX_SEVERITY_WARNING, "%s: its folder %s %s", pid, folder, what);
}

/* What we write is no instrument's: nx-find-files leaves it out where it meets it, but cannot leave out the whole folder. Records and logs that
 * are in the data folder anyway are not named. */
static gboolean write_if_ours(FILE *out, const NxSettings *settings, const char *pid, const char *folder, const struct stat *status)
{
  g_autoptr(GPtrArray) inside = g_ptr_array_new(), same = g_ptr_array_new();
  for (gsize i = 0; i < G_N_ELEMENTS(OURS); i++) {
    const char *path = G_STRUCT_MEMBER(char *, settings, OURS[i].offset);
    gboolean is_below_data = path && path != settings->data_path && settings->data_path && nx_path_below(path, settings->data_path);
    if (path && !is_below_data)
      place(OURS[i].name, path, status, inside, same);
  }
  gboolean found = inside->len + same->len > 0;
  write_names(out, inside, "holds %s, which the search for its files leaves out; give what NexusLIMS writes a folder outside", pid, folder);
  write_names(out, same, "is also %s, so that records may list what NexusLIMS writes; give that a folder outside", pid, folder);
  return found;
}

static gboolean write_if_troubled(FILE *out, const NxSettings *settings, const char *root, json_object *instrument)
{
  struct stat status;
  const char *pid = text_of(instrument, "instrument_pid"), *folder = text_of(instrument, "filestore_path");
  g_autofree char *path = nx_path_join(root, folder);
  const char *problem = folder_problem(path, &status);
  if (nx_path_leads_upwards(folder))
    nx_finding_write(out, NX_CHECK_FILESTORES, FALSE, NX_SEVERITY_WARNING,
                     "%s: its filestore_path %s leads out of %s; give it one without '..' with 'nexuslims instruments manage'", pid, folder, root);
  else if (!problem)
    return write_if_ours(out, settings, pid, path, &status);
  else
    nx_finding_write(out, NX_CHECK_FILESTORES, FALSE, NX_SEVERITY_WARNING,
                     "%s: its folder %s %s; check its filestore_path with 'nexuslims instruments manage', and that the share is mounted", pid, path,
                     problem);
  return TRUE;
}

void nx_check_filestores(gconstpointer data, FILE *out)
{
  const NxSubject *subject = data;
  struct stat status;
  /* A folder that is gone is no valid setting; its name is still wanted. */
  const char *valid = subject->settings->instrument_data_path;
  g_autofree char *root = valid ? g_strdup(valid) : nx_settings_folder("NX_INSTRUMENT_DATA_PATH", NULL);
  const char *problem = root ? folder_problem(root, &status) : "is not set";
  gsize n = count(subject->instruments), troubled = 0;
  if (problem) {
    nx_finding_write(out, NX_CHECK_FILESTORES, FALSE, NX_SEVERITY_WARNING, "NX_INSTRUMENT_DATA_PATH%s%s %s%s", root ? " " : "",
                     root ? root : "", problem, root ? "; is the share mounted?" : ": run 'nexuslims config edit'");
    return;
  }
  if (are_unknown(subject, out, NX_CHECK_FILESTORES))
    return;
  for (gsize i = 0; i < n; i++)
    troubled += write_if_troubled(out, subject->settings, root, json_object_array_get_idx(subject->instruments, i));
  if (n == 0)
    nx_finding_write(out, NX_CHECK_FILESTORES, TRUE, NX_SEVERITY_WARNING, NONE_THERE);
  else if (troubled == 0)
    nx_finding_write(out, NX_CHECK_FILESTORES, TRUE, NX_SEVERITY_WARNING, "the folders of %zu instrument%s are there", n, n == 1 ? "" : "s");
}

/* ------------------------------------------------------------------------------------------- values shared by instruments */

/* A value of a column, and the instruments that have it. */
typedef struct {
  const char *value;
  GString *pids; /* joined by ", " */
} Group;

static void group_free(gpointer data)
{
  Group *group = data;
  g_string_free(group->pids, TRUE);
  g_free(group);
}

static Group *group_of(GPtrArray *groups, const char *value)
{
  for (guint i = 0; i < groups->len; i++)
    if (g_str_equal(((Group *)groups->pdata[i])->value, value))
      return groups->pdata[i];
  Group *group = g_new(Group, 1);
  *group = (Group){.value = value, .pids = g_string_new(NULL)};
  g_ptr_array_add(groups, group);
  return group;
}

/* The distinct values of a column, in the order of the instruments. */
static GPtrArray *group_by(json_object *instruments, const char *column)
{
  GPtrArray *groups = g_ptr_array_new_with_free_func(group_free);
  for (gsize i = 0; i < count(instruments); i++) {
    json_object *instrument = json_object_array_get_idx(instruments, i);
    GString *pids = group_of(groups, text_of(instrument, column))->pids;
    g_string_append_printf(pids, "%s%s", pids->len ? ", " : "", text_of(instrument, "instrument_pid"));
  }
  return groups;
}

/* ---------------------------------------------------------------------------------------------------------- harvesters */

void nx_check_harvesters(gconstpointer data, FILE *out)
{
  const NxSubject *subject = data;
  if (are_unknown(subject, out, NX_CHECK_HARVESTERS))
    return;
  g_autoptr(GPtrArray) groups = group_by(subject->instruments, "harvester");
  guint unknown = 0;
  for (guint i = 0; i < groups->len; i++) {
    const Group *group = groups->pdata[i];
    g_autofree char *advice = nx_harvester_problem(group->value);
    if (!advice)
      continue;
    unknown++;
    nx_finding_write(out, NX_CHECK_HARVESTERS, FALSE, NX_SEVERITY_ERROR, "nobody can harvest '%s' (%s): %s", group->value, group->pids->str, advice);
  }
  if (groups->len == 0)
    nx_finding_write(out, NX_CHECK_HARVESTERS, TRUE, NX_SEVERITY_ERROR, NONE_THERE);
  else if (unknown == 0)
    nx_finding_write(out, NX_CHECK_HARVESTERS, TRUE, NX_SEVERITY_ERROR, "every instrument's harvester is there");
}

/* ---------------------------------------------------------------------------------------------------------- time zones */

void nx_check_timezones(gconstpointer data, FILE *out)
{
  const NxSubject *subject = data;
  if (are_unknown(subject, out, NX_CHECK_TIMEZONES))
    return;
  g_autoptr(GPtrArray) groups = group_by(subject->instruments, "timezone");
  guint unknown = 0;
  for (guint i = 0; i < groups->len; i++) {
    const Group *group = groups->pdata[i];
    if (nx_zone(group->value, NULL))
      continue;
    unknown++;
    nx_finding_write(out, NX_CHECK_TIMEZONES, FALSE, NX_SEVERITY_WARNING,
                     "there is no time zone '%s' (%s): use an IANA name such as America/New_York", group->value, group->pids->str);
  }
  if (groups->len == 0)
    nx_finding_write(out, NX_CHECK_TIMEZONES, TRUE, NX_SEVERITY_WARNING, NONE_THERE);
  else if (unknown == 0)
    nx_finding_write(out, NX_CHECK_TIMEZONES, TRUE, NX_SEVERITY_WARNING, "every instrument's time zone is known");
}

/* ---------------------------------------------------------------------------------------------------------------- NEMO */

void nx_check_nemo_absent(gconstpointer data, FILE *out)
{
  const NxSubject *subject = data;
  if (are_unknown(subject, out, NX_CHECK_NEMO))
    return;
  g_autoptr(GPtrArray) groups = group_by(subject->instruments, "harvester");
  g_autoptr(GString) pids = g_string_new(NULL);
  for (guint i = 0; i < groups->len; i++) {
    const Group *group = groups->pdata[i];
    if (*group->value == '\0' || g_str_equal(group->value, "nemo"))
      g_string_append_printf(pids, "%s%s", pids->len ? ", " : "", group->pids->str);
  }
  if (pids->len > 0)
    nx_finding_write(out, NX_CHECK_NEMO, FALSE, NX_SEVERITY_WARNING,
                     "%s cannot be harvested, because no NEMO server is configured: set NX_NEMO_ADDRESS_1 and NX_NEMO_TOKEN_1", pids->str);
  else
    nx_finding_write(out, NX_CHECK_NEMO, TRUE, NX_SEVERITY_WARNING, "no instrument needs a NEMO server");
}
