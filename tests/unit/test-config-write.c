/* test-config-write.c — dumps as .env files, saving, migrating (expected texts: config 9 and 11). */
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

#include "check.h"
#include "migrate.h"
#include "nx-config.h"

/* ------------------------------------------------------------------------------------------------------------- loading */

/* The sample dump of the documents, and the file that config 9 says it gives. */
static const char SAMPLE[] =
  "{\"NX_FILE_STRATEGY\": \"exclusive\", \"NX_IGNORE_PATTERNS\": [\"*.mib\", \"*.db\", \"*.emi\"],"
  " \"NX_INSTRUMENT_DATA_PATH\": \"/tmp/nexuslims-test-instrument-data\", \"NX_DATA_PATH\": \"/tmp/nexuslims-test-data\","
  " \"NX_DB_PATH\": \"/tmp/nexuslims-test-data/integration_test.db\", \"NX_CDCS_TOKEN\": \"nexuslims-dev-token-not-for-production\","
  " \"NX_CDCS_URL\": \"http://cdcs.localhost:40080/\", \"NX_EXPORT_STRATEGY\": \"all\", \"NX_CERT_BUNDLE_FILE\": null, \"NX_CERT_BUNDLE\": null,"
  " \"NX_DISABLE_SSL_VERIFY\": false, \"NX_FILE_DELAY_DAYS\": 2.0, \"NX_CLUSTERING_SENSITIVITY\": 1.0, \"NX_LOG_PATH\": null,"
  " \"NX_ELABFTW_API_KEY\": \"1-aaaaaaaaaaaaaaaaaaaa\", \"NX_ELABFTW_URL\": \"https://elabftw.example.com/\","
  " \"nemo_harvesters\": {\"1\": {\"address\": \"http://nemo.localhost:40080/api/\", \"token\": \"test-api-token_captain\","
  " \"strftime_fmt\": \"%Y-%m-%dT%H:%M:%S%z\", \"strptime_fmt\": \"%Y-%m-%dT%H:%M:%S%z\", \"tz\": null}},"
  " \"email_config\": {\"smtp_host\": \"smtp.example.com\", \"smtp_port\": 25, \"smtp_username\": \"your-email@gmail.com\","
  " \"smtp_password\": \"your-app-password\", \"use_tls\": false, \"sender\": \"nexuslims@yourdomain.com\","
  " \"recipients\": [\"admin@yourdomain.com\", \"team@yourdomain.com\"]}}";
static const char SAMPLE_FILE[] =
  "NX_CDCS_TOKEN='nexuslims-dev-token-not-for-production'\nNX_CDCS_URL='http://cdcs.localhost:40080/'\nNX_CLUSTERING_SENSITIVITY='1.0'\n"
  "NX_DATA_PATH='/tmp/nexuslims-test-data'\nNX_DB_PATH='/tmp/nexuslims-test-data/integration_test.db'\nNX_DISABLE_SSL_VERIFY='false'\n"
  "NX_ELABFTW_API_KEY='1-aaaaaaaaaaaaaaaaaaaa'\nNX_ELABFTW_URL='https://elabftw.example.com/'\n"
  "NX_EMAIL_RECIPIENTS='admin@yourdomain.com,team@yourdomain.com'\nNX_EMAIL_SENDER='nexuslims@yourdomain.com'\n"
  "NX_EMAIL_SMTP_HOST='smtp.example.com'\nNX_EMAIL_SMTP_PASSWORD='your-app-password'\nNX_EMAIL_SMTP_PORT='25'\n"
  "NX_EMAIL_SMTP_USERNAME='your-email@gmail.com'\nNX_EMAIL_USE_TLS='false'\nNX_EXPORT_STRATEGY='all'\nNX_FILE_DELAY_DAYS='2.0'\n"
  "NX_FILE_STRATEGY='exclusive'\nNX_IGNORE_PATTERNS='[\"*.mib\", \"*.db\", \"*.emi\"]'\n"
  "NX_INSTRUMENT_DATA_PATH='/tmp/nexuslims-test-instrument-data'\nNX_NEMO_ADDRESS_1='http://nemo.localhost:40080/api/'\n"
  "NX_NEMO_STRFTIME_FMT_1='%Y-%m-%dT%H:%M:%S%z'\nNX_NEMO_STRPTIME_FMT_1='%Y-%m-%dT%H:%M:%S%z'\nNX_NEMO_TOKEN_1='test-api-token_captain'\n";

