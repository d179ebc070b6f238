/* outputs.h — where the files made of a data file go, and writing them (extractors-b §8.1, record-building §5). Private to lib/extract. */
#ifndef NX_OUTPUTS_H
#define NX_OUTPUTS_H

#include "outcome.h"

typedef struct {
  const char *instrument_root; /* NX_INSTRUMENT_DATA_PATH, or NULL */
  const char *data_root;       /* NX_DATA_PATH, or NULL */
  gboolean write_metadata, write_preview;
  gboolean overwrite;          /* else files that exist are kept, as they always are beside a data file when no person asks (preview_beside) */
  gboolean preview_beside;     /* FILE.thumb.png beside FILE, not in the mirrored tree */
  const char *preview_path;    /* of the one file at hand; or NULL */
} NxOutputRules;

typedef struct {
  char *metadata; /* path when the file is there now, else NULL */
  char *preview;
  gboolean preview_kept; /* it was there before and stays as it was */
} NxOutput;

/* Writes the products of a file; an array of NxOutput*, one per product. What cannot be written is a logged error, and NULL.
 * *trouble stays as it is, or says why something should be written another time (NX_ERROR_PLACE: the data folder is full or closed). Only what goes
 * below NX_DATA_PATH waits: the folder of a data file may be closed for good. */
GPtrArray *nx_outputs_write(const NxOutputRules *rules, const char *path, const NxOutcome *outcome, GError **trouble);

#endif
