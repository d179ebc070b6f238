/* preflight.c — the twelve checks in their order (export §9). What has to be waited for is started first and heard in that order, so that the
 * whole takes as long as its slowest part. */
#include "apart.h"
#include "destinations.h"
#include "task.h"

#define TABLES "db_tables"
#define INSTRUMENTS "instruments_exist"

/* The checks that nx-db answers, in its order. */
static const struct {
  const char *name, *severity;
} OF_DATABASE[] = {
  {"db_reachable", NX_SEVERITY_ERROR},
  {TABLES, NX_SEVERITY_ERROR},
  {"alembic_migration", NX_SEVERITY_ERROR},
  {INSTRUMENTS, NX_SEVERITY_WARNING},
};

static const NxCheck FILESTORES = {NX_CHECK_FILESTORES, NX_SEVERITY_WARNING, nx_check_filestores};
static const NxCheck HARVESTERS = {NX_CHECK_HARVESTERS, NX_SEVERITY_ERROR, nx_check_harvesters};
static const NxCheck TIMEZONES = {NX_CHECK_TIMEZONES, NX_SEVERITY_WARNING, nx_check_timezones};
static const NxCheck NEMO_ABSENT = {NX_CHECK_NEMO, NX_SEVERITY_WARNING, nx_check_nemo_absent};
static const NxCheck DATA_PATH = {NX_CHECK_DATA_PATH, NX_SEVERITY_ERROR, nx_check_data_path};
static const NxCheck SPACE = {NX_CHECK_SPACE, NX_SEVERITY_WARNING, nx_check_space};
static const NxCheck MAIL_OFF = {NX_CHECK_MAIL, NX_SEVERITY_WARNING, nx_check_mail_off};

typedef struct {
  const NxCheckOptions *options;
  NxCheckFound found;
  gpointer user_data;
  NxSubject subject;
  GPtrArray *servers;      /* of NxSubject*, one for each NEMO server */
  GPtrArray *server_tasks; /* of NxTask* */
  NxTask *harvest;         /* whether the instruments' addresses lead somewhere; NULL: there is none, or none is known */
  NxTask *mail;            /* NULL: mail is off, or not looked at */
  json_object *findings;   /* of the checks that are functions here */
  json_object *addresses;  /* what the harvest found */
} Preflight;

