/* parquet-reader.c — a Parquet file row by row: footer, row groups, columns side by side (parquet §1, §9). */
#include "column-reader.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FOOTER_MAX (64u << 20)
#define MARK 4
#define TAIL 8
#define FILE_MIN 12

struct NxParquetReader {
  char *name;
  ParquetFile file;
  ParquetWindow end; /* the footer refers to bytes in it */
  gsize body_end;    /* where the footer begins */
  ParquetFooter footer;
  GArray *fields; /* NxField */
  GArray *leaves; /* ParquetLeaf */
  guint n_chunks;
  GArray *columns; /* ParquetColumn */
  guint next_group;
  gint64 left_in_group;
};

static gboolean refuse(GError **err, const char *what)
{
  g_set_error_literal(err, NX_ERROR, NX_ERROR_FORMAT, what);
  return FALSE;
}

/* ------------------------------------------------------------------------------------------------------------ footer */

/* Whether it begins as one; at the end, the size of the footer. */
static gboolean read_marks(NxParquetReader *reader, guint32 *size, GError **err)
{
  const gsize length = reader->file.length;
  if (length < FILE_MIN)
    return refuse(err, "it is not a Parquet file");
  const guint8 *head = parquet_file_bytes(&reader->file, &reader->end, 0, MARK, MARK, err);
  if (!head)
    return FALSE;
  if (memcmp(head, "PAR1", MARK) != 0)
    return refuse(err, "it is not a Parquet file");
  const guint8 *tail = parquet_file_bytes(&reader->file, &reader->end, length - TAIL, TAIL, length, err);
  if (!tail)
    return FALSE;
  if (memcmp(tail + TAIL - MARK, "PARE", MARK) == 0)
    return refuse(err, "it is encrypted");
  if (memcmp(tail + TAIL - MARK, "PAR1", MARK) != 0)
    return refuse(err, "it is cut off or not a Parquet file");
  memcpy(size, tail, sizeof *size);
  *size = GUINT32_FROM_LE(*size);
  return (*size >= 1 && *size <= length - FILE_MIN && *size <= FOOTER_MAX) || refuse(err, "its footer has an impossible size");
}

static gboolean read_footer(NxParquetReader *reader, GError **err)
{
  guint32 size;
  gsize used;
  if (!read_marks(reader, &size, err))
    return FALSE;
  reader->body_end = reader->file.length - TAIL - size;
  const guint8 *footer = parquet_file_bytes(&reader->file, &reader->end, reader->body_end, size, reader->file.length, err);
  return footer && nx_thrift_read(&parquet_footer_struct, &reader->footer, footer, size, &used, err) &&
         (!NX_THRIFT_HAS(&reader->footer, 8) || refuse(err, "it is encrypted"));
}

/* Old writers leave the offset of the dictionary at 0. */
static gint64 chunk_start(const ParquetChunkMeta *chunk)
{
  return NX_THRIFT_HAS(chunk, 11) && chunk->dictionary_offset > 0 ? chunk->dictionary_offset : chunk->data_offset;
}

static gboolean check_chunk(const NxParquetReader *reader, const ParquetChunk *chunk, const ParquetGroup *group, GError **err)
{
  gint64 start = chunk_start(&chunk->meta), size = chunk->meta.compressed_size, end;
  if (!NX_THRIFT_HAS(chunk, 3) || NX_THRIFT_HAS(chunk, 1) || NX_THRIFT_HAS(chunk, 8) || NX_THRIFT_HAS(chunk, 9))
    return refuse(err, "a column lies in another file or is encrypted");
  if (start < 4 || size < 0 || (size == 0 && group->n_rows > 0) || __builtin_add_overflow(start, size, &end) || (guint64)end > reader->body_end)
    return refuse(err, "a column lies outside the file");
  return TRUE;
}

/* A row of a nested column has a value at least, be it an empty list. */
static gboolean check_values(const ParquetLeaf *leaf, const ParquetChunkMeta *chunk, const ParquetGroup *group, GError **err)
{
  gboolean fits = leaf->is_nested ? chunk->n_values >= group->n_rows : chunk->type == leaf->type && chunk->n_values == group->n_rows;
  return fits || refuse(err, "a column has another type or length than the table");
}

