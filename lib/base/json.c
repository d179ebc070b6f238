/* json.c — JSON values on json-c: parsed strictly, written in the few layouts the product uses, reals as Python spells them. */
#include "nx-base.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#define DEPTH_MAX 256
#define TEXT_MAX (1024u * 1024 * 1024) /* json-c counts in int, and marks come on top */

/* ------------------------------------------------------------------------------------------------------------- reading */

/* What json-c is not to be given as it is. */
typedef struct {
  const char *foreign;   /* what it lets pass even when strict, as the end of an error; or NULL */
  gsize foreign_at;      /* where the first of these is */
  gboolean long_numbers; /* perhaps: of integers beyond 64 bits it makes the nearest one that fits */
} Oddities;

#define DIGITS_THAT_FIT 18

static gboolean is_digit(char c)
{
  return c >= '0' && c <= '9';
}

static const struct {
  const char *word, *problem;
} FOREIGN[] = {
    {"'", "a single quote where a double one is wanted"},
    {"NaN", "NaN is no number in it"},
    {"Infinity", "Infinity is no number in it"},
};

/* Outside of strings these never occur in JSON. */
static void note_foreign(Oddities *found, const char *text, gsize at, gsize length)
{
  for (gsize i = 0; i < G_N_ELEMENTS(FOREIGN) && !found->foreign; i++)
    if (strlen(FOREIGN[i].word) <= length - at && strncmp(text + at, FOREIGN[i].word, strlen(FOREIGN[i].word)) == 0) {
      found->foreign = FOREIGN[i].problem;
      found->foreign_at = at;
    }
}

static Oddities look_over(const char *text, gsize length)
{
  Oddities found = {0};
  gboolean inside = FALSE;
  for (gsize i = 0; i < length; i++) {
    if (inside && text[i] == '\\')
      i++;
    else if (text[i] == '"')
      inside = !inside;
    else if (!inside && (text[i] == '\'' || text[i] == 'N' || text[i] == 'I'))
      note_foreign(&found, text, i, length);
    else if (!inside && is_digit(text[i])) {
      gsize start = i;
      while (i + 1 < length && is_digit(text[i + 1]))
        i++;
      found.long_numbers |= i - start >= DIGITS_THAT_FIT;
    }
  }
  return found;
}

static gsize number_length(const char *text, const char *end)
{
  const char *at = text;
  while (at < end && (is_digit(*at) || *at == '-' || *at == '+' || *at == '.' || *at == 'e' || *at == 'E'))
    at++;
  return (gsize)(at - text);
}

/* Integers of 64 bits are from -2^63 to 2^64 - 1. */
static gboolean is_beyond_64_bits(const char *number, gsize length)
{
  gboolean is_negative = length > 0 && *number == '-';
  const char *digits = number + is_negative, *limit = is_negative ? "9223372036854775808" : "18446744073709551615";
  gsize n = length - is_negative, n_limit = strlen(limit);
  for (gsize i = 0; i < n; i++)
    if (!is_digit(digits[i]))
      return FALSE;
  return n > 0 && *digits != '0' && (n > n_limit || (n == n_limit && memcmp(digits, limit, n) > 0));
}

/* Makes a real of an integer: json-c keeps the text of a real, and so its digits. Taken away again by unmark. */
#define MARK "e-00"

static GString *mark_long_numbers(const char *text, gsize length)
{
  GString *marked = g_string_sized_new(length + 64);
  gboolean inside = FALSE;
  for (const char *at = text, *end = text + length; at < end;) {
    gsize n_number = inside ? 0 : number_length(at, end);
    gsize n = n_number > 0 ? n_number : inside && *at == '\\' && at + 1 < end ? 2 : 1;
    inside ^= *at == '"';
    g_string_append_len(marked, at, (gssize)n);
    if (is_beyond_64_bits(at, n_number))
      g_string_append(marked, MARK);
    at += n;
  }
  return marked;
}