static void preflight_clear(Preflight *preflight)
{
  json_object_put(preflight->subject.instruments);
  json_object_put(preflight->findings);
  json_object_put(preflight->addresses);
  g_clear_pointer(&preflight->harvest, nx_task_free);
  g_clear_pointer(&preflight->mail, nx_task_free);
  g_clear_pointer(&preflight->server_tasks, g_ptr_array_unref);
  g_clear_pointer(&preflight->servers, g_ptr_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Preflight, preflight_clear)

/* ------------------------------------------------------------------------------------------------------------ findings */

static void report(const Preflight *preflight, json_object *line)
{
  preflight->found(line, preflight->user_data);
}

static void report_crash(const Preflight *preflight, const char *name, const char *severity, const char *trouble)
{
  g_autoptr(json_object) line = nx_finding_of_crash(name, severity, trouble);
  report(preflight, line);
}

static gboolean is_of(json_object *line, const char *name)
{
  return nx_finding_is_whole(line) && g_str_equal(nx_json_get_string(line, "name"), name);
}

/* Reports the lines of that name. The number of them. */
static guint report_all(const Preflight *preflight, json_object *lines, const char *name)
{
  guint n = 0;
  for (gsize i = 0; i < json_object_array_length(lines); i++) {
    json_object *line = json_object_array_get_idx(lines, i);
    if (!is_of(line, name))
      continue;
    n++;
    report(preflight, line);
  }
  return n;
}

static void hear(const Preflight *preflight, const char *name, const char *severity, NxTask *task)
{
  g_autofree char *trouble = NULL;
  g_autoptr(json_object) lines = nx_task_lines(task, &trouble);
  guint n = report_all(preflight, lines, name);
  if (trouble || n == 0)
    report_crash(preflight, name, severity, trouble ? trouble : "it said nothing");
}

/* ------------------------------------------------------------------------------------------------------------ database */

static gboolean passed(json_object *lines, const char *name)
{
  for (gsize i = 0; i < json_object_array_length(lines); i++) {
    json_object *line = json_object_array_get_idx(lines, i);
    if (is_of(line, name))
      return nx_json_get_boolean(line, "passed");
  }
  return FALSE;
}

/* NULL when none came although there may be some. */
static json_object *instruments_of(json_object *lines)
{
  json_object *instruments = json_object_new_array();
  for (gsize i = 0; i < json_object_array_length(lines); i++) {
    json_object *line = json_object_array_get_idx(lines, i);
    if (g_strcmp0(nx_json_get_string(line, "kind"), "instrument") == 0)
      json_object_array_add(instruments, json_object_get(line));
  }
  gboolean none_there = passed(lines, TABLES) && !passed(lines, INSTRUMENTS);
  if (json_object_array_length(instruments) == 0 && !none_there)
    g_clear_pointer(&instruments, json_object_put);
  return instruments;
}

/* Reports checks 1 to 4 and learns the instruments. When these did not arrive although nothing was found, the trouble is returned. */
static char *hear_database(Preflight *preflight, NxTask *task)
{
  g_autofree char *trouble = NULL;
  g_autoptr(json_object) lines = nx_task_lines(task, &trouble);
  gsize heard = 0;
  for (gsize i = 0; i < G_N_ELEMENTS(OF_DATABASE); i++) {
    guint n = report_all(preflight, lines, OF_DATABASE[i].name);
    heard += n > 0;
    if (n == 0)
      report_crash(preflight, OF_DATABASE[i].name, OF_DATABASE[i].severity, trouble ? trouble : "nx-db said nothing about it");
  }
  preflight->subject.instruments = instruments_of(lines);
  return heard == G_N_ELEMENTS(OF_DATABASE) ? g_steal_pointer(&trouble) : NULL;
}

/* ------------------------------------------------------------------------------------------------------------- servers */

/* Needs nothing of the database, so that a slow server is waited for from the beginning. */
static void ask_servers(Preflight *preflight)
{
  const NxSettings *settings = preflight->subject.settings;
  preflight->servers = g_ptr_array_new_with_free_func(g_free);
  preflight->server_tasks = g_ptr_array_new_with_free_func((GDestroyNotify)nx_task_free);
  if (settings->nemo->len > 0 && settings->disable_ssl_verify)
    nx_log_warning("NX_DISABLE_SSL_VERIFY is on: certificates are not checked, tokens can be intercepted");
  for (guint i = 0; i < settings->nemo->len; i++) {
    NxSubject *subject = g_new(NxSubject, 1);
    *subject = (NxSubject){.settings = settings, .nemo = settings->nemo->pdata[i]};
    g_ptr_array_add(preflight->servers, subject);
    g_ptr_array_add(preflight->server_tasks, nx_task_of_work("it", nx_check_nemo, subject));
  }
}

/* With settings that are not valid it may refuse to work; why has been said then. */
static void ask_harvest(Preflight *preflight)
{
  static const char *const WORDS[] = {"nx-harvest", "check", NULL};
  json_object *instruments = preflight->subject.instruments;
  if (!preflight->options->before_build && instruments && json_object_array_length(instruments) > 0)
    preflight->harvest = nx_task_of_filter(WORDS, instruments, !preflight->options->settings_are_valid);
}

static void hear_harvest(Preflight *preflight)
{
  g_autofree char *trouble = NULL;
  if (!preflight->harvest)
    return;
  preflight->addresses = nx_task_lines(preflight->harvest, &trouble);
  if (trouble && preflight->options->settings_are_valid)
    report_crash(preflight, NX_CHECK_HARVESTERS, NX_SEVERITY_ERROR, trouble);
  report_all(preflight, preflight->addresses, NX_CHECK_HARVESTERS);
}

static void ask_mail_server(Preflight *preflight)
{
  static const char *const WORDS[] = {"nexuslims-mail", "--check", NULL};
  if (preflight->subject.settings->email && !preflight->options->dry_run)
    preflight->mail = nx_task_of_program(WORDS, FALSE);
}

/* ------------------------------------------------------------------------------------------------------- in this program */

/* Instruments that did not arrive cannot be looked at. */
static void make_own_checks(Preflight *preflight, gboolean instruments_are_known)
{
  const NxCheck *checks[8];
  guint n = 0;
  if (instruments_are_known) {
    checks[n++] = &FILESTORES;
    checks[n++] = &HARVESTERS;
    checks[n++] = &TIMEZONES;
  }
  if (preflight->servers->len == 0)
    checks[n++] = &NEMO_ABSENT;
  if (!preflight->options->dry_run) {
    checks[n++] = &DATA_PATH;
    checks[n++] = &SPACE;
  }
  if (!preflight->options->dry_run && !preflight->mail)
    checks[n++] = &MAIL_OFF;
  preflight->findings = nx_checks_run_apart(checks, n, &preflight->subject);
}

static void report_own(const Preflight *preflight, const NxCheck *check, const char *trouble)
{
  if (trouble)
    report_crash(preflight, check->name, check->severity, trouble);
  else
    report_all(preflight, preflight->findings, check->name);
}

void nx_check_run(const NxCheckOptions *options, NxCheckFound found, gpointer user_data)
{
  const char *const database_words[] = {"nx-db", "preflight", options->dry_run ? "-n" : NULL, NULL};
  static const char *const DESTINATIONS[] = {"nx-export", "--validate", NULL};
  g_auto(Preflight) preflight = {.options = options, .found = found, .user_data = user_data, .subject = {.settings = options->settings}};
  g_autoptr(NxTask) database = nx_task_of_program(database_words, FALSE);
  g_autoptr(NxTask) destinations = options->dry_run ? NULL : nx_task_of_program(DESTINATIONS, !options->settings_are_valid);
  ask_mail_server(&preflight);
  ask_servers(&preflight);

  g_autofree char *trouble = hear_database(&preflight, database);
  ask_harvest(&preflight);
  make_own_checks(&preflight, trouble == NULL);
  report_own(&preflight, &FILESTORES, trouble);
  report_own(&preflight, &HARVESTERS, trouble);
  hear_harvest(&preflight);
  report_own(&preflight, &TIMEZONES, trouble);
  report_own(&preflight, &NEMO_ABSENT, NULL);
  for (guint i = 0; i < preflight.server_tasks->len; i++)
    hear(&preflight, NX_CHECK_NEMO, NX_SEVERITY_ERROR, preflight.server_tasks->pdata[i]);
  if (preflight.addresses)
    report_all(&preflight, preflight.addresses, NX_CHECK_NEMO);
  if (options->dry_run)
    return;
  report_own(&preflight, &DATA_PATH, NULL);
  g_autoptr(json_object) finding = nx_destinations_finding(destinations, options->settings, options->settings_are_valid);
  report(&preflight, finding);
  report_own(&preflight, &SPACE, NULL);
  report_own(&preflight, &MAIL_OFF, NULL);
  if (preflight.mail)
    hear(&preflight, NX_CHECK_MAIL, NX_SEVERITY_WARNING, preflight.mail);
}
