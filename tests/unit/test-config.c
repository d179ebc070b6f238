/* test-config.c — the settings: types, precedence, report, dump (expected values: config 3 to 8). */
#include "nx-config.h"

#include <glib/gstdio.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A scratch folder with an empty database, a settings file, and an environment without settings. */
typedef struct {
  char *folder, *database, *file;
} Place;

static void clear_environment(void)
{
  g_auto(GStrv) names = g_listenv();
  for (char **name = names; *name; name++)
    if (g_str_has_prefix(*name, "NX_"))
      g_unsetenv(*name);
}

static void place_set_up(Place *place, gconstpointer data G_GNUC_UNUSED)
{
  clear_environment();
  place->folder = g_dir_make_tmp("nx-config-XXXXXX", NULL);
  place->database = g_build_filename(place->folder, "n.db", NULL);
  place->file = g_build_filename(place->folder, ".env", NULL);
  g_assert_true(g_file_set_contents(place->database, "", 0, NULL));
  g_setenv("NX_ENV_FILE", place->file, TRUE);
}

static void place_tear_down(Place *place, gconstpointer data G_GNUC_UNUSED)
{
  g_unlink(place->database);
  g_unlink(place->file);
  g_rmdir(place->folder);
  g_free(place->folder);
  g_free(place->database);
  g_free(place->file);
  clear_environment();
}

/* Writes the settings file: `DIR` in the text becomes the scratch folder. */
static void write_settings(const Place *place, const char *text)
{
  g_auto(GStrv) parts = g_strsplit(text, "DIR", -1);
  g_autofree char *whole = g_strjoinv(place->folder, parts);
  g_assert_true(g_file_set_contents(place->file, whole, -1, NULL));
}

#define VALID "NX_INSTRUMENT_DATA_PATH=DIR\nNX_DATA_PATH='DIR//./'\nNX_DB_PATH=DIR/n.db\nNX_CDCS_TOKEN=tok\nNX_CDCS_URL=https://CDCS.example.com\n"

static NxSettings *load(const char *const *needed)
{
  g_autoptr(GError) problem = NULL;
  NxSettings *settings = nx_settings_load(needed, &problem);
  g_assert_no_error(problem);
  return settings;
}

static char *load_report(const char *const *needed)
{
  GError *problem = NULL;
  g_assert_null(nx_settings_load(needed, &problem));
  g_assert_error(problem, NX_ERROR, NX_ERROR_CONFIG);
  char *report = g_strdup(problem->message);
  g_error_free(problem);
  return report;
}

static const NxSetting *row(const char *name)
{
  const NxSetting *setting = nx_setting_find(name, NULL);
  g_assert_nonnull(setting);
  return setting;
}

/* -------------------------------------------------------------------------------------------------------------- types */

typedef struct {
  const char *name, *good, *bad; /* lists, divided by | */
} TypeCase;

static void test_types(void)
{
  static const TypeCase CASES[] = {
    {"NX_FILE_STRATEGY", "exclusive|inclusive", "both|Exclusive| exclusive"},
    {"NX_IGNORE_PATTERNS", "[]|[\"*.mib\"]| [ \"a\" , \"b\" ] ", "*.mib|\"a\"|{}|[1]|[null]|['a']|[\"a\""},
    {"NX_CDCS_URL", "http://h|https://h:8443/a?b#c|HTTP://H|http://[::1]:80/|http://u:p@h/", "h|ftp://h/|http:///x|http://|://h|http://h/a b|http://h%20x/|http://h:99999/|file:///x"},
    {"NX_CDCS_USER_OWNED_RECORDS", "1|on|t|true|y|yes|0|off|f|false|n|no|TRUE|Off", "2|ja| true|truee"},
    {"NX_ELABFTW_EXPERIMENT_STATUS", "0|-5|+7| 12 |3.0|3.00", "3.5|x|1e3|0x10|99999999999|+-1|.0|3."},
    {"NX_FILE_DELAY_DAYS", "2|0.5|1e-3| 2 |+2|inf|.5|5.", "0|-1|nan|0x10|2d|1,5|--2"},
    {"NX_CLUSTERING_SENSITIVITY", "0|1.5|inf", "-0.1|nan|x"},
    {"NX_CLUSTERING_MIN_DIP", "0|1|0.01", "1.01|-0.01|nan|inf"},
    {"NX_NEMO_ADDRESS_1", "https://h/api/|https://h|http://h/a@b/",
     "https://h/api|h/|http://bob:pw@h/api/|http://bob@h/|https://@h/|https://h/api/?a=/|https://h/api/#/|https://h/?"},
    {"NX_NEMO_STRFTIME_FMT_1", "%Y-%m-%dT%H:%M:%S%z|%d.%m.%y %I:%M:%S.%f %p|%c|%F %T|%Y %j 100%%|%A, %B %e, %Y|%-d/%-m/%-y|%Y %-j",
     "%Y-%m-%d %-|%Y-%m-%d %-f|%Y-%-B-%d|%Y-%m-%d %-%|"
     "%Y-%m-%d %Q|YYYY-MM-DD|%H:%M|%Y-%m|%m-%d|%Y-%m-%%d|%Y-%m-%d %|%Y-%m-%d \xff|%Y-%m-%d \xc3\xbc%\xc3\xbc"},
    {"NX_NEMO_STRPTIME_FMT_1", "%Y-%m-%dT%H:%M:%S%z|%m-%d-%Y %H:%M:%S|%d %b %y|%D %R|%Y %j",
     "%Y-%m-%d %Q|YYYY-MM-DD|%H:%M|%Y-%m-%d %|%Y-%m-%d %Y|%F %d|%-d.%m.%Y|%Y-%m-%d \xff"},
    {"NX_NEMO_TZ_1", "America/Denver|UTC|US/Eastern", "Mars/Olympus|../../etc/passwd"},
    {"NX_EMAIL_SMTP_PORT", "1|65535| 25", "0|65536|smtp|-1"},
    {"NX_EMAIL_SENDER", "a@b.co|Some One <a@b.co>|a.b+c@x-y.example|o'hara@ex.org",
     "a|a@b|a@@b.co|.a@b.co|a..b@b.co|a@-b.co|a@b.local|a@b.test|a b@c.de|a@b..co"},
    {"NX_EMAIL_RECIPIENTS", "a@b.co|a@b.co, c@d.org|a@b.co,", "a@b.co,x|,"},
  };
  for (gsize i = 0; i < G_N_ELEMENTS(CASES); i++) {
    g_auto(GStrv) good = g_strsplit(CASES[i].good, "|", -1), bad = g_strsplit(CASES[i].bad, "|", -1);
    for (char **text = good; *text; text++) {
      g_autofree char *problem = nx_setting_problem(row(CASES[i].name), *text);
      if (problem)
        g_error("%s=%s is refused: %s", CASES[i].name, *text, problem);
    }
    for (char **text = bad; *text; text++) {
      g_autofree char *problem = nx_setting_problem(row(CASES[i].name), *text);
      if (!problem)
        g_error("%s=%s is accepted", CASES[i].name, *text);
    }
  }
}