static void unmark(json_object *value)
{
  char *own = json_object_is_type(value, json_type_double) ? json_object_get_userdata(value) : NULL;
  gsize length = own && g_str_has_suffix(own, MARK) ? strlen(own) - strlen(MARK) : 0;
  if (length > 0 && is_beyond_64_bits(own, length))
    own[length] = '\0';
  for (gsize i = 0; json_object_is_type(value, json_type_array) && i < json_object_array_length(value); i++)
    unmark(json_object_array_get_idx(value, i));
  if (!json_object_is_type(value, json_type_object))
    return;
  json_object_object_foreach(value, key, member)
  {
    (void)key;
    unmark(member);
  }
}

/* Only white space from `start` to `end`. */
static gboolean is_blank(const char *text, gsize start, gsize end)
{
  for (gsize i = start; i < end; i++)
    if (text[i] != ' ' && text[i] != '\t' && text[i] != '\r' && text[i] != '\n')
      return FALSE;
  return TRUE;
}

static json_object *parse_strictly(const char *text, gsize length, GError **err)
{
  struct json_tokener *tokener = json_tokener_new_ex(DEPTH_MAX);
  json_tokener_set_flags(tokener, JSON_TOKENER_STRICT);
  json_object *value = json_tokener_parse_ex(tokener, text, (int)length);
  enum json_tokener_error problem = json_tokener_get_error(tokener);
  gsize end = json_tokener_get_parse_end(tokener);
  if (problem == json_tokener_continue) { /* a bare number ends only with the text */
    value = json_tokener_parse_ex(tokener, "", 1);
    problem = json_tokener_get_error(tokener);
  }
  json_tokener_free(tokener);
  if (problem == json_tokener_success && value && is_blank(text, end, length))
    return value;
  json_object_put(value);
  if (problem == json_tokener_success && !value)
    g_set_error(err, NX_ERROR, NX_ERROR_FORMAT, "not JSON: null where a value is wanted");
  else
    g_set_error(err, NX_ERROR, NX_ERROR_FORMAT, "not JSON: %s (at byte %" G_GSIZE_FORMAT ")",
                problem == json_tokener_success ? "text after the value" : json_tokener_error_desc(problem), end + 1);
  return NULL;
}

json_object *nx_json_parse(const char *text, gsize length, GError **err)
{
  if (length > TEXT_MAX || !g_utf8_validate_len(text, length, NULL)) {
    g_set_error(err, NX_ERROR, NX_ERROR_FORMAT, length > TEXT_MAX ? "larger than 1 GiB" : "not valid UTF-8 text");
    return NULL;
  }
  Oddities oddities = look_over(text, length);
  g_autoptr(GString) marked = oddities.long_numbers ? mark_long_numbers(text, length) : NULL;
  g_autoptr(json_object) value = parse_strictly(marked ? marked->str : text, marked ? marked->len : length, err);
  if (value && oddities.foreign) {
    g_set_error(err, NX_ERROR, NX_ERROR_FORMAT, "not JSON: %s (at byte %" G_GSIZE_FORMAT ")", oddities.foreign, oddities.foreign_at + 1);
    return NULL;
  }
  if (marked)
    unmark(value);
  return g_steal_pointer(&value);
}

json_object *nx_json_read_file(const char *path, gsize limit, GError **err)
{
  g_autofree char *text = NULL;
  gsize length;
  if (!nx_file_read(path, limit, &text, &length, err))
    return NULL;
  json_object *value = nx_json_parse(text, length, err);
  if (!value)
    g_prefix_error(err, "%s: ", path);
  return value;
}

/* ------------------------------------------------------------------------------------------------------------- writing */

/* For json-c's own writer: the text is made when it is wanted, which for most numbers is once or never. */
static int print_real(json_object *value, struct printbuf *out, int level, int flags)
{
  char text[NX_TEXT_DOUBLE];
  (void)level, (void)flags;
  return printbuf_memappend(out, text, (int)nx_text_put_double(text, json_object_get_double(value)));
}

