/* parquet-writer.c — a Parquet file from rows: one row group is filled while the one before is packed, the footer comes last (parquet §8). */
#include "chunk-writer.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define GROUP_ROWS 50000
#define GROUP_SIZE_MAX (64u << 20)
#define PACKERS_MAX 4u

typedef struct {
  ParquetBuffer *buffers; /* one a column */
  ParquetPages *pages;
  gint64 n_rows;
  gsize size;             /* of the values */
  gint n_unpacked;        /* atomic */
} Group;

/* While is_packing, the packers own the group that is not being filled, the file, the footer and `failure`; else the caller's thread does. */
struct NxParquetWriter {
  char *path, *part;
  FILE *out;
  gint64 offset; /* bytes written */
  GChecksum *sum;
  GArray *fields; /* NxField, our own copies */
  NxThriftBytes *names;
  gint32 codec;
  gint64 group_rows;
  Group groups[2];
  guint filling;
  GThreadPool *packers;
  GMutex lock;
  GCond is_packed;
  gboolean is_packing;
  GError *failure;
  ParquetFooter footer;
  GPtrArray *kept; /* bytes that the footer refers to */
};

static const struct {
  const char *name;
  gint32 number;
} CODECS[] = {
  [NX_CODEC_NONE] = {"none", PARQUET_UNCOMPRESSED},
  [NX_CODEC_SNAPPY] = {"snappy", PARQUET_SNAPPY},
  [NX_CODEC_GZIP] = {"gzip", PARQUET_GZIP},
  [NX_CODEC_ZSTD] = {"zstd", PARQUET_ZSTD},
};

const char *nx_codec_name(NxCodec codec)
{
  return CODECS[codec].name;
}

static gboolean put(NxParquetWriter *writer, const void *data, gsize length, GError **err)
{
  writer->offset += (gint64)length;
  g_checksum_update(writer->sum, data, (gssize)length);
  return fwrite(data, 1, length, writer->out) == length || nx_error_from_errno(err, errno, "write", writer->part);
}

static NxThriftBytes keep(NxParquetWriter *writer, const void *bytes, gsize length)
{
  char *copy = g_memdup2(length ? bytes : "", MAX(length, 1));
  g_ptr_array_add(writer->kept, copy);
  return (NxThriftBytes){copy, (guint32)length};
}

static NxThriftBytes keep_text(NxParquetWriter *writer, const char *text)
{
  return keep(writer, text, strlen(text));
}

static void keep_array(NxParquetWriter *writer, GByteArray *bytes)
{
  if (bytes)
    g_ptr_array_add(writer->kept, g_byte_array_free(bytes, FALSE));
}

/* ------------------------------------------------------------------------------------------------------------ schema */

static void annotate(ParquetElement *element, gint32 converted, guint logical)
{
  if (converted >= 0) {
    element->present |= 1u << 6;
    element->converted = converted;
  }
  element->present |= 1u << 10;
  element->logical.present |= 1u << logical;
}

static void annotate_decimal(ParquetElement *element, const NxField *field)
{
  annotate(element, PARQUET_AS_DECIMAL, LOGICAL_DECIMAL);
  element->present |= 1u << 7 | 1u << 8;
  element->scale = field->scale;
  element->precision = field->precision;
  element->logical.decimal = (ParquetDecimal){.present = 1u << 1 | 1u << 2, .scale = field->scale, .precision = field->precision};
}

static void annotate_time(ParquetElement *element, gint32 converted, guint logical, gboolean utc)
{
  ParquetTime time = {.present = 1u << 1 | 1u << 2, .utc = utc, .unit = {.present = 1u << UNIT_MICROS}};
  annotate(element, converted, logical);
  if (logical == LOGICAL_TIME)
    element->logical.time = time;
  else
    element->logical.timestamp = time;
}

