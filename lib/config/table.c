/* table.c — one row per setting, in the order in which `config dump` prints them (config 4 to 6; facts of the help texts: config 12). */
#include "nx-config.h"
#include "nx-date-format.h"

#include <string.h>

static const char *const FILE_STRATEGIES[] = {"exclusive", "inclusive", NULL};
static const char *const EXPORT_STRATEGIES[] = {"all", "first_success", "best_effort", NULL};

#define MAIN(member) .offset = G_STRUCT_OFFSET(NxSettings, member)
#define NEMO(member) .offset = G_STRUCT_OFFSET(NxNemoSettings, member), .key = #member
#define EMAIL(member) .offset = G_STRUCT_OFFSET(NxEmailSettings, member), .key = #member

const NxSetting nx_settings_table[] = {
  {"NX_FILE_STRATEGY", MAIN(file_strategy), .type = NX_TYPE_ENUM, .fallback = "exclusive", .members = FILE_STRATEGIES,
   .flags = NX_SETTING_ALWAYS_WRITTEN,
   .summary = "Which files of a session go into its record",
   .help = "exclusive: only files of a format that is known here, with their full metadata.\n\n"
           "inclusive: every file that was written during the session; unknown formats get a line with name, time and path."},
  {"NX_IGNORE_PATTERNS", MAIN(ignore_patterns), .type = NX_TYPE_LIST, .fallback = "[\"*.mib\",\"*.db\",\"*.emi\",\"*.hdr\"]",
   .summary = "File names that are never looked at (a JSON list of globs)",
   .help = "Each pattern is compared with the file name alone; letter case does not matter.\n\n"
           "The default leaves out raw detector frames (*.mib, very large), lock and scratch files (*.db), and the companions of other data "
           "files (*.emi beside .ser, *.hdr beside raw data)."},
  {"NX_INSTRUMENT_DATA_PATH", MAIN(instrument_data_path), .type = NX_TYPE_DIRECTORY, .flags = NX_SETTING_REQUIRED,
   .summary = "Folder above all instrument data; only ever read",
   .help = "Usually a network share, mounted read-only: nothing is written below it.\n\n"
           "An instrument's filestore path is relative to this folder: with FEI_Titan/data and /mnt/instrument_data its files are looked for "
           "in /mnt/instrument_data/FEI_Titan/data."},
  {"NX_DATA_PATH", MAIN(data_path), .type = NX_TYPE_DIRECTORY, .flags = NX_SETTING_REQUIRED,
   .summary = "Folder for previews and metadata; must be writable",
   .help = "Mirrors the tree of the instrument data: beside each data file's place stand its preview picture and its metadata as JSON. "
           "Log files and records are kept here too, unless NX_LOG_PATH and NX_RECORDS_PATH say otherwise.\n\n"
           "The CDCS web front end serves previews and JSON from this folder, so it has to reach it."},
  {"NX_DB_PATH", MAIN(db_path), .type = NX_TYPE_DATABASE, .flags = NX_SETTING_REQUIRED,
   .summary = "Database of instruments and sessions",
   .help = "An SQLite file, made by `nexuslims db init`; a good place is inside NX_DATA_PATH. It must be writable.\n\n"
           "Where several hosts build records, an address of the form postgresql://user:password@host/database. Each run then takes the "
           "sessions that no other one works on. Every parameter that PostgreSQL's own programs understand may follow, such as "
           "?sslmode=verify-full; with ?passfile=/path the password stands in a file of its own."},
  {"NX_CDCS_TOKEN", MAIN(cdcs_token), .type = NX_TYPE_STRING, .flags = NX_SETTING_CDCS | NX_SETTING_SECRET,
   .summary = "API token for CDCS",
   .help = "Made in the administration pages of the CDCS server. Whoever has it can upload records.\n\n"
           "May be left out, together with NX_CDCS_URL, when records go to another destination."},
  {"NX_CDCS_URL", MAIN(cdcs_url), .type = NX_TYPE_URL, .flags = NX_SETTING_CDCS,
   .summary = "Address of the CDCS server",
   .help = "The address at which people browse the records, with a slash at its end, for example https://nexuslims.example.com/."},
  {"NX_CDCS_USER_OWNED_RECORDS", MAIN(cdcs_user_owned_records), .type = NX_TYPE_BOOL, .fallback = "false",
   .summary = "Give each record to the CDCS account of the session's user",
   .help = "The account is looked for by user name, then by mail address, and made when there is none. The token must be a superuser's. "
           "When this fails the record stays with the token's owner, and a warning is logged."},
  {"NX_CDCS_ASSIGN_TO_PUBLIC_WORKSPACE", MAIN(cdcs_assign_to_public_workspace), .type = NX_TYPE_BOOL, .fallback = "true",
   .summary = "Put each uploaded record into the public workspace of CDCS",
   .help = "Switch it off where records must stay private until somebody releases them."},
  {"NX_LABARCHIVES_ACCESS_KEY_ID", MAIN(labarchives_access_key_id), .type = NX_TYPE_STRING,
   .summary = "LabArchives access key id",
   .help = "Issued by LabArchives together with the access password. Export to LabArchives is on when key id, password and user id are set."},
  {"NX_LABARCHIVES_ACCESS_PASSWORD", MAIN(labarchives_access_password), .type = NX_TYPE_STRING, .flags = NX_SETTING_SECRET,
   .summary = "LabArchives access password",
   .help = "Signs every request; it is not the password with which a person logs in."},
  {"NX_LABARCHIVES_USER_ID", MAIN(labarchives_user_id), .type = NX_TYPE_STRING,
   .summary = "LabArchives user id (uid) that owns the entries",
   .help = "It never changes, so it is asked for once; the button of the configuration editor fetches it."},
  {"NX_LABARCHIVES_URL", MAIN(labarchives_url), .type = NX_TYPE_URL, .fallback = "https://api.labarchives.com/api",
   .summary = "Address of the LabArchives API",
   .help = "Ends in /api. Australia: https://auapi.labarchives.com/api, United Kingdom: https://ukapi.labarchives.com/api."},
  {"NX_LABARCHIVES_NOTEBOOK_ID", MAIN(labarchives_notebook_id), .type = NX_TYPE_STRING,
   .summary = "LabArchives notebook for the entries",
   .help = "Set: entries go into the folders NexusLIMS Records / instrument of this notebook. Not set: into the user's Inbox."},
  {"NX_EXPORT_STRATEGY", MAIN(export_strategy), .type = NX_TYPE_ENUM, .fallback = "all", .members = EXPORT_STRATEGIES,
   .flags = NX_SETTING_ALWAYS_WRITTEN,
   .summary = "When a record counts as exported",
   .help = "all: every destination has to take it; one failure leaves the session as BUILT_NOT_EXPORTED.\n\n"
           "first_success: destinations are tried by priority until one takes it.\n\n"
           "best_effort: all are tried, and one success is enough."},
  {"NX_CERT_BUNDLE_FILE", MAIN(cert_bundle_file), .type = NX_TYPE_FILE,
   .summary = "PEM file of certificate authorities to trust as well",
   .help = "For servers whose certificate comes from a private authority. The system's own authorities stay trusted."},
  {"NX_CERT_BUNDLE", MAIN(cert_bundle), .type = NX_TYPE_STRING, .flags = NX_SETTING_SECRET | NX_SETTING_LINES,
   .summary = "The same as text; wins over NX_CERT_BUNDLE_FILE",
   .help = "Handy in containers and CI, where there is no file. Lines are separated by real line ends or by the two characters \\n."},
  {"NX_DISABLE_SSL_VERIFY", MAIN(disable_ssl_verify), .type = NX_TYPE_BOOL, .fallback = "false", .flags = NX_SETTING_ALWAYS_WRITTEN,
   .summary = "Trust any server, whoever it is",
   .help = "For tests on one machine only: with it, anybody between here and the server can read the tokens."},
  {"NX_FILE_DELAY_DAYS", MAIN(file_delay_days), .type = NX_TYPE_FLOAT, .fallback = "2", .bound = NX_BOUND_POSITIVE,
   .flags = NX_SETTING_ALWAYS_WRITTEN,
   .summary = "How many days to wait for files that are still on their way",
   .help = "A session without files is tried again until this much time has passed since its end; then it becomes NO_FILES_FOUND. "
           "With 2, a session that ended on Monday at 17:00 is tried until Wednesday 17:00. Fractions are allowed."},
  {"NX_CLUSTERING_SENSITIVITY", MAIN(clustering_sensitivity), .type = NX_TYPE_FLOAT, .fallback = "1", .bound = NX_BOUND_NOT_NEGATIVE,
   .flags = NX_SETTING_ALWAYS_WRITTEN,
   .summary = "How readily a pause divides a session into activities",
   .help = "2.0 makes more and smaller activities, 0.5 fewer and larger ones, 0 puts all files of a session into one."},
  {"NX_LOG_PATH", MAIN(log_path), .type = NX_TYPE_DIRECTORY,
   .summary = "Folder of the log files",
   .help = "Not set: the folder logs inside NX_DATA_PATH. Files are sorted into folders by year, month and day."},
  {"NX_RECORDS_PATH", MAIN(records_path), .type = NX_TYPE_DIRECTORY,
   .summary = "Folder of the XML records",
   .help = "Not set: the folder records inside NX_DATA_PATH. Records that have been published move on to its folder uploaded."},
  {"NX_LOCAL_PROFILES_PATH", MAIN(local_profiles_path), .type = NX_TYPE_DIRECTORY,
   .summary = "Folder with instrument profiles of this site",
   .help = "jq filters that correct or complete the metadata of one instrument; they win over the built-in ones."},
  {"NX_ELABFTW_API_KEY", MAIN(elabftw_api_key), .type = NX_TYPE_STRING, .flags = NX_SETTING_SECRET,
   .summary = "eLabFTW API key",
   .help = "Made under the user settings of eLabFTW, with write access. Export to eLabFTW is on when key and address are set."},
  {"NX_ELABFTW_URL", MAIN(elabftw_url), .type = NX_TYPE_URL,
   .summary = "Address of the eLabFTW server",
   .help = "The root of the server, without /api, for example https://elabftw.example.com/."},
  {"NX_ELABFTW_EXPERIMENT_CATEGORY", MAIN(elabftw_experiment_category), .type = NX_TYPE_INT,
   .has_offset = G_STRUCT_OFFSET(NxSettings, elabftw_has_category),
   .summary = "Category id of new experiments in eLabFTW",
   .help = "The number shown in the administration panel of eLabFTW. Not set: the team's default."},
  {"NX_ELABFTW_EXPERIMENT_STATUS", MAIN(elabftw_experiment_status), .type = NX_TYPE_INT,
   .has_offset = G_STRUCT_OFFSET(NxSettings, elabftw_has_status),
   .summary = "Status id of new experiments in eLabFTW",
   .help = "The number shown in the administration panel of eLabFTW. Not set: the team's default."},
  {"NX_CLUSTERING_MIN_DIP", MAIN(clustering_min_dip), .type = NX_TYPE_FLOAT, .fallback = "0.01", .bound = NX_BOUND_FRACTION,
   .flags = NX_SETTING_WHEN_SET,
   .summary = "How deep a pause must be to divide activities, from 0 to 1",
   .help = "A boundary between two activities needs a density of files that is lower than beside it by at least this fraction, so that an "
           "evenly paced series is not torn apart. 0 accepts any dip, as NexusLIMS for Python does, which ignores this setting."},
  {"NX_SITE_PATH", MAIN(site_path), .type = NX_TYPE_NEW_DIRECTORY, .flags = NX_SETTING_WHEN_SET,
   .summary = "Folder of the local web catalogue",
   .help = "Set: every record also becomes a page of static files in this folder, with an index, search and an Atom feed; open its "
           "index.html in a browser or let any web server serve it. The folder is made when only it is missing.\n\n"
           "With it, CDCS is not needed. NexusLIMS for Python ignores this setting."},
  {0},
};

