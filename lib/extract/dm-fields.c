/* dm-fields.c — copies tags of a DigitalMicrograph file into metadata objects by table (extractors-a 1.4 and 2.9). */
#include "dm-fields.h"

#include "decimal.h"

#include <string.h>

/* More than this is data and not metadata. */
#define VALUES_MAX 4096u
#define TEXT_MAX (64u * 1024u)

/* What facilities put into fields that are filled in elsewhere. */
static const char *const JUNK[] = { "DO NOT EDIT", "DO NOT ENTER" };

static gboolean is_junk(json_object *value)
{
  const char *text = json_object_is_type(value, json_type_string) ? json_object_get_string(value) : NULL;
  for (gsize i = 0; text && i < G_N_ELEMENTS(JUNK); i++) {
    if (g_str_equal(text, JUNK[i]))
      return TRUE;
  }
  return FALSE;
}

json_object *dm_field_value(const DmTree *tree, const DmTag *tag)
{
  DmBudget budget = { .values = VALUES_MAX, .text_bytes = TEXT_MAX };
  if (dm_tag_is_missing(tag) || (tag->kind == DM_TEXT ? tag->length > TEXT_MAX : tag->count >= VALUES_MAX))
    return NULL;
  return dm_tag_json(tree, tag, &budget);
}

json_object *dm_field_quantity(json_object *value, const char *unit)
{
  double number;
  gboolean is_number = json_object_is_type(value, json_type_double) || json_object_is_type(value, json_type_int);
  if (!unit || (!is_number && !json_object_is_type(value, json_type_string)))
    return value;
  if (is_number)
    number = json_object_get_double(value);
  else if (!nx_decimal_parse(json_object_get_string(value), 0, &number, NULL))
    return value;
  json_object_put(value);
  return nx_meta_quantity(number, unit);
}

static gboolean is_quantity(json_object *value)
{
  return json_object_is_type(value, json_type_object);
}

static const char *last_name(const char *path)
{
  const char *colon = strrchr(path, ':');
  return colon ? colon + 1 : path;
}

/* "Pixel time (s)" → "Pixel time" */
static char *without_unit(const char *name)
{
  const char *suffix = strrchr(name, '(');
  if (!suffix || suffix == name || !g_str_has_suffix(name, ")"))
    return g_strdup(name);
  g_autofree char *rest = g_strndup(name, (gsize)(suffix - name));
  return g_strdup(g_strchomp(rest));
}

static char *key_of(const DmField *field, json_object *value, const char *prefix)
{
  const char *name = last_name(field->path);
  gboolean keeps_name = field->unit && !is_quantity(value);
  g_autofree char *key = keeps_name    ? g_strdup(name)
                         : field->key  ? g_strdup(field->key)
                         : field->unit ? without_unit(name)
                                       : g_strdup(name);
  return g_strconcat(prefix, key, NULL);
}

void dm_fields_copy(const DmTree *tree, const DmTag *base, const DmField *fields, gsize n_fields, DmFieldsFlags flags, const char *prefix,
                    json_object *to)
{
  for (gsize i = 0; i < n_fields; i++) {
    g_autoptr(json_object) value = dm_field_value(tree, dm_tag_find(tree, base, fields[i].path));
    if (!value || ((flags & DM_FIELDS_NO_JUNK) && is_junk(value)))
      continue;
    value = dm_field_quantity(g_steal_pointer(&value), fields[i].unit);
    if (!value)
      continue;
    g_autofree char *key = key_of(&fields[i], value, prefix);
    nx_json_set(to, key, g_steal_pointer(&value));
  }
}
