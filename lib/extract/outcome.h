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

/* For the child: frames on their way to the parent, sent when the format is known, when all metadata is there, and when all is said; or all at once,
 * when an unfinished answer is of no use. */
typedef struct {
  int results;
  GByteArray *frames;
  gboolean at_once;
} NxOutcomeWriter;
NxPipelineSink nx_outcome_sink(NxOutcomeWriter *writer);
void nx_outcome_finish(NxOutcomeWriter *writer);
/* What JSON of a child may still cost: bytes of text, and bytes of memory that it takes when it is parsed. The first bytes of text are not
 * weighed, which is most files' all: whatever they say, they take less than the rest may. */
typedef struct {
  gsize text, unweighed, parsed;
} NxJsonRoom;
#define NX_JSON_ROOM_UNWEIGHED (128u * 1024u)
#define NX_JSON_ROOM_PARSED (128u * 1024u * 1024u)
/* Parses what a child says, and takes from `room` what it costs. NX_ERROR_FORMAT also when there is not so much. */
json_object *nx_outcome_parse(const char *text, gsize length, NxJsonRoom *room, GError **err);

/* TRUE when a child that has sent so much has said all. */
gboolean nx_outcome_is_whole(const GByteArray *received);
/* Reads the frames of a child, which is not trusted: what does not hold together is left out, and the outcome is then not complete. */
NxOutcome *nx_outcome_read(const GByteArray *received, const char *file);

/* The outcome of a file of which nothing is read but its time. */
NxOutcome *nx_outcome_basic(const NxInput *in, gboolean with_document);
/* The outcome of a file that could not be read. */
NxOutcome *nx_outcome_failed(const NxInput *in, const char *extractor, const char *reason, gboolean with_document);
/* Adds a sentence to `Extractor Warnings` of every signal, in its document too unless that is so large that it stays as it is. */
void nx_outcome_warn(NxOutcome *outcome, const char *sentence);

#endif