static void annotate_field(ParquetElement *element, const NxField *field)
{
  switch (field->type) {
  case NX_FIELD_DECIMAL:
    annotate_decimal(element, field);
    break;
  case NX_FIELD_TEXT:
    annotate(element, PARQUET_AS_UTF8, LOGICAL_STRING);
    break;
  case NX_FIELD_JSON:
    annotate(element, PARQUET_AS_JSON, LOGICAL_JSON);
    break;
  case NX_FIELD_TIMESTAMP:
    annotate_time(element, -1, LOGICAL_TIMESTAMP, FALSE);
    break;
  case NX_FIELD_TIMESTAMP_UTC:
    annotate_time(element, PARQUET_AS_TIMESTAMP_MICROS, LOGICAL_TIMESTAMP, TRUE);
    break;
  case NX_FIELD_TIME:
    annotate_time(element, -1, LOGICAL_TIME, FALSE);
    break;
  case NX_FIELD_DATE:
    annotate(element, PARQUET_AS_DATE, LOGICAL_DATE);
    break;
  default:
    break;
  }
}

static void make_schema(NxParquetWriter *writer)
{
  ParquetElement root = {.present = 1u << 4 | 1u << 5, .name = keep_text(writer, "schema"), .n_children = (gint32)writer->fields->len};
  writer->footer.elements = g_array_new(FALSE, TRUE, sizeof(ParquetElement));
  writer->footer.orders = g_array_new(FALSE, TRUE, sizeof(ParquetUnit));
  g_array_append_val(writer->footer.elements, root);
  for (guint i = 0; i < writer->fields->len; i++) {
    const ParquetBuffer *buffer = &writer->groups[0].buffers[i];
    ParquetElement element = {.present = 1u << 1 | 1u << 3 | 1u << 4, .type = buffer->type, .repetition = PARQUET_OPTIONAL};
    ParquetUnit order = {.present = 1u << 1};
    element.name = writer->names[i] = keep_text(writer, buffer->field->name);
    if (buffer->type == PARQUET_FIXED) {
      element.present |= 1u << 2;
      element.type_length = buffer->type_length;
    }
    annotate_field(&element, buffer->field);
    g_array_append_val(writer->footer.elements, element);
    g_array_append_val(writer->footer.orders, order);
  }
}

/* ------------------------------------------------------------------------------------------------------------ groups */

/* From the columns of a group to the file, once all are packed. */
static gboolean put_group(NxParquetWriter *writer, Group *group, GError **err)
{
  ParquetGroup about = {.present = 1u << 1 | 1u << 2 | 1u << 3 | 1u << 5 | 1u << 6, .n_rows = group->n_rows, .file_offset = writer->offset};
  gboolean done = TRUE;
  about.chunks = g_array_new(FALSE, TRUE, sizeof(ParquetChunk));
  for (guint i = 0; i < writer->fields->len; i++) {
    ParquetPages *pages = &group->pages[i];
    ParquetChunk chunk = {.present = 1u << 2 | 1u << 3, .meta = pages->meta};
    pages->meta.encodings = NULL;
    chunk.meta.path = g_array_new(FALSE, FALSE, sizeof(NxThriftBytes));
    g_array_append_val(chunk.meta.path, writer->names[i]);
    chunk.meta.dictionary_offset += writer->offset;
    chunk.meta.data_offset += writer->offset;
    about.size += chunk.meta.uncompressed_size;
    about.compressed_size += chunk.meta.compressed_size;
    g_array_append_val(about.chunks, chunk);
    done = done && put(writer, pages->pages->data, pages->pages->len, err);
    keep_array(writer, g_steal_pointer(&pages->least));
    keep_array(writer, g_steal_pointer(&pages->most));
    parquet_pages_clear(pages);
    parquet_buffer_empty(&group->buffers[i]);
  }
  g_array_append_val(writer->footer.groups, about);
  writer->footer.n_rows += group->n_rows;
  group->n_rows = 0;
  group->size = 0;
  // cppcheck-suppress memleak -- the footer has the chunks now
  return done;
}

/* A column of the group that is being packed. Who packs the last one writes the group. */
static void pack_column(gpointer column, gpointer user_data)
{
  NxParquetWriter *writer = user_data;
  Group *group = &writer->groups[!writer->filling];
  guint i = GPOINTER_TO_UINT(column) - 1;
  parquet_pages_make(&group->buffers[i], writer->codec, &group->pages[i]);
  if (!g_atomic_int_dec_and_test(&group->n_unpacked))
    return;
  put_group(writer, group, writer->failure ? NULL : &writer->failure);
  g_mutex_lock(&writer->lock);
  writer->is_packing = FALSE;
  g_cond_signal(&writer->is_packed);
  g_mutex_unlock(&writer->lock);
}

