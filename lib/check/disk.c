/* disk.c — checks 9 and 11 of export §9: may the data folder be written to, and is there room. */
#include "checks.h"

#include <errno.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#define MIB (1024.0 * 1024)
#define ENOUGH_BYTES (1024ull * 1024 * 1024)
#define TOO_FEW_BYTES (100ull * 1024 * 1024)

/* The folder, or the nearest above it that is there: the default ones are made when first needed. */
static char *existing_part(const char *folder)
{
  g_autofree char *path = g_strdup(folder);
  while (!g_file_test(path, G_FILE_TEST_EXISTS)) {
    g_autofree char *below = g_steal_pointer(&path);
    path = g_path_get_dirname(below);
    if (g_str_equal(path, below))
      break;
  }
  return g_steal_pointer(&path);
}

/* ------------------------------------------------------------------------------------------------------------- writing */

/* What could not be written to so far: each path is named once, whatever would be made in it. */
typedef struct {
  FILE *out;
  GPtrArray *named; /* of char* */
} Refusals;

static void refuse_if_unwritable(Refusals *refusals, const char *severity, const char *what, const char *path)
{
  g_autofree char *there = existing_part(path), *why = nx_path_unwritable(there);
  if (!why || g_ptr_array_find_with_equal_func(refusals->named, there, g_str_equal, NULL))
    return;
  nx_finding_write(refusals->out, NX_CHECK_DATA_PATH, FALSE, severity, "%s %s cannot be written to: %s", what, there, why);
  g_ptr_array_add(refusals->named, g_steal_pointer(&there));
}

static void look_at_folders(const NxSettings *settings, Refusals *refusals)
{
  g_autoptr(GDateTime) now = nx_time_now();
  g_autofree char *day = g_date_time_format(now, "%Y/%m/%d"), *logs = nx_path_join(settings->log_path, day);
  g_autofree char *lock = nx_path_join(settings->data_path, ".builder.lock"), *uploaded = nx_path_join(settings->records_path, "uploaded");
  refuse_if_unwritable(refusals, NX_SEVERITY_ERROR, "NX_DATA_PATH", settings->data_path);
  refuse_if_unwritable(refusals, NX_SEVERITY_ERROR, "the lock file", lock);
  refuse_if_unwritable(refusals, NX_SEVERITY_ERROR, "the log folder", logs);
  refuse_if_unwritable(refusals, NX_SEVERITY_ERROR, "the records folder", settings->records_path);
  refuse_if_unwritable(refusals, NX_SEVERITY_ERROR, "the folder of exported records", uploaded);
}

/* Metadata and previews are written below NX_DATA_PATH, as the data files lie below the share. That one of these folders is not to be written to
 * costs the sessions of its instrument. */
static void look_at_metadata(const NxSubject *subject, Refusals *refusals)
{
  gsize n = subject->instruments ? json_object_array_length(subject->instruments) : 0;
  for (gsize i = 0; i < n; i++) {
    const char *folder = nx_json_get_string(json_object_array_get_idx(subject->instruments, i), "filestore_path");
    g_autofree char *path = folder && !nx_path_leads_upwards(folder) ? nx_path_join(subject->settings->data_path, folder) : NULL;
    if (path)
      refuse_if_unwritable(refusals, NX_SEVERITY_WARNING, "the folder of metadata", path);
  }
}

void nx_check_data_path(gconstpointer data, FILE *out)
{
  const NxSubject *subject = data;
  const char *path = subject->settings->data_path;
  g_autoptr(GPtrArray) named = g_ptr_array_new_with_free_func(g_free);
  Refusals refusals = {.out = out, .named = named};
  if (!path) {
    nx_finding_write(out, NX_CHECK_DATA_PATH, FALSE, NX_SEVERITY_ERROR, "NX_DATA_PATH is not set or is no folder: run 'nexuslims config check'");
    return;
  }
  look_at_folders(subject->settings, &refusals);
  look_at_metadata(subject, &refusals);
  if (named->len == 0)
    nx_finding_write(out, NX_CHECK_DATA_PATH, TRUE, NX_SEVERITY_ERROR, "%s can be written to", path);
}

/* --------------------------------------------------------------------------------------------------------------- space */

json_object *nx_check_judge_space(const char *folder, guint64 free_bytes)
{
  if (free_bytes >= ENOUGH_BYTES)
    return NULL;
  return nx_finding_new(NX_CHECK_SPACE, FALSE, free_bytes < TOO_FEW_BYTES ? NX_SEVERITY_ERROR : NX_SEVERITY_WARNING,
                        "only %" G_GUINT64_FORMAT " bytes (%.1f MiB) are free for %s: make room", free_bytes, (double)free_bytes / MIB, folder);
}

typedef struct {
  dev_t looked_at[3];
  guint n;
  guint64 least;
  gboolean all_well;
} Space;

static gboolean is_new_disk(Space *space, dev_t disk)
{
  for (guint i = 0; i < space->n; i++)
    if (space->looked_at[i] == disk)
      return FALSE;
  space->looked_at[space->n++] = disk;
  return TRUE;
}

static void look_at(Space *space, const char *folder, FILE *out)
{
  struct stat status;
  struct statvfs room;
  g_autofree char *path = existing_part(folder);
  if (stat(path, &status) == 0 && !is_new_disk(space, status.st_dev))
    return;
  if (statvfs(path, &room) != 0) {
    space->all_well = FALSE;
    nx_finding_write(out, NX_CHECK_SPACE, FALSE, NX_SEVERITY_WARNING, "the free space of %s is not known: %s", folder, g_strerror(errno));
    return;
  }
  if (room.f_blocks == 0)
    return; /* a file system without a size */
  guint64 free_bytes = (guint64)room.f_bavail * room.f_frsize;
  g_autoptr(json_object) finding = nx_check_judge_space(folder, free_bytes);
  space->least = MIN(space->least, free_bytes);
  space->all_well = space->all_well && !finding;
  if (finding)
    nx_line_write(out, finding, NULL);
}

void nx_check_space(gconstpointer data, FILE *out)
{
  const NxSettings *settings = ((const NxSubject *)data)->settings;
  const char *const folders[] = {settings->data_path, settings->records_path, settings->log_path};
  Space space = {.least = G_MAXUINT64, .all_well = TRUE};
  for (guint i = 0; i < G_N_ELEMENTS(folders); i++)
    if (folders[i])
      look_at(&space, folders[i], out);
  if (space.all_well && space.least == G_MAXUINT64)
    nx_finding_write(out, NX_CHECK_SPACE, TRUE, NX_SEVERITY_WARNING, "no folder's free space is known: skipped");
  else if (space.all_well)
    nx_finding_write(out, NX_CHECK_SPACE, TRUE, NX_SEVERITY_WARNING, "at least %.1f GiB are free for data, records and logs",
                     (double)space.least / MIB / 1024);
}
