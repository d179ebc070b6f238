/* parquet-format.h — the structs of a Parquet file's footer and page headers (parquet §3): members in the order of their ids. */
#ifndef NX_SNAPSHOT_PARQUET_FORMAT_H
#define NX_SNAPSHOT_PARQUET_FORMAT_H

#include "nx-snapshot.h"
#include "thrift.h"

enum { PARQUET_BOOLEAN, PARQUET_INT32, PARQUET_INT64, PARQUET_INT96, PARQUET_FLOAT, PARQUET_DOUBLE, PARQUET_BYTE_ARRAY, PARQUET_FIXED };
enum { PARQUET_REQUIRED, PARQUET_OPTIONAL, PARQUET_REPEATED };
enum {
  PARQUET_PLAIN = 0,
  PARQUET_PLAIN_DICTIONARY = 2,
  PARQUET_RLE = 3,
  PARQUET_DELTA_BINARY_PACKED = 5,
  PARQUET_DELTA_LENGTH_BYTE_ARRAY = 6,
  PARQUET_DELTA_BYTE_ARRAY = 7,
  PARQUET_RLE_DICTIONARY = 8,
  PARQUET_BYTE_STREAM_SPLIT = 9,
};
enum { PARQUET_DATA_PAGE, PARQUET_INDEX_PAGE, PARQUET_DICTIONARY_PAGE, PARQUET_DATA_PAGE_V2 };
enum { PARQUET_UNCOMPRESSED = 0, PARQUET_SNAPPY = 1, PARQUET_GZIP = 2, PARQUET_ZSTD = 6 };
enum {
  PARQUET_AS_UTF8 = 0,
  PARQUET_AS_ENUM = 4,
  PARQUET_AS_DECIMAL = 5,
  PARQUET_AS_DATE = 6,
  PARQUET_AS_TIME_MILLIS = 7,
  PARQUET_AS_TIME_MICROS = 8,
  PARQUET_AS_TIMESTAMP_MILLIS = 9,
  PARQUET_AS_TIMESTAMP_MICROS = 10,
  PARQUET_AS_UINT_64 = 14,
  PARQUET_AS_JSON = 19,
};
/* Members of the LogicalType union, and of the unit of its times. */
enum {
  LOGICAL_STRING = 1,
  LOGICAL_ENUM = 4,
  LOGICAL_DECIMAL = 5,
  LOGICAL_DATE = 6,
  LOGICAL_TIME = 7,
  LOGICAL_TIMESTAMP = 8,
  LOGICAL_INTEGER = 10,
  LOGICAL_UNKNOWN = 11,
  LOGICAL_JSON = 12,
};
enum { UNIT_MILLIS = 1, UNIT_MICROS = 2, UNIT_NANOS = 3 };

/* A struct without fields of its own. */
typedef struct {
  guint32 present;
} ParquetEmpty;

/* A union of such: of time units, and of column orders. */
typedef struct {
  guint32 present;
  ParquetEmpty empty;
} ParquetUnit;

typedef struct {
  guint32 present;
  gint32 scale, precision;
} ParquetDecimal;

typedef struct {
  guint32 present;
  gboolean utc;
  ParquetUnit unit;
} ParquetTime;

typedef struct {
  guint32 present;
  gint8 width;
  gboolean is_signed;
} ParquetInteger;

typedef struct {
  guint32 present;
  ParquetDecimal decimal;
  ParquetTime time, timestamp;
  ParquetInteger integer;
  ParquetEmpty empty;
} ParquetLogical;

typedef struct {
  guint32 present;
  gint32 type, type_length, repetition;
  NxThriftBytes name;
  gint32 n_children, converted, scale, precision;
  ParquetLogical logical;
} ParquetElement;

typedef struct {
  guint32 present;
  gint64 n_null;
  NxThriftBytes maximum, minimum;
  gboolean maximum_exact, minimum_exact;
} ParquetStatistics;

typedef struct {
  guint32 present;
  gint32 type;
  GArray *encodings, *path;
  gint32 codec;
  gint64 n_values, uncompressed_size, compressed_size, data_offset, dictionary_offset;
  ParquetStatistics statistics;
} ParquetChunkMeta;

typedef struct {
  guint32 present;
  NxThriftBytes file_path;
  gint64 file_offset;
  ParquetChunkMeta meta;
} ParquetChunk;

typedef struct {
  guint32 present;
  GArray *chunks; /* ParquetChunk */
  gint64 size, n_rows, file_offset, compressed_size;
} ParquetGroup;

typedef struct {
  guint32 present;
  NxThriftBytes key, value;
} ParquetNote;

typedef struct {
  guint32 present;
  gint32 version;
  GArray *elements; /* ParquetElement */
  gint64 n_rows;
  GArray *groups; /* ParquetGroup */
  GArray *notes;  /* ParquetNote */
  NxThriftBytes creator;
  GArray *orders; /* ParquetUnit */
} ParquetFooter;

typedef struct {
  guint32 present;
  gint32 n_values, encoding, definition_encoding, repetition_encoding;
} ParquetDataHeader;

typedef struct {
  guint32 present;
  gint32 n_values, encoding;
} ParquetDictionaryHeader;

typedef struct {
  guint32 present;
  gint32 n_values, n_nulls, n_rows, encoding, definition_length, repetition_length;
  gboolean is_compressed;
} ParquetDataHeader2;

typedef struct {
  guint32 present;
  gint32 type, uncompressed_size, compressed_size, crc;
  ParquetDataHeader data;
  ParquetDictionaryHeader dictionary;
  ParquetDataHeader2 data2;
} ParquetPageHeader;

extern const NxThriftStruct parquet_footer_struct;
extern const NxThriftStruct parquet_page_struct;

#endif
