/* nx-config.h — the settings: one row per NX_ variable, from which loading, checking, dumping, editing and the manual are made.
 * Where a value comes from: the process environment, else the .env file ($NX_ENV_FILE, else the first .env walking up), else the default. */
#ifndef NX_CONFIG_H
#define NX_CONFIG_H

#include "nx-base.h"

typedef struct {
  guint number;       /* the N of NX_NEMO_ADDRESS_N */
  char *address;      /* normalised, ends in '/' */
  char *token;        /* secret */
  char *strftime_fmt; /* never NULL: the default text means ISO mode */
  char *strptime_fmt;
  char *tz;           /* IANA name or NULL */
} NxNemoSettings;

typedef struct {
  char *smtp_host;
  int smtp_port;
  char *smtp_username; /* or NULL */
  char *smtp_password; /* secret, or NULL */
  gboolean use_tls;
  char *sender;
  char **recipients;
} NxEmailSettings;

typedef enum { NX_FILES_EXCLUSIVE, NX_FILES_INCLUSIVE } NxFileStrategy;
typedef enum { NX_EXPORT_ALL, NX_EXPORT_FIRST_SUCCESS, NX_EXPORT_BEST_EFFORT } NxExportStrategy;

typedef struct {
  NxFileStrategy file_strategy;
  char **ignore_patterns;
  char *instrument_data_path; /* NULL only when the program did not ask for it and it is not set */
  char *data_path;
  char *db_path; /* file or address */
  char *cdcs_token; /* secret; NULL: CDCS off */
  char *cdcs_url;
  gboolean cdcs_user_owned_records;
  gboolean cdcs_assign_to_public_workspace;
  char *labarchives_access_key_id;
  char *labarchives_access_password; /* secret */
  char *labarchives_user_id;
  char *labarchives_url;
  char *labarchives_notebook_id;
  NxExportStrategy export_strategy;
  char *cert_bundle_file;
  char *cert_bundle; /* secret; real newlines */
  gboolean disable_ssl_verify;
  double file_delay_days;
  double clustering_sensitivity;
  char *log_path;     /* resolved: the setting, else {data_path}/logs */
  char *records_path; /* resolved: the setting, else {data_path}/records */
  char *local_profiles_path;
  char *elabftw_api_key; /* secret */
  char *elabftw_url;
  gboolean elabftw_has_category, elabftw_has_status;
  int elabftw_experiment_category, elabftw_experiment_status;
  double clustering_min_dip;
  char *site_path;
  GPtrArray *nemo;        /* of NxNemoSettings*, ascending number */
  NxEmailSettings *email; /* NULL: mail is off */
  gboolean email_is_wrong; /* mail is off because of a value that is none */
  json_object *dumped;    /* private: the settings as `config dump` prints them */
} NxSettings;

void nx_settings_free(NxSettings *settings);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NxSettings, nx_settings_free)

/* Reads every setting. Directories and files become absolute (nx_path_absolute). `needed` names the settings (NULL-terminated, e.g.
 * {"NX_DATA_PATH", NULL}; NULL = all of the table) whose absence or wrong value is an error; a bad value of another one is ignored and stays at its default.
 * "NX_NEMO_ADDRESS_N" in it stands for all harvesters: only then is a bad one an error and an incomplete one worth a warning. Mail is never
 * an error: a bad value is logged when all settings are asked for, or "NX_EMAIL_SMTP_HOST", which stands for all of mail; and mail is off.
 * All problems are reported in one NX_ERROR_CONFIG whose message is the report of config 6.1. Every secret read is given to nx_log_hide. */
NxSettings *nx_settings_load(const char *const *needed, GError **err);

/* What is missing of destinations that are half configured and therefore off, in a sentence for the person who must act; NULL: nothing. Owned. */
char *nx_settings_lacking(const NxSettings *settings);

/* The effective configuration in the layout of `config dump`; with `redact`, secrets are "***" (config 7). */
json_object *nx_settings_to_json(const NxSettings *settings, gboolean redact);

/* One value as written, unchecked, with the loader's rule for ${…} (the environment first, config 2): for `db` and `instruments`, which work
 * without a valid configuration. NULL without *err: not set or empty. An error is an .env file that cannot be read. */
char *nx_settings_text(const char *name, GError **err);

/* A folder as nx_settings_load has it, also when it is not there now. NULL without *err: not set or empty. Errors are those of nx_settings_text. */
char *nx_settings_folder(const char *name, GError **err);
/* Fills in the two roots that were not asked for and are not there now: a share that is gone has a name, and must not stop a stage. NULL stays
 * one that is not set. */
gboolean nx_settings_take_roots(NxSettings *settings, GError **err);

/* Our environment for a program that is not ours: without the settings that are secret, and without addresses that hold a password. What is no
 * setting of ours stays, such as the program's own. g_strfreev. */
char **nx_settings_environment_without_secrets(void);

/* A copy of a web or database address with its password, of a web address without one its user, and what lets one in by its query or a private
 * path, as ***; any other text as it is. */
char *nx_config_masked_address(const char *address);
/* The same of what should be a web address, but may lack its scheme or a part of it. */
char *nx_config_masked_web_address(const char *address);
/* The same of a calendar to harvest, which whoever knows its address may read: the server alone stays, however the address was mistyped, but of
 * a file's the whole. */
