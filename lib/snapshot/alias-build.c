/* alias-build.c — from rows of aliases to the bytes of a dictionary with its Aho–Corasick automaton (igem-db §9.2). */
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

/* ----------------------------------------------------------------------------------------------------------- automaton */

typedef struct {
  const char *pool;
  GArray *norms; /* AliasNorm */
  GArray *nodes; /* AliasNode */
  GArray *edges; /* AliasEdge */
  GArray *spans; /* guint32 pairs: the norms below a node */
  GArray *depths; /* guint32 */
} Automaton;

static const AliasNode *node_at(const Automaton *automaton, guint32 node)
{
  return &g_array_index(automaton->nodes, AliasNode, node);
}

static guint32 child_of(const Automaton *automaton, guint32 node, guint8 byte)
{
  const AliasNode *at = node_at(automaton, node);
  for (guint32 i = at->first_edge; i < at->first_edge + at->n_edges; i++)
    if (g_array_index(automaton->edges, AliasEdge, i).byte == byte)
      return g_array_index(automaton->edges, AliasEdge, i).node;
  return 0;
}

static guint32 add_node(Automaton *automaton, guint32 first, guint32 end, guint32 depth)
{
  AliasNode node = {0};
  guint32 span[] = {first, end};
  g_array_append_val(automaton->nodes, node);
  g_array_append_vals(automaton->spans, span, 2);
  g_array_append_val(automaton->depths, depth);
  return automaton->nodes->len - 1;
}

/* Where the automaton goes on when `byte` leads away from `parent`. */
static guint32 failure_of(const Automaton *automaton, guint32 parent, guint8 byte)
{
  while (parent != 0) {
    parent = node_at(automaton, parent)->failure;
    guint32 child = child_of(automaton, parent, byte);
    if (child)
      return child;
  }
  return 0;
}

static void add_child(Automaton *automaton, guint32 parent, guint8 byte, guint32 first, guint32 end)
{
  guint32 depth = g_array_index(automaton->depths, guint32, parent) + 1;
  guint32 failure = failure_of(automaton, parent, byte);
  AliasEdge edge = {byte, add_node(automaton, first, end, depth)};
  AliasNode *child = &g_array_index(automaton->nodes, AliasNode, edge.node);
  child->failure = failure;
  child->output = node_at(automaton, failure)->norm ? failure : node_at(automaton, failure)->output;
  if (g_array_index(automaton->norms, AliasNorm, first).length == depth)
    child->norm = first + 1;
  g_array_append_val(automaton->edges, edge);
  g_array_index(automaton->nodes, AliasNode, parent).n_edges++;
}

static guint8 byte_of(const Automaton *automaton, guint32 norm, guint32 depth)
{
  return (guint8)automaton->pool[g_array_index(automaton->norms, AliasNorm, norm).text + depth];
}

/* Children in the order of their bytes, from the norms that begin as `node` does. */
static void expand(Automaton *automaton, guint32 node)
{
  guint32 depth = g_array_index(automaton->depths, guint32, node), at = g_array_index(automaton->spans, guint32, 2 * node),
          end = g_array_index(automaton->spans, guint32, 2 * node + 1);
  g_array_index(automaton->nodes, AliasNode, node).first_edge = automaton->edges->len;
  while (at < end) {
    guint32 first = at;
    guint8 byte = byte_of(automaton, at, depth);
    while (at < end && byte_of(automaton, at, depth) == byte)
      at++;
    if (byte)
      add_child(automaton, node, byte, first, at);
  }
}

/* Breadth first, so that failures lead to nodes that are done. */
static void build_automaton(Automaton *automaton)
{
  add_node(automaton, 0, automaton->norms->len, 0);
  for (guint32 node = 0; node < automaton->nodes->len; node++)
    expand(automaton, node);
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
    AliasNorm norm = {.text = entry->norm, .length = (guint32)strlen(text), .n_characters = (guint32)g_utf8_strlen(text, -1), .first_alias = i};
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

static GBytes *assemble(const NxAliasBuilder *builder, const Automaton *automaton)
{
  GByteArray *out = g_byte_array_new();
  g_autoptr(GArray) records = g_array_new(FALSE, FALSE, sizeof(AliasRecord));
  AliasHeader header = {.magic = ALIAS_MAGIC,
                        .format = NX_ALIAS_FORMAT,
                        .n_aliases = builder->entries->len,
                        .n_norms = automaton->norms->len,
                        .n_names = builder->names->len,
                        .n_nodes = automaton->nodes->len,
                        .n_edges = automaton->edges->len,
                        .n_text = builder->pool->len};
  for (guint i = 0; i < builder->entries->len; i++)
    g_array_append_val(records, g_array_index(builder->entries, Entry, i).record);
  g_byte_array_append(out, (const guint8 *)&header, sizeof header);
  append_array(out, records);
  append_array(out, automaton->norms);
  append_array(out, builder->names);
  append_array(out, automaton->nodes);
  append_array(out, automaton->edges);
  append_section(out, builder->pool->data, builder->pool->len);
  header.size = out->len;
  header.body_crc = (guint32)crc32_z(0, out->data + sizeof header, out->len - sizeof header);
  header.header_crc = (guint32)crc32_z(0, (const Bytef *)&header, sizeof header);
  memcpy(out->data, &header, sizeof header);
  return g_byte_array_free_to_bytes(out);
}

GBytes *nx_alias_builder_finish(NxAliasBuilder *builder, NxAliasCounts *counts)
{
  Automaton automaton = {.pool = (const char *)builder->pool->data};
  if (builder->pool->len == 0)
    keep_text(builder, "");
  g_array_sort_with_data(builder->entries, compare_entries, builder->pool->data);
  g_array_sort(builder->names, compare_names);
  g_autoptr(GArray) norms = automaton.norms = group_norms(builder);
  g_autoptr(GArray) nodes = automaton.nodes = g_array_new(FALSE, TRUE, sizeof(AliasNode));
  g_autoptr(GArray) edges = automaton.edges = g_array_new(FALSE, TRUE, sizeof(AliasEdge));
  g_autoptr(GArray) spans = automaton.spans = g_array_new(FALSE, TRUE, sizeof(guint32));
  g_autoptr(GArray) depths = automaton.depths = g_array_new(FALSE, TRUE, sizeof(guint32));
  automaton.pool = (const char *)builder->pool->data;
  build_automaton(&automaton);
  builder->counts.kept = builder->entries->len;
  builder->counts.norms = norms->len;
  builder->counts.names = builder->names->len;
  if (counts)
    *counts = builder->counts;
  return assemble(builder, &automaton);
}