static void check_url(Place *place, const char *text, const char *expected)
{
  g_autofree char *line = g_strdup_printf("NX_CDCS_TOKEN=t\nNX_CDCS_URL=%s\n", text);
  write_settings(place, line);
  g_autoptr(NxSettings) settings = load((const char *const[]){"NX_CDCS_URL", NULL});
  g_assert_cmpstr(settings->cdcs_url, ==, expected);
}

static void test_urls(Place *place, gconstpointer data G_GNUC_UNUSED)
{
  check_url(place, "https://Nexus.Example.com", "https://nexus.example.com/");
  check_url(place, "http://cdcs.localhost:40080", "http://cdcs.localhost:40080/");
  check_url(place, "https://api.labarchives.com/api", "https://api.labarchives.com/api");
  check_url(place, "HTTPS://H:443/A%20b/?Q=%41", "https://h/A%20b/?Q=%41");
  check_url(place, "http://h:80", "http://h/");
  check_url(place, "http://h:443", "http://h:443/");
  check_url(place, "https://b\xc3\xbc" "cher.example/", "https://xn--bcher-kva.example/");
  check_url(place, "http://[2001:DB8::1]:8080/x", "http://[2001:db8::1]:8080/x");
}

/* ------------------------------------------------------------------------------------------------------------ loading */

static void test_defaults(Place *place, gconstpointer data G_GNUC_UNUSED)
{
  write_settings(place, VALID);
  g_autoptr(NxSettings) settings = load(NULL);
  g_autofree char *logs = g_build_filename(place->folder, "logs", NULL), *records = g_build_filename(place->folder, "records", NULL);
  g_autofree char *patterns = g_strjoinv(" ", settings->ignore_patterns);
  g_assert_cmpstr(patterns, ==, "*.mib *.db *.emi *.hdr");
  g_assert_cmpint(settings->file_strategy, ==, NX_FILES_EXCLUSIVE);
  g_assert_cmpint(settings->export_strategy, ==, NX_EXPORT_ALL);
  g_assert_cmpfloat(settings->file_delay_days, ==, 2.0);
  g_assert_cmpfloat(settings->clustering_sensitivity, ==, 1.0);
  g_assert_cmpfloat(settings->clustering_min_dip, ==, 0.01);
  g_assert_true(settings->cdcs_assign_to_public_workspace);
  g_assert_false(settings->cdcs_user_owned_records);
  g_assert_cmpstr(settings->data_path, ==, place->folder);
  g_assert_cmpstr(settings->log_path, ==, logs);
  g_assert_cmpstr(settings->records_path, ==, records);
  g_assert_cmpstr(settings->labarchives_url, ==, "https://api.labarchives.com/api");
  g_assert_null(settings->email);
  g_assert_cmpuint(settings->nemo->len, ==, 0);
  g_assert_false(settings->elabftw_has_category);
}

static void test_precedence(Place *place, gconstpointer data G_GNUC_UNUSED)
{
  write_settings(place, VALID "NX_FILE_DELAY_DAYS=3\nNX_ELABFTW_EXPERIMENT_STATUS=4\nNX_CLUSTERING_SENSITIVITY=\n");
  g_setenv("NX_FILE_DELAY_DAYS", "5", TRUE);
  g_setenv("NX_ELABFTW_EXPERIMENT_STATUS", "", TRUE);
  g_autoptr(NxSettings) settings = load(NULL);
  g_assert_cmpfloat(settings->file_delay_days, ==, 5.0);
  g_assert_false(settings->elabftw_has_status);
  g_assert_cmpfloat(settings->clustering_sensitivity, ==, 1.0);
}

static void test_walk_up(Place *place, gconstpointer data G_GNUC_UNUSED)
{
  g_autofree char *here = g_get_current_dir(), *below = g_build_filename(place->folder, "a", NULL), *decoy = g_build_filename(below, ".env", NULL);
  g_assert_cmpint(g_mkdir_with_parents(decoy, 0700), ==, 0);
  write_settings(place, VALID "NX_FILE_DELAY_DAYS=7\n");
  g_unsetenv("NX_ENV_FILE");
  g_assert_cmpint(g_chdir(below), ==, 0);
  g_autoptr(NxSettings) settings = load(NULL);
  g_assert_cmpfloat(settings->file_delay_days, ==, 7.0);
  g_assert_cmpint(g_chdir(here), ==, 0);
  g_rmdir(decoy);
  g_rmdir(below);
}

static void test_unreadable(Place *place, gconstpointer data G_GNUC_UNUSED)
{
  g_autofree char *absent = load_report(NULL);
  g_assert_nonnull(strstr(absent, place->file));
  g_setenv("NX_ENV_FILE", place->folder, TRUE);
  g_autofree char *folder = load_report(NULL);
  g_assert_nonnull(strstr(folder, place->folder));
  g_assert_true(g_file_set_contents(place->file, "", 0, NULL));
  g_assert_cmpint(truncate(place->file, 50 * 1024 * 1024), ==, 0);
  g_setenv("NX_ENV_FILE", place->file, TRUE);
  g_autofree char *huge = load_report(NULL);
  g_assert_nonnull(strstr(huge, "larger than"));
}

