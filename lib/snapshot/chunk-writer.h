/* chunk-writer.h — a column of a row group as pages (parquet §4, §6, §8). */
#ifndef NX_SNAPSHOT_CHUNK_WRITER_H
#define NX_SNAPSHOT_CHUNK_WRITER_H

#include "column-buffer.h"

/* The pages one after the other, and what the footer says of them. Offsets in `meta` count from the first page; `path` is left to the
 * footer. */
typedef struct {
  GByteArray *pages;
  ParquetChunkMeta meta;
  GByteArray *least, *most; /* what the statistics refer to; NULL: none */
  gboolean is_readable;     /* parquet_size_is_sane of all pages */
} ParquetPages;

/* From any thread: nothing but `buffer` is looked at. Without `codec` where its pages would be too small to be believed. */
void parquet_pages_make(const ParquetBuffer *buffer, gint32 codec, ParquetPages *pages);
void parquet_pages_clear(ParquetPages *pages);

#endif
