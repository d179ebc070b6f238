/* outcome.h — what is known about one file in the end. Private to lib/extract. */
#ifndef NX_OUTCOME_H
#define NX_OUTCOME_H

#include "pipeline.h"
#include "worker.h"

/* One signal. */
typedef struct {
  json_object *nx_meta; /* signed */
  GBytes *document;     /* text of the metadata JSON file, or NULL */
  GBytes *preview;      /* PNG, or NULL */
} NxProduct;

typedef struct {
  char *extractor;           /* "dm3_extractor", "nx-extract-NAME" */
  GPtrArray *products;       /* of NxProduct*; empty when the file is gone */
  gboolean is_for_plugin;    /* no format of ours wants it before the plug-in does */
  gboolean has_all_metadata; /* what is missing, if anything, is previews */
  gboolean is_complete;
} NxOutcome;

NxOutcome *nx_outcome_new(void);
void nx_outcome_free(NxOutcome *outcome);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NxOutcome, nx_outcome_free)
void nx_product_free(NxProduct *product);

/* A sink that writes frames to `*results`; for the child. */
NxPipelineSink nx_outcome_sink(const int *results);
/* The last frame: all is said. */
gboolean nx_outcome_finish(int results);
/* Reads the frames of a child, which is not trusted: what does not hold together is left out, and the outcome is then not complete. */
NxOutcome *nx_outcome_read(const GByteArray *received, const char *file);

/* The outcome of a file that could not be read. */
NxOutcome *nx_outcome_failed(const NxInput *in, const char *extractor, const char *reason, gboolean with_document);
/* Adds a sentence to `Extractor Warnings` of every signal, in its document too. */
void nx_outcome_warn(NxOutcome *outcome, const char *sentence);

#endif