static void test_certificates(Place *place, gconstpointer data G_GNUC_UNUSED)
{
  write_settings(place, VALID "NX_CERT_BUNDLE='-----BEGIN\\nMII\\n-----END'\n");
  g_autoptr(NxSettings) settings = load(NULL);
  g_assert_cmpstr(settings->cert_bundle, ==, "-----BEGIN\nMII\n-----END\n");
}

static void test_needed(Place *place, gconstpointer data G_GNUC_UNUSED)
{
  write_settings(place, "NX_DATA_PATH=DIR\nNX_FILE_DELAY_DAYS=never\nNX_NEMO_ADDRESS_1=nonsense\nNX_NEMO_TOKEN_1=t\n");
  g_autoptr(NxSettings) settings = load((const char *const[]){"NX_DATA_PATH", NULL});
  g_assert_cmpstr(settings->data_path, ==, place->folder);
  g_assert_null(settings->db_path);
  g_assert_cmpfloat(settings->file_delay_days, ==, 2.0);
  g_assert_cmpuint(settings->nemo->len, ==, 0);
  g_autofree char *report = load_report((const char *const[]){"NX_DATA_PATH", "NX_NEMO_ADDRESS_N", NULL});
  g_assert_nonnull(strstr(report, "Missing/invalid fields: NX_NEMO_ADDRESS_1\n"));
}

/* ------------------------------------------------------------------------------------------------------------- report */

static void test_report(Place *place, gconstpointer data G_GNUC_UNUSED)
{
  write_settings(place, "NX_DATA_PATH=/nonexistent\nNX_FILE_STRATEGY=both\nNX_INSTRUMENT_DATA_PATH=DIR\n");
  g_autofree char *report = load_report(NULL);
  g_assert_true(g_str_has_prefix(report, "NexusLIMS configuration is incomplete or invalid.\n\n  Missing/invalid fields: NX_FILE_STRATEGY, "
                                         "NX_DATA_PATH, NX_DB_PATH, NX_CDCS_TOKEN, NX_CDCS_URL\n"));
  g_assert_nonnull(strstr(report, "NX_FILE_STRATEGY: must be one of: exclusive, inclusive (got \"both\")\n"));
  g_assert_nonnull(strstr(report, "(got \"/nonexistent\")\n"));
  g_assert_nonnull(strstr(report, "nexuslims config edit"));
}

static void test_report_value(Place *place, gconstpointer data G_GNUC_UNUSED)
{
  write_settings(place, VALID "NX_FILE_DELAY_DAYS=0\n");
  g_autofree char *report = load_report(NULL);
  g_assert_nonnull(strstr(report, "NX_FILE_DELAY_DAYS: must be greater than 0 (got \"0\")\n"));
}

static void test_report_secrets(Place *place, gconstpointer data G_GNUC_UNUSED)
{
  write_settings(place, "NX_CDCS_TOKEN=\"geh\xffheim\"\nNX_CDCS_URL=x\nNX_DB_PATH='postgresql://u:geheim@h/d\xff'\n");
  g_autofree char *report = load_report(NULL);
  g_assert_nonnull(strstr(report, "NX_CDCS_TOKEN: must be UTF-8 text (got \"***\")"));
  g_assert_nonnull(strstr(report, "postgresql://u:***@h/d"));
  g_assert_null(strstr(report, "heim"));
}

static void check_fields(const Place *place, const char *settings, const char *fields)
{
  write_settings(place, settings);
  g_autofree char *expected = g_strdup_printf("fields: %s\n", fields);
  g_autofree char *report = load_report(NULL);
  if (!strstr(report, expected))
    g_error("expected %s in %s", expected, report);
}

#define PATHS "NX_INSTRUMENT_DATA_PATH=DIR\nNX_DATA_PATH=DIR\nNX_DB_PATH=DIR/n.db\n"

static void test_cdcs_rule(Place *place, gconstpointer data G_GNUC_UNUSED)
{
  check_fields(place, PATHS, "NX_CDCS_TOKEN, NX_CDCS_URL");
  check_fields(place, PATHS "NX_CDCS_TOKEN=t\n", "NX_CDCS_URL");
  check_fields(place, PATHS "NX_CDCS_URL=http://h\nNX_SITE_PATH=DIR/site\n", "NX_CDCS_TOKEN");
  check_fields(place, PATHS "NX_ELABFTW_API_KEY=k\n", "NX_CDCS_TOKEN, NX_CDCS_URL");
  static const char *const OTHERS[] = {
    PATHS "NX_SITE_PATH=DIR/site\n", PATHS "NX_ELABFTW_API_KEY=k\nNX_ELABFTW_URL=http://e\n",
    PATHS "NX_LABARCHIVES_ACCESS_KEY_ID=a\nNX_LABARCHIVES_ACCESS_PASSWORD=b\nNX_LABARCHIVES_USER_ID=c\n"};
  for (gsize i = 0; i < G_N_ELEMENTS(OTHERS); i++) {
    write_settings(place, OTHERS[i]);
    g_autoptr(NxSettings) settings = load(NULL);
    g_assert_null(settings->cdcs_token);
    g_assert_null(settings->cdcs_url);
  }
}

static void test_paths(Place *place, gconstpointer data G_GNUC_UNUSED)
{
  check_fields(place, VALID "NX_LOG_PATH=DIR/absent\n", "NX_LOG_PATH");
  check_fields(place, VALID "NX_LOG_PATH=DIR/n.db\n", "NX_LOG_PATH");
  check_fields(place, VALID "NX_CERT_BUNDLE_FILE=DIR\n", "NX_CERT_BUNDLE_FILE");
  check_fields(place, VALID "NX_DB_PATH=DIR/absent.db\n", "NX_DB_PATH");
  check_fields(place, VALID "NX_DB_PATH=\n", "NX_DB_PATH");
  check_fields(place, VALID "NX_SITE_PATH=DIR/absent/site\n", "NX_SITE_PATH");
  write_settings(place, VALID "NX_DB_PATH=postgresql://u:pw@h/d\nNX_LOG_PATH=\n");
  g_autoptr(NxSettings) settings = load(NULL);
  g_assert_cmpstr(settings->db_path, ==, "postgresql://u:pw@h/d");
}

/* --------------------------------------------------------------------------------------------------- harvesters and mail */

