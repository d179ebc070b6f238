/* checks.h — the checks themselves. Each writes its findings as lines and never ends anything but itself. Private to lib/check. */
#ifndef NX_CHECK_CHECKS_H
#define NX_CHECK_CHECKS_H

#include "finding.h"

/* What a check may look at. */
typedef struct {
  const NxSettings *settings;
  json_object *instruments; /* array of instrument lines; NULL when the database does not say */
  const NxNemoSettings *nemo; /* the one server to ask */
} NxSubject;

void nx_check_filestores(gconstpointer subject, FILE *out);
void nx_check_harvesters(gconstpointer subject, FILE *out);
void nx_check_timezones(gconstpointer subject, FILE *out);
/* When no NEMO server is configured. */
void nx_check_nemo_absent(gconstpointer subject, FILE *out);
/* Asks subject->nemo. */
void nx_check_nemo(gconstpointer subject, FILE *out);
void nx_check_data_path(gconstpointer subject, FILE *out);
void nx_check_space(gconstpointer subject, FILE *out);
/* When no mail is sent: why. */
void nx_check_mail_off(gconstpointer subject, FILE *out);

#define NX_CHECK_FILESTORES "instrument_filestore_paths"
#define NX_CHECK_HARVESTERS "instrument_harvesters"
#define NX_CHECK_TIMEZONES "instrument_timezones"
#define NX_CHECK_NEMO "nemo_harvester_config"
#define NX_CHECK_DATA_PATH "data_path_writable"
#define NX_CHECK_DESTINATIONS "export_destinations"
#define NX_CHECK_SPACE "disk_space"
#define NX_CHECK_MAIL "mail_server"

#endif
