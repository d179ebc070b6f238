/* profile-values.c — see profile-values.h. */
#include "profile-values.h"

#include <math.h>
#include <string.h>

/* ------------------------------------------------------------------------------------------------------------------ there */

static jv object_to_jq(json_object *object)
{
  jv result = jv_object();
  json_object_object_foreach(object, key, value)
    result = jv_object_set(result, jv_string(key), nx_profile_to_jq(value));
  return result;
}

static jv array_to_jq(json_object *array)
{
  jv result = jv_array();
  for (size_t i = 0; i < json_object_array_length(array); i++)
    result = jv_array_append(result, nx_profile_to_jq(json_object_array_get_idx(array, i)));
  return result;
}

jv nx_profile_to_jq(json_object *value)
{
  switch (json_object_get_type(value)) {
  case json_type_null: return jv_null();
  case json_type_boolean: return jv_bool(json_object_get_boolean(value));
  case json_type_int:
  case json_type_double: return jv_number(json_object_get_double(value));
  case json_type_string: return jv_string_sized(json_object_get_string(value), json_object_get_string_len(value));
  case json_type_array: return array_to_jq(value);
  case json_type_object: return object_to_jq(value);
  }
  return jv_null();
}

/* ---------------------------------------------------------------------------------------------------------- numbers that left */

static gboolean is_number(json_object *value)
{
  return json_object_is_type(value, json_type_int) || json_object_is_type(value, json_type_double);
}

static gboolean is_same_number(jv value, json_object *original)
{
  return is_number(original) && jv_get_kind(value) == JV_KIND_NUMBER && jv_number_value(value) == json_object_get_double(original);
}

/* The member of a borrowed jq value: owned; invalid when there is none. */
static jv member_of(jv value, const char *key)
{
  return jv_get_kind(value) == JV_KIND_OBJECT ? jv_object_get(jv_copy(value), jv_string(key)) : jv_invalid();
}

static jv item_of(jv value, size_t index)
{
  return jv_get_kind(value) == JV_KIND_ARRAY ? jv_array_get(jv_copy(value), (int)index) : jv_invalid();
}

/* A double as the key of a table. */
static gint64 bits_of(double number)
{
  gint64 bits;
  memcpy(&bits, &number, sizeof bits);
  return bits;
}

static void add_gone(GHashTable *gone, json_object *number)
{
  gint64 bits = bits_of(json_object_get_double(number));
  if (!g_hash_table_contains(gone, &bits))
    g_hash_table_insert(gone, g_memdup2(&bits, sizeof bits), number);
}

/* Adds every number of `original` that `value` (borrowed) no longer has in its place: double → the number (borrowed). */
static void collect_gone(json_object *original, jv value, GHashTable *gone)
{
  if (is_number(original)) {
    if (!is_same_number(value, original))
      add_gone(gone, original);
  } else if (json_object_is_type(original, json_type_array)) {
    for (size_t i = 0; i < json_object_array_length(original); i++) {
      jv item = item_of(value, i);
      collect_gone(json_object_array_get_idx(original, i), item, gone);
      jv_free(item);
    }
  } else if (json_object_is_type(original, json_type_object)) {
    json_object_object_foreach(original, key, own) {
      jv member = member_of(value, key);
      collect_gone(own, member, gone);
      jv_free(member);
    }
  }
}

/* ------------------------------------------------------------------------------------------------------------------- back */

static json_object *from_jq(jv value, json_object *original, GHashTable *gone);

static json_object *number_from_jq(double number, json_object *original, GHashTable *gone)
{
  if (is_number(original) && json_object_get_double(original) == number)
    return json_object_get(original);
  gint64 bits = bits_of(number);
  json_object *moved = g_hash_table_lookup(gone, &bits);
  if (moved)
    return json_object_get(moved);
  if (number == floor(number) && fabs(number) < 9007199254740992.0)
    return json_object_new_int64((gint64)number);
  return nx_json_double(number);
}

/* The number of {NX_PROFILE_REAL: number}. */
static gboolean is_real_mark(jv object, double *number)
{
  jv marked = jv_object_length(jv_copy(object)) == 1 ? member_of(object, NX_PROFILE_REAL) : jv_invalid();
  gboolean is_mark = jv_get_kind(marked) == JV_KIND_NUMBER;
  *number = is_mark ? jv_number_value(marked) : 0.0;
  jv_free(marked);
  return is_mark;
}

/* {"value": number, "unit": text} and no more. */
static gboolean is_quantity(json_object *object)
{
  json_object *unit;
  return json_object_object_length(object) == 2 && is_number(nx_json_get(object, "value")) &&
         json_object_object_get_ex(object, "unit", &unit) && json_object_is_type(unit, json_type_string);
}

static void add_member(json_object *result, jv object, const char *key, json_object *original, GHashTable *gone)
{
  jv value = member_of(object, key);
  if (jv_is_valid(value))
    json_object_object_add(result, key, from_jq(value, original, gone));
  else
    jv_free(value);
}

/* Members that were there keep their order; new ones follow. `object` is borrowed. */
static json_object *object_from_jq(jv object, json_object *original, GHashTable *gone)
{
  double real;
  if (is_real_mark(object, &real))
    return nx_json_double(real);
  json_object *result = json_object_new_object();
  if (json_object_is_type(original, json_type_object)) {
    json_object_object_foreach(original, key, own)
      add_member(result, object, key, own, gone);
  }
  jv_object_foreach(object, name, value) {
    const char *key = jv_string_value(name);
    if (!json_object_object_get_ex(result, key, NULL))
      json_object_object_add(result, key, from_jq(jv_copy(value), NULL, gone));
    jv_free(name);
    jv_free(value);
  }
  if (is_quantity(result) && json_object_is_type(nx_json_get(result, "value"), json_type_int))
    nx_json_set(result, "value", nx_json_double(nx_json_get_double(result, "value", 0.0)));
  return result;
}

static json_object *array_from_jq(jv array, json_object *original, GHashTable *gone)
{
  json_object *result = json_object_new_array();
  gsize had = json_object_is_type(original, json_type_array) ? json_object_array_length(original) : 0;
  jv_array_foreach(array, i, item)
    json_object_array_add(result, from_jq(item, (gsize)i < had ? json_object_array_get_idx(original, (size_t)i) : NULL, gone));
  return result;
}

static json_object *from_jq(jv value, json_object *original, GHashTable *gone)
{
  json_object *result = NULL;
  switch (jv_get_kind(value)) {
  case JV_KIND_TRUE: result = json_object_new_boolean(TRUE); break;
  case JV_KIND_FALSE: result = json_object_new_boolean(FALSE); break;
  case JV_KIND_NUMBER: result = number_from_jq(jv_number_value(value), original, gone); break;
  case JV_KIND_STRING:
    result = json_object_new_string_len(jv_string_value(value), jv_string_length_bytes(jv_copy(value)));
    break;
  case JV_KIND_ARRAY: result = array_from_jq(value, original, gone); break;
  case JV_KIND_OBJECT: result = object_from_jq(value, original, gone); break;
  case JV_KIND_NULL:
  case JV_KIND_INVALID: break;
  }
  jv_free(value);
  return result;
}

json_object *nx_profile_from_jq(jv value, json_object *original, json_object *source)
{
  g_autoptr(GHashTable) gone = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
  jv nothing = jv_null();
  collect_gone(original, value, gone);
  collect_gone(source, nothing, gone);
  jv_free(nothing);
  return from_jq(value, original, gone);
}
