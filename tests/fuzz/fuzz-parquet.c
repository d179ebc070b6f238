/* fuzz-parquet.c — libFuzzer target for the Parquet reader: whatever the bytes are, there are rows or an error.
 * Built with clang -fsanitize=fuzzer,address,undefined together with lib/base and lib/snapshot; files of corpus/parquet are good seeds. */
#include "nx-snapshot.h"

#include <stdlib.h>

#define ROWS_MAX 5000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void print_row(const GArray *fields, const NxDatum *row)
{
  for (guint i = 0; i < fields->len; i++)
    g_free(nx_datum_text(&g_array_index(fields, NxField, i), &row[i]));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(NxParquetReader) reader = nx_parquet_open_bytes("fuzz", data, size, &error);
  if (!reader)
    return error ? 0 : (abort(), 0);
  const GArray *fields = nx_parquet_fields(reader);
  g_autofree NxDatum *row = g_new0(NxDatum, fields->len + 1);
  gboolean more = TRUE;
  for (guint n = 0; n < ROWS_MAX && nx_parquet_next(reader, row, &more, &error) && more; n++)
    print_row(fields, row);
  return 0;
}
