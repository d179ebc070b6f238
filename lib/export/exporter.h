/* exporter.h — the enabled destinations of a process. Private to lib/export. */
#ifndef NX_EXPORT_EXPORTER_H
#define NX_EXPORT_EXPORTER_H

#include "nx-export.h"

typedef struct {
  const NxDestination *destination; /* a constant, or of one of the plugins */
  gpointer state; /* NULL until first used */
  guint troubles; /* records in a row that its place kept from it: no connection, 429, 5xx */
} NxSlot;

struct NxExporter {
  const NxSettings *settings;
  NxHttp *http;
  NxSlot *slots; /* in order */
  gsize n_slots;
  GPtrArray *plugins; /* of NxExportPlugin*, shared between copies */
};

/* One record to one destination; the result, owned. *is_interrupted (may be NULL): it failed because a signal came. */
json_object *nx_exporter_attempt(NxExporter *exporter, NxSlot *slot, json_object *context, NxExportMode mode, gboolean *is_interrupted);
/* "export", "retry", "reexport". */
const char *nx_export_mode_name(NxExportMode mode);
/* The mode of that name, NX_MODE_EXPORT for NULL; FALSE when there is none. */
gboolean nx_export_mode_from_name(const char *name, NxExportMode *mode);

#endif