static void test_harvesters(Place *place, gconstpointer data G_GNUC_UNUSED)
{
  write_settings(place, VALID "NX_NEMO_ADDRESS_10=https://ten.example.com\nNX_NEMO_TOKEN_10=t10\nNX_NEMO_TZ_10=America/Denver\n"
                              "NX_NEMO_ADDRESS_2=https://two.example.com/api/\nNX_NEMO_TOKEN_2=t2\nNX_NEMO_STRFTIME_FMT_2=\n"
                              "NX_NEMO_ADDRESS_3=https://three.example.com/\nNX_NEMO_ADDRESS_04=https://four.example.com/\nNX_NEMO_TOKEN_04=t\n");
  g_autoptr(NxSettings) settings = load(NULL);
  g_assert_cmpuint(settings->nemo->len, ==, 2);
  const NxNemoSettings *two = g_ptr_array_index(settings->nemo, 0), *ten = g_ptr_array_index(settings->nemo, 1);
  g_assert_cmpuint(two->number, ==, 2);
  g_assert_cmpstr(two->strftime_fmt, ==, "%Y-%m-%dT%H:%M:%S%z");
  g_assert_null(two->tz);
  g_assert_cmpstr(ten->address, ==, "https://ten.example.com/");
  g_assert_cmpstr(ten->tz, ==, "America/Denver");
  check_fields(place, VALID "NX_NEMO_ADDRESS_3=https://h/api\nNX_NEMO_TOKEN_3=t\n", "NX_NEMO_ADDRESS_3");
}

static void test_harvester_dates(Place *place, gconstpointer data G_GNUC_UNUSED)
{
  write_settings(place, VALID "NX_NEMO_ADDRESS_1=https://h/\nNX_NEMO_TOKEN_1=t\nNX_NEMO_STRFTIME_FMT_1=%Y-%m-%d %Q\nNX_NEMO_STRPTIME_FMT_1=%d/%m\n"
                              "NX_NEMO_ADDRESS_2=https://i/\nNX_NEMO_TOKEN_2=t\nNX_NEMO_STRFTIME_FMT_2=%F%\nNX_NEMO_STRPTIME_FMT_2=%-d.%m.%Y\n"
                              "NX_NEMO_ADDRESS_3=https://j/\nNX_NEMO_TOKEN_3=t\nNX_NEMO_STRPTIME_FMT_3=%Y-%m-%d of %Y\n");
  static const char *const LINES[] = {
    "NX_NEMO_STRFTIME_FMT_1: must be made of strftime's directives, and %Q is none (got \"%Y-%m-%d %Q\")\n",
    "NX_NEMO_STRPTIME_FMT_1: must name the year, the month and the day, as %Y-%m-%d does (got \"%d/%m\")\n",
    "NX_NEMO_STRFTIME_FMT_2: must be made of strftime's directives, and % is none (got \"%F%\")\n",
    "NX_NEMO_STRPTIME_FMT_2: must be made of strptime's directives, and %-d is none; without the - it reads short numbers, too (got \"%-d.%m.%Y\")\n",
    "NX_NEMO_STRPTIME_FMT_3: must name each part of a date once (got \"%Y-%m-%d of %Y\")\n",
  };
  g_autofree char *report = load_report(NULL);
  for (gsize i = 0; i < G_N_ELEMENTS(LINES); i++)
    if (!strstr(report, LINES[i]))
      g_error("expected %s in %s", LINES[i], report);
}

/* The address of a server stands in identifiers and records, which are published. */
static void test_harvester_address(Place *place, gconstpointer data G_GNUC_UNUSED)
{
  write_settings(place, VALID "NX_NEMO_ADDRESS_1=http://bob:hunter2@h/api/\nNX_NEMO_TOKEN_1=t\n"
                              "NX_NEMO_ADDRESS_2=https://h/api/?x=/\nNX_NEMO_TOKEN_2=t\n");
  g_autofree char *report = load_report(NULL);
  g_assert_nonnull(strstr(report, "NX_NEMO_ADDRESS_1: must be without user and password, which every record would show: write "
                                  "https://host.example.com/api/, the token says who asks (got \"http://bob:***@h/api/\")\n"));
  g_assert_nonnull(strstr(report, "NX_NEMO_ADDRESS_2: must end with the path, without ? and #, as in https://host.example.com/api/ "
                                  "(got \"https://h/api/?x=/\")\n"));
  g_assert_null(strstr(report, "hunter2"));
}

static void test_email(Place *place, gconstpointer data G_GNUC_UNUSED)
{
#define MAIL VALID "NX_EMAIL_SMTP_HOST=smtp.example.com\nNX_EMAIL_SENDER=Us <a@Example.com>\nNX_EMAIL_RECIPIENTS=b@example.com, c@example.com,\n"
  write_settings(place, MAIL "NX_EMAIL_USE_TLS=on\n");
  g_autoptr(NxSettings) settings = load(NULL);
  g_assert_nonnull(settings->email);
  g_assert_cmpstr(settings->email->sender, ==, "a@example.com");
  g_assert_cmpstr(settings->email->recipients[1], ==, "c@example.com");
  g_assert_null(settings->email->recipients[2]);
  g_assert_cmpint(settings->email->smtp_port, ==, 587);
  g_assert_false(settings->email->use_tls);
  static const char *const OFF[] = {MAIL "NX_EMAIL_SMTP_PORT=x\n", MAIL "NX_EMAIL_SENDER=nobody\n", MAIL "NX_EMAIL_SENDER=\n"};
  for (gsize i = 0; i < G_N_ELEMENTS(OFF); i++) {
    write_settings(place, OFF[i]);
    g_autoptr(NxSettings) without = load(NULL);
    g_assert_null(without->email);
  }
}

static void test_text(Place *place, gconstpointer data G_GNUC_UNUSED)
{
  write_settings(place, "NX_FILE_STRATEGY=both\nNX_DB_PATH=${BASE}/none.db\n");
  g_setenv("BASE", "/env", TRUE);
  g_autofree char *path = nx_settings_text("NX_DB_PATH", NULL), *none = nx_settings_text("NX_DATA_PATH", NULL);
  g_assert_cmpstr(path, ==, "/env/none.db");
  g_assert_null(none);
}