typedef struct {
  gint64 start, end;
} Span;

static int compare_spans(gconstpointer a, gconstpointer b)
{
  const Span *left = a, *right = b;
  return left->start < right->start ? -1 : left->start > right->start;
}

static gboolean check_group(const NxParquetReader *reader, const ParquetGroup *group, GArray *spans, GError **err)
{
  if (group->n_rows < 0 || group->chunks->len != reader->n_chunks)
    return refuse(err, "a row group has not the columns of the table");
  for (guint i = 0; i < group->chunks->len; i++) {
    const ParquetChunk *chunk = &g_array_index(group->chunks, ParquetChunk, i);
    if (!check_chunk(reader, chunk, group, err))
      return FALSE;
    Span span = {chunk_start(&chunk->meta), chunk_start(&chunk->meta) + chunk->meta.compressed_size};
    g_array_append_val(spans, span);
  }
  for (guint i = 0; i < reader->leaves->len; i++) {
    const ParquetLeaf *leaf = &g_array_index(reader->leaves, ParquetLeaf, i);
    const ParquetChunk *chunk = &g_array_index(group->chunks, ParquetChunk, leaf->first_chunk);
    if (!check_values(leaf, &chunk->meta, group, err))
      return FALSE;
  }
  return TRUE;
}

static gboolean check_overlap(GArray *spans, GError **err)
{
  g_array_sort(spans, compare_spans);
  for (guint i = 1; i < spans->len; i++)
    if (g_array_index(spans, Span, i).start < g_array_index(spans, Span, i - 1).end)
      return refuse(err, "two columns share the same bytes");
  return TRUE;
}

static gboolean check_groups(const NxParquetReader *reader, GError **err)
{
  g_autoptr(GArray) spans = g_array_new(FALSE, FALSE, sizeof(Span));
  gint64 n_rows = 0;
  for (guint i = 0; i < reader->footer.groups->len; i++) {
    const ParquetGroup *group = &g_array_index(reader->footer.groups, ParquetGroup, i);
    if (!check_group(reader, group, spans, err))
      return FALSE;
    if (__builtin_add_overflow(n_rows, group->n_rows, &n_rows))
      return refuse(err, "the row groups hold an impossible number of rows");
  }
  if (n_rows != reader->footer.n_rows)
    return refuse(err, "the row groups hold another number of rows than the table");
  return check_overlap(spans, err);
}

/* ----------------------------------------------------------------------------------------------------------- opening */

static void clear_column(gpointer data)
{
  ParquetColumn *column = data;
  parquet_column_clear(column);
  g_string_free(column->text, TRUE);
}

static void make_columns(NxParquetReader *reader)
{
  for (guint i = 0; i < reader->leaves->len; i++) {
    ParquetColumn column = {.leaf = &g_array_index(reader->leaves, ParquetLeaf, i), .field = &g_array_index(reader->fields, NxField, i)};
    column.text = g_string_new(NULL);
    g_array_append_val(reader->columns, column);
    // cppcheck-suppress memleak -- the array has it now
  }
}

static gboolean start(NxParquetReader *reader, GError **err)
{
  reader->fields = nx_fields_new();
  reader->leaves = g_array_new(FALSE, TRUE, sizeof(ParquetLeaf));
  reader->columns = g_array_new(FALSE, TRUE, sizeof(ParquetColumn));
  g_array_set_clear_func(reader->columns, clear_column);
  if (!read_footer(reader, err) || !parquet_schema_read(reader->footer.elements, reader->fields, reader->leaves, &reader->n_chunks, err) ||
      !check_groups(reader, err))
    return FALSE;
  make_columns(reader);
  return TRUE;
}

static NxParquetReader *open_file(const char *name, const ParquetFile *file, GError **err)
{
  NxParquetReader *reader = g_new0(NxParquetReader, 1);
  reader->name = g_strdup(name);
  reader->file = *file;
  if (start(reader, err))
    return reader;
  g_prefix_error(err, "cannot read %s: ", reader->name);
  nx_parquet_close(reader);
  return NULL;
}

NxParquetReader *nx_parquet_open_bytes(const char *name, const guint8 *data, gsize length, GError **err)
{
  return open_file(name, &(ParquetFile){.fd = -1, .memory = data, .length = length}, err);
}