/* What loading the dump makes of a file that holds `present` (NULL: no file). */
static void check_load(const char *present, const char *dump, const char *expected)
{
  g_autoptr(json_object) object = nx_json_parse(dump, strlen(dump), NULL);
  g_assert_nonnull(object);
  g_autoptr(GHashTable) wanted = nx_config_flatten(object, NULL);
  g_autofree char *folder = g_dir_make_tmp("nx-config-XXXXXX", NULL), *path = g_build_filename(folder, ".env", NULL);
  if (present)
    g_assert_true(g_file_set_contents(path, present, -1, NULL));
  GString *text = nx_config_compose(path, wanted, NULL, NULL);
  g_assert_cmpstr(text->str, ==, expected);
  g_string_free(text, TRUE);
  g_unlink(path);
  g_rmdir(folder);
}

static void test_sample(void)
{
  check_load(NULL, SAMPLE, SAMPLE_FILE);
}

static void test_flatten_oddities(void)
{
  check_load(NULL, "{\"OTHER\": \"it's\", \"N\": 3, \"B\": true, \"A\": [1, \"\\u00b5\"], \"NULL\": null}",
             "A='[1, \"\\u00b5\"]'\nB='true'\nN='3'\nOTHER='it\\'s'\n");
  check_load(NULL, "{\"a b\": \"x\", \"c=\": \"x\", \"\": \"x\", \"o\": {}, \"z\": \"a\\u0000b\", \"nemo_harvesters\": {\"x\": {\"token\": \"t\"}, \"2\": 7,"
                   " \"3\": {\"token\": \"t\", \"colour\": \"red\"}}, \"email_config\": {\"use_tls\": true}, \"NX_CDCS_TOKEN\": \"***\"}",
             "NX_EMAIL_USE_TLS='true'\nNX_NEMO_TOKEN_3='t'\n");
}

static void test_load_over(void)
{
  check_load("# ours\nPATH_TO=/x # foreign\nNX_DATA_PATH=/tmp/nexuslims-test-data  # keep\nNX_LOG_PATH=/gone\nNX_NEMO_TZ_1=UTC\nNX_EMAIL_SENDER=x@y.zz\n"
             "NX_TYPO=stays\nbad line\n\nNX_FILE_DELAY_DAYS=\"5\"\n",
             "{\"NX_DATA_PATH\": \"/tmp/nexuslims-test-data\", \"NX_FILE_DELAY_DAYS\": 2.0, \"NX_CDCS_TOKEN\": \"t\", \"NX_CDCS_URL\": \"http://h/\"}",
             "# ours\nPATH_TO=/x # foreign\nNX_DATA_PATH=/tmp/nexuslims-test-data  # keep\nNX_TYPO=stays\nbad line\n\nNX_FILE_DELAY_DAYS='2.0'\n"
             "NX_CDCS_TOKEN='t'\nNX_CDCS_URL='http://h/'\n");
}

/* ------------------------------------------------------------------------------------------------- dump → load → dump */

/* Mostly ordinary characters, with those that quoting has to survive; never ${. */
static char *random_text(GRand *random)
{
  static const char *const PIECES[] = {"a", "Z", "7", " ", "'", "\"", "\\", "\\n", "#", " #", "=", "\n", "\r", "\t", "$", "{", "}", "\xc2\xb5", "\xf0\x9f\x94\xac"};
  GString *text = g_string_new("x");
  for (gint i = g_rand_int_range(random, 0, 12); i > 0; i--)
    g_string_append(text, PIECES[g_rand_int_range(random, 0, G_N_ELEMENTS(PIECES))]);
  if (strstr(text->str, "${"))
    g_string_assign(text, "plain");
  return g_string_free(text, FALSE);
}

static char *pick(GRand *random, const char *const *choices)
{
  return g_strdup(choices[g_rand_int_range(random, 0, (gint)g_strv_length((char **)choices))]);
}