/* --------------------------------------------------------------------------------------------------------------- dump */

static const char DUMP_BEFORE[] = "{\n  \"NX_FILE_STRATEGY\": \"exclusive\",\n  \"NX_IGNORE_PATTERNS\": [\n    \"*.mib\"\n  ],\n";
static const char DUMP_AFTER[] =
  "  \"NX_CDCS_TOKEN\": \"tok\",\n  \"NX_CDCS_URL\": \"https://cdcs.example.com/\",\n  \"NX_CDCS_USER_OWNED_RECORDS\": false,\n"
  "  \"NX_CDCS_ASSIGN_TO_PUBLIC_WORKSPACE\": true,\n  \"NX_LABARCHIVES_ACCESS_KEY_ID\": null,\n  \"NX_LABARCHIVES_ACCESS_PASSWORD\": null,\n"
  "  \"NX_LABARCHIVES_USER_ID\": null,\n  \"NX_LABARCHIVES_URL\": \"https://api.labarchives.com/api\",\n  \"NX_LABARCHIVES_NOTEBOOK_ID\": null,\n"
  "  \"NX_EXPORT_STRATEGY\": \"all\",\n  \"NX_CERT_BUNDLE_FILE\": null,\n  \"NX_CERT_BUNDLE\": null,\n  \"NX_DISABLE_SSL_VERIFY\": false,\n"
  "  \"NX_FILE_DELAY_DAYS\": 2.0,\n  \"NX_CLUSTERING_SENSITIVITY\": 1.0,\n  \"NX_LOG_PATH\": null,\n  \"NX_RECORDS_PATH\": null,\n"
  "  \"NX_LOCAL_PROFILES_PATH\": null,\n  \"NX_ELABFTW_API_KEY\": null,\n  \"NX_ELABFTW_URL\": null,\n"
  "  \"NX_ELABFTW_EXPERIMENT_CATEGORY\": null,\n  \"NX_ELABFTW_EXPERIMENT_STATUS\": null,\n  \"nemo_harvesters\": {\n    \"1\": {\n"
  "      \"address\": \"https://nemo.example.com/api/\",\n      \"token\": \"abc\",\n      \"strftime_fmt\": \"%Y-%m-%dT%H:%M:%S%z\",\n"
  "      \"strptime_fmt\": \"%Y-%m-%dT%H:%M:%S%z\",\n      \"tz\": null\n    }\n  },\n  \"email_config\": {\n"
  "    \"smtp_host\": \"smtp.example.com\",\n    \"smtp_port\": 587,\n    \"smtp_username\": null,\n    \"smtp_password\": null,\n"
  "    \"use_tls\": true,\n    \"sender\": \"a@example.com\",\n    \"recipients\": [\n      \"b@example.com\",\n      \"c@example.com\"\n    ]\n  }\n}";

#define WORKED_EXAMPLE VALID "NX_IGNORE_PATTERNS='[\"*.mib\"]'\nNX_NEMO_ADDRESS_1=https://nemo.example.com/api/\nNX_NEMO_TOKEN_1=abc\n" \
  "NX_EMAIL_SMTP_HOST=smtp.example.com\nNX_EMAIL_SENDER=a@example.com\nNX_EMAIL_RECIPIENTS=b@example.com, c@example.com\n"

static void test_dump(Place *place, gconstpointer data G_GNUC_UNUSED)
{
  write_settings(place, WORKED_EXAMPLE);
  g_autoptr(NxSettings) settings = load(NULL);
  g_autoptr(json_object) dump = nx_settings_to_json(settings, FALSE);
  g_autofree char *text = nx_json_text(dump, NX_JSON_INDENT | NX_JSON_ASCII);
  g_autofree char *expected = g_strdup_printf("%s  \"NX_INSTRUMENT_DATA_PATH\": \"%s\",\n  \"NX_DATA_PATH\": \"%s\",\n  \"NX_DB_PATH\": \"%s\",\n%s",
                                              DUMP_BEFORE, place->folder, place->folder, place->database, DUMP_AFTER);
  g_assert_cmpstr(text, ==, expected);
}

static void test_redaction(Place *place, gconstpointer data G_GNUC_UNUSED)
{
  write_settings(place, WORKED_EXAMPLE);
  g_autoptr(NxSettings) settings = load(NULL);
  g_autoptr(json_object) plain = nx_settings_to_json(settings, FALSE), redacted = nx_settings_to_json(settings, TRUE);
  static const char *const SECRETS[] = {"NX_CDCS_TOKEN", "NX_LABARCHIVES_ACCESS_PASSWORD", "NX_CERT_BUNDLE", "NX_ELABFTW_API_KEY"};
  for (gsize i = 0; i < G_N_ELEMENTS(SECRETS); i++)
    nx_json_set_string(plain, SECRETS[i], "***");
  nx_json_set_string(nx_json_get(nx_json_get(plain, "nemo_harvesters"), "1"), "token", "***");
  nx_json_set_string(nx_json_get(plain, "email_config"), "smtp_password", "***");
  g_autofree char *expected = nx_json_text(plain, NX_JSON_INDENT), *text = nx_json_text(redacted, NX_JSON_INDENT);
  g_assert_cmpstr(text, ==, expected);
}

static void test_redacted_addresses(Place *place, gconstpointer data G_GNUC_UNUSED)
{
  write_settings(place, WORKED_EXAMPLE "NX_CDCS_URL=http://svc:pw@host/nx/\nNX_ELABFTW_URL=https://svc:p%40w@eln.example.com:8443/\n"
                                       "NX_LABARCHIVES_URL=http://la.example.com:8080/a@b/api\n");
  g_autoptr(NxSettings) settings = load(NULL);
  g_autoptr(json_object) redacted = nx_settings_to_json(settings, TRUE);
  g_assert_cmpstr(nx_json_get_string(redacted, "NX_CDCS_URL"), ==, "http://svc:***@host/nx/");
  g_assert_cmpstr(nx_json_get_string(redacted, "NX_ELABFTW_URL"), ==, "https://svc:***@eln.example.com:8443/");
  g_assert_cmpstr(nx_json_get_string(redacted, "NX_LABARCHIVES_URL"), ==, "http://la.example.com:8080/a@b/api");
}

