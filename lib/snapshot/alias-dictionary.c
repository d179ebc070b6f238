/* alias-dictionary.c — a dictionary as it lies in memory or in a mapped file: checked once, then searched (igem-db §9.3, §9.4). */
#include "alias-file.h"

#include <errno.h>
#include <string.h>
#include <zlib.h>

#define CONTEXT 50
#define SURE 0.9

struct NxAliases {
  GBytes *bytes;
  const AliasHeader *header;
  const AliasRecord *records;
  const AliasNorm *norms;
  const AliasName *names;
  const AliasNode *nodes;
  const AliasEdge *edges;
  const char *pool;
};

/* ------------------------------------------------------------------------------------------------------------ checking */

static gboolean refuse(GError **err, const char *what)
{
  g_set_error(err, NX_ERROR, NX_ERROR_FORMAT, "it is no alias dictionary of this program: %s", what);
  return FALSE;
}

static gboolean check_header(const AliasHeader *header, gsize size, GError **err)
{
  AliasHeader copy = *header;
  copy.header_crc = 0;
  if (memcmp(header->magic, ALIAS_MAGIC, sizeof header->magic) != 0)
    return refuse(err, "it does not begin as one");
  if (header->header_crc != (guint32)crc32_z(0, (const Bytef *)&copy, sizeof copy) || header->size != size)
    return refuse(err, "it is damaged or cut off");
  if (header->format != NX_ALIAS_FORMAT)
    return refuse(err, "it has another format version");
  return header->body_crc == (guint32)crc32_z(0, (const Bytef *)(header + 1), size - sizeof *header) || refuse(err, "its checksum is wrong");
}

static gboolean place_sections(NxAliases *aliases, const guint8 *data, gsize size)
{
  const AliasHeader *header = aliases->header;
  guint64 at = sizeof *header;
  const struct {
    gconstpointer *section;
    guint64 size;
  } SECTIONS[] = {
    {(gconstpointer *)&aliases->records, (guint64)header->n_aliases * sizeof(AliasRecord)}, {(gconstpointer *)&aliases->norms, (guint64)header->n_norms * sizeof(AliasNorm)},
    {(gconstpointer *)&aliases->names, (guint64)header->n_names * sizeof(AliasName)},       {(gconstpointer *)&aliases->nodes, (guint64)header->n_nodes * sizeof(AliasNode)},
    {(gconstpointer *)&aliases->edges, (guint64)header->n_edges * sizeof(AliasEdge)},       {(gconstpointer *)&aliases->pool, header->n_text},
  };
  for (guint i = 0; i < G_N_ELEMENTS(SECTIONS); i++) {
    *SECTIONS[i].section = data + at;
    at += ALIAS_ALIGN(SECTIONS[i].size);
    if (at > size)
      return FALSE;
  }
  return at == size;
}

static gboolean is_text(const NxAliases *aliases, guint32 text, gboolean may_be_none)
{
  return text < aliases->header->n_text || (may_be_none && text == ALIAS_NO_TEXT);
}

static gboolean record_is_sane(const NxAliases *aliases, const AliasRecord *record)
{
  return is_text(aliases, record->value, FALSE) && is_text(aliases, record->kind, FALSE) && is_text(aliases, record->source, TRUE) &&
         is_text(aliases, record->type_name, TRUE) && is_text(aliases, record->domain, TRUE);
}

static gboolean norm_is_sane(const NxAliases *aliases, const AliasNorm *norm)
{
  guint64 end = (guint64)norm->first_alias + norm->n_aliases;
  return is_text(aliases, norm->text, FALSE) && norm->n_aliases > 0 && end <= aliases->header->n_aliases && norm->length > 0 &&
         strlen(aliases->pool + norm->text) == norm->length;
}

