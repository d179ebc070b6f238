/* plugins.h — programs `nx-extract-NAME` that read formats we do not know (LINES, `format`). Private to lib/extract. */
#ifndef NX_EXTRACT_PLUGINS_H
#define NX_EXTRACT_PLUGINS_H

#include "outcome.h"

typedef struct {
  char *name; /* "nx-extract-NAME" */
  char *path;
  char **extensions;
  int priority;
} NxExtractPlugin;
void nx_extract_plugin_free(NxExtractPlugin *plugin);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NxExtractPlugin, nx_extract_plugin_free)

/* A plug-in has said all when it ends. A process that it leaves behind can keep its results from ending then, so it is looked after this often. */
#define NX_EXTRACT_PLUGIN_LOOK_MS 100

/* Asks every such program what it reads. One that does not answer is a logged warning. */
GPtrArray *nx_extract_find_plugins(const NxSandbox *sandbox);
/* The plug-in that `received`, its line of kind `format`, describes. */
NxExtractPlugin *nx_extract_plugin_described(const char *name, const char *path, const GByteArray *received, GError **err);
/* The one that wants files of that base name before all others; NULL: none. */
const NxExtractPlugin *nx_extract_plugin_for(GPtrArray *plugins, const char *name);
/* Starts it on one file line. */
NxWorker *nx_extract_plugin_start(const NxExtractPlugin *plugin, const NxSandbox *sandbox, json_object *line, GError **err);
/* What it answered; NULL with the reason. */
NxOutcome *nx_extract_plugin_outcome(const NxExtractPlugin *plugin, const GByteArray *received, const char *file, gboolean with_document,
                                     GError **err);

#endif
