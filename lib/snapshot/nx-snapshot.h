/* nx-snapshot.h — snapshots: tables as Parquet files with a manifest, and the way to and from a database.
 *
 * Nothing here opens a database: rows come from an NxRowSource and go to an NxRowTarget, which the program provides. Facts: parquet, igem-db §5.7, §8. */
#ifndef NX_SNAPSHOT_H
#define NX_SNAPSHOT_H

#include "nx-base.h"

/* ----------------------------------------------------------------------------------------------------- columns and values */

typedef enum {
  NX_FIELD_INTEGER,         /* 64 bits */
  NX_FIELD_UNSIGNED,        /* 64 bits in `integer`; read, never written */
  NX_FIELD_BOOLEAN,         /* `integer` 0 or 1 */
  NX_FIELD_REAL,
  NX_FIELD_DECIMAL,         /* `bytes`: decimal text, scale digits after the point */
  NX_FIELD_TEXT,            /* valid UTF-8 */
  NX_FIELD_JSON,            /* the same, known to be JSON */
  NX_FIELD_TIMESTAMP,       /* microseconds since 1970-01-01 00:00:00, wall clock */
  NX_FIELD_TIMESTAMP_UTC,   /* the same, UTC */
  NX_FIELD_DATE,            /* days since 1970-01-01 */
  NX_FIELD_TIME,            /* microseconds since midnight */
  NX_FIELD_BYTES,
  NX_FIELD_NESTED,          /* a column of lists or structs: it is named, its values are not read */
} NxFieldType;

typedef struct {
  char *name;
  NxFieldType type;
  gint32 precision, scale; /* of NX_FIELD_DECIMAL: 1 ≤ precision ≤ 76, 0 ≤ scale ≤ precision */
} NxField;

/* The member that the field's type names holds the value. */
typedef struct {
  gboolean is_null;
  gint64 integer;
  double real;
  const char *bytes; /* borrowed until the next row */
  gsize length;
} NxDatum;

/* An array of NxField that owns the names. */
GArray *nx_fields_new(void);
void nx_fields_add(GArray *fields, const char *name, NxFieldType type);
/* Type, precision and scale from a declared SQL type of SQLite or PostgreSQL, or a word of schema.json ("STRING", "INT64", …); text for what is
 * not known. */
void nx_field_take_sql_type(NxField *field, const char *declared);
/* Times as databases write them, `2026-05-10 11:09:04.5` with `T`, `Z`, `+02:00`, `+02` where they may be, into the number of the field (a time with
 * an offset as UTC); text, JSON, bytes and decimals as they are, borrowed. FALSE: it is no such time. */
gboolean nx_datum_take_text(const NxField *field, const char *text, gsize length, NxDatum *datum);
/* A value as DuckDB prints it: `2009-01-01 00:01:00`, `\x00` for bytes that are no plain ASCII, … NULL for NULL. */
char *nx_datum_text(const NxField *field, const NxDatum *datum);

/* ------------------------------------------------------------------------------------------------------- Parquet files */

typedef enum { NX_CODEC_NONE, NX_CODEC_SNAPPY, NX_CODEC_GZIP, NX_CODEC_ZSTD } NxCodec;
/* "none", "snappy", "gzip", "zstd". */
const char *nx_codec_name(NxCodec codec);

/* Reads a file of flat tables row by row; memory is one page, as it is stored and unpacked, and one dictionary a column. A file that shrinks
 * meanwhile is an error (NX_ERROR_IO). */
typedef struct NxParquetReader NxParquetReader;
/* Errors: NX_ERROR_FORMAT (with the file's name), NX_ERROR_IO, NX_ERROR_MISSING. */
NxParquetReader *nx_parquet_open(const char *path, GError **err);
/* The same of bytes in memory, which stay the caller's; `name` is what errors say. */
NxParquetReader *nx_parquet_open_bytes(const char *name, const guint8 *data, gsize length, GError **err);
void nx_parquet_close(NxParquetReader *reader);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NxParquetReader, nx_parquet_close)
/* Borrowed array of NxField. */
const GArray *nx_parquet_fields(const NxParquetReader *reader);
gint64 nx_parquet_rows(const NxParquetReader *reader);
/* The value of a key of the file's own metadata, or NULL; owned. */
char *nx_parquet_note(const NxParquetReader *reader, const char *key);
/* The next row into `row` (one NxDatum a field; nested ones NULL); *more is FALSE behind the last. A damaged page is an
 * error when its rows are reached, also after rows of it were given. */
gboolean nx_parquet_next(NxParquetReader *reader, NxDatum *row, gboolean *more, GError **err);

typedef struct {
  NxCodec codec;
  gint64 group_rows;            /* rows of a row group; 0: 50 000. A group of more than 64 MiB ends early */
  const char *creator;          /* "nx-db version 2.5.0 (build )" */
  const char *const *notes;     /* key, value, key, value, … NULL: the file's own metadata; or NULL */
} NxParquetOptions;