/* Some good value of a row. */
static char *random_value(GRand *random, const NxSetting *row, const char *folder)
{
  static const char *const URLS[] = {"http://h", "https://H.example.com:443/a'b/?q=%41#f", "http://u:p@[::1]:8080/x/", NULL};
  static const char *const ROOTS[] = {"http://h", "https://H.example.com:443/a'b/", "http://[::1]:8080/x/", NULL};
  static const char *const LISTS[] = {"[]", "[\"*.mib\"]", "[\"it's\", \"a\\\\b\", \"\\u00b5m\"]", NULL};
  static const char *const MAILS[] = {"o'hara@ex.org", "a+b@x-y.example", NULL};
  static const char *const FLOATS[] = {"1", "0.25", "1e-7", "0.3333333333333333", NULL};
  static const char *const BOOLS[] = {"on", "False", "1", "n", NULL};
  static const char *const ZONES[] = {"America/Denver", "UTC", NULL};
  static const char *const DATES[] = {"%Y-%m-%dT%H:%M:%S%z", "%d.%m.%y, '%H' \"%M\" #%S", "%c", NULL};
  static const char *const INTS[] = {"1", " 25 ", "465", NULL};
  switch (row->type) {
  case NX_TYPE_STRING:
    return random_text(random);
  case NX_TYPE_STRFTIME:
  case NX_TYPE_STRPTIME:
    return pick(random, DATES);
  case NX_TYPE_DIRECTORY:
  case NX_TYPE_NEW_DIRECTORY:
    return g_strdup_printf("%s/./", folder);
  case NX_TYPE_FILE:
  case NX_TYPE_DATABASE:
    return g_strdup_printf("%s//n.db", folder);
  case NX_TYPE_URL:
    return pick(random, row->flags & NX_SETTING_ROOT ? ROOTS : URLS);
  case NX_TYPE_ENUM:
    return pick(random, row->members);
  case NX_TYPE_LIST:
    return pick(random, LISTS);
  case NX_TYPE_FLOAT:
    return pick(random, FLOATS);
  case NX_TYPE_EMAIL:
  case NX_TYPE_EMAIL_LIST:
    return pick(random, MAILS);
  case NX_TYPE_ZONE:
    return pick(random, ZONES);
  case NX_TYPE_BOOL:
  case NX_TYPE_YES:
    return pick(random, BOOLS);
  default:
    return pick(random, INTS);
  }
}

static void add_random_rows(GRand *random, const NxSetting *table, const char *number, const char *folder, GHashTable *settings)
{
  for (const NxSetting *row = table; row->name; row++) {
    if (!(row->flags & (NX_SETTING_REQUIRED | NX_SETTING_CDCS)) && g_rand_boolean(random))
      continue;
    char *name = number ? g_strdup_printf("%.*s%s", (int)strlen(row->name) - 1, row->name, number) : g_strdup(row->name);
    g_hash_table_insert(settings, name, random_value(random, row, folder));
  }
}

static char *dump_of(const char *path, GString *text)
{
  g_autoptr(GError) problem = NULL;
  g_assert_true(nx_config_save(path, text->str, text->len, &problem));
  g_assert_no_error(problem);
  g_autoptr(NxSettings) settings = nx_settings_load(NULL, &problem);
  g_assert_no_error(problem);
  g_autoptr(json_object) dump = nx_settings_to_json(settings, FALSE);
  return nx_json_text(dump, NX_JSON_INDENT | NX_JSON_ASCII);
}

static void test_round_trip(void)
{
  g_autoptr(GRand) random = g_rand_new_with_seed(1931);
  g_autofree char *folder = g_dir_make_tmp("nx-config-XXXXXX", NULL), *path = g_build_filename(folder, ".env", NULL);
  g_autofree char *database = g_build_filename(folder, "n.db", NULL);
  g_assert_true(g_file_set_contents(database, "", 0, NULL));
  g_setenv("NX_ENV_FILE", path, TRUE);
  for (int round = 0; round < 300; round++) {
    g_autoptr(GHashTable) settings = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    add_random_rows(random, nx_settings_table, NULL, folder, settings);
    add_random_rows(random, nx_nemo_table, "2", folder, settings);
    add_random_rows(random, nx_email_table, NULL, folder, settings);
    g_unlink(path);
    GString *first = nx_config_compose(path, settings, NULL, NULL);
    g_autofree char *before = dump_of(path, first);
    g_autoptr(json_object) dump = nx_json_parse(before, strlen(before), NULL);
    g_autoptr(GHashTable) wanted = nx_config_flatten(dump, NULL);
    if (round % 2)
      g_unlink(path); /* into an absent file, and over the present one */
    GString *second = nx_config_compose(path, wanted, NULL, NULL);
    g_autofree char *after = dump_of(path, second);
    g_assert_cmpstr(after, ==, before);
    g_string_free(first, TRUE);
    g_string_free(second, TRUE);
  }
  g_unlink(path);
  g_unlink(database);
  g_rmdir(folder);
  g_unsetenv("NX_ENV_FILE");
}