static void test_own_settings(Place *place, gconstpointer data G_GNUC_UNUSED)
{
  write_settings(place, WORKED_EXAMPLE "NX_SITE_PATH=DIR/site/\nNX_CLUSTERING_MIN_DIP=0\nNX_FILE_DELAY_DAYS=inf\nNX_DB_PATH=postgresql://u:p%40w@h/d\n");
  g_autoptr(NxSettings) settings = load(NULL);
  g_autoptr(json_object) dump = nx_settings_to_json(settings, FALSE), redacted = nx_settings_to_json(settings, TRUE);
  g_autofree char *text = nx_json_text(dump, NX_JSON_LINE), *site = g_build_filename(place->folder, "site", NULL);
  g_autofree char *expected = g_strdup_printf("\"NX_ELABFTW_EXPERIMENT_STATUS\":null,\"NX_CLUSTERING_MIN_DIP\":0.0,\"NX_SITE_PATH\":\"%s\",\"nemo_harvesters\"", site);
  g_assert_nonnull(strstr(text, expected));
  g_assert_cmpstr(nx_json_get_string(dump, "NX_DB_PATH"), ==, "postgresql://u:p%40w@h/d");
  g_assert_cmpstr(nx_json_get_string(redacted, "NX_DB_PATH"), ==, "postgresql://u:***@h/d");
  g_assert_true(isinf(settings->file_delay_days));
}

static void test_masking(void)
{
  static const char *const CASES[][2] = {
    {"/a/b.db", "/a/b.db"}, {"postgresql://u:pw@h:5432/d", "postgresql://u:***@h:5432/d"}, {"postgresql://u@h/d", "postgresql://u@h/d"},
    {"postgresql://u:p@w@h/d", "postgresql://u:***@h/d"}, {"postgresql://u:p@ss/w@h/d?x=a@b", "postgresql://u:***@h/d?x=a@b"}, {"postgresql://h/d?user=u&password=pw&x=1", "postgresql://h/d?user=u&password=***&x=1"},
    {"sqlite:///a:b@c.db", "sqlite:///a:b@c.db"}, {"postgresql://u:p/w?x#y@h/d", "postgresql://u:***@h/d"}, {"postgresql://h:5/d?user=u", "postgresql://h:5/d?user=u"}, {"postgresql://u:p@a?b@h/d", "postgresql://u:***@h/d"},
    {"postgresql://u:p?w#x@h/d", "postgresql://u:***@h/d"}, {"postgresql://h/d?sslpassword=pw", "postgresql://h/d?sslpassword=***"},
    {"postgresql://u:secretpw", "postgresql://u:***"}, {"postgresql://u:1pw/d?password=x", "postgresql://u:***/d?password=***"},
    {"postgresql://h:5432", "postgresql://h:5432"}, {"postgresql://h/a:b", "postgresql://h/a:b"}, {"postgresql://[::1]:5432/d", "postgresql://[::1]:5432/d"},
    {"postgresql://[::1]/d", "postgresql://[::1]/d"}, {"postgresql://g:1,h:2,i/d", "postgresql://g:1,h:2,i/d"}, {"postgresql://h:/d", "postgresql://h:/d"},
    {"https://h/cal.ics?tool=3&token=a/b%20c&x=1", "https://h/cal.ics?tool=3&token=***&x=1"}, {"https://h/?Key=k#token=x", "https://h/?Key=***#token=x"},
    {"https://h/ical?api_key=1&access_token=2&monkey=3", "https://h/ical?api_key=***&access_token=***&monkey=3"},
    {"https://h/ical/a%40b/private-0123456789abcdef/basic.ics", "https://h/ical/a%40b/private-***/basic.ics"},
    {"postgresql://h/d?sslkey=client.key", "postgresql://h/d?sslkey=client.key"}, {"https://h/private-data/x.ics", "https://h/private-data/x.ics"},
    {"https://h/c.ics?api-key=s&authkey=s&x=1", "https://h/c.ics?api-key=***&authkey=***&x=1"}, {"https://h/c?auth=s", "https://h/c?auth=***"},
    {"https://h/c?token1=s&pass=s&CacheKey=s&PassphraseKey=s", "https://h/c?token1=***&pass=***&CacheKey=***&PassphraseKey=***"},
    {"https://h/c?id=3;token=s", "https://h/c?id=3;token=***"}, {"https://h/tools/?key=3", "https://h/tools/?key=3"},
    {"https://h/tools/?key=3&token=s", "https://h/tools/?key=3&token=***"}, {"https://h/c?key=0123456789", "https://h/c?key=***"},
    {"https://h/c?author=a&bypass=b&passing=c&id=3", "https://h/c?author=a&bypass=b&passing=c&id=3"},
    {"https://outlook.office365.com/owa/calendar/0a1b@uni.example/5ecr37/calendar.ics",
     "https://outlook.office365.com/owa/calendar/0a1b@uni.example/***/calendar.ics"},
    {"webcal://p01-caldav.icloud.com/published/2/MTIzNDU2", "webcal://p01-caldav.icloud.com/published/2/***"},
    {"https://h/published/records/a", "https://h/published/records/a"},
    {"https://user.fm/calendar/v1-0123456789abcdef0123456789abcdef/Lab.ics", "https://user.fm/calendar/v1-***/Lab.ics"},
    {"https://cloud.example/remote.php/dav/public-calendars/Ab3dEf?export", "https://cloud.example/remote.php/dav/public-calendars/***?export"},
    {"https://h/0123456789abcdef0123456789abcdef.ics#TEM-1", "https://h/***.ics#TEM-1"},
    {"https://h/data/65f0c0ffee65f0c0ffee65f0", "https://h/data/65f0c0ffee65f0c0ffee65f0"},
    {"https://nemo.example.com/api/tools/?id=635816", "https://nemo.example.com/api/tools/?id=635816"},
    {"sqlite:////var/volumes/0123456789abcdef0123456789abcdef/private-0123456789/published/2/nexuslims.db",
     "sqlite:////var/volumes/0123456789abcdef0123456789abcdef/private-0123456789/published/2/nexuslims.db"},
    {"file:///srv/public-calendars/lab.ics", "file:///srv/public-calendars/lab.ics"},
    {"WebCals://h/public-calendars/s", "WebCals://h/public-calendars/***"},
    {"https://geheim@h/", "https://***@h/"}, {"https://geheim@h:8443/a@b?x=1", "https://***@h:8443/a@b?x=1"}, {"https://h/a@b", "https://h/a@b"},
    {"https://h?mail=a@b", "https://h?mail=a@b"}, {"u:geheim@h", "u:geheim@h"},
    {"sqlite:///a.db?password=s", "sqlite:///a.db?password=***"}, {"webcal://h:8443/o@w/lab.ics", "webcal://h:8443/o@w/lab.ics"},
  };
  for (gsize i = 0; i < G_N_ELEMENTS(CASES); i++) {
    g_autofree char *masked = nx_config_masked_address(CASES[i][0]);
    g_assert_cmpstr(masked, ==, CASES[i][1]);
  }
}