static gboolean wait_for_packing(NxParquetWriter *writer, GError **err)
{
  g_mutex_lock(&writer->lock);
  while (writer->is_packing)
    g_cond_wait(&writer->is_packed, &writer->lock);
  g_mutex_unlock(&writer->lock);
  if (!writer->failure)
    return TRUE;
  g_propagate_error(err, g_error_copy(writer->failure));
  return FALSE;
}

/* The group that was filled is packed by other threads while the next one is filled. */
static gboolean hand_group_over(NxParquetWriter *writer, GError **err)
{
  if (!wait_for_packing(writer, err))
    return FALSE;
  if (!writer->packers)
    writer->packers = g_thread_pool_new(pack_column, writer, (int)CLAMP(g_get_num_processors(), 1, PACKERS_MAX), FALSE, NULL);
  writer->groups[writer->filling].n_unpacked = (int)writer->fields->len;
  writer->is_packing = TRUE;
  writer->filling = !writer->filling;
  for (guint i = 0; i < writer->fields->len; i++)
    g_thread_pool_push(writer->packers, GUINT_TO_POINTER(i + 1), NULL);
  return TRUE;
}

/* --------------------------------------------------------------------------------------------------------- the writer */

static void copy_fields(NxParquetWriter *writer, const GArray *fields)
{
  writer->fields = nx_fields_new();
  for (guint i = 0; i < fields->len; i++) {
    NxField field = g_array_index(fields, NxField, i);
    field.name = g_strdup(field.name);
    g_array_append_val(writer->fields, field);
  }
  writer->names = g_new(NxThriftBytes, fields->len + 1);
  for (guint g = 0; g < G_N_ELEMENTS(writer->groups); g++) {
    writer->groups[g].buffers = g_new0(ParquetBuffer, fields->len + 1);
    writer->groups[g].pages = g_new0(ParquetPages, fields->len + 1);
    for (guint i = 0; i < fields->len; i++)
      parquet_buffer_start(&writer->groups[g].buffers[i], &g_array_index(writer->fields, NxField, i));
  }
}

static void add_notes(NxParquetWriter *writer, const char *const *notes)
{
  for (; notes && notes[0]; notes += 2) {
    ParquetNote note = {.present = 1u << 1 | 1u << 2, .key = keep_text(writer, notes[0]), .value = keep_text(writer, notes[1])};
    if (!writer->footer.notes)
      writer->footer.notes = g_array_new(FALSE, TRUE, sizeof note);
    writer->footer.present |= 1u << 5;
    g_array_append_val(writer->footer.notes, note);
  }
}

