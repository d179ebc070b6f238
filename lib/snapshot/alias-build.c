/* alias-build.c — from rows of aliases to the bytes of a dictionary (igem-db §9.2). */
#include "alias-file.h"

#include <string.h>
#include <zlib.h>

#define CHARACTERS_MIN 3

static const char *const STOP_WORDS[] = {
  "age",    "all",   "and",   "any",     "case",    "cell",    "code", "complex", "data", "day",  "disease", "factor", "for",    "form",  "from",
  "function", "gene", "group", "human",  "into",    "less",    "level", "many",   "method", "model", "more", "most",   "name",   "off",   "out",
  "pathway", "patient", "process", "protein", "rate", "result", "role", "set",    "sex",  "site", "size",    "some",   "study",  "such",  "system",
  "test",   "than",  "that",  "the",     "then",    "these",   "this", "those",   "time", "type", "value",   "very",   "with",   "year",
};

typedef struct {
  AliasRecord record;
  guint32 norm; /* text */
  guint32 order;
} Entry;

struct NxAliasBuilder {
  GByteArray *pool;
  GHashTable *texts; /* text → offset + 1 */
  GHashTable *stop_words;
  GArray *entries; /* Entry */
  GArray *names;   /* AliasName, in the order of first sight */
  GHashTable *named; /* gint64 * of entities */
  NxAliasCounts counts;
};

NxAliasBuilder *nx_alias_builder_new(void)
{
  NxAliasBuilder *builder = g_new0(NxAliasBuilder, 1);
  builder->pool = g_byte_array_new();
  builder->texts = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  builder->stop_words = g_hash_table_new(g_str_hash, g_str_equal);
  builder->entries = g_array_new(FALSE, TRUE, sizeof(Entry));
  builder->names = g_array_new(FALSE, TRUE, sizeof(AliasName));
  builder->named = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
  for (guint i = 0; i < G_N_ELEMENTS(STOP_WORDS); i++)
    g_hash_table_add(builder->stop_words, (gpointer)STOP_WORDS[i]);
  return builder;
}

void nx_alias_builder_free(NxAliasBuilder *builder)
{
  if (!builder)
    return;
  g_byte_array_unref(builder->pool);
  g_hash_table_unref(builder->texts);
  g_hash_table_unref(builder->stop_words);
  g_array_unref(builder->entries);
  g_array_unref(builder->names);
  g_hash_table_unref(builder->named);
  g_free(builder);
}

static guint32 keep_text(NxAliasBuilder *builder, const char *text)
{
  if (!text)
    return ALIAS_NO_TEXT;
  guint32 known = GPOINTER_TO_UINT(g_hash_table_lookup(builder->texts, text));
  if (known)
    return known - 1;
  guint32 at = builder->pool->len;
  g_byte_array_append(builder->pool, (const guint8 *)text, (guint)strlen(text) + 1);
  g_hash_table_insert(builder->texts, g_strdup(text), GUINT_TO_POINTER(at + 1));
  return at;
}

static void keep_name(NxAliasBuilder *builder, const NxAlias *alias)
{
  if (!alias->is_primary || g_hash_table_contains(builder->named, &alias->entity_id))
    return;
  AliasName name = {.entity_id = alias->entity_id, .text = keep_text(builder, alias->value)};
  g_hash_table_add(builder->named, g_memdup2(&alias->entity_id, sizeof alias->entity_id));
  g_array_append_val(builder->names, name);
}

void nx_alias_builder_add(NxAliasBuilder *builder, const NxAlias *alias)
{
  keep_name(builder, alias);
  g_autofree char *norm = *alias->norm ? nx_text_utf8(alias->norm, -1) : nx_alias_normalise(alias->value);
  if (g_utf8_strlen(norm, -1) < CHARACTERS_MIN) {
    builder->counts.too_short++;
    return;
  }
  if (g_hash_table_contains(builder->stop_words, norm)) {
    builder->counts.stopped++;
    return;
  }
  Entry entry = {.record = {.alias_id = alias->alias_id, .entity_id = alias->entity_id, .type_id = alias->type_id}, .order = builder->entries->len};
  entry.norm = keep_text(builder, norm);
  entry.record.value = keep_text(builder, alias->value);
  entry.record.kind = keep_text(builder, alias->kind);
  entry.record.source = keep_text(builder, alias->source);
  entry.record.type_name = keep_text(builder, alias->type_name);
  entry.record.domain = keep_text(builder, alias->domain);
  g_array_append_val(builder->entries, entry);
}

