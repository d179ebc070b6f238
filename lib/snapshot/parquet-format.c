/* parquet-format.c — the fields of the footer and of page headers as tables (parquet §3). */
#include "parquet-format.h"

#include <stddef.h>

#define FIELD(Id, Kind, Struct, Member) {.id = Id, .kind = NX_THRIFT_##Kind, .offset = offsetof(Struct, Member)}
#define NEEDED(Id, Kind, Struct, Member) {.id = Id, .kind = NX_THRIFT_##Kind, .required = TRUE, .offset = offsetof(Struct, Member)}
#define NESTED(Id, Struct, Member, Of) {.id = Id, .kind = NX_THRIFT_STRUCT, .offset = offsetof(Struct, Member), .of = Of}
#define LIST(Id, Needed, Struct, Member, Of) \
  {.id = Id, .kind = NX_THRIFT_LIST_STRUCT, .required = Needed, .offset = offsetof(Struct, Member), .of = Of}
#define UNREAD(Id) {.id = Id, .kind = NX_THRIFT_UNREAD}

static const NxThriftStruct EMPTY = {.name = "an empty struct", .size = sizeof(ParquetEmpty)};

static const NxThriftField UNIT_FIELDS[] = {
  NESTED(1, ParquetUnit, empty, &EMPTY), NESTED(2, ParquetUnit, empty, &EMPTY), NESTED(3, ParquetUnit, empty, &EMPTY), {0}};
static const NxThriftStruct UNIT = {"a unit of time", sizeof(ParquetUnit), UNIT_FIELDS};

static const NxThriftField ORDER_FIELDS[] = {NESTED(1, ParquetUnit, empty, &EMPTY), {0}};
static const NxThriftStruct ORDER = {"ColumnOrder", sizeof(ParquetUnit), ORDER_FIELDS};

static const NxThriftField DECIMAL_FIELDS[] = {NEEDED(1, I32, ParquetDecimal, scale), NEEDED(2, I32, ParquetDecimal, precision), {0}};
static const NxThriftStruct DECIMAL = {"DecimalType", sizeof(ParquetDecimal), DECIMAL_FIELDS};

static const NxThriftField TIME_FIELDS[] = {
  NEEDED(1, BOOL, ParquetTime, utc),
  {.id = 2, .kind = NX_THRIFT_STRUCT, .required = TRUE, .offset = offsetof(ParquetTime, unit), .of = &UNIT},
  {0},
};
static const NxThriftStruct TIME = {"TimeType", sizeof(ParquetTime), TIME_FIELDS};

static const NxThriftField INTEGER_FIELDS[] = {NEEDED(1, I8, ParquetInteger, width), NEEDED(2, BOOL, ParquetInteger, is_signed), {0}};
static const NxThriftStruct INTEGER = {"IntType", sizeof(ParquetInteger), INTEGER_FIELDS};

static const NxThriftField LOGICAL_FIELDS[] = {
  NESTED(LOGICAL_STRING, ParquetLogical, empty, &EMPTY),
  NESTED(LOGICAL_ENUM, ParquetLogical, empty, &EMPTY),
  NESTED(LOGICAL_DECIMAL, ParquetLogical, decimal, &DECIMAL),
  NESTED(LOGICAL_DATE, ParquetLogical, empty, &EMPTY),
  NESTED(LOGICAL_TIME, ParquetLogical, time, &TIME),
  NESTED(LOGICAL_TIMESTAMP, ParquetLogical, timestamp, &TIME),
  NESTED(LOGICAL_INTEGER, ParquetLogical, integer, &INTEGER),
  NESTED(LOGICAL_UNKNOWN, ParquetLogical, empty, &EMPTY),
  NESTED(LOGICAL_JSON, ParquetLogical, empty, &EMPTY),
  {0},
};
static const NxThriftStruct LOGICAL = {"LogicalType", sizeof(ParquetLogical), LOGICAL_FIELDS};

static const NxThriftField ELEMENT_FIELDS[] = {
  FIELD(1, I32, ParquetElement, type),
  FIELD(2, I32, ParquetElement, type_length),
  FIELD(3, I32, ParquetElement, repetition),
  NEEDED(4, BINARY, ParquetElement, name),
  FIELD(5, I32, ParquetElement, n_children),
  FIELD(6, I32, ParquetElement, converted),
  FIELD(7, I32, ParquetElement, scale),
  FIELD(8, I32, ParquetElement, precision),
  NESTED(10, ParquetElement, logical, &LOGICAL),
  {0},
};
static const NxThriftStruct ELEMENT = {"SchemaElement", sizeof(ParquetElement), ELEMENT_FIELDS};

static const NxThriftField STATISTICS_FIELDS[] = {
  FIELD(3, I64, ParquetStatistics, n_null),         FIELD(5, BINARY, ParquetStatistics, maximum),
  FIELD(6, BINARY, ParquetStatistics, minimum),     FIELD(7, BOOL, ParquetStatistics, maximum_exact),
  FIELD(8, BOOL, ParquetStatistics, minimum_exact), {0},
};
static const NxThriftStruct STATISTICS = {"Statistics", sizeof(ParquetStatistics), STATISTICS_FIELDS};