json_object *nx_json_double(double value)
{
  if (!isfinite(value))
    return NULL;
  json_object *real = json_object_new_double(value);
  json_object_set_serializer(real, print_real, NULL, NULL);
  return real;
}

json_object *nx_json_string(const char *text)
{
  return text ? json_object_new_string(text) : NULL;
}

static void append_escape(GString *out, guint code_unit)
{
  g_string_append_printf(out, "\\u%04x", code_unit);
}

static void append_ascii(GString *out, gunichar c)
{
  if (c >= 0x10000) {
    append_escape(out, 0xD800 + ((c - 0x10000) >> 10));
    append_escape(out, 0xDC00 + ((c - 0x10000) & 0x3FF));
  } else {
    append_escape(out, c);
  }
}

/* How many of the first bytes of `text` are written as they are. */
static gsize plain_length(const char *text, const char *end, NxJsonStyle style)
{
  const guchar last = style & NX_JSON_ASCII ? 0x7E : 0xFF;
  const char *at = text;
  while (at < end && (guchar)*at >= 0x20 && (guchar)*at <= last && *at != '"' && *at != '\\')
    at++;
  return (gsize)(at - text);
}

static void append_text(GString *out, const char *text, gsize length, NxJsonStyle style)
{
  static const char SHORT[32] = {['\b'] = 'b', ['\f'] = 'f', ['\n'] = 'n', ['\r'] = 'r', ['\t'] = 't'};
  g_string_append_c(out, '"');
  for (const char *at = text, *end = text + length; at < end;) {
    guchar c = (guchar)*at;
    gsize plain = plain_length(at, end, style);
    if (plain) {
      g_string_append_len(out, at, (gssize)plain);
      at += plain;
      continue;
    }
    if (c >= 0x80) {
      const gunichar character = g_utf8_get_char_validated(at, end - at);
      const gboolean is_character = character < 0x110000; /* else one of two negative numbers: a byte that is none */
      append_ascii(out, is_character ? character : 0xFFFD);
      at = is_character ? g_utf8_next_char(at) : at + 1;
      continue;
    }
    if (c == '"' || c == '\\')
      g_string_append_c(out, '\\'), g_string_append_c(out, (char)c);
    else if (c < 0x20 && SHORT[c])
      g_string_append_c(out, '\\'), g_string_append_c(out, SHORT[c]);
    else
      append_escape(out, c);
    at++;
  }
  g_string_append_c(out, '"');
}

/* A real keeps the text it was parsed from (13000.0, 1.50); one without text is spelled as Python does. */
static void append_real(GString *out, json_object *value)
{
  const char *own = json_object_get_userdata(value);
  if (own)
    g_string_append(out, own);
  else if (!isfinite(json_object_get_double(value)))
    g_string_append(out, "null");
  else {
    char text[NX_TEXT_DOUBLE];
    const gsize length = nx_text_put_double(text, json_object_get_double(value));
    g_string_append_len(out, text, (gssize)length);
  }
}

static void append_integer(GString *out, json_object *value)
{
  char text[24];
  const gint64 number = json_object_get_int64(value);
  g_snprintf(text, sizeof text, number == G_MAXINT64 ? "%" G_GUINT64_FORMAT : "%" G_GINT64_FORMAT,
             number == G_MAXINT64 ? json_object_get_uint64(value) : (guint64)number);
  g_string_append(out, text);
}

static void append_break(GString *out, guint depth, NxJsonStyle style)
{
  static const char BREAK[] = "\n                                ";
  const gsize length = 1 + 2 * (gsize)depth, most = sizeof BREAK - 1;
  if (!(style & NX_JSON_INDENT))
    return;
  g_string_append_len(out, BREAK, (gssize)MIN(length, most));
  for (gsize i = most; i < length; i++)
    g_string_append_c(out, ' ');
}

