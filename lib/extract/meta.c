/* meta.c — the small rules of nx_meta that every format follows: quantities, Creation Time, key order. */
#include "formats.h"

#include <math.h>
#include <string.h>

json_object *nx_meta_quantity(double value, const char *unit)
{
  if (!isfinite(value))
    return NULL;
  json_object *quantity = json_object_new_object();
  nx_json_set(quantity, "value", nx_json_double(value));
  nx_json_set_string(quantity, "unit", unit);
  return quantity;
}

char *nx_meta_time(const NxInput *in, GTimeZone *fallback)
{
  GTimeZone *zone = in->zone ? in->zone : fallback ? fallback : nx_zone_system();
  g_autoptr(GDateTime) instant = nx_time_from_epoch(in->mtime, zone);
  if (!instant)
    instant = nx_time_from_epoch(0.0, zone); /* a time no calendar holds: the field is required, so it shows the epoch */
  return nx_time_format(instant);
}

/* ------------------------------------------------------------------------------------------------------------- key order */

typedef struct {
  const char *key;
  char *folded;
  json_object *value;
} Member;

static void clear_member(Member *member)
{
  g_free(member->folded);
}

static int compare_members(const Member *a, const Member *b)
{
  int order = strcmp(a->folded, b->folded);
  return order ? order : strcmp(a->key, b->key);
}

static gboolean is_quantity(json_object *object)
{
  json_object *unused;
  return json_object_object_length(object) == 2 && json_object_object_get_ex(object, "value", &unused) &&
         json_object_object_get_ex(object, "unit", &unused);
}

/* In small letters. Most keys are ASCII, for which Unicode's tables need not be asked. */
static char *folded(const char *key)
{
  gboolean is_ascii = TRUE;
  for (const char *at = key; *at; at++)
    is_ascii = is_ascii && (guchar)*at < 0x80;
  return is_ascii ? g_ascii_strdown(key, -1) : g_utf8_strdown(key, -1);
}

static json_object *sorted_object(json_object *object)
{
  g_autoptr(GArray) members = g_array_new(FALSE, FALSE, sizeof(Member));
  g_array_set_clear_func(members, (GDestroyNotify)clear_member);
  json_object_object_foreach(object, key, value) {
    Member member = { key, folded(key), value };
    g_array_append_val(members, member);
  }
  g_array_sort(members, (GCompareFunc)compare_members);

  json_object *sorted = json_object_new_object();
  for (guint i = 0; i < members->len; i++) {
    const Member *member = &g_array_index(members, Member, i);
    json_object_object_add(sorted, member->key, nx_meta_sorted(json_object_get(member->value)));
  }
  json_object_put(object);
  return sorted;
}

json_object *nx_meta_sorted(json_object *value)
{
  if (json_object_is_type(value, json_type_array)) {
    for (size_t i = 0; i < json_object_array_length(value); i++)
      json_object_array_put_idx(value, i, nx_meta_sorted(json_object_get(json_object_array_get_idx(value, i))));
    return value;
  }
  if (json_object_is_type(value, json_type_object) && !is_quantity(value))
    return sorted_object(value);
  return value;
}

/* -------------------------------------------------------------------------------------------------------- common fields */

json_object *nx_image_meta(const NxInput *in, const char *data_type)
{
  g_autofree char *created = nx_meta_time(in, nx_zone("UTC", NULL));
  json_object *nx_meta = json_object_new_object();
  nx_json_set_string(nx_meta, "Creation Time", created);
  nx_json_set_string(nx_meta, "Data Type", data_type);
  nx_json_set_string(nx_meta, "DatasetType", "Image");
  nx_json_set_string(nx_meta, "Instrument ID", in->instrument_pid);
  nx_json_set(nx_meta, "warnings", json_object_new_array());
  return nx_meta;
}

/* The object `key` of `parent`, made when it is not there. */
static json_object *object_in(json_object *parent, const char *key)
{
  json_object *object = nx_json_get(parent, key);
  if (!json_object_is_type(object, json_type_object)) {
    object = json_object_new_object();
    nx_json_set(parent, key, object);
  }
  return object;
}

void nx_meta_put(json_object *nx_meta, const char *to, const char *member, json_object *value)
{
  if (!value)
    return;
  json_object *parent = g_ascii_islower(*to) ? nx_meta : object_in(nx_meta, "extensions");
  if (member)
    nx_json_set(object_in(parent, to), member, value);
  else
    nx_json_set(parent, to, value);
}

void nx_meta_put_labelled(json_object *nx_meta, const char *label, const char *key, json_object *value)
{
  json_object *extensions = object_in(nx_meta, "extensions");
  const gboolean is_free = *label && !nx_meta_is_taken(nx_meta, label) && !json_object_object_get_ex(extensions, label, NULL);
  if (value)
    nx_json_set(extensions, is_free ? label : key, value);
}

void nx_meta_warn(json_object *nx_meta, const char *sentence)
{
  const char *present = nx_json_get_string(nx_meta, "Extractor Warnings");
  g_autofree char *all = present ? g_strdup_printf("%s; %s", present, sentence) : g_strdup(sentence);
  nx_json_set_string(nx_meta, "Extractor Warnings", all);
}

void nx_meta_doubt(json_object *nx_meta, const char *name)
{
  json_object *path = json_object_new_array();
  json_object_array_add(path, json_object_new_string(name));
  json_object *warnings = nx_json_get(nx_meta, "warnings");
  if (!json_object_is_type(warnings, json_type_array)) {
    warnings = json_object_new_array();
    nx_json_set(nx_meta, "warnings", warnings);
  }
  json_object_array_add(warnings, path);
}
