/* nx-make-facility.c — makes the data of a demo facility: instrument files with pictures worth looking at, one booking calendar an instrument,
 * and the instruments as JSON lines. The plan is data (share/demo/facility.json); days in it count from today, so the sessions are always
 * those of the last days. The same plan, root and --now give the same bytes. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "calendar-write.h"
#include "dm-write.h"
#include "nx-cli.h"
#include "picture-write.h"
#include "plan.h"

typedef struct {
  const char *plan, *now, *root;
} Options;

static const NxOption OPTIONS[] = {
  {.name = "--now", .type = NX_VALUE_TEXT, .field = offsetof(Options, now), .help = "The instant that counts as now (ISO 8601)."},
  {0},
};
static const NxArgument ARGUMENTS[] = {
  {.name = "PLAN", .type = NX_VALUE_EXISTING_FILE, .field = offsetof(Options, plan)},
  {.name = "ROOT", .type = NX_VALUE_PATH, .field = offsetof(Options, root)},
  {0},
};
static const NxCommand COMMAND = {
  .name = "nx-make-facility",
  .options = OPTIONS,
  .arguments = ARGUMENTS,
  .help = "Make the files, calendars and instrument lines of the facility in PLAN below ROOT.",
};

/* What is being made. */
typedef struct {
  json_object *plan;
  char *root; /* absolute */
  GDateTime *now;
  json_object *instrument, *session;
  GTimeZone *zone;
  guint n_files, n_sessions;
} Facility;

/* ------------------------------------------------------------------------------------------------------------ one file */

static const struct {
  const char *name;
  DmSample sample;
} SAMPLES[] = {{"int16", DM_INT16}, {"int32", DM_INT32}, {"uint16", DM_UINT16}, {"float32", DM_FLOAT32}};

static DmSample sample_of(json_object *file)
{
  const char *name = nx_json_get_string(file, "sample");
  for (gsize i = 0; name && i < G_N_ELEMENTS(SAMPLES); i++)
    if (strcmp(SAMPLES[i].name, name) == 0)
      return SAMPLES[i].sample;
  return DM_UINT16;
}

/* The instrument's tags, the file's on top, and what follows from the session and the scene. */
static json_object *tags_of(const Facility *facility, json_object *file, const Scene *scene, GDateTime *taken)
{
  json_object *tags = plan_merged(nx_json_get(facility->instrument, "tags"), nx_json_get(file, "tags"));
  const char *operator = nx_json_get_string(nx_json_get(facility->session, "person"), "name");
  json_object *samples = nx_json_get(facility->session, "samples");
  const char *specimen = samples ? nx_json_get_string(json_object_array_get_idx(samples, 0), "name") : NULL;
  g_autofree char *date = g_date_time_format(taken, "%m/%d/%Y"), *time = g_date_time_format(taken, "%I:%M:%S %p");
  if (scene->n_dims > 1 && strcmp(scene->axis[0].units, "nm") == 0)
    plan_set(tags, "Microscope Info/Field of View (µm)", nx_json_double((double)scene->size[0] * scene->axis[0].scale / 1000));
  plan_set(tags, "Session Info/Operator", nx_json_string(operator ? operator : ""));
  plan_set(tags, "Session Info/Specimen", nx_json_string(specimen ? specimen : ""));
  plan_set(tags, "DataBar/Acquisition Date", nx_json_string(date));
  plan_set(tags, "DataBar/Acquisition Time", nx_json_string(time));
  return tags;
}

static gboolean write_dm(const Facility *facility, json_object *file, const char *path, const Scene *scene, GDateTime *taken, GError **err)
{
  g_autofree char *name = g_path_get_basename(path);
  *strrchr(name, '.') = '\0';
  const char *title = nx_json_get_string(file, "title");
  g_autoptr(json_object) tags = tags_of(facility, file, scene, taken);
  g_autoptr(GByteArray) bytes = dm_write(g_str_has_suffix(path, ".dm4") ? 4 : 3, title ? title : name, scene, sample_of(file), tags);
  return nx_file_write_fast(path, bytes->data, bytes->len, 0644, err);
}