static gboolean node_is_sane(const NxAliases *aliases, guint32 i)
{
  const AliasNode *node = &aliases->nodes[i];
  if ((guint64)node->first_edge + node->n_edges > aliases->header->n_edges || node->norm > aliases->header->n_norms)
    return FALSE;
  if (i == 0 ? node->failure || node->output || node->norm : node->failure >= i || node->output >= i)
    return FALSE;
  for (guint32 edge = node->first_edge; edge < node->first_edge + node->n_edges; edge++)
    if (aliases->edges[edge].node <= i || aliases->edges[edge].node >= aliases->header->n_nodes)
      return FALSE;
  return node->output == 0 || aliases->nodes[node->output].norm != 0;
}

static gboolean check_indices(const NxAliases *aliases)
{
  const AliasHeader *header = aliases->header;
  if (header->n_text == 0 || aliases->pool[header->n_text - 1] != '\0' || header->n_nodes == 0)
    return FALSE;
  for (guint32 i = 0; i < header->n_aliases; i++)
    if (!record_is_sane(aliases, &aliases->records[i]))
      return FALSE;
  for (guint32 i = 0; i < header->n_norms; i++)
    if (!norm_is_sane(aliases, &aliases->norms[i]))
      return FALSE;
  for (guint32 i = 0; i < header->n_names; i++)
    if (!is_text(aliases, aliases->names[i].text, FALSE))
      return FALSE;
  for (guint32 i = 0; i < header->n_nodes; i++)
    if (!node_is_sane(aliases, i))
      return FALSE;
  return TRUE;
}

NxAliases *nx_aliases_new(GBytes *bytes, GError **err)
{
  gsize size;
  g_autoptr(NxAliases) aliases = g_new0(NxAliases, 1);
  aliases->bytes = g_bytes_ref(bytes);
  const guint8 *data = g_bytes_get_data(bytes, &size);
  aliases->header = (const AliasHeader *)data;
  if (size < sizeof(AliasHeader)) {
    refuse(err, "it is too short");
    return NULL;
  }
  if (!check_header(aliases->header, size, err))
    return NULL;
  if (place_sections(aliases, data, size) && check_indices(aliases))
    return g_steal_pointer(&aliases);
  refuse(err, "its parts do not fit together");
  return NULL;
}

NxAliases *nx_aliases_open(const char *path, GError **err)
{
  GMappedFile *file = g_mapped_file_new(path, FALSE, err);
  if (!file)
    return NULL;
  g_autoptr(GBytes) bytes = g_mapped_file_get_bytes(file);
  g_mapped_file_unref(file);
  NxAliases *aliases = nx_aliases_new(bytes, err);
  if (!aliases)
    g_prefix_error(err, "cannot use %s: ", path);
  return aliases;
}

void nx_aliases_free(NxAliases *aliases)
{
  if (!aliases)
    return;
  g_bytes_unref(aliases->bytes);
  g_free(aliases);
}

/* ------------------------------------------------------------------------------------------------------------- showing */

static const char *text_at(const NxAliases *aliases, guint32 text)
{
  return text == ALIAS_NO_TEXT ? NULL : aliases->pool + text;
}

static char *entity_name(const NxAliases *aliases, gint64 entity_id)
{
  guint32 low = 0, high = aliases->header->n_names;
  while (low < high) {
    guint32 middle = low + (high - low) / 2;
    if (aliases->names[middle].entity_id == entity_id)
      return g_strdup(text_at(aliases, aliases->names[middle].text));
    if (aliases->names[middle].entity_id < entity_id)
      low = middle + 1;
    else
      high = middle;
  }
  return g_strdup_printf("entity:%" G_GINT64_FORMAT, entity_id);
}

static void add_alias(const NxAliases *aliases, json_object *to, const AliasRecord *record)
{
  g_autofree char *name = entity_name(aliases, record->entity_id);
  nx_json_set(to, "entity_id", json_object_new_int64(record->entity_id));
  nx_json_set_string(to, "entity_primary_name", name);
  nx_json_set(to, "entity_type_id", json_object_new_int(record->type_id));
  nx_json_set_string(to, "entity_type_name", text_at(aliases, record->type_name));
  nx_json_set_string(to, "entity_domain", text_at(aliases, record->domain));
  nx_json_set(to, "alias_id", json_object_new_int64(record->alias_id));
  nx_json_set_string(to, "alias_value", text_at(aliases, record->value));
  nx_json_set_string(to, "alias_type", text_at(aliases, record->kind));
  nx_json_set_string(to, "xref_source", text_at(aliases, record->source));
}

