/* plugin.h — destinations outside the tree: programs nx-export-NAME beside ours or on PATH (export §1). Private to lib/export.
 * `--describe` may say {"kind":"destination","name":NAME,"priority":P,"enabled":B}; without it the priority is 50 and the destination is on.
 * Otherwise one export_request line comes in and one export_result line goes out. */
#ifndef NX_EXPORT_PLUGIN_H
#define NX_EXPORT_PLUGIN_H

#include "nx-export.h"

typedef struct NxExportPlugin NxExportPlugin;

/* Those that are on: a GPtrArray of NxExportPlugin*, which it owns. */
GPtrArray *nx_export_find_plugins(void);
/* Borrowed from the plug-in. */
const NxDestination *nx_export_plugin_destination(const NxExportPlugin *plugin);

#endif
