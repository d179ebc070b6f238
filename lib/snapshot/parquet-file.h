/* parquet-file.h — the bytes of a Parquet file: in memory, or read piece by piece. Read and not mapped: of a file that is cut meanwhile a mapping
 * is a SIGBUS. */
#ifndef NX_SNAPSHOT_PARQUET_FILE_H
#define NX_SNAPSHOT_PARQUET_FILE_H

#include "nx-base.h"

typedef struct {
  int fd; /* -1: the bytes are in memory */
  const guint8 *memory;
  gsize length; /* as it was when it was opened */
} ParquetFile;

/* The stretch of a file that was read last by one reader of it. */
typedef struct {
  guint8 *bytes;
  gsize start, length, capacity;
} ParquetWindow;

void parquet_window_clear(ParquetWindow *window);

/* `length` bytes from `at`, which the caller knows to be before `end`, and `end` within the file; valid until the next call with this window. When
 * they have to be read, more up to `end` are read along. NX_ERROR_IO when they cannot be, or are no longer there. */
const guint8 *parquet_file_bytes(const ParquetFile *file, ParquetWindow *window, gsize at, gsize length, gsize end, GError **err);

#endif