json_object *nx_aliases_lookup(const NxAliases *aliases, const char *text)
{
  json_object *found = json_object_new_array();
  g_autofree char *norm = nx_alias_normalise(text);
  for (guint32 low = 0, high = aliases->header->n_norms; low < high;) {
    guint32 middle = low + (high - low) / 2;
    const AliasNorm *at = &aliases->norms[middle];
    int order = strcmp(text_at(aliases, at->text), norm);
    for (guint32 i = 0; order == 0 && i < at->n_aliases; i++) {
      json_object *alias = json_object_new_object();
      add_alias(aliases, alias, &aliases->records[at->first_alias + i]);
      json_object_array_add(found, alias);
    }
    if (order == 0)
      break;
    if (order < 0)
      low = middle + 1;
    else
      high = middle;
  }
  return found;
}

/* ----------------------------------------------------------------------------------------------------------------- scan */

typedef struct {
  const AliasNorm *norm;
  gsize start, end;                    /* bytes; the end is behind the last */
  guint64 first, last;                 /* characters, both included */
  const AliasRecord *record;           /* the best of its entity */
  double confidence;
  guint order;
} Match;

static guint32 child_of(const NxAliases *aliases, guint32 node, guint8 byte)
{
  guint32 low = aliases->nodes[node].first_edge, high = low + aliases->nodes[node].n_edges;
  while (low < high) {
    guint32 middle = low + (high - low) / 2;
    if (aliases->edges[middle].byte == byte)
      return aliases->edges[middle].node;
    if (aliases->edges[middle].byte < byte)
      low = middle + 1;
    else
      high = middle;
  }
  return 0;
}

static guint32 step(const NxAliases *aliases, guint32 node, guint8 byte)
{
  guint32 child;
  while ((child = child_of(aliases, node, byte)) == 0 && node != 0)
    node = aliases->nodes[node].failure;
  return child;
}

static gboolean stands_alone(const char *text, gsize start, gsize end)
{
  gboolean before = start > 0 && g_unichar_isalnum(g_utf8_get_char(g_utf8_prev_char(text + start)));
  return !before && (text[end] == '\0' || !g_unichar_isalnum(g_utf8_get_char(text + end)));
}

static guint priority(const NxAliases *aliases, const AliasRecord *record)
{
  static const char *const KINDS[] = {"preferred", "synonym", "code"};
  for (guint i = 0; i < G_N_ELEMENTS(KINDS); i++)
    if (g_str_equal(text_at(aliases, record->kind), KINDS[i]))
      return i;
  return 99;
}

static gboolean is_better(const NxAliases *aliases, const AliasRecord *record, const AliasRecord *best)
{
  guint one = priority(aliases, record), other = priority(aliases, best);
  return one < other || (one == other && record->alias_id < best->alias_id);
}

/* One match for each entity of the norm, in the order of first sight. */
static void add_matches(const NxAliases *aliases, GArray *matches, const Match *place)
{
  guint first = matches->len;
  for (guint32 i = 0; i < place->norm->n_aliases; i++) {
    const AliasRecord *record = &aliases->records[place->norm->first_alias + i];
    guint at = first;
    while (at < matches->len && g_array_index(matches, Match, at).record->entity_id != record->entity_id)
      at++;
    if (at == matches->len)
      g_array_append_vals(matches, place, 1);
    Match *match = &g_array_index(matches, Match, at);
    if (!match->record || is_better(aliases, record, match->record))
      match->record = record;
  }
  for (guint at = first; at < matches->len; at++) {
    g_array_index(matches, Match, at).confidence = 1.0 / (matches->len - first);
    g_array_index(matches, Match, at).order = at;
  }
}