const NxSetting nx_nemo_table[] = {
  {"NX_NEMO_ADDRESS_N", NEMO(address), .type = NX_TYPE_URL, .flags = NX_SETTING_REQUIRED | NX_SETTING_ROOT,
   .summary = "Root of a NEMO server's API",
   .help = "The API, not the web page, with a slash at its end, for example https://nemo.example.com/api/. To check it, open it in a browser: "
           "the answer is a JSON list of endpoints.\n\n"
           "It is part of every session's identifier and of every record, so it must be without user and password; the token says who asks.\n\n"
           "N is a number of your choice; each server has its own, and gaps do no harm."},
  {"NX_NEMO_TOKEN_N", NEMO(token), .type = NX_TYPE_STRING, .flags = NX_SETTING_REQUIRED | NX_SETTING_SECRET,
   .summary = "API token for that server",
   .help = "40 hexadecimal digits, made on the page /admin/authtoken/token/ of NEMO's detailed administration."},
  {"NX_NEMO_STRFTIME_FMT_N", NEMO(strftime_fmt), .type = NX_TYPE_STRFTIME, .fallback = NX_DATE_FORMAT_ISO,
   .flags = NX_SETTING_ALWAYS_WRITTEN,
   .summary = "How times are written in requests to it",
   .help = "A strftime(3) format. Change it only for a NEMO whose date formats were changed; the default stands for ISO 8601."},
  {"NX_NEMO_STRPTIME_FMT_N", NEMO(strptime_fmt), .type = NX_TYPE_STRPTIME, .fallback = NX_DATE_FORMAT_ISO,
   .flags = NX_SETTING_ALWAYS_WRITTEN,
   .summary = "How times are written in its answers",
   .help = "A strptime(3) format. Change it only for a NEMO whose date formats were changed; the default stands for ISO 8601."},
  {"NX_NEMO_TZ_N", NEMO(tz), .type = NX_TYPE_ZONE,
   .summary = "Time zone of its answers",
   .help = "An IANA name such as America/Denver, which replaces the zone in every answer. Only for a NEMO that answers without a zone."},
  {0},
};