static void test_masked_mistyped(void)
{
  static const char *const CASES[][2] = {
    {"u:geheim@h", "u:***@h"}, {"//u:geheim@h/", "//u:***@h/"}, {"https:/u:geheim@h/", "https:/u:***@h/"}, {"https:u:geheim@h/", "https:u:***@h/"},
    {"geheim@h/", "***@h/"}, {"htps://u:geheim@h/", "htps://u:***@h/"}, {"u:ge/heim@h", "u:***@h"}, {"https://u:geheim@h/", "https://u:***@h/"},
    {"h.example.com/api/", "h.example.com/api/"}, {"h:8443/api/", "h:8443/api/"}, {"ftp://h/", "ftp://h/"}, {"", ""},
  };
  for (gsize i = 0; i < G_N_ELEMENTS(CASES); i++) {
    g_autofree char *masked = nx_config_masked_web_address(CASES[i][0]);
    g_assert_cmpstr(masked, ==, CASES[i][1]);
  }
}

typedef struct {
  const char *address, *calendar, *api_url; /* as shown; api_url NULL: like the calendar */
} Shown;

static void test_masked_calendars(void)
{
  static const Shown CASES[] = {
    {"webcal://c.example/lab/s.ics?x=1", "webcal://c.example/***", NULL}, {"HTTPS://c.example/s", "HTTPS://c.example/***", NULL},
    {"https://c.example?lab", "https://c.example/***", NULL}, {"https://c.example/", "https://c.example/", NULL},
    {"https://c.example", "https://c.example", NULL}, {"https://c.example/o@w/s", "https://c.example/***", NULL},
    {"https://u:pw@c.example:8443/s.ics#TEM-1", "https://***@c.example:8443/***", "https://***@c.example:8443/***#TEM-1"},
    {"https://u:p/w@c.example/s", "https://***@c.example/***", NULL}, {"https://geheim@c.example/s", "https://***@c.example/***", NULL},
    {"https://geheim@c.example", "https://***@c.example", NULL}, {"webcal://c.example#geheim", "webcal://c.example/***", "webcal://c.example#geheim"},
    {"webcal:/c.example/s#TEM-1", "webcal:/c.example/***", "webcal:/c.example/***#TEM-1"}, {"https:c.example/s", "https:c.example/***", NULL},
    {"ftp://c.example/s", "ftp://c.example/***", NULL}, {"c.example/feed/s.ics", "c.example/***", NULL}, {"u:geheim@c.example/s.ics", "***@c.example/***", NULL},
    {"webcal:u:geheim@c.example/s", "webcal:***@c.example/***", NULL}, {"//u:geheim@c.example/s", "//***@c.example/***", NULL},
    {"geheim@c.example/s", "***@c.example/***", NULL}, {"u:ge/heim@c.example/s", "***@c.example/***", NULL}, {"lab.ics", "lab.ics", NULL}, {"", "", NULL},
    {"https//u:geheim@c.example/s", "https//***@c.example/***", NULL}, {"https;//geheim@c.example/s", "https;//***@c.example/***", NULL},
    {"https.//u:geheim@c.example", "https.//***@c.example", NULL}, {"https:\\\\c.example\\geheim", "https:\\\\c.example/***", NULL},
    {"webcal:///geheim/s.ics", "webcal:////***", NULL}, {"webcal.example//geheim", "webcal.example/***", NULL},
    {"file:///srv/lab.ics", "file:///srv/lab.ics", NULL}, {"/srv/lab.ics", "/srv/lab.ics", NULL}, {"file:lab.ics", "file:lab.ics", NULL},
    {"file:///srv/lab.ics#TEM-1", "file:///srv/lab.ics#TEM-1", NULL},
  };
  for (gsize i = 0; i < G_N_ELEMENTS(CASES); i++) {
    g_autofree char *calendar = nx_config_masked_calendar(CASES[i].address), *api_url = nx_config_masked_api_url(CASES[i].address);
    g_assert_cmpstr(calendar, ==, CASES[i].calendar);
    g_assert_cmpstr(api_url, ==, CASES[i].api_url ? CASES[i].api_url : CASES[i].calendar);
  }
}

/* A log may hold any address. */
static void test_long_addresses(void)
{
  static const char *const PIECES[] = {"?password1", "/private-", "&token", "/0123456789abcdef", ";key=1"};
  for (gsize i = 0; i < G_N_ELEMENTS(PIECES); i++) {
    g_autoptr(GString) address = g_string_new("https://h/");
    while (address->len < 1000000)
      g_string_append(address, PIECES[i]);
    g_string_append(address, "?token=geheimnis");
    g_autofree char *masked = nx_config_masked_address(address->str);
    g_assert_nonnull(masked);
    g_assert_null(strstr(masked, "geheimnis"));
  }
}

static void test_find(void)
{
  guint number = 0;
  g_assert_cmpstr(nx_setting_find("NX_NEMO_TOKEN_012", &number)->name, ==, "NX_NEMO_TOKEN_N");
  g_assert_cmpuint(number, ==, 12);
  g_assert_null(nx_setting_find("NX_NEMO_TOKEN_", NULL));
  g_assert_null(nx_setting_find("NX_NEMO_TOKEN_1x", NULL));
  g_assert_null(nx_setting_find("nx_data_path", NULL));
  g_assert_cmpstr(nx_setting_find("NX_EMAIL_SENDER", NULL)->key, ==, "sender");
}