static void take_hits(const NxAliases *aliases, const char *text, guint32 node, gsize end, guint64 n_characters, GArray *matches)
{
  if (aliases->nodes[node].norm == 0)
    node = aliases->nodes[node].output;
  for (; node != 0; node = aliases->nodes[node].output) {
    const AliasNorm *norm = &aliases->norms[aliases->nodes[node].norm - 1];
    if (norm->length > end || !stands_alone(text, end - norm->length, end))
      continue;
    Match place = {.norm = norm, .start = end - norm->length, .end = end, .first = n_characters - norm->n_characters, .last = n_characters - 1};
    add_matches(aliases, matches, &place);
  }
}

/* Characters are counted where they end: no norm ends within one. */
static GArray *find_all(const NxAliases *aliases, const char *text)
{
  GArray *matches = g_array_new(FALSE, TRUE, sizeof(Match));
  guint64 n_characters = 0;
  guint32 node = 0;
  for (gsize at = 0; text[at]; at++) {
    node = step(aliases, node, (guint8)text[at]);
    if ((text[at + 1] & 0xc0) == 0x80)
      continue;
    n_characters++;
    take_hits(aliases, text, node, at + 1, n_characters, matches);
  }
  return matches;
}

static int compare_matches(gconstpointer a, gconstpointer b)
{
  const Match *left = a, *right = b;
  if (left->first != right->first)
    return left->first < right->first ? -1 : 1;
  if (left->confidence != right->confidence)
    return left->confidence > right->confidence ? -1 : 1;
  if (left->last != right->last)
    return left->last < right->last ? -1 : 1;
  return (left->order > right->order) - (left->order < right->order);
}

static gboolean same_span(const Match *one, const Match *other)
{
  return one->first == other->first && one->last == other->last;
}

/* Of a span, whose matches all have one confidence and stand together: which are shown. */
static gboolean is_shown(GArray *matches, guint at, NxAliasMode mode)
{
  const Match *match = &g_array_index(matches, Match, at);
  gboolean is_first = at == 0 || !same_span(match, &g_array_index(matches, Match, at - 1));
  return is_first || mode == NX_ALIAS_ALL || (mode == NX_ALIAS_SMART && match->confidence < SURE);
}

static char *context_of(const char *text, const Match *match)
{
  const char *start = text + match->start, *end = text + match->end;
  for (guint i = 0; i < CONTEXT && start > text; i++)
    start = g_utf8_prev_char(start);
  for (guint i = 0; i < CONTEXT && *end; i++)
    end = g_utf8_next_char(end);
  return g_strndup(start, (gsize)(end - start));
}

static json_object *match_as_json(const NxAliases *aliases, const char *text, const Match *match)
{
  json_object *object = json_object_new_object();
  g_autofree char *context = context_of(text, match);
  nx_json_set_string(object, "matched_text", text_at(aliases, match->norm->text));
  nx_json_set(object, "span_start", json_object_new_int64((gint64)match->first));
  nx_json_set(object, "span_end", json_object_new_int64((gint64)match->last));
  nx_json_set_string(object, "context", context);
  add_alias(aliases, object, match->record);
  nx_json_set_string(object, "match_method", "exact_aho");
  nx_json_set(object, "confidence", nx_json_double(match->confidence));
  nx_json_set_string(object, "review_status", match->confidence >= SURE ? "auto" : "pending");
  return object;
}

json_object *nx_aliases_scan(const NxAliases *aliases, const char *text, NxAliasMode mode)
{
  json_object *shown = json_object_new_array();
  g_autofree char *norm = nx_alias_normalise(text);
  g_autoptr(GArray) matches = find_all(aliases, norm);
  g_array_sort(matches, compare_matches);
  for (guint i = 0; i < matches->len; i++)
    if (is_shown(matches, i, mode))
      json_object_array_add(shown, match_as_json(aliases, norm, &g_array_index(matches, Match, i)));
  return shown;
}