static gboolean write_fei(const Facility *facility, json_object *file, const char *path, const Scene *scene, GDateTime *taken, GError **err)
{
  g_autoptr(json_object) sections = plan_merged(nx_json_get(facility->instrument, "sections"), nx_json_get(file, "sections"));
  const char *mail = nx_json_get_string(nx_json_get(facility->session, "person"), "mail");
  g_autofree char *user = mail ? g_strndup(mail, strcspn(mail, "@")) : g_strdup("supervisor");
  plan_set(sections, "User/User", nx_json_string(user));
  return fei_write(path, scene, (guint)nx_json_get_int(file, "bits", 8), sections, taken, err);
}

static gboolean write_scene(const Facility *facility, json_object *file, const char *path, GDateTime *taken, GError **err)
{
  const char *subject = nx_json_get_string(file, "subject");
  GRand *random = g_rand_new_with_seed((guint32)nx_json_get_int(file, "seed", 1));
  g_autoptr(Scene) scene = subject ? scene_paint(subject, nx_json_get(file, "options"), random) : NULL;
  g_rand_free(random);
  if (!scene) {
    g_set_error(err, NX_ERROR, NX_ERROR_DATA, "%s: there is no subject '%s'", path, subject ? subject : "");
    return FALSE;
  }
  if (g_str_has_suffix(path, ".tif"))
    return write_fei(facility, file, path, scene, taken, err);
  if (g_str_has_suffix(path, ".png") || g_str_has_suffix(path, ".jpg"))
    return picture_write(path, scene, g_str_has_suffix(path, ".png") ? "png" : "jpeg", err);
  return write_dm(facility, file, path, scene, taken, err);
}

static gboolean set_time(const char *path, GDateTime *taken, GError **err)
{
  struct timespec times[2] = {{.tv_sec = g_date_time_to_unix(taken)}, {.tv_sec = g_date_time_to_unix(taken)}};
  return utimensat(AT_FDCWD, path, times, 0) == 0 || nx_error_from_errno(err, errno, "set the time of", path);
}

static gboolean make_file(Facility *facility, json_object *file, GError **err)
{
  g_autofree char *store = g_build_filename(facility->root, "instrument_data", nx_json_get_string(facility->instrument, "filestore_path"), NULL);
  g_autofree char *path = nx_path_join(store, nx_json_get_string(file, "path")), *folder = g_path_get_dirname(path);
  g_autoptr(GDateTime) taken = plan_instant(facility->now, facility->zone, nx_json_get_int(facility->session, "day", 0), nx_json_get_string(file, "at"));
  const char *text = nx_json_get_string(file, "text");
  if (!nx_folder_make(folder, err))
    return FALSE;
  gboolean good = text ? nx_file_write_fast(path, text, strlen(text), 0644, err) : write_scene(facility, file, path, taken, err);
  facility->n_files++;
  return good && set_time(path, taken, err);
}

/* --------------------------------------------------------------------------------------------------------- instruments */

static void event_free(gpointer data)
{
  CalendarEvent *event = data;
  g_date_time_unref(event->start);
  g_date_time_unref(event->end);
  g_free(event);
}

static gboolean make_session(Facility *facility, GPtrArray *events, GError **err)
{
  CalendarEvent *event = g_new0(CalendarEvent, 1);
  gint64 day = nx_json_get_int(facility->session, "day", 0);
  event->session = facility->session;
  event->start = plan_instant(facility->now, facility->zone, day, nx_json_get_string(facility->session, "start"));
  event->end = plan_instant(facility->now, facility->zone, day, nx_json_get_string(facility->session, "end"));
  g_ptr_array_add(events, event);
  facility->n_sessions++;
  g_autoptr(json_object) files = plan_files(facility->session);
  for (gsize i = 0; i < json_object_array_length(files); i++)
    if (!make_file(facility, json_object_array_get_idx(files, i), err))
      return FALSE;
  return TRUE;
}

