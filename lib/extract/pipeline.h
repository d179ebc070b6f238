/* pipeline.h — what happens to one file (extractors-b §8): format, metadata, checks, the JSON document, the preview. Private to lib/extract. */
#ifndef NX_PIPELINE_H
#define NX_PIPELINE_H

#include "nx-extract.h"

typedef struct {
  gboolean with_document; /* the text of the metadata JSON file */
  gboolean with_preview;
  const char *plugin_name; /* of the plug-in that wants files of this name; NULL: none. It takes the file from formats of lower priority */
  int plugin_priority;
} NxPipelineOptions;

/* What comes out, as soon as it is there; all metadata before the first preview, so that a broken preview costs no metadata. */
typedef struct {
  void (*format)(const NxFormat *format, gpointer user_data); /* NULL: a plug-in's */
  void (*nx_meta)(guint index, json_object *nx_meta, gpointer user_data);
  void (*document)(guint index, const char *text, gsize length, gpointer user_data);
  void (*metadata_done)(guint n_signals, gpointer user_data);
  void (*preview)(guint index, GBytes *png, gpointer user_data); /* png NULL: no preview is wanted */
  gpointer user_data;
} NxPipelineSink;

void nx_pipeline_run(NxInput *in, const NxPipelineOptions *options, const NxPipelineSink *sink);

/* nx_meta of a file that could not be read, with the reason; complete with `NexusLIMS Extraction`. */
json_object *nx_pipeline_failed_meta(const NxInput *in, const char *extractor, const char *reason);
/* The text of the metadata JSON file; `raw` may be NULL. */
char *nx_pipeline_document(json_object *nx_meta, json_object *raw, gsize *length);
/* Adds `NexusLIMS Extraction` (replacing an older one) and moves `Extractor Warnings` into it. `extractor` e.g. "dm3_extractor". */
void nx_pipeline_sign(json_object *nx_meta, const char *extractor);

#endif
