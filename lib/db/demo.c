/* demo.c — `create-demo`: a database at head with ten instruments to look at (database 3.6; values: cli 6). */
#include "migration.h"
#include "nx-cli.h"
#include "reports.h"

#include <glib/gstdio.h>
#include <unistd.h>

#define CALENDAR_URL "https://nemo.example.com/calendar"
#define API_URL "https://nemo.example.com/api/tools/?id=%u"

static const struct {
  const char *pid, *display_name, *location, *property_tag, *filestore_path, *timezone;
} INSTRUMENTS[] = {
    {"FEI-Titan-TEM-635816", "Titan TEM", "Building 223, Room B101", "PRP-12345", "Titan_TEM_635816", "US/Eastern"},
    {"Thermo-Helios-FIB-987654", "Helios FIB/SEM", "Building 224, Room A205", "PRP-23456", "Helios_FIB_987654", "US/Pacific"},
    {"JEOL-JSM-7100-456789", "JEOL SEM", "Building 222, Room C301", "PRP-34567", "JEOL_SEM_456789", "US/Mountain"},
    {"Hitachi-TM4000-123456", "Hitachi Tabletop SEM", "Building 221, Room D102", "PRP-45678", "Hitachi_SEM_123456", "US/Central"},
    {"Zeiss-Orion-NanoFab-789012", "Zeiss Orion NanoFab", "Building 225, Room E404", "PRP-56789", "Zeiss_Orion_789012", "US/Eastern"},
    {"FEI-Quanta-650-334455", "Quanta 650 ESEM", "Building 223, Room B203", "PRP-67890", "Quanta_ESEM_334455", "US/Eastern"},
    {"JEOL-2100F-TEM-556677", "JEOL 2100F TEM", "Building 226, Room F101", "PRP-78901", "JEOL_2100F_556677", "US/Pacific"},
    {"Tescan-MIRA3-778899", "TESCAN MIRA3 SEM", "Building 224, Room A302", "PRP-89012", "Tescan_MIRA_778899", "US/Mountain"},
    {"Gatan-Ilion-II-990011", "Gatan Ilion II", "Building 223, Room B104", "PRP-90123", "Gatan_Ilion_990011", "US/Eastern"},
    {"Hitachi-SU8230-112233", "Hitachi SU8230 CFE-SEM", "Building 227, Room G205", "PRP-01234", "Hitachi_SU8230_112233", "US/Central"},
};

static gboolean add_instruments(NxDb *db, GError **err)
{
  g_autoptr(NxDbTransaction) transaction = nx_db_begin(db, err);
  for (guint i = 0; transaction && i < G_N_ELEMENTS(INSTRUMENTS); i++) {
    g_autofree char *api_url = g_strdup_printf(API_URL, i + 1);
    const char *const values[NX_INSTRUMENT_COLUMNS] = {
        [NX_INSTRUMENT_PID] = INSTRUMENTS[i].pid,
        [NX_INSTRUMENT_API_URL] = api_url,
        [NX_INSTRUMENT_CALENDAR_URL] = CALENDAR_URL,
        [NX_INSTRUMENT_LOCATION] = INSTRUMENTS[i].location,
        [NX_INSTRUMENT_DISPLAY_NAME] = INSTRUMENTS[i].display_name,
        [NX_INSTRUMENT_PROPERTY_TAG] = INSTRUMENTS[i].property_tag,
        [NX_INSTRUMENT_FILESTORE_PATH] = INSTRUMENTS[i].filestore_path,
        [NX_INSTRUMENT_HARVESTER] = "nemo",
        [NX_INSTRUMENT_TIMEZONE] = INSTRUMENTS[i].timezone,
    };
    if (!nx_instrument_insert(db, values, err))
      return FALSE;
  }
  return transaction && nx_db_commit(&transaction, err);
}

static gboolean make_demo(const char *path, GError **err)
{
  g_autofree char *part = g_strdup_printf("%s.demo-%d.part", path, (int)getpid());
  g_autoptr(NxGraph) graph = nx_graph_load(NX_SCHEMA, err);
  gboolean made = graph && nx_database_make(graph, part, FALSE, stdout, err);
  g_autoptr(NxDb) db = made ? nx_db_open(part, NX_DB_WRITE, err) : NULL;
  made = db && add_instruments(db, err);
  g_clear_pointer(&db, nx_db_close);
  made = made && nx_database_set_journals_aside(path, err);
  if (made && g_rename(part, path) != 0)
    made = nx_error_from_errno(err, errno, "create", path);
  if (!made)
    g_unlink(part);
  return made;
}

int nx_db_command_create_demo(const char *path, gboolean force)
{
  g_autoptr(GError) error = NULL;
  g_autofree char *absolute = g_canonicalize_filename(path, NULL);
  g_autofree char *shown = nx_log_shown(absolute);
  if (!force && g_file_test(absolute, G_FILE_TEST_EXISTS)) {
    fprintf(stderr, "Error: file already exists at %s\nUse --force to overwrite it.\n", shown);
    return 1;
  }
  printf("Creating demo database at %s…\n", shown);
  fflush(stdout);
  if (!make_demo(absolute, &error))
    return nx_fail(error);
  nx_cli_print_success(stdout, "Demo database created at %s", absolute);
  return 0;
}
