/* loading.h — one look at all sources, with every problem collected; nx_settings_load and `config check` stand on it. */
#ifndef NX_LOADING_H
#define NX_LOADING_H

#include "problems.h"
#include "sources.h"

/* Adds to `problems` what is wrong with the needed settings and harvesters (an incomplete harvester as a warning), to `mail_problems` what is
 * wrong with mail. The settings returned are complete only when there is no error among `problems`. */
NxSettings *nx_settings_read(const NxSources *sources, const char *const *needed, GPtrArray *problems, GPtrArray *mail_problems);

/* What is wrong when a setting of the main table has no value, in words that follow its name; NULL: it may be absent (config 4, ✔*). `is_set`
 * answers for the other settings. */
typedef gboolean (*NxIsSet)(gconstpointer from, const char *name);
const char *nx_setting_missing(const NxSetting *row, NxIsSet is_set, gconstpointer from);
/* Answers from the NxSources `from`. */
gboolean nx_is_in_sources(gconstpointer from, const char *name);
/* The same as nx_setting_missing for one that may be absent and keeps a destination off, of which another setting is there. */
const char *nx_setting_lacking(const char *name, NxIsSet is_set, gconstpointer from);

/* Parts of it. */
void nx_harvesters_read(const NxSources *sources, NxSettings *settings, GPtrArray *problems);
void nx_nemo_settings_free(NxNemoSettings *nemo);
void nx_email_read(const NxSources *sources, NxSettings *settings, GPtrArray *problems);
void nx_email_settings_free(NxEmailSettings *email);

/* Reads one row of a harvester or of mail from `name` into `into` and `dumped`; FALSE and one problem more when it is wrong. */
gboolean nx_settings_read_row(const NxSetting *row, const char *name, const NxSources *sources, gpointer into, json_object *dumped,
                              GPtrArray *problems);

#endif
