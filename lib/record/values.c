/* values.c — how values are written (record-building §8) and when two are the same (§7.3). A value is kept as a key that spells it out:
 * a letter for its kind, then its text; of a quantity the unit's name, a line end, then the number. */
#include "values.h"

#include "units.h"

#include <math.h>
#include <string.h>

typedef enum { TEXT = 't', INTEGER = 'i', REAL = 'r', BOOLEAN = 'b', NOTHING = 'n', LIST = 'l', QUANTITY = 'q' } Kind;

typedef struct {
  const char *key;  /* in `texts` */
  const char *text; /* for the record: most often the tail of the key */
  const char *unit;
} Value;

typedef struct {
  const char *name, *folded;
} Name;

struct NxValues {
  GStringChunk *texts;
  GHashTable *value_numbers; /* key → number */
  GHashTable *name_numbers;
  GArray *values; /* of Value */
  GArray *names;  /* of Name */
};

NxValues *nx_values_new(void)
{
  NxValues *values = g_new0(NxValues, 1);
  values->texts = g_string_chunk_new(64 * 1024);
  values->value_numbers = g_hash_table_new(g_str_hash, g_str_equal);
  values->name_numbers = g_hash_table_new(g_str_hash, g_str_equal);
  values->values = g_array_new(FALSE, FALSE, sizeof(Value));
  values->names = g_array_new(FALSE, FALSE, sizeof(Name));
  return values;
}

void nx_values_free(NxValues *values)
{
  if (!values)
    return;
  g_hash_table_unref(values->value_numbers);
  g_hash_table_unref(values->name_numbers);
  g_array_unref(values->values);
  g_array_unref(values->names);
  g_string_chunk_free(values->texts);
  g_free(values);
}

/* ---------------------------------------------------------------------------------------------------------------- text */

gboolean nx_value_is_quantity(json_object *value)
{
  if (!json_object_is_type(value, json_type_object) || json_object_object_length(value) != 2)
    return FALSE;
  json_object *number, *unit;
  return json_object_object_get_ex(value, "value", &number) && json_object_object_get_ex(value, "unit", &unit) &&
         (json_object_is_type(number, json_type_int) || json_object_is_type(number, json_type_double)) &&
         (!unit || json_object_is_type(unit, json_type_string));
}

/* A string's text, without NUL and what else XML forbids; *dropped counts. */
static char *clean_text(json_object *string, guint *dropped)
{
  guint nuls = 0;
  g_autofree char *text = nx_text_without_nul(json_object_get_string(string), (gsize)json_object_get_string_len(string), &nuls);
  char *clean = nx_text_for_xml(text, dropped);
  *dropped += nuls;
  return clean;
}

/* A string as it stands in a list: Python's repr. */
static void append_quoted(GString *out, const char *text)
{
  char quote = strchr(text, '\'') && !strchr(text, '"') ? '"' : '\'';
  g_string_append_c(out, quote);
  for (const char *at = text; *at; at = g_utf8_next_char(at)) {
    gunichar c = g_utf8_get_char(at);
    if (c == (gunichar)quote || c == '\\')
      g_string_append_printf(out, "\\%c", (char)c);
    else if (c == '\n' || c == '\r' || c == '\t')
      g_string_append(out, c == '\n' ? "\\n" : c == '\r' ? "\\r" : "\\t");
    else if (c < 0x20 || (c >= 0x7F && c < 0xA1) || c == 0xAD)
      g_string_append_printf(out, "\\x%02x", c);
    else
      g_string_append_unichar(out, c);
  }
  g_string_append_c(out, quote);
}

static void append_item(GString *out, json_object *item, guint *dropped);

static void append_list(GString *out, json_object *list, guint *dropped)
{
  g_string_append_c(out, '[');
  for (gsize i = 0; i < json_object_array_length(list); i++) {
    if (i)
      g_string_append(out, ", ");
    append_item(out, json_object_array_get_idx(list, i), dropped);
  }
  g_string_append_c(out, ']');
}

static void append_mapping(GString *out, json_object *mapping, guint *dropped)
{
  gboolean first = TRUE;
  g_string_append_c(out, '{');
  json_object_object_foreach(mapping, key, value)
  {
    guint lost = 0;
    g_autofree char *clean = nx_text_for_xml(key, &lost);
    *dropped += lost;
    if (!first)
      g_string_append(out, ", ");
    first = FALSE;
    append_quoted(out, clean);
    g_string_append(out, ": ");
    append_item(out, value, dropped);
  }
  g_string_append_c(out, '}');
}