const NxSetting nx_email_table[] = {
  {"NX_EMAIL_SMTP_HOST", EMAIL(smtp_host), .type = NX_TYPE_STRING, .flags = NX_SETTING_REQUIRED,
   .summary = "Mail server that takes the error mails",
   .help = "Mail is on when host, sender and recipients are set."},
  {"NX_EMAIL_SMTP_PORT", EMAIL(smtp_port), .type = NX_TYPE_PORT, .fallback = "587",
   .summary = "Its port",
   .help = "587 for STARTTLS, 465 for TLS from the first byte, 25 for plain text."},
  {"NX_EMAIL_SMTP_USERNAME", EMAIL(smtp_username), .type = NX_TYPE_STRING,
   .summary = "User name at the mail server",
   .help = "Login happens only when user name and password are both set."},
  {"NX_EMAIL_SMTP_PASSWORD", EMAIL(smtp_password), .type = NX_TYPE_STRING, .flags = NX_SETTING_SECRET,
   .summary = "Password at the mail server",
   .help = "Hosted mail usually wants an app password here, not the one of the mailbox."},
  {"NX_EMAIL_USE_TLS", EMAIL(use_tls), .type = NX_TYPE_YES, .fallback = "true",
   .summary = "Encrypt the connection to the mail server",
   .help = "true, 1 or yes; anything else switches it off."},
  {"NX_EMAIL_SENDER", EMAIL(sender), .type = NX_TYPE_EMAIL, .flags = NX_SETTING_REQUIRED,
   .summary = "From whom the mails come",
   .help = "The mail server must allow this address for the user who logs in."},
  {"NX_EMAIL_RECIPIENTS", EMAIL(recipients), .type = NX_TYPE_EMAIL_LIST, .flags = NX_SETTING_REQUIRED,
   .summary = "Who gets the mails",
   .help = "Addresses separated by commas."},
  {0},
};

/* "NX_NEMO_TOKEN_3" against "NX_NEMO_TOKEN_N": the number, or FALSE. */
static gboolean matches_numbered(const char *pattern, const char *name, guint *number)
{
  gsize stem = strlen(pattern) - 1;
  if (strncmp(pattern, name, stem) != 0 || name[stem] == '\0' || strspn(name + stem, "0123456789") != strlen(name + stem))
    return FALSE;
  guint64 value = g_ascii_strtoull(name + stem, NULL, 10);
  if (value > G_MAXUINT)
    return FALSE;
  if (number)
    *number = (guint)value;
  return TRUE;
}

static const NxSetting *find_plain(const NxSetting *table, const char *name)
{
  for (; table->name; table++)
    if (strcmp(table->name, name) == 0)
      return table;
  return NULL;
}

const NxSetting *nx_setting_find(const char *name, guint *number)
{
  for (const NxSetting *row = nx_nemo_table; row->name; row++)
    if (matches_numbered(row->name, name, number))
      return row;
  const NxSetting *row = find_plain(nx_settings_table, name);
  return row ? row : find_plain(nx_email_table, name);
}