/* ---------------------------------------------------------------------------------------------------------- beginnings */

typedef struct {
  const char *pool;
  GArray *norms;          /* AliasNorm */
  GArray *slots;          /* AliasSlot */
  GArray *first, *further; /* guint64: the filters of first pieces, and of longer beginnings */
  GString *text;          /* the present norm, with padding */
} Beginnings;

static const char *text_of(Beginnings *beginnings, guint32 norm)
{
  static const char PADDING[ALIAS_PADDING];
  g_string_assign(beginnings->text, beginnings->pool + g_array_index(beginnings->norms, AliasNorm, norm).text);
  g_string_append_len(beginnings->text, PADDING, sizeof PADDING);
  return beginnings->text->str;
}

static void make_room(GArray *array, guint64 at_least)
{
  guint n = 16;
  while (n < at_least)
    n *= 2;
  g_array_set_size(array, n);
}

/* Of norms in the order of their bytes: how many begin with another piece than the one before, and how many pieces there are besides. */
static void count_pieces(Beginnings *beginnings, guint64 *n_first, guint64 *n_further)
{
  g_autofree char *before = NULL;
  gboolean is_word;
  for (guint32 norm = 0; norm < beginnings->norms->len && !nx_interrupted(); norm++) {
    const char *text = text_of(beginnings, norm), *end = alias_piece_end(text, &is_word);
    if (!before || strncmp(before, text, (gsize)(end - text) + 1) != 0)
      (*n_first)++;
    g_free(before);
    before = g_strndup(text, (gsize)(end - text) + 1);
    for (; *end; (*n_further)++)
      end = alias_further_end(end, &is_word);
  }
}

static void add_slot(Beginnings *beginnings, guint64 hash, guint32 norm)
{
  AliasSlot *slots = (AliasSlot *)beginnings->slots->data;
  guint32 mask = beginnings->slots->len - 1, at = (guint32)hash & mask;
  while (slots[at].norm)
    at = (at + 1) & mask;
  slots[at] = (AliasSlot){(guint32)(hash >> 32), norm + 1};
}

static void add_to_filter(GArray *filter, guint64 hash, gboolean is_norm)
{
  g_array_index(filter, guint64, alias_filter_word(hash, filter->len)) |= is_norm ? alias_norm_bits(hash) : alias_beginning_bits(hash);
}

static void add_norm(Beginnings *beginnings, guint32 norm)
{
  gboolean is_word;
  const char *at = text_of(beginnings, norm), *end = alias_piece_end(at, &is_word);
  guint64 hash = alias_hash(at, (gsize)(end - at));
  add_to_filter(beginnings->first, hash, !*end);
  while (*end) {
    at = end;
    end = alias_further_end(at, &is_word);
    hash = alias_hash_further(hash, at, end, is_word);
    add_to_filter(beginnings->further, hash, !*end);
  }
  add_slot(beginnings, hash, norm);
}

/* Slots are at most two thirds full; the filters have 16 bits or more a hash. Of no use once the program has been interrupted. */
static void build_beginnings(Beginnings *beginnings)
{
  guint64 n_first = 0, n_further = 0;
  count_pieces(beginnings, &n_first, &n_further);
  make_room(beginnings->slots, (guint64)beginnings->norms->len * 3 / 2);
  make_room(beginnings->first, n_first / 4);
  make_room(beginnings->further, n_further / 4);
  for (guint32 norm = 0; norm < beginnings->norms->len && !nx_interrupted(); norm++)
    add_norm(beginnings, norm);
}

/* ---------------------------------------------------------------------------------------------------------------- bytes */

static int compare_entries(gconstpointer a, gconstpointer b, gpointer pool)
{
  const Entry *left = a, *right = b;
  int order = left->norm == right->norm ? 0 : strcmp((const char *)pool + left->norm, (const char *)pool + right->norm);
  return order ? order : (left->order > right->order) - (left->order < right->order);
}