/* The instrument as a line for `instruments import`. */
static void add_line(const Facility *facility, const char *calendar, GString *lines)
{
  static const char *const KEYS[] = {"instrument_pid", "location", "display_name", "property_tag", "filestore_path", "timezone"};
  g_autoptr(json_object) line = json_object_new_object();
  g_autofree char *address = g_filename_to_uri(calendar, NULL, NULL);
  g_autofree char *api = g_strdup_printf("%s#%s", address, nx_json_get_string(facility->instrument, "instrument_pid"));
  nx_json_set_string(line, "kind", "instrument");
  for (gsize i = 0; i < G_N_ELEMENTS(KEYS); i++)
    nx_json_set_string(line, KEYS[i], nx_json_get_string(facility->instrument, KEYS[i]));
  nx_json_set_string(line, "harvester", "ical");
  nx_json_set_string(line, "calendar_url", address);
  nx_json_set_string(line, "api_url", api);
  nx_json_append(lines, line, NX_JSON_LINE);
  g_string_append_c(lines, '\n');
}

static gboolean make_instrument(Facility *facility, GString *lines, GError **err)
{
  const char *pid = nx_json_get_string(facility->instrument, "instrument_pid");
  json_object *sessions = nx_json_get(facility->instrument, "sessions");
  g_autoptr(GPtrArray) events = g_ptr_array_new_with_free_func(event_free);
  facility->zone = nx_zone(nx_json_get_string(facility->instrument, "timezone"), err);
  if (!facility->zone)
    return FALSE;
  for (gsize i = 0; i < json_object_array_length(sessions); i++) {
    facility->session = json_object_array_get_idx(sessions, i);
    if (!make_session(facility, events, err))
      return FALSE;
  }
  g_autofree char *name = g_strconcat(pid, ".ics", NULL), *calendar = g_build_filename(facility->root, "calendars", name, NULL);
  g_autofree char *text = calendar_write(nx_json_get_string(facility->instrument, "display_name"), events, facility->now);
  add_line(facility, calendar, lines);
  return nx_file_write_fast(calendar, text, strlen(text), 0644, err);
}

static gboolean make_facility(Facility *facility, GError **err)
{
  json_object *instruments = nx_json_get(facility->plan, "instruments");
  g_autoptr(GString) lines = g_string_new(NULL);
  g_autofree char *list = g_build_filename(facility->root, "instruments.jsonl", NULL);
  for (gsize i = 0; instruments && i < json_object_array_length(instruments); i++) {
    facility->instrument = json_object_array_get_idx(instruments, i);
    if (!make_instrument(facility, lines, err))
      return FALSE;
  }
  return nx_file_write_fast(list, lines->str, lines->len, 0644, err);
}

static int run(const Options *options)
{
  g_autoptr(GError) problem = NULL;
  g_autoptr(json_object) plan = nx_json_read_file(options->plan, 16 * 1024 * 1024, &problem);
  g_autoptr(GDateTime) now = options->now ? nx_time_parse(options->now, nx_zone_system(), &problem) : nx_time_now();
  g_autofree char *root = g_canonicalize_filename(options->root, NULL);
  Facility facility = {.plan = plan, .root = root, .now = now};
  if (!plan || !now || !make_facility(&facility, &problem))
    return nx_fail(problem);
  printf("%u files, %u sessions, %" G_GSIZE_FORMAT " instruments in %s\n", facility.n_files, facility.n_sessions,
         json_object_array_length(nx_json_get(plan, "instruments")), root);
  return 0;
}

int main(int argc, char **argv)
{
  Options options = {0};
  nx_log_start("nx-make-facility", 0);
  return nx_cli_parse(&COMMAND, argc, argv, &options) ? run(&options) : nx_cli_exit_code();
}