/* `lnk` leads two folders down, so that what ".." behind it is depends on who asks: the kernel, or the text. */
static void test_upward_paths(Place *place, gconstpointer data G_GNUC_UNUSED)
{
  g_autofree char *here = g_get_current_dir(), *deep = g_build_filename(place->folder, "deep", NULL), *down = g_build_filename(deep, "down", NULL);
  g_autofree char *link = g_build_filename(place->folder, "lnk", NULL), *real = realpath(place->folder, NULL);
  g_assert_cmpint(g_mkdir_with_parents(down, 0700), ==, 0);
  g_assert_cmpint(symlink("deep/down", link), ==, 0);
  write_settings(place, "NX_INSTRUMENT_DATA_PATH=lnk/../../deep\nNX_DATA_PATH=DIR/lnk/..\nNX_RECORDS_PATH=lnk\nNX_SITE_PATH=lnk/../site\n");
  g_assert_cmpint(g_chdir(place->folder), ==, 0);
  static const char *const NEEDED[] = {"NX_INSTRUMENT_DATA_PATH", "NX_DATA_PATH", NULL};
  g_autoptr(NxSettings) settings = load(NEEDED);
  g_autofree char *site = g_build_filename(real, "deep", "site", NULL), *logs = g_build_filename(real, "deep", "logs", NULL);
  g_autofree char *folder = g_build_filename(real, "deep", NULL);
  g_assert_cmpstr(settings->instrument_data_path, ==, folder);
  g_assert_cmpstr(settings->data_path, ==, folder);
  g_assert_cmpstr(settings->log_path, ==, logs);
  g_assert_cmpstr(settings->site_path, ==, site);
  g_assert_cmpstr(settings->records_path, ==, link); /* as it is spelled */
  g_autoptr(json_object) dump = nx_settings_to_json(settings, FALSE);
  g_autofree char *written = g_build_filename(link, "..", NULL);
  g_assert_cmpstr(nx_json_get_string(dump, "NX_INSTRUMENT_DATA_PATH"), ==, "lnk/../../deep");
  g_assert_cmpstr(nx_json_get_string(dump, "NX_DATA_PATH"), ==, written);
  g_assert_cmpint(g_chdir(here), ==, 0);
  g_unlink(link);
  g_rmdir(down);
  g_rmdir(deep);
}

/* A share that is gone has a name all the same, and the one that the loader would give it. */
static void test_roots_that_are_gone(Place *place, gconstpointer data G_GNUC_UNUSED)
{
  static const char *const NOTHING[] = {NULL};
  g_autofree char *real = realpath(place->folder, NULL), *below = g_build_filename(place->folder, "a", NULL);
  g_autofree char *gone = g_build_filename(real, "gone", NULL), *lost = g_build_filename(place->folder, "lost", "..", "b", NULL);
  g_assert_cmpint(g_mkdir(below, 0700), ==, 0);
  write_settings(place, "BASE=DIR\nNX_INSTRUMENT_DATA_PATH=${BASE}/a/../gone\nNX_DATA_PATH=DIR/lost/../b/\n");
  g_setenv("BASE", "/nowhere", TRUE);
  g_autoptr(NxSettings) settings = load(NOTHING);
  g_assert_null(settings->instrument_data_path);
  g_assert_true(nx_settings_take_roots(settings, NULL));
  g_assert_cmpstr(settings->instrument_data_path, ==, gone);
  g_assert_cmpstr(settings->data_path, ==, lost);
  g_autofree char *unset = nx_settings_folder("NX_RECORDS_PATH", NULL);
  g_assert_null(unset);
  g_unsetenv("BASE");
  g_rmdir(below);
}

#define ADD(name, function) g_test_add("/config/" name, Place, NULL, place_set_up, function, place_tear_down)

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_log_set_always_fatal(G_LOG_LEVEL_ERROR);
  g_test_add_func("/config/each type accepts and refuses what the documents say", test_types);
  ADD("addresses are brought into one form", test_urls);
  ADD("defaults are the documented ones", test_defaults);
  ADD("the environment wins over the file and an empty value counts as unset", test_precedence);
  ADD("the nearest .env upwards is read, a folder of that name is not", test_walk_up);
  ADD("a settings file that cannot be read is an error that names it", test_unreadable);
  ADD("certificate text is unfolded into lines", test_certificates);
  ADD("a program that needs little is not bothered with the rest", test_needed);
  ADD("all problems are reported at once in the order of the table", test_report);
  ADD("the report names the value and what is wanted", test_report_value);
  ADD("the report shows no secret", test_report_secrets);
  ADD("CDCS may be absent only where records go elsewhere", test_cdcs_rule);
  ADD("paths must be there and of their kind", test_paths);
  ADD("'..' in a path leads where the kernel says, and is dumped as it was written", test_upward_paths);
  ADD("roots that are gone have the names that they have when they are there", test_roots_that_are_gone);
  ADD("harvesters come in ascending order and incomplete ones are left out", test_harvesters);
  ADD("the date formats of a NEMO server are checked before a date is", test_harvester_dates);
  ADD("the address of a NEMO server names no person and ends with its path", test_harvester_address);
  ADD("mail is off when something is missing or wrong", test_email);
  ADD("one value can be had without a valid configuration", test_text);
  ADD("the dump is the documented one letter for letter", test_dump);
  ADD("redaction replaces exactly the six documented secrets", test_redaction);
  ADD("redaction hides the passwords of web addresses, and nothing else of them", test_redacted_addresses);
  ADD("our own settings are dumped only when set", test_own_settings);
  g_test_add_func("/config/passwords and tokens in addresses are masked", test_masking);
  g_test_add_func("/config/no password shows in an address whose scheme is mistyped", test_masked_mistyped);
  g_test_add_func("/config/of a calendar's address only the server is shown", test_masked_calendars);
  g_test_add_func("/config/an address of any length is masked", test_long_addresses);
  g_test_add_func("/config/a variable finds its row", test_find);
  return g_test_run();
}