static const NxThriftField META_FIELDS[] = {
  NEEDED(1, I32, ParquetChunkMeta, type),
  NEEDED(2, LIST_I32, ParquetChunkMeta, encodings),
  NEEDED(3, LIST_BINARY, ParquetChunkMeta, path),
  NEEDED(4, I32, ParquetChunkMeta, codec),
  NEEDED(5, I64, ParquetChunkMeta, n_values),
  NEEDED(6, I64, ParquetChunkMeta, uncompressed_size),
  NEEDED(7, I64, ParquetChunkMeta, compressed_size),
  NEEDED(9, I64, ParquetChunkMeta, data_offset),
  FIELD(11, I64, ParquetChunkMeta, dictionary_offset),
  NESTED(12, ParquetChunkMeta, statistics, &STATISTICS),
  {0},
};
static const NxThriftStruct META = {"ColumnMetaData", sizeof(ParquetChunkMeta), META_FIELDS};

static const NxThriftField CHUNK_FIELDS[] = {
  FIELD(1, BINARY, ParquetChunk, file_path), NEEDED(2, I64, ParquetChunk, file_offset), NESTED(3, ParquetChunk, meta, &META), UNREAD(8), UNREAD(9), {0}};
static const NxThriftStruct CHUNK = {"ColumnChunk", sizeof(ParquetChunk), CHUNK_FIELDS};

static const NxThriftField GROUP_FIELDS[] = {
  LIST(1, TRUE, ParquetGroup, chunks, &CHUNK), NEEDED(2, I64, ParquetGroup, size),           NEEDED(3, I64, ParquetGroup, n_rows),
  FIELD(5, I64, ParquetGroup, file_offset),    FIELD(6, I64, ParquetGroup, compressed_size), {0},
};
static const NxThriftStruct GROUP = {"RowGroup", sizeof(ParquetGroup), GROUP_FIELDS};

static const NxThriftField NOTE_FIELDS[] = {NEEDED(1, BINARY, ParquetNote, key), FIELD(2, BINARY, ParquetNote, value), {0}};
static const NxThriftStruct NOTE = {"KeyValue", sizeof(ParquetNote), NOTE_FIELDS};

static const NxThriftField FOOTER_FIELDS[] = {
  NEEDED(1, I32, ParquetFooter, version),
  LIST(2, TRUE, ParquetFooter, elements, &ELEMENT),
  NEEDED(3, I64, ParquetFooter, n_rows),
  LIST(4, TRUE, ParquetFooter, groups, &GROUP),
  LIST(5, FALSE, ParquetFooter, notes, &NOTE),
  FIELD(6, BINARY, ParquetFooter, creator),
  LIST(7, FALSE, ParquetFooter, orders, &ORDER),
  UNREAD(8),
  {0},
};
const NxThriftStruct parquet_footer_struct = {"FileMetaData", sizeof(ParquetFooter), FOOTER_FIELDS};

static const NxThriftField DATA_FIELDS[] = {
  NEEDED(1, I32, ParquetDataHeader, n_values),
  NEEDED(2, I32, ParquetDataHeader, encoding),
  NEEDED(3, I32, ParquetDataHeader, definition_encoding),
  NEEDED(4, I32, ParquetDataHeader, repetition_encoding),
  {0},
};
static const NxThriftStruct DATA = {"DataPageHeader", sizeof(ParquetDataHeader), DATA_FIELDS};

static const NxThriftField DICTIONARY_FIELDS[] = {
  NEEDED(1, I32, ParquetDictionaryHeader, n_values), NEEDED(2, I32, ParquetDictionaryHeader, encoding), {0}};
static const NxThriftStruct DICTIONARY = {"DictionaryPageHeader", sizeof(ParquetDictionaryHeader), DICTIONARY_FIELDS};

static const NxThriftField DATA2_FIELDS[] = {
  NEEDED(1, I32, ParquetDataHeader2, n_values),          NEEDED(2, I32, ParquetDataHeader2, n_nulls),
  NEEDED(3, I32, ParquetDataHeader2, n_rows),            NEEDED(4, I32, ParquetDataHeader2, encoding),
  NEEDED(5, I32, ParquetDataHeader2, definition_length), NEEDED(6, I32, ParquetDataHeader2, repetition_length),
  FIELD(7, BOOL, ParquetDataHeader2, is_compressed),     {0},
};
static const NxThriftStruct DATA2 = {"DataPageHeaderV2", sizeof(ParquetDataHeader2), DATA2_FIELDS};

static const NxThriftField PAGE_FIELDS[] = {
  NEEDED(1, I32, ParquetPageHeader, type),
  NEEDED(2, I32, ParquetPageHeader, uncompressed_size),
  NEEDED(3, I32, ParquetPageHeader, compressed_size),
  FIELD(4, I32, ParquetPageHeader, crc),
  NESTED(5, ParquetPageHeader, data, &DATA),
  NESTED(7, ParquetPageHeader, dictionary, &DICTIONARY),
  NESTED(8, ParquetPageHeader, data2, &DATA2),
  {0},
};
const NxThriftStruct parquet_page_struct = {"PageHeader", sizeof(ParquetPageHeader), PAGE_FIELDS};