/* An integer beyond 64 bits is a real that kept its digits (json.c). */
static char *number_text(json_object *number)
{
  const char *own = json_object_to_json_string_ext(number, JSON_C_TO_STRING_PLAIN);
  if (json_object_is_type(number, json_type_int) || own[strspn(own, "-0123456789")] == '\0')
    return g_strdup(own);
  return nx_text_from_double(json_object_get_double(number));
}

static void append_quantity(GString *out, json_object *quantity)
{
  const char *unit = nx_json_get_string(quantity, "unit");
  g_autofree char *symbol = nx_unit_symbol(unit ? unit : "");
  g_autofree char *text = nx_text_from_double(nx_json_get_double(quantity, "value", 0));
  g_string_append_printf(out, "%s%s%s", text, *symbol ? " " : "", symbol);
}

static void append_item(GString *out, json_object *item, guint *dropped)
{
  switch (json_object_get_type(item)) {
  case json_type_null:
    g_string_append(out, "None");
    break;
  case json_type_boolean:
    g_string_append(out, json_object_get_boolean(item) ? "True" : "False");
    break;
  case json_type_int:
  case json_type_double: {
    g_autofree char *text = number_text(item);
    g_string_append(out, text);
    break;
  }
  case json_type_string: {
    guint lost = 0;
    g_autofree char *clean = clean_text(item, &lost);
    *dropped += lost;
    append_quoted(out, clean);
    break;
  }
  case json_type_array:
    append_list(out, item, dropped);
    break;
  case json_type_object:
    if (nx_value_is_quantity(item))
      append_quantity(out, item);
    else
      append_mapping(out, item, dropped);
    break;
  }
}

/* --------------------------------------------------------------------------------------------------------------- keys */

/* The key of a value. What a list shows in the record is not its key's tail: *text. */
static char *key_of(json_object *value, char **text, guint *dropped)
{
  GString *key = g_string_new(NULL);
  *text = NULL;
  switch (json_object_get_type(value)) {
  case json_type_null:
    return g_string_free(g_string_append(key, "nNone"), FALSE);
  case json_type_boolean:
    return g_string_free(g_string_append(key, json_object_get_boolean(value) ? "bTrue" : "bFalse"), FALSE);
  case json_type_int:
  case json_type_double: {
    g_autofree char *number = number_text(value);
    g_string_append_printf(key, "%c%s", json_object_is_type(value, json_type_int) ? INTEGER : REAL, number);
    return g_string_free(key, FALSE);
  }
  case json_type_string: {
    g_autofree char *clean = clean_text(value, dropped);
    g_string_append_printf(key, "%c%s", TEXT, clean);
    return g_string_free(key, FALSE);
  }
  default:
    break;
  }
  if (nx_value_is_quantity(value)) {
    const char *unit = nx_json_get_string(value, "unit");
    g_autofree char *clean = nx_text_for_xml(unit ? unit : "", dropped);
    g_autofree char *number = nx_text_from_double(nx_json_get_double(value, "value", 0));
    g_string_append_printf(key, "%c%s\n%s", QUANTITY, g_strdelimit(clean, "\r\n", ' '), number);
    return g_string_free(key, FALSE);
  }
  g_autoptr(GString) shown = g_string_new(NULL);
  append_item(shown, value, dropped);
  *text = g_strdup(shown->str);
  g_string_append_c(key, LIST);
  nx_json_append(key, value, NX_JSON_LINE);
  return g_string_free(key, FALSE);
}

static const char *number_of_quantity(const char *key)
{
  return strchr(key, '\n') + 1;
}

static char *unit_of_quantity(const char *key)
{
  return g_strndup(key + 1, strcspn(key + 1, "\n"));
}

guint32 nx_values_add(NxValues *values, json_object *object, const char *name)
{
  guint dropped = 0;
  g_autofree char *text = NULL, *key = key_of(object, &text, &dropped);
  gpointer known;
  if (g_hash_table_lookup_extended(values->value_numbers, key, NULL, &known))
    return GPOINTER_TO_UINT(known);
  if (dropped)
    nx_log_warning("%s: %u characters that XML forbids were left out", name, dropped);
  Value value = {.key = g_string_chunk_insert(values->texts, key)};
  value.text = text ? g_string_chunk_insert(values->texts, text) : *key == QUANTITY ? number_of_quantity(value.key) : value.key + 1;
  if (*key == QUANTITY) {
    g_autofree char *unit = unit_of_quantity(key), *symbol = nx_unit_symbol(unit);
    value.unit = *symbol ? g_string_chunk_insert_const(values->texts, symbol) : NULL;
  }
  guint32 number = values->values->len;
  g_array_append_val(values->values, value);
  g_hash_table_insert(values->value_numbers, (gpointer)value.key, GUINT_TO_POINTER(number));
  return number;
}

