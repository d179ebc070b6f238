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
} NxSettings;

void nx_settings_free(NxSettings *settings);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NxSettings, nx_settings_free)

/* Reads every setting. `needed` names the settings (NULL-terminated, e.g. {"NX_DATA_PATH", NULL}; NULL = all of the table) whose absence or
 * wrong value is an error; a bad value of another one is ignored and stays at its default. All problems are reported in one NX_ERROR_CONFIG whose
 * message is the report of config 6.1. Every secret read is given to nx_log_hide. */
NxSettings *nx_settings_load(const char *const *needed, GError **err);

/* The effective configuration in the layout of `config dump`; with `redact`, secrets are "***" (config 7). */
json_object *nx_settings_to_json(const NxSettings *settings, gboolean redact);

#endif
