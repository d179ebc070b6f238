/* column-dictionary.h — the distinct values of a column of a row group, while they are worth a dictionary page (parquet §8). */
#ifndef NX_SNAPSHOT_COLUMN_DICTIONARY_H
#define NX_SNAPSHOT_COLUMN_DICTIONARY_H

#include "column-buffer.h"

typedef struct {
  ParquetBytes entries; /* plain values, in the order of first sight */
  guint32 n;
  guint32 *indices; /* one a value */
} ParquetEntries;

/* FALSE when plain values are no longer than a dictionary with its indices: then there is nothing to clear. */
gboolean parquet_entries_make(const ParquetBuffer *buffer, ParquetEntries *entries);
void parquet_entries_clear(ParquetEntries *entries);

#endif