/* -------------------------------------------------------------------------------------------------------------- saving */

static void test_save_and_back_up(void)
{
  g_autofree char *folder = g_dir_make_tmp("nx-config-XXXXXX", NULL), *path = g_build_filename(folder, ".env", NULL);
  g_autofree char *link = g_build_filename(folder, "link", NULL), *content = NULL;
  g_assert_true(g_file_set_contents(path, "old\n", -1, NULL));
  g_assert_cmpint(g_chmod(path, 0640), ==, 0);
  g_assert_cmpint(symlink(path, link), ==, 0);
  g_autofree char *first = nx_config_back_up(path, NULL), *second = nx_config_back_up(path, NULL);
  g_assert_nonnull(first);
  g_assert_nonnull(second);
  g_assert_cmpstr(first, !=, second);
  struct stat original, copy, saved;
  g_assert_cmpint(stat(path, &original), ==, 0);
  g_assert_cmpint(stat(first, &copy), ==, 0);
  g_assert_cmpint(copy.st_mode & 0777, ==, 0640);
  g_assert_cmpint(copy.st_mtime, ==, original.st_mtime);
  g_assert_true(nx_config_save(link, "new\n", 4, NULL));
  g_assert_true(g_file_test(link, G_FILE_TEST_IS_SYMLINK));
  g_assert_true(g_file_get_contents(path, &content, NULL, NULL));
  g_assert_cmpstr(content, ==, "new\n");
  g_assert_cmpint(stat(path, &saved), ==, 0);
  g_assert_cmpint(saved.st_mode & 0777, ==, 0600);
  g_assert_true(nx_config_save("/dev/null", "x", 1, NULL));
  g_assert_false(g_file_test("/dev/null", G_FILE_TEST_IS_REGULAR));
  const char *const made[] = {first, second, link, path};
  for (gsize i = 0; i < G_N_ELEMENTS(made); i++)
    g_unlink(made[i]);
  g_rmdir(folder);
}

/* ------------------------------------------------------------------------------------------------------------ migrating */

static NxMigration *migrate(const char *text)
{
  g_autoptr(NxDotenv) old = nx_dotenv_parse(text, strlen(text), NX_DOTENV_FILE_FIRST);
  return nx_config_migrate(old);
}

static void check_migration(const char *text, const char *expected, const char *gone, const char *missing)
{
  g_autoptr(NxMigration) migration = migrate(text);
  g_assert_cmpstr(migration->text->str, ==, expected);
  g_ptr_array_add(migration->gone, NULL);
  g_ptr_array_add(migration->missing, NULL);
  g_autofree char *gone_names = g_strjoinv(" ", (char **)migration->gone->pdata), *missing_names = g_strjoinv(" ", (char **)migration->missing->pdata);
  g_assert_cmpstr(gone_names, ==, gone);
  g_assert_cmpstr(missing_names, ==, missing);
}

static void test_migration_names(void)
{
  check_migration("NexusLIMS_file_strategy=a\nNexusLIMS_ignore_patterns=b\nmmfnexus_path=c\nnexusLIMS_path=d\nnexusLIMS_db_path=e\ncdcs_url=f\n"
                  "test_cdcs_url=g\nNexusLIMS_cert_bundle_file=h\nNexusLIMS_cert_bundle=i\nnexusLIMS_file_delay_days=j\nemail_sender=k\n"
                  "email_recipients=l\nNEMO_address_1=m\nNEMO_token_1=n\nNEMO_strftime_fmt_12=o\nNEMO_strptime_fmt_1=p\nNEMO_tz_1=q\n",
                  "NX_FILE_STRATEGY=a\nNX_IGNORE_PATTERNS=b\nNX_INSTRUMENT_DATA_PATH=c\nNX_DATA_PATH=d\nNX_DB_PATH=e\nNX_CDCS_URL=f\n"
                  "NX_TEST_CDCS_URL=g\nNX_CERT_BUNDLE_FILE=h\nNX_CERT_BUNDLE=i\nNX_FILE_DELAY_DAYS=j\nNX_EMAIL_SENDER=k\n"
                  "NX_EMAIL_RECIPIENTS=l\nNX_NEMO_ADDRESS_1=m\nNX_NEMO_TOKEN_1=n\nNX_NEMO_STRFTIME_FMT_12=o\nNX_NEMO_STRPTIME_FMT_1=p\nNX_NEMO_TZ_1=q\n",
                  "", "NX_CDCS_TOKEN");
}

