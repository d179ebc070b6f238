/* nexuslims-bundle.h — the parts of a support bundle while they are collected. */
#ifndef NEXUSLIMS_BUNDLE_H
#define NEXUSLIMS_BUNDLE_H

#include "nx-cli-tree.h"
#include "nx-config.h"

/* One entry of the archive, or the note that it could not be made. */
typedef struct {
  char *path;
  const char *media_type;
  gint64 records; /* rows, lines or members; -1: does not apply */
  char *error;    /* NULL: collected */
  GString *text;
} Artifact;

typedef struct {
  const NxSupportBundleOptions *options;
  NxSettings *settings; /* what could be read, complete or not */
  GDateTime *now;
  GPtrArray *artifacts; /* of Artifact * */
} Bundle;

/* A copy of what others wrote with "***" for every credential in it that shows by its form: headers, named values, addresses. */
char *bundle_without_secrets(const char *text);

/* Adds an entry; `text` and `value` are consumed. Every configured secret in it becomes "***"; JSON gets sorted keys and an indent of 2, and its
 * texts are as by bundle_without_secrets. */
void bundle_add(Bundle *bundle, const char *path, const char *media_type, GString *text, gint64 records);
void bundle_add_json(Bundle *bundle, const char *path, json_object *value, gint64 records);
/* Notes that an entry could not be collected; the rest goes on. */
void bundle_add_failure(Bundle *bundle, const char *path, const GError *error);
guint bundle_count_failures(const Bundle *bundle);

/* errors.json, summary.html and manifest.json, which describe all others: call last. */
void bundle_describe(Bundle *bundle);

/* What the collectors find; each notes its own failures. */
void bundle_collect_site(Bundle *bundle); /* environment, packages, configuration, paths */
void bundle_collect_preflight(Bundle *bundle);
void bundle_collect_database(Bundle *bundle);
void bundle_collect_logs(Bundle *bundle);

/* The archive: ZIP, deflate, entries sorted by path; appears whole or not at all, readable by its owner alone. */
gboolean bundle_write(const Bundle *bundle, const char *path, GError **err);

/* Standard output of one of our programs, whatever it ended with (*status); its last words are the error when it wrote nothing. */
char *bundle_run(const char *const *words, gsize *length, int *status, GError **err);

#endif