NxParquetReader *nx_parquet_open(const char *path, GError **err)
{
  struct stat about;
  int fd = nx_file_open_regular(path, NX_LINKS_FOLLOWED, &about, err);
  return fd < 0 ? NULL : open_file(path, &(ParquetFile){.fd = fd, .length = (gsize)about.st_size}, err);
}

void nx_parquet_close(NxParquetReader *reader)
{
  if (!reader)
    return;
  g_clear_pointer(&reader->columns, g_array_unref);
  g_clear_pointer(&reader->leaves, g_array_unref);
  g_clear_pointer(&reader->fields, g_array_unref);
  nx_thrift_clear(&parquet_footer_struct, &reader->footer);
  parquet_window_clear(&reader->end);
  if (reader->file.fd >= 0)
    close(reader->file.fd);
  g_free(reader->name);
  g_free(reader);
}

/* ----------------------------------------------------------------------------------------------------------- reading */

const GArray *nx_parquet_fields(const NxParquetReader *reader)
{
  return reader->fields;
}

gint64 nx_parquet_rows(const NxParquetReader *reader)
{
  return reader->footer.n_rows;
}

char *nx_parquet_note(const NxParquetReader *reader, const char *key)
{
  for (guint i = 0; reader->footer.notes && i < reader->footer.notes->len; i++) {
    const ParquetNote *note = &g_array_index(reader->footer.notes, ParquetNote, i);
    if (note->key.length == strlen(key) && memcmp(note->key.bytes, key, note->key.length) == 0)
      return nx_text_utf8(note->value.bytes ? note->value.bytes : "", note->value.length);
  }
  return NULL;
}

static gboolean blame(const NxParquetReader *reader, const ParquetColumn *column, GError **err)
{
  g_prefix_error(err, "cannot read %s, column %s: ", reader->name, column->field->name);
  return FALSE;
}

static gboolean finish_group(NxParquetReader *reader, GError **err)
{
  for (guint i = 0; reader->next_group > 0 && i < reader->columns->len; i++) {
    ParquetColumn *column = &g_array_index(reader->columns, ParquetColumn, i);
    if (!column->leaf->is_nested && !parquet_column_finish(column, err))
      return blame(reader, column, err);
    parquet_column_clear(column);
  }
  return TRUE;
}

/* Where no column is read, a footer could claim rows without end: there the pages have to hold them. */
static gboolean start_group(NxParquetReader *reader, const ParquetGroup *group, GError **err)
{
  gboolean any_is_read = FALSE;
  reader->left_in_group = group->n_rows;
  for (guint i = 0; i < reader->columns->len; i++) {
    ParquetColumn *column = &g_array_index(reader->columns, ParquetColumn, i);
    const ParquetChunkMeta *chunk = &g_array_index(group->chunks, ParquetChunk, column->leaf->first_chunk).meta;
    parquet_column_start(column, &reader->file, chunk, (gsize)chunk_start(chunk));
    any_is_read |= !column->leaf->is_nested;
  }
  ParquetColumn *first = &g_array_index(reader->columns, ParquetColumn, 0);
  return any_is_read || parquet_column_skip(first, err) || blame(reader, first, err);
}

static gboolean read_row(NxParquetReader *reader, NxDatum *row, GError **err)
{
  for (guint i = 0; i < reader->columns->len; i++) {
    ParquetColumn *column = &g_array_index(reader->columns, ParquetColumn, i);
    row[i] = (NxDatum){.is_null = TRUE};
    if (!column->leaf->is_nested && !parquet_column_next(column, &row[i], err))
      return blame(reader, column, err);
  }
  return TRUE;
}

gboolean nx_parquet_next(NxParquetReader *reader, NxDatum *row, gboolean *more, GError **err)
{
  while (reader->left_in_group == 0) {
    *more = FALSE;
    if (!finish_group(reader, err))
      return FALSE;
    if (reader->next_group >= reader->footer.groups->len)
      return TRUE;
    if (!start_group(reader, &g_array_index(reader->footer.groups, ParquetGroup, reader->next_group++), err))
      return FALSE;
  }
  *more = TRUE;
  reader->left_in_group--;
  return read_row(reader, row, err);
}