/* Writes a file that appears under its name with nx_parquet_writer_finish: before, it is `path`.part. The same rows give the same bytes. */
typedef struct NxParquetWriter NxParquetWriter;
NxParquetWriter *nx_parquet_writer_new(const char *path, const GArray *fields, const NxParquetOptions *options, GError **err);
/* One NxDatum a field. NX_ERROR_DATA names the column when a value does not fit its type (text that is not UTF-8, a decimal that is none). */
gboolean nx_parquet_writer_add(NxParquetWriter *writer, const NxDatum *row, GError **err);
/* From now on nobody but its owner may read the file: for a row with a secret, before it is added. */
void nx_parquet_writer_close_to_others(NxParquetWriter *writer);
gboolean nx_parquet_writer_finish(NxParquetWriter *writer, GError **err);
/* Of the finished file: 64 lower-case hex digits, borrowed; and bytes. */
const char *nx_parquet_writer_sha256(const NxParquetWriter *writer);
gint64 nx_parquet_writer_size(const NxParquetWriter *writer);
/* Without a finish before: the unfinished file is removed. */
void nx_parquet_writer_free(NxParquetWriter *writer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NxParquetWriter, nx_parquet_writer_free)

/* ------------------------------------------------------------------------------------------------- snapshots of a database */

/* Tables as the program gives them. `open` fills `fields`; rows come sorted, so that the same table gives the same file. `is_secret` (may be NULL)
 * says whether the row given last holds what not everybody may read: the file with it is for its owner alone. `name_row` gives what finds that row in
 * the database again, "id 7"; owned by the caller. */
typedef struct {
  gboolean (*open)(gpointer database, const char *table, GArray *fields, GError **err);
  gboolean (*next)(gpointer database, NxDatum *row, gboolean *more, GError **err);
  gboolean (*is_secret)(gpointer database);
  char *(*name_row)(gpointer database);
  gpointer database;
} NxRowSource;

/* Where the rows of a snapshot go. */
typedef struct {
  gboolean (*open)(gpointer database, const char *table, const GArray *fields, GError **err);
  gboolean (*add)(gpointer database, const NxDatum *row, GError **err);
  gpointer database;
} NxRowTarget;

typedef struct {
  const char *folder;
  const char *const *tables;    /* all there are, by name */
  const char *only, *exclude;   /* lists as typed: "a, b"; or NULL */
  NxCodec codec;
  gint64 group_rows;
  const char *version;          /* NULL: today */
  gboolean overwrite;
  const char *creator;          /* as in NxParquetOptions */
  const char *schema;           /* first key of the manifest; or NULL */
  json_object *facts, *source;  /* borrowed: members behind snapshot_version; and of `source` */
  json_object *last_facts;      /* borrowed or NULL: members at the end */
  FILE *out;                    /* the table of igem-db §5.7 */
} NxSnapshotOptions;

/* Writes a snapshot: it is one, complete, from the moment its manifest has its name; whatever fails before leaves none and no half file.
 * NX_ERROR_USAGE for a version that is not UTF-8, NX_ERROR_MISSING for unknown tables, NX_ERROR_DATA for a folder that is not empty,
 * NX_ERROR_PLACE for one that another export or a download is filling, NX_ERROR_INTERRUPTED. */
gboolean nx_snapshot_write(const NxSnapshotOptions *options, const NxRowSource *source, GError **err);

typedef struct NxSnapshot NxSnapshot;
/* Reads the manifest. NX_ERROR_MISSING when the folder holds none, NX_ERROR_FORMAT when it is damaged or names files outside the folder. */
NxSnapshot *nx_snapshot_open(const char *folder, GError **err);
void nx_snapshot_free(NxSnapshot *snapshot);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NxSnapshot, nx_snapshot_free)
gboolean nx_snapshot_is_one(const char *folder);
json_object *nx_snapshot_manifest(const NxSnapshot *snapshot); /* borrowed */
/* Names of tables in the order of the manifest; borrowed, NULL-terminated. */
const char *const *nx_snapshot_tables(const NxSnapshot *snapshot);
gboolean nx_snapshot_has_table(const NxSnapshot *snapshot, const char *table);
char *nx_snapshot_table_path(const NxSnapshot *snapshot, const char *table);
/* Size and SHA-256 of every file that the manifest names; NX_ERROR_DATA with a line for each that differs, NX_ERROR_INTERRUPTED.
 * *files (may be NULL): how many. */
gboolean nx_snapshot_verify(const NxSnapshot *snapshot, guint *files, GError **err);
/* All rows of a table; *rows counts them. */
gboolean nx_snapshot_read(const NxSnapshot *snapshot, const char *table, const NxRowTarget *target, gint64 *rows, GError **err);

/* A file name of a manifest that cannot leave the snapshot's folder: 1 to 3 parts of A-Z a-z 0-9 . _ -, none beginning with a dot or minus. */
gboolean nx_snapshot_name_is_safe(const char *name);
/* 64 lower-case hex digits of a file. NX_ERROR_IO, NX_ERROR_MISSING, …, NX_ERROR_INTERRUPTED. */
char *nx_snapshot_sha256(const char *path, GError **err);
/* "517.0 B", "2.3 KB"; and thousands with commas. */
char *nx_snapshot_size_text(guint64 bytes);
char *nx_snapshot_count_text(gint64 n);

#endif