static const Value *value_at(const NxValues *values, guint32 number)
{
  return &g_array_index(values->values, Value, number);
}

const char *nx_values_text(const NxValues *values, guint32 value)
{
  return value_at(values, value)->text;
}

const char *nx_values_unit(const NxValues *values, guint32 value)
{
  return value_at(values, value)->unit;
}

/* ----------------------------------------------------------------------------------------------------------- equality */

static gboolean is_plain_number(const char *key)
{
  return *key == INTEGER || *key == REAL || *key == BOOLEAN;
}

/* Wide enough for every 64-bit integer and every double. */
static long double plain_number(const char *key)
{
  return *key == BOOLEAN ? g_str_equal(key, "bTrue") : strtold(key + 1, NULL);
}

static gboolean keys_equal(const char *a, const char *b);

static gboolean lists_equal(const char *a, const char *b)
{
  g_autoptr(json_object) first = nx_json_parse(a + 1, strlen(a + 1), NULL), second = nx_json_parse(b + 1, strlen(b + 1), NULL);
  if (!json_object_is_type(first, json_type_array) || !json_object_is_type(second, json_type_array) ||
      json_object_array_length(first) != json_object_array_length(second))
    return FALSE;
  for (gsize i = 0; i < json_object_array_length(first); i++) {
    guint dropped = 0;
    char *text_a, *text_b;
    g_autofree char *key_a = key_of(json_object_array_get_idx(first, i), &text_a, &dropped);
    g_autofree char *key_b = key_of(json_object_array_get_idx(second, i), &text_b, &dropped);
    g_free(text_a);
    g_free(text_b);
    if (!keys_equal(key_a, key_b))
      return FALSE;
  }
  return TRUE;
}

static gboolean quantity_equals(const char *quantity, const char *other)
{
  g_autofree char *unit = unit_of_quantity(quantity);
  double value = g_ascii_strtod(number_of_quantity(quantity), NULL);
  if (*other == QUANTITY) {
    g_autofree char *other_unit = unit_of_quantity(other);
    return nx_quantities_equal(value, unit, g_ascii_strtod(number_of_quantity(other), NULL), other_unit);
  }
  return is_plain_number(other) && nx_quantities_equal(value, unit, (double)plain_number(other), "");
}

static gboolean keys_equal(const char *a, const char *b)
{
  if (is_plain_number(a) && is_plain_number(b))
    return plain_number(a) == plain_number(b); /* NaN equals nothing */
  if (*a == QUANTITY)
    return quantity_equals(a, b);
  if (*b == QUANTITY)
    return quantity_equals(b, a);
  return g_str_equal(a, b) || (*a == LIST && *b == LIST && lists_equal(a, b));
}

gboolean nx_values_equal(const NxValues *values, guint32 a, guint32 b)
{
  const char *first = value_at(values, a)->key;
  if (a == b && !is_plain_number(first) && *first != QUANTITY)
    return TRUE;
  return keys_equal(first, value_at(values, b)->key);
}

/* -------------------------------------------------------------------------------------------------------------- names */

guint32 nx_values_add_name(NxValues *values, const char *name)
{
  gpointer known;
  if (g_hash_table_lookup_extended(values->name_numbers, name, NULL, &known))
    return GPOINTER_TO_UINT(known);
  g_autofree char *folded = g_utf8_strdown(name, -1);
  Name added = {g_string_chunk_insert(values->texts, name), g_string_chunk_insert(values->texts, folded)};
  guint32 number = values->names->len;
  g_array_append_val(values->names, added);
  g_hash_table_insert(values->name_numbers, (gpointer)added.name, GUINT_TO_POINTER(number));
  return number;
}

const char *nx_values_name(const NxValues *values, guint32 name)
{
  return g_array_index(values->names, Name, name).name;
}

int nx_values_compare_names(const NxValues *values, guint32 a, guint32 b)
{
  if (a == b)
    return 0;
  const Name *first = &g_array_index(values->names, Name, a), *second = &g_array_index(values->names, Name, b);
  int order = strcmp(first->folded, second->folded);
  return order ? order : strcmp(first->name, second->name);
}
