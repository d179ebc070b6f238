/* nx-export.h — publishing built records: destinations, strategies, and what is said about each attempt (export §1–5).
 *
 * A destination is one file of this folder with one NxDestination constant; destinations.c lists them. Outside the tree it is a program
 * nx-export-NAME (plugin.c). It never ends the run: whatever goes wrong inside it becomes a failed result. */
#ifndef NX_EXPORT_H
#define NX_EXPORT_H

#include "nx-base.h"
#include "nx-config.h"
#include "nx-http.h"

typedef enum {
  NX_MODE_EXPORT,   /* first time: nothing is looked up */
  NX_MODE_RETRY,    /* an earlier attempt may have got there: look before creating */
  NX_MODE_REEXPORT, /* replace what is there */
} NxExportMode;

/* One record on its way to one destination. */
typedef struct {
  json_object *context; /* ExportContext of export §2, borrowed */
  char *record_path;    /* the bytes of its xml_file_path; NULL: it names none */
  NxExportMode mode;
  char *record_id;       /* set by a destination that succeeds */
  char *record_url;
  /* Object; what a failed attempt left behind on the server (export §4.4), beside what the context's metadata say; null for a member of those that
   * holds no longer. */
  json_object *metadata;
  json_object *warnings; /* array; what went wrong after the record was stored */
} NxExportJob;

/* Adds a warning to the job, which keeps the first hundred, and logs it. */
void nx_job_warn(NxExportJob *job, const char *format, ...) G_GNUC_PRINTF(2, 3);

typedef struct NxDestination {
  const char *name;
  int priority; /* highest first */
  gboolean (*is_enabled)(const NxSettings *settings);
  /* State of one worker (caches), freed by `close`. The settings, the client and the destination itself outlive it. */
  gpointer (*open)(const struct NxDestination *self, const NxSettings *settings, NxHttp *http);
  void (*close)(gpointer state);
  gboolean (*send)(gpointer state, NxExportJob *job, GError **err);
  /* Whether the destination would accept records now (preflight). */
  gboolean (*validate)(gpointer state, GError **err);
  gboolean is_local; /* a folder of ours: counts only under `all` or when it is alone (DECISIONS: site in the strategies) */
} NxDestination;

/* The enabled destinations of a process, in order, each opened when first used. */
typedef struct NxExporter NxExporter;
NxExporter *nx_exporter_new(const NxSettings *settings, GError **err);
/* A second one with the same destinations and connections of its own, for another thread. */
NxExporter *nx_exporter_copy(const NxExporter *exporter, GError **err);
void nx_exporter_free(NxExporter *exporter);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NxExporter, nx_exporter_free)

/* Writes a destination line for each enabled destination, in order, then for each an export_result line of mode validate, as they come: all are
 * asked side by side, each in a process of its own, so that one that crashes fails alone. FALSE when `out` cannot be written. */
gboolean nx_exporter_validate(NxExporter *exporter, FILE *out, GError **err);
/* An export_request line → an export_result line (LINES). Every failure is in the result. */
json_object *nx_exporter_answer(NxExporter *exporter, json_object *request);
/* Publishes the record of a session line when it wants that (LINES: who works on which line), adding `exports`, `status`, `uploaded_path`.
 * *exported is FALSE when the line was attempted and not exported. */
void nx_exporter_publish(NxExporter *exporter, json_object *session, gboolean reexport, gboolean *exported);

typedef struct {
  gboolean reexport; /* every session line is a re-export */
  guint jobs;        /* records at once; with 1 the lines come out in the order in which they came in */
} NxExportRun;

/* The filter: answers export_request lines and publishes session lines from the descriptor `in`, each written to `out` and flushed as soon as it
 * is complete. At a line that cannot be read (NX_ERROR_LINE) what came before is finished first. */
gboolean nx_export_lines(NxExporter *exporter, const NxExportRun *how, int in, FILE *out, gboolean *all_exported, GError **err);

/* The LabArchives user id (uid) behind a login, which is asked for once, for NX_LABARCHIVES_USER_ID (export §8.2). `password`: the person's own, or a
 * token for external applications. */
char *nx_labarchives_user_id(const NxSettings *settings, const char *login, const char *password, GError **err);

#endif