static void append_comma(GString *out, NxJsonStyle style)
{
  g_string_append_c(out, ',');
  if (style & NX_JSON_SPACED)
    g_string_append_c(out, ' ');
}

static void append_value(GString *out, json_object *value, guint depth, NxJsonStyle style);

static void append_array(GString *out, json_object *array, guint depth, NxJsonStyle style)
{
  gsize length = json_object_array_length(array);
  g_string_append_c(out, '[');
  for (gsize i = 0; i < length; i++) {
    if (i)
      append_comma(out, style);
    append_break(out, depth + 1, style);
    append_value(out, json_object_array_get_idx(array, i), depth + 1, style);
  }
  if (length)
    append_break(out, depth, style);
  g_string_append_c(out, ']');
}

static void append_object(GString *out, json_object *object, guint depth, NxJsonStyle style)
{
  gboolean first = TRUE;
  g_string_append_c(out, '{');
  json_object_object_foreach(object, key, value)
  {
    if (!first)
      append_comma(out, style);
    first = FALSE;
    append_break(out, depth + 1, style);
    append_text(out, key, strlen(key), style);
    g_string_append(out, style == NX_JSON_LINE || style == NX_JSON_ASCII ? ":" : ": ");
    append_value(out, value, depth + 1, style);
  }
  if (!first)
    append_break(out, depth, style);
  g_string_append_c(out, '}');
}

static void append_value(GString *out, json_object *value, guint depth, NxJsonStyle style)
{
  switch (json_object_get_type(value)) {
  case json_type_null:
    g_string_append(out, "null");
    break;
  case json_type_boolean:
    g_string_append(out, json_object_get_boolean(value) ? "true" : "false");
    break;
  case json_type_double:
    append_real(out, value);
    break;
  case json_type_int:
    append_integer(out, value);
    break;
  case json_type_string:
    append_text(out, json_object_get_string(value), (gsize)json_object_get_string_len(value), style);
    break;
  case json_type_array:
    append_array(out, value, depth, style);
    break;
  case json_type_object:
    append_object(out, value, depth, style);
    break;
  }
}

void nx_json_append(GString *out, json_object *value, NxJsonStyle style)
{
  append_value(out, value, 0, style);
}

char *nx_json_text(json_object *value, NxJsonStyle style)
{
  GString *out = g_string_new(NULL);
  append_value(out, value, 0, style);
  return g_string_free(out, FALSE);
}

/* ------------------------------------------------------------------------------------------------------------- members */

json_object *nx_json_get(json_object *object, const char *key)
{
  json_object *value = NULL;
  if (json_object_is_type(object, json_type_object))
    json_object_object_get_ex(object, key, &value);
  return value;
}

const char *nx_json_get_string(json_object *object, const char *key)
{
  json_object *value = nx_json_get(object, key);
  return json_object_is_type(value, json_type_string) ? json_object_get_string(value) : NULL;
}

gboolean nx_json_get_boolean(json_object *object, const char *key)
{
  json_object *value = nx_json_get(object, key);
  return json_object_is_type(value, json_type_boolean) && json_object_get_boolean(value);
}

static gboolean is_number(json_object *value)
{
  return json_object_is_type(value, json_type_int) || json_object_is_type(value, json_type_double);
}

double nx_json_get_double(json_object *object, const char *key, double fallback)
{
  json_object *value = nx_json_get(object, key);
  return is_number(value) ? json_object_get_double(value) : fallback;
}

gint64 nx_json_get_int(json_object *object, const char *key, gint64 fallback)
{
  json_object *value = nx_json_get(object, key);
  return is_number(value) ? json_object_get_int64(value) : fallback;
}

void nx_json_set(json_object *object, const char *key, json_object *value)
{
  json_object_object_add(object, key, value);
}

void nx_json_set_string(json_object *object, const char *key, const char *text)
{
  nx_json_set(object, key, nx_json_string(text));
}
