/* outcome.c — see outcome.h. */
#include "outcome.h"
#include "formats.h"

#include <string.h>

/* A file with more signals than this is no data file. */
#define SIGNALS_MAX 4096u
#define BASIC "basic_file_info_extractor"

/* The metadata of all signals goes on one line, which may be NX_LINE_MAX long. */
#define METADATA_MAX (16u * 1024u * 1024u)
/* 500 × 500 pixels that cannot be packed are 1 MB. */
#define PREVIEW_MAX (16u * 1024u * 1024u)

enum { FRAME_FORMAT = 1, FRAME_PLUGIN, FRAME_META, FRAME_DOCUMENT, FRAME_METADATA_DONE, FRAME_PREVIEW, FRAME_END };

/* Bytes of a frame. */
static const guint32 LENGTH_MAX[] = {
  [FRAME_FORMAT] = 64, [FRAME_META] = METADATA_MAX, [FRAME_DOCUMENT] = NX_FRAME_MAX, [FRAME_PREVIEW] = PREVIEW_MAX, [FRAME_END] = 0,
};

NxOutcome *nx_outcome_new(void)
{
  NxOutcome *outcome = g_new0(NxOutcome, 1);
  outcome->products = g_ptr_array_new_with_free_func((GDestroyNotify)nx_product_free);
  return outcome;
}

void nx_product_free(NxProduct *product)
{
  if (!product)
    return;
  json_object_put(product->nx_meta);
  g_clear_pointer(&product->document, g_bytes_unref);
  g_clear_pointer(&product->preview, g_bytes_unref);
  g_free(product);
}

void nx_outcome_free(NxOutcome *outcome)
{
  if (!outcome)
    return;
  g_free(outcome->extractor);
  g_ptr_array_unref(outcome->products);
  g_free(outcome);
}

/* ------------------------------------------------------------------------------------------------------- the child's side */

static void add(NxOutcomeWriter *writer, guint32 kind, guint32 number, const void *data, gsize length)
{
  NxFrame frame = { kind, number, (guint32)length };
  if (length > NX_FRAME_MAX)
    _exit(124);
  g_byte_array_append(writer->frames, (const guint8 *)&frame, sizeof frame);
  if (length)
    g_byte_array_append(writer->frames, data, (guint)length);
}

/* A result that cannot be delivered is of no use to anybody. */
static void flush(NxOutcomeWriter *writer)
{
  if (!nx_frames_write(writer->results, writer->frames))
    _exit(124);
  g_byte_array_set_size(writer->frames, 0);
}

static void flush_part(NxOutcomeWriter *writer)
{
  if (!writer->at_once)
    flush(writer);
}

static void add_format(const NxFormat *format, gpointer writer)
{
  if (format)
    add(writer, FRAME_FORMAT, 0, format->name, strlen(format->name));
  else
    add(writer, FRAME_PLUGIN, 0, "", 0);
  /* What follows may be fatal, and the parent shall know then whose fault it was. */
  if (format && format->priority > 0)
    flush_part(writer);
}

static void add_meta(guint index, json_object *nx_meta, gpointer writer)
{
  g_autofree char *text = nx_json_text(nx_meta, NX_JSON_LINE);
  add(writer, FRAME_META, index, text, strlen(text));
}

static void add_document(guint index, const char *text, gsize length, gpointer writer)
{
  add(writer, FRAME_DOCUMENT, index, text, length);
}

static void add_metadata_done(guint n_signals, gpointer writer)
{
  add(writer, FRAME_METADATA_DONE, n_signals, "", 0);
  flush_part(writer);
}

static void add_preview(guint index, GBytes *png, gpointer writer)
{
  gsize length;
  const void *data = png ? g_bytes_get_data(png, &length) : NULL;
  if (data)
    add(writer, FRAME_PREVIEW, index, data, length);
}

NxPipelineSink nx_outcome_sink(NxOutcomeWriter *writer)
{
  return (NxPipelineSink){ add_format, add_meta, add_document, add_metadata_done, add_preview, writer };
}

void nx_outcome_finish(NxOutcomeWriter *writer)
{
  add(writer, FRAME_END, 0, "", 0);
  flush(writer);
}

gboolean nx_outcome_is_whole(const GByteArray *received)
{
  static const NxFrame END = { FRAME_END, 0, 0 };
  return received->len >= sizeof END && memcmp(received->data + received->len - sizeof END, &END, sizeof END) == 0;
}

/* ------------------------------------------------------------------------------------------------------ the parent's side */

/* What parsed JSON takes beside its text, at most; measured with json-c 0.16, 64 bits: an empty object 792 bytes, an empty array 152, an element of
 * an array 80 to 130, a member of an object 201. */
static gsize parsed_size(const char *text, gsize length)
{
  static const guint16 TAKEN[256] = { ['{'] = 800, ['['] = 160, [','] = 128, [':'] = 128 };
  gboolean inside = FALSE;
  gsize size = length;
  for (gsize i = 0; i < length; i++) {
    if (text[i] == '"')
      inside = !inside;
    else if (!inside)
      size += TAKEN[(guchar)text[i]];
    else if (text[i] == '\\')
      i++;
  }
  return size;
}

json_object *nx_outcome_parse(const char *text, gsize length, NxJsonRoom *room, GError **err)
{
  const gboolean fits = length <= room->text, is_light = fits && length <= room->unweighed;
  const gsize size = fits && !is_light ? parsed_size(text, length) : 0;
  if (!fits || size > room->parsed) {
    g_set_error_literal(err, NX_ERROR, NX_ERROR_FORMAT, "it holds more than the metadata of any file");
    return NULL;
  }
  room->text -= length;
  room->unweighed -= is_light ? length : 0;
  room->parsed -= size;
  return nx_json_parse(text, length, err);
}