static int compare_names(gconstpointer a, gconstpointer b)
{
  const AliasName *left = a, *right = b;
  return (left->entity_id > right->entity_id) - (left->entity_id < right->entity_id);
}

static GArray *group_norms(const NxAliasBuilder *builder)
{
  GArray *norms = g_array_new(FALSE, TRUE, sizeof(AliasNorm));
  for (guint32 i = 0; i < builder->entries->len; i++) {
    const Entry *entry = &g_array_index(builder->entries, Entry, i);
    const char *text = (const char *)builder->pool->data + entry->norm;
    AliasNorm norm = {.text = entry->norm, .length = (guint32)strlen(text), .first_alias = i};
    if (norms->len == 0 || g_array_index(norms, AliasNorm, norms->len - 1).text != entry->norm)
      g_array_append_val(norms, norm);
    g_array_index(norms, AliasNorm, norms->len - 1).n_aliases++;
  }
  return norms;
}

static void append_section(GByteArray *out, gconstpointer data, gsize length)
{
  guint start = out->len;
  g_byte_array_append(out, data, (guint)length);
  g_byte_array_set_size(out, (guint)ALIAS_ALIGN(out->len));
  memset(out->data + start + length, 0, out->len - start - length);
}

static void append_array(GByteArray *out, const GArray *array)
{
  append_section(out, array->data, (gsize)array->len * g_array_get_element_size((GArray *)array));
}

static GBytes *assemble(const NxAliasBuilder *builder, const Beginnings *beginnings)
{
  GByteArray *out = g_byte_array_new();
  g_autoptr(GArray) records = g_array_new(FALSE, FALSE, sizeof(AliasRecord));
  AliasHeader header = {.magic = ALIAS_MAGIC,
                        .format = NX_ALIAS_FORMAT,
                        .n_aliases = builder->entries->len,
                        .n_norms = beginnings->norms->len,
                        .n_names = builder->names->len,
                        .n_slots = beginnings->slots->len,
                        .n_first = beginnings->first->len,
                        .n_further = beginnings->further->len,
                        .n_text = builder->pool->len};
  for (guint i = 0; i < builder->entries->len; i++)
    g_array_append_val(records, g_array_index(builder->entries, Entry, i).record);
  g_byte_array_append(out, (const guint8 *)&header, sizeof header);
  append_array(out, records);
  append_array(out, beginnings->norms);
  append_array(out, builder->names);
  append_array(out, beginnings->slots);
  append_array(out, beginnings->first);
  append_array(out, beginnings->further);
  append_section(out, builder->pool->data, builder->pool->len);
  header.size = out->len;
  header.body_crc = (guint32)crc32_z(0, out->data + sizeof header, out->len - sizeof header);
  header.header_crc = (guint32)crc32_z(0, (const Bytef *)&header, sizeof header);
  memcpy(out->data, &header, sizeof header);
  return g_byte_array_free_to_bytes(out);
}

GBytes *nx_alias_builder_finish(NxAliasBuilder *builder, NxAliasCounts *counts, GError **err)
{
  if (!nx_check_interrupted(err))
    return NULL;
  if (builder->pool->len == 0)
    keep_text(builder, "");
  g_array_sort_with_data(builder->entries, compare_entries, builder->pool->data);
  g_array_sort(builder->names, compare_names);
  g_autoptr(GArray) norms = group_norms(builder);
  g_autoptr(GArray) slots = g_array_new(FALSE, TRUE, sizeof(AliasSlot));
  g_autoptr(GArray) first = g_array_new(FALSE, TRUE, sizeof(guint64)), further = g_array_new(FALSE, TRUE, sizeof(guint64));
  Beginnings beginnings = {.pool = (const char *)builder->pool->data, .norms = norms, .slots = slots, .first = first, .further = further};
  beginnings.text = g_string_new(NULL);
  build_beginnings(&beginnings);
  g_string_free(beginnings.text, TRUE);
  builder->counts.kept = builder->entries->len;
  builder->counts.norms = norms->len;
  builder->counts.names = builder->names->len;
  if (counts)
    *counts = builder->counts;
  return nx_check_interrupted(err) ? assemble(builder, &beginnings) : NULL;
}
