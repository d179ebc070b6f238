/* context.h — what a destination is told about a record (export §2), made from the session line and the record itself. Private to lib/export. */
#ifndef NX_EXPORT_CONTEXT_H
#define NX_EXPORT_CONTEXT_H

#include "nx-export.h"

#include <libxml/tree.h>

/* Where the record of a session lies: `record.path`, else its documented name in the records folder or in uploaded/ below it. NULL and
 * NX_ERROR_MISSING when it is nowhere. */
char *nx_context_record_path(const NxSettings *settings, json_object *session, GError **err);
/* TRUE when a record of that name was exported before and still lies in uploaded/. */
gboolean nx_context_was_uploaded(const char *record_path);
/* The path in a dataset's child element ("location", "preview") as bytes below `root`; NULL when it has none, `root` is NULL, or it would leave the
 * root, which is logged. */
char *nx_context_dataset_file(xmlNode *dataset, const char *child, const char *root);
/* The context of a session, without `metadata` and `previous_results`. */
json_object *nx_context_new(const NxSettings *settings, json_object *session, const char *record_path);
/* The path of the record's file that a context names, its bytes; NULL when it names none. */
char *nx_context_file(json_object *context);
/* `metadata` for one destination: what a failed attempt left behind, or the known record (reexport). */
json_object *nx_context_metadata(json_object *session, const char *destination, NxExportMode mode);

#endif
