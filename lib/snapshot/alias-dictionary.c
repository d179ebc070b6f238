/* alias-dictionary.c — a dictionary as it lies in memory or in a mapped file, and its aliases (igem-db §9.3, §9.4). */
#include "alias-dictionary.h"
#include "alias-text.h"

#include <errno.h>
#include <string.h>
#include <zlib.h>

/* ------------------------------------------------------------------------------------------------------------ checking */

static gboolean refuse(GError **err, const char *what)
{
  g_set_error(err, NX_ERROR, NX_ERROR_FORMAT, "it is no alias dictionary of this program: %s", what);
  return FALSE;
}

static gboolean is_power_of_two(guint32 n)
{
  return n > 0 && (n & (n - 1)) == 0;
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
  if (!is_power_of_two(header->n_slots) || !is_power_of_two(header->n_first) || !is_power_of_two(header->n_further) || header->n_text == 0)
    return refuse(err, "its parts have impossible sizes");
  return TRUE;
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
    {(gconstpointer *)&aliases->names, (guint64)header->n_names * sizeof(AliasName)},       {(gconstpointer *)&aliases->slots, (guint64)header->n_slots * sizeof(AliasSlot)},
    {(gconstpointer *)&aliases->first, (guint64)header->n_first * sizeof(guint64)},
    {(gconstpointer *)&aliases->further, (guint64)header->n_further * sizeof(guint64)},       {(gconstpointer *)&aliases->pool, header->n_text},
  };
  for (guint i = 0; i < G_N_ELEMENTS(SECTIONS); i++) {
    *SECTIONS[i].section = data + at;
    at += ALIAS_ALIGN(SECTIONS[i].size);
    if (at > size)
      return FALSE;
  }
  return at == size;
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
  if (place_sections(aliases, data, size) && aliases->pool[aliases->header->n_text - 1] == '\0')
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

gboolean nx_aliases_check(const NxAliases *aliases, GError **err)
{
  const AliasHeader *header = aliases->header;
  return header->body_crc == (guint32)crc32_z(0, (const Bytef *)(header + 1), header->size - sizeof *header) || refuse(err, "its checksum is wrong");
}

void nx_aliases_free(NxAliases *aliases)
{
  if (!aliases)
    return;
  g_bytes_unref(aliases->bytes);
  g_free(aliases);
}

/* ------------------------------------------------------------------------------------------------------------- showing */

const char *alias_text(const NxAliases *aliases, guint32 text)
{
  return text < aliases->header->n_text ? aliases->pool + text : NULL;
}

gboolean alias_norm_is_sane(const NxAliases *aliases, const AliasNorm *norm)
{
  return norm->text < aliases->header->n_text && norm->length < aliases->header->n_text - norm->text && norm->n_aliases > 0 &&
         (guint64)norm->first_alias + norm->n_aliases <= aliases->header->n_aliases;
}

static char *name_at(const NxAliases *aliases, const AliasName *name)
{
  const char *text = alias_text(aliases, name->text);
  return nx_text_utf8(text ? text : "", -1);
}

static char *entity_name(const NxAliases *aliases, gint64 entity_id)
{
  guint32 low = 0, high = aliases->header->n_names;
  while (low < high) {
    guint32 middle = low + (high - low) / 2;
    if (aliases->names[middle].entity_id == entity_id)
      return name_at(aliases, &aliases->names[middle]);
    if (aliases->names[middle].entity_id < entity_id)
      low = middle + 1;
    else
      high = middle;
  }
  return g_strdup_printf("entity:%" G_GINT64_FORMAT, entity_id);
}

/* Of a damaged dictionary a text may be anything. */
static void set_text(const NxAliases *aliases, json_object *to, const char *key, guint32 text)
{
  const char *found = alias_text(aliases, text);
  g_autofree char *valid = found ? nx_text_utf8(found, -1) : NULL;
  nx_json_set_string(to, key, valid);
}

void alias_add_members(const NxAliases *aliases, json_object *to, const AliasRecord *record)
{
  g_autofree char *name = entity_name(aliases, record->entity_id);
  nx_json_set(to, "entity_id", json_object_new_int64(record->entity_id));
  nx_json_set_string(to, "entity_primary_name", name);
  nx_json_set(to, "entity_type_id", json_object_new_int(record->type_id));
  set_text(aliases, to, "entity_type_name", record->type_name);
  set_text(aliases, to, "entity_domain", record->domain);
  nx_json_set(to, "alias_id", json_object_new_int64(record->alias_id));
  set_text(aliases, to, "alias_value", record->value);
  set_text(aliases, to, "alias_type", record->kind);
  set_text(aliases, to, "xref_source", record->source);
}

static void add_aliases(const NxAliases *aliases, const AliasNorm *norm, json_object *found)
{
  for (guint32 i = 0; alias_norm_is_sane(aliases, norm) && i < norm->n_aliases; i++) {
    json_object *alias = json_object_new_object();
    alias_add_members(aliases, alias, &aliases->records[norm->first_alias + i]);
    json_object_array_add(found, alias);
  }
}

json_object *nx_aliases_lookup(const NxAliases *aliases, const char *text, gssize n_bytes)
{
  gsize length;
  json_object *found = json_object_new_array();
  g_autofree char *norm = alias_normalise(text, n_bytes, &length);
  for (guint32 low = 0, high = aliases->header->n_norms; low < high;) {
    guint32 middle = low + (high - low) / 2;
    const char *there = alias_text(aliases, aliases->norms[middle].text);
    int order = there ? strcmp(there, norm) : 0;
    if (there && order == 0)
      add_aliases(aliases, &aliases->norms[middle], found);
    if (order == 0)
      break;
    if (order < 0)
      low = middle + 1;
    else
      high = middle;
  }
  return found;
}
