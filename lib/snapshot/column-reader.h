/* column-reader.h — one column chunk, page by page (parquet §4, §9). */
#ifndef NX_SNAPSHOT_COLUMN_READER_H
#define NX_SNAPSHOT_COLUMN_READER_H

#include "parquet-file.h"
#include "schema.h"
#include "values.h"

typedef struct {
  const ParquetLeaf *leaf;
  const NxField *field;
  const ParquetFile *file;
  ParquetWindow window;     /* the present page lies in it */
  gsize at, end;            /* what is left of the chunk */
  gint32 codec;
  gint64 left_in_chunk, left_in_page;
  guint8 *body;             /* of the present page */
  gboolean has_levels;
  ParquetHybrid levels;
  ParquetValues values;
  ParquetDictionary dictionary;
  GString *text;
} ParquetColumn;

/* `chunk` has been checked to lie within the file. */
void parquet_column_start(ParquetColumn *column, const ParquetFile *file, const ParquetChunkMeta *chunk, gsize start);
gboolean parquet_column_next(ParquetColumn *column, NxDatum *datum, GError **err);
/* Passes over all pages by their headers: they have to hold the values of the chunk. */
gboolean parquet_column_skip(ParquetColumn *column, GError **err);
/* Nothing may be left of a chunk whose values have all been given. */
gboolean parquet_column_finish(const ParquetColumn *column, GError **err);
/* Forgets the page, the dictionary and what was read of the file. */
void parquet_column_clear(ParquetColumn *column);

#endif