static void test_migration_keeps_the_rest(void)
{
  check_migration("# head\n\nexport mmfnexus_path = '/a b' # share\n  'nexusLIMS_path'=\"/d\"\r\nFOREIGN=1\nNX_SITE_PATH=/s\nbroken line\nnexusLIMS_db_path=/d/x.db",
                  "# head\n\nexport NX_INSTRUMENT_DATA_PATH = '/a b' # share\n  'NX_DATA_PATH'=\"/d\"\r\nFOREIGN=1\nNX_SITE_PATH=/s\nbroken line\nNX_DB_PATH=/d/x.db",
                  "", "");
}

static void test_migration_drops_secrets(void)
{
  check_migration("nexusLIMS_user=me\nnexusLIMS_pass='multi\nline'\nNX_CDCS_USER=x\nNX_CDCS_PASS=y\nsharepoint_root_url=z\nnexusLIMS_user=again\n",
                  "# nexusLIMS_user is no longer used\n# nexusLIMS_pass is no longer used\n# NX_CDCS_USER is no longer used\n"
                  "# NX_CDCS_PASS is no longer used\n# sharepoint_root_url is no longer used\n# nexusLIMS_user is no longer used\n",
                  "nexusLIMS_user nexusLIMS_pass NX_CDCS_USER NX_CDCS_PASS sharepoint_root_url",
                  "NX_INSTRUMENT_DATA_PATH NX_DATA_PATH NX_DB_PATH NX_CDCS_TOKEN NX_CDCS_URL");
}

static void test_migration_of_references(void)
{
  check_migration("nexusLIMS_path=/d\nnexusLIMS_db_path=${nexusLIMS_path}/x.db\nA='${nexusLIMS_path:-no}'\nnexusLIMS_user=me\nemail_sender=${nexusLIMS_user}@h.org\n",
                  "NX_DATA_PATH=/d\nNX_DB_PATH=${NX_DATA_PATH}/x.db\nA='${NX_DATA_PATH:-no}'\n# nexusLIMS_user is no longer used\nNX_EMAIL_SENDER='me@h.org'\n",
                  "nexusLIMS_user", "NX_INSTRUMENT_DATA_PATH NX_CDCS_TOKEN NX_CDCS_URL");
  check_migration("NX_DATA_PATH=/new\nnexusLIMS_path=/old\n", "NX_DATA_PATH=/new\n# nexusLIMS_path is no longer used\n", "nexusLIMS_path",
                  "NX_INSTRUMENT_DATA_PATH NX_DB_PATH NX_CDCS_TOKEN NX_CDCS_URL");
}

static void test_nearest(void)
{
  g_assert_cmpstr(nx_setting_nearest("NX_CDCS_TOKN"), ==, "NX_CDCS_TOKEN");
  g_assert_cmpstr(nx_setting_nearest("nx_data_path"), ==, "NX_DATA_PATH");
  g_assert_cmpstr(nx_setting_nearest("NX_NEMO_ADRESS_1"), ==, "NX_NEMO_ADDRESS_N");
  g_assert_null(nx_setting_nearest("NX_DAEMON"));
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/config/the documented sample dump gives the documented file", test_sample);
  g_test_add_func("/config/what cannot stand in a file is left out, what is unknown is kept", test_flatten_oddities);
  g_test_add_func("/config/loading over a file keeps what is not a setting", test_load_over);
  g_test_add_func("/config/dump, load and dump again gives the same dump", test_round_trip);
  g_test_add_func("/config/saving follows links, spares devices and hides the file; backups keep mode and time", test_save_and_back_up);
  g_test_add_func("/migrate/every old name becomes its new one", test_migration_names);
  g_test_add_func("/migrate/comments, order, quotes and foreign lines stay", test_migration_keeps_the_rest);
  g_test_add_func("/migrate/names that are gone leave no value behind", test_migration_drops_secrets);
  g_test_add_func("/migrate/values that refer to old names keep their meaning", test_migration_of_references);
  g_test_add_func("/config/a mistyped name is recognised", test_nearest);
  return g_test_run();
}