char *nx_config_masked_calendar(const char *address);
/* The same of the `api_url` of an instrument with such a calendar: what stands behind the # tells it from others on one calendar, and stays. */
char *nx_config_masked_api_url(const char *api_url);
/* Gives what nx_config_masked_address hides to nx_log_hide: not passwords, which no log shows anyway, nor what is too short to be told from
 * other text. */
void nx_config_hide_address(const char *address);

/* TOML 1.0 (toml.io) as JSON: tables are objects, dates and times {"date": text}. Strict; a mistake is NX_ERROR_FORMAT "line N: …". A NUL, also
 * an escaped one, and nesting of more than 64 levels are mistakes. */
json_object *nx_toml_parse(const char *text, gsize length, GError **err);

/* ------------------------------------------------------------------------------------------------------ the settings table */

typedef enum {
  NX_TYPE_STRING,
  NX_TYPE_DIRECTORY,     /* exists */
  NX_TYPE_NEW_DIRECTORY, /* exists, or its parent does */
  NX_TYPE_FILE,          /* exists */
  NX_TYPE_DATABASE,      /* an existing file, or an address with :// */
  NX_TYPE_URL,
  NX_TYPE_ENUM,
  NX_TYPE_LIST, /* JSON array of strings */
  NX_TYPE_BOOL,
  NX_TYPE_YES, /* true, 1, yes; everything else is false (NX_EMAIL_USE_TLS) */
  NX_TYPE_INT,
  NX_TYPE_PORT,
  NX_TYPE_FLOAT,
  NX_TYPE_ZONE,       /* IANA name */
  NX_TYPE_STRFTIME,   /* formats of dates, as nx-date-format.h has them: to write one, to read one */
  NX_TYPE_STRPTIME,
  NX_TYPE_EMAIL,
  NX_TYPE_EMAIL_LIST, /* comma-separated */
} NxSettingType;

typedef enum {
  NX_SETTING_REQUIRED = 1 << 0,
  NX_SETTING_CDCS = 1 << 1,      /* required unless another destination is configured */
  NX_SETTING_SECRET = 1 << 2,
  NX_SETTING_WHEN_SET = 1 << 3,  /* dumped only when set */
  NX_SETTING_ROOT = 1 << 4,      /* a URL under which everything of a server lies: no user, no ? or #, / at its end */
  NX_SETTING_ALWAYS_WRITTEN = 1 << 5, /* the editor writes it even when it is the default (config 10) */
  NX_SETTING_LINES = 1 << 6,          /* a text of several lines */
} NxSettingFlags;

typedef enum { NX_BOUND_NONE, NX_BOUND_POSITIVE, NX_BOUND_NOT_NEGATIVE, NX_BOUND_FRACTION } NxBound;

/* One row: everything that loading, checking, dumping, editing and the manual need to know about a setting. */
typedef struct {
  const char *name; /* "NX_DATA_PATH"; of a harvester with the N: "NX_NEMO_ADDRESS_N" */
  const char *key;  /* in nemo_harvesters.N and email_config; NULL in the main table */
  NxSettingType type;
  NxSettingFlags flags;
  const char *fallback;       /* the default as it would stand in .env; NULL: none */
  const char *const *members; /* of an enum, NULL-terminated */
  NxBound bound;
  gsize offset; /* of the member of NxSettings, NxNemoSettings or NxEmailSettings */
  gsize has_offset; /* of the gboolean "is set" of an int; 0: none */
  const char *summary; /* one line */
  const char *help;    /* paragraphs, divided by blank lines */
} NxSetting;

/* In the order of `config dump`; each ends with a row without a name. */
extern const NxSetting nx_settings_table[];
extern const NxSetting nx_nemo_table[];
extern const NxSetting nx_email_table[];

/* The row a variable belongs to ("NX_NEMO_TOKEN_3" → the row NX_NEMO_TOKEN_N, *number 3); NULL: no setting of ours. `number` may be NULL. */
const NxSetting *nx_setting_find(const char *name, guint *number);

/* What is wrong with a value, in words that follow the setting's name ("must be greater than 0"); NULL when it is good. An empty value is
 * good: it counts as not set. */
char *nx_setting_problem(const NxSetting *setting, const char *text);
/* What the programs take `text` for as the value of a switch (NX_TYPE_BOOL, NX_TYPE_YES); FALSE also when it is no value of one. */
gboolean nx_setting_is_on(const NxSetting *setting, const char *text);

/* ----------------------------------------------------------------------------------------------- writing a settings file */

/* A dump (config 8) as name → value, both as they stand in .env (config 9). What cannot be written is left out with a warning in the log. A
 * secret that reads ***, or an address with *** for its password, is of a redacted dump: left out, its name goes to `redacted` (may be NULL). */
GHashTable *nx_config_flatten(json_object *dump, GPtrArray *redacted);
/* The values that the file at `path` alone gives, without the environment: name → value. Empty when there is no file. */
GHashTable *nx_config_read(const char *path, GError **err);
/* The text of the file at `path` with exactly `wanted` as its settings: comments, order, foreign names and unchanged values stay (config 9).
 * *changes (may be NULL): the text is another than that of the file. */
GString *nx_config_compose(const char *path, GHashTable *wanted, gboolean *changes, GError **err);
/* Copies an existing file, mode and times kept, to PATH.bak.YYYYMMDD-HHMMSS beside it. Returns that path. */
char *nx_config_back_up(const char *path, GError **err);
/* Puts the text there, whole or not at all, mode 0600, the owner kept; a symbolic link keeps pointing to its file; a device or pipe is
 * written to. */
gboolean nx_config_save(const char *path, const char *text, gsize length, GError **err);

#endif