NxParquetWriter *nx_parquet_writer_new(const char *path, const GArray *fields, const NxParquetOptions *options, GError **err)
{
  g_autoptr(NxParquetWriter) writer = g_new0(NxParquetWriter, 1);
  writer->path = g_strdup(path);
  writer->part = g_strconcat(path, ".part", NULL);
  writer->sum = g_checksum_new(G_CHECKSUM_SHA256);
  g_mutex_init(&writer->lock);
  g_cond_init(&writer->is_packed);
  writer->codec = CODECS[options->codec].number;
  writer->group_rows = options->group_rows ? options->group_rows : GROUP_ROWS;
  writer->kept = g_ptr_array_new_with_free_func(g_free);
  writer->footer.present = 1u << 1 | 1u << 2 | 1u << 3 | 1u << 4 | 1u << 6 | 1u << 7;
  writer->footer.version = 1;
  writer->footer.groups = g_array_new(FALSE, TRUE, sizeof(ParquetGroup));
  writer->footer.creator = keep_text(writer, options->creator);
  copy_fields(writer, fields);
  make_schema(writer);
  add_notes(writer, options->notes);
  int fd = open(writer->part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
  writer->out = fd < 0 ? NULL : fdopen(fd, "wb");
  if (!writer->out) {
    nx_error_from_errno(err, errno, "write", writer->part);
    return NULL;
  }
  return put(writer, "PAR1", 4, err) ? g_steal_pointer(&writer) : NULL;
}

gboolean nx_parquet_writer_add(NxParquetWriter *writer, const NxDatum *row, GError **err)
{
  Group *group = &writer->groups[writer->filling];
  for (guint i = 0; i < writer->fields->len; i++) {
    ParquetBuffer *buffer = &group->buffers[i];
    gsize before = buffer->plain.length;
    if (!parquet_buffer_add(buffer, &row[i], err))
      return FALSE;
    group->size += buffer->plain.length - before + 1;
  }
  group->n_rows++;
  return (group->n_rows < writer->group_rows && group->size < GROUP_SIZE_MAX) || hand_group_over(writer, err);
}

/* On a file system without modes, as of a memory stick, the table is written all the same. */
void nx_parquet_writer_close_to_others(NxParquetWriter *writer)
{
  if (fchmod(fileno(writer->out), 0600) != 0)
    nx_log_warning("%s holds a password and cannot be closed to other users: %s", writer->path, g_strerror(errno));
}

static gboolean put_footer(NxParquetWriter *writer, GError **err)
{
  g_autoptr(GByteArray) footer = g_byte_array_new();
  nx_thrift_write(&parquet_footer_struct, &writer->footer, footer);
  guint32 length = GUINT32_TO_LE(footer->len);
  return put(writer, footer->data, footer->len, err) && put(writer, &length, sizeof length, err) && put(writer, "PAR1", 4, err);
}

static gboolean publish(NxParquetWriter *writer, GError **err)
{
  g_autofree char *folder = g_path_get_dirname(writer->path);
  gboolean flushed = fflush(writer->out) == 0 && fsync(fileno(writer->out)) == 0;
  int why = errno;
  gboolean closed = fclose(writer->out) == 0;
  writer->out = NULL;
  if (!flushed || !closed) {
    nx_error_from_errno(err, flushed ? errno : why, "write", writer->part);
    g_unlink(writer->part);
    return FALSE;
  }
  return (g_rename(writer->part, writer->path) == 0 || nx_error_from_errno(err, errno, "write", writer->path)) && nx_folder_sync(folder, err);
}

/* The last group is packed here and now: a small table needs no other thread. */
static gboolean put_last_group(NxParquetWriter *writer, GError **err)
{
  Group *group = &writer->groups[writer->filling];
  for (guint i = 0; group->n_rows > 0 && i < writer->fields->len; i++)
    parquet_pages_make(&group->buffers[i], writer->codec, &group->pages[i]);
  return wait_for_packing(writer, err) && (group->n_rows == 0 || put_group(writer, group, err));
}

gboolean nx_parquet_writer_finish(NxParquetWriter *writer, GError **err)
{
  return put_last_group(writer, err) && put_footer(writer, err) && publish(writer, err);
}

const char *nx_parquet_writer_sha256(const NxParquetWriter *writer)
{
  return g_checksum_get_string(writer->sum);
}

gint64 nx_parquet_writer_size(const NxParquetWriter *writer)
{
  return writer->offset;
}

static void clear_group(NxParquetWriter *writer, Group *group)
{
  for (guint i = 0; i < writer->fields->len; i++) {
    parquet_buffer_clear(&group->buffers[i]);
    parquet_pages_clear(&group->pages[i]);
  }
  g_free(group->buffers);
  g_free(group->pages);
}

void nx_parquet_writer_free(NxParquetWriter *writer)
{
  if (!writer)
    return;
  wait_for_packing(writer, NULL);
  if (writer->packers)
    g_thread_pool_free(writer->packers, FALSE, TRUE);
  if (writer->out) {
    fclose(writer->out);
    g_unlink(writer->part);
  }
  for (guint g = 0; g < G_N_ELEMENTS(writer->groups); g++)
    clear_group(writer, &writer->groups[g]);
  g_clear_error(&writer->failure);
  g_checksum_free(writer->sum);
  g_mutex_clear(&writer->lock);
  g_cond_clear(&writer->is_packed);
  g_free(writer->names);
  g_clear_pointer(&writer->fields, g_array_unref);
  nx_thrift_clear(&parquet_footer_struct, &writer->footer);
  g_clear_pointer(&writer->kept, g_ptr_array_unref);
  g_free(writer->path);
  g_free(writer->part);
  g_free(writer);
}