static const NxFormat *format_named(const guint8 *name, gsize length)
{
  for (const NxFormat *const *format = nx_formats; *format; format++) {
    if (strlen((*format)->name) == length && memcmp((*format)->name, name, length) == 0)
      return *format;
  }
  return &nx_format_basic;
}

/* Metadata comes in order: number `index` is the next. */
static gboolean take_meta(NxOutcome *outcome, guint index, const guint8 *data, gsize length, NxJsonRoom *room, const char *file)
{
  g_autoptr(GError) problem = NULL;
  g_autoptr(json_object) nx_meta = nx_outcome_parse((const char *)data, length, room, &problem);
  if (index != outcome->products->len || index >= SIGNALS_MAX || !json_object_is_type(nx_meta, json_type_object) ||
      !nx_meta_check(nx_meta, file, &problem)) {
    nx_log_error("%s: the reader's answer cannot be used: %s", file, problem ? problem->message : "it is out of order");
    return FALSE;
  }
  NxProduct *product = g_new0(NxProduct, 1);
  product->nx_meta = g_steal_pointer(&nx_meta);
  g_ptr_array_add(outcome->products, product);
  return TRUE;
}

static gboolean take_frame(NxOutcome *outcome, const NxFrame *frame, const guint8 *data, NxJsonRoom *room, const char *file)
{
  if (frame->kind >= G_N_ELEMENTS(LENGTH_MAX) || frame->length > LENGTH_MAX[frame->kind])
    return FALSE;
  NxProduct *product = frame->number < outcome->products->len ? outcome->products->pdata[frame->number] : NULL;
  switch (frame->kind) {
  case FRAME_FORMAT:
    g_free(outcome->extractor);
    outcome->extractor = g_strconcat(format_named(data, frame->length)->name, "_extractor", NULL);
    return TRUE;
  case FRAME_PLUGIN:
    outcome->is_for_plugin = TRUE;
    return TRUE;
  case FRAME_META:
    return take_meta(outcome, frame->number, data, frame->length, room, file);
  case FRAME_DOCUMENT:
    if (product && !product->document)
      product->document = g_bytes_new(data, frame->length);
    return product != NULL;
  case FRAME_METADATA_DONE:
    outcome->has_all_metadata = frame->number > 0 && frame->number == outcome->products->len;
    return outcome->has_all_metadata;
  case FRAME_PREVIEW:
    if (product && !product->preview)
      product->preview = g_bytes_new(data, frame->length);
    return product != NULL;
  case FRAME_END:
    outcome->is_complete = outcome->is_for_plugin || outcome->has_all_metadata;
    return TRUE;
  default:
    return FALSE;
  }
}

NxOutcome *nx_outcome_read(const GByteArray *received, const char *file)
{
  NxOutcome *outcome = nx_outcome_new();
  NxJsonRoom room = { METADATA_MAX, NX_JSON_ROOM_UNWEIGHED, NX_JSON_ROOM_PARSED };
  NxFrame frame;
  const guint8 *data;
  gsize offset = 0;
  while (!outcome->is_complete && nx_frame_next(received, &offset, &frame, &data)) {
    if (!take_frame(outcome, &frame, data, &room, file))
      break;
  }
  return outcome;
}

/* ------------------------------------------------------------------------------------------------------ made by the parent */

static GBytes *document_of(json_object *nx_meta)
{
  gsize length;
  char *text = nx_pipeline_document(nx_meta, NULL, &length);
  return g_bytes_new_take(text, length);
}

/* An outcome of one signal; consumes nx_meta. */
static NxOutcome *outcome_of(const char *extractor, json_object *nx_meta, gboolean with_document)
{
  NxOutcome *outcome = nx_outcome_new();
  NxProduct *product = g_new0(NxProduct, 1);
  outcome->extractor = g_strdup(extractor);
  outcome->has_all_metadata = TRUE;
  product->nx_meta = nx_meta;
  product->document = with_document ? document_of(nx_meta) : NULL;
  g_ptr_array_add(outcome->products, product);
  return outcome;
}

NxOutcome *nx_outcome_basic(const NxInput *in, gboolean with_document)
{
  json_object *nx_meta = nx_basic_meta(in);
  nx_pipeline_sign(nx_meta, BASIC);
  return outcome_of(BASIC, nx_meta, with_document);
}

NxOutcome *nx_outcome_failed(const NxInput *in, const char *extractor, const char *reason, gboolean with_document)
{
  const char *blamed = extractor ? extractor : BASIC;
  return outcome_of(blamed, nx_pipeline_failed_meta(in, blamed, reason), with_document);
}

/* The document with another nx_meta; the same where parsing it costs too much. */
static GBytes *replace_meta(GBytes *document, json_object *nx_meta)
{
  gsize length;
  const char *text = g_bytes_get_data(document, &length);
  if (parsed_size(text, length) > NX_JSON_ROOM_PARSED)
    return g_bytes_ref(document);
  g_autoptr(json_object) object = nx_json_parse(text, length, NULL);
  char *replaced = nx_pipeline_document(nx_meta, json_object_is_type(object, json_type_object) ? object : NULL, &length);
  return g_bytes_new_take(replaced, length);
}

void nx_outcome_warn(NxOutcome *outcome, const char *sentence)
{
  for (guint i = 0; i < outcome->products->len; i++) {
    NxProduct *product = outcome->products->pdata[i];
    json_object *extraction = nx_json_get(product->nx_meta, "NexusLIMS Extraction");
    if (extraction)
      nx_meta_warn(extraction, sentence);
    if (product->document) {
      GBytes *replaced = replace_meta(product->document, product->nx_meta);
      g_bytes_unref(product->document);
      product->document = replaced;
    }
  }
}
