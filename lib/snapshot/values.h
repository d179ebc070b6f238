/* values.h — the values of a page, one after the other, whatever their encoding (parquet §4). */
#ifndef NX_SNAPSHOT_VALUES_H
#define NX_SNAPSHOT_VALUES_H

#include "delta.h"
#include "hybrid.h"
#include "parquet-format.h"

/* A dictionary page: plain values, and where each begins when they have no fixed width. */
typedef struct {
  guint8 *data;
  gsize length;
  guint32 n;
  GArray *starts; /* guint32; NULL: fixed width */
} ParquetDictionary;

typedef struct {
  gint32 type, type_length, encoding;
  guint row; /* of the table of encodings */
  const guint8 *data;
  gsize length, at;
  guint64 bit;                     /* plain booleans */
  guint64 n, index;                /* byte stream split */
  ParquetHybrid hybrid;
  ParquetDelta numbers, lengths;
  GString *assembled;              /* the value before, where values share beginnings; or one put together */
  const ParquetDictionary *dictionary;
} ParquetValues;

/* Plain bytes of one value; 0: it has no fixed width, or is a bit. */
gsize parquet_width(gint32 type, gint32 type_length);

/* Takes `data`. */
gboolean parquet_dictionary_start(ParquetDictionary *dictionary, gint32 type, gint32 type_length, guint8 *data, gsize length, gint32 n, GError **err);
void parquet_dictionary_clear(ParquetDictionary *dictionary);

/* `type`, `type_length`, `encoding` and `dictionary` are set. An empty body is no error, a value asked of it is. */
gboolean parquet_values_start(ParquetValues *values, const guint8 *data, gsize length, GError **err);
/* Integers and booleans in `integer`, floating point in `real`, all else in `bytes`. */
gboolean parquet_values_next(ParquetValues *values, NxDatum *raw, GError **err);
void parquet_values_clear(ParquetValues *values);

#endif
