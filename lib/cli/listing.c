/* listing.c — a value through a jq program and out. Source: cli §2.7.
 *
 * jq 1.6 knows doubles alone and would print 2.0 as 2. A result's number is therefore looked up among the numbers of the input: one with
 * the same value keeps the input's form. (A new number that happens to equal a real of the input takes its form too; its value is the
 * same.) */
#include "nx-listing.h"
#include "nx-cli.h"
#include "nx-jq.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#define INTEGER_MAX 9007199254740992.0 /* 2^53: beyond, a double is no longer every integer */

typedef struct {
  jq_state *program;
  GString *complaints;
  GHashTable *numbers; /* double → json_object of the input, borrowed */
} Filter;

static void filter_clear(Filter *filter)
{
  if (filter->program)
    jq_teardown(&filter->program);
  if (filter->complaints)
    g_string_free(filter->complaints, TRUE);
  g_clear_pointer(&filter->numbers, g_hash_table_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Filter, filter_clear)

/* jq complains in several lines, the last of which only counts; the first says what is wrong. */
static void note_complaint(void *user_data, jv message)
{
  Filter *filter = user_data;
  jv text = jq_format_error(message);
  if (filter->complaints->len == 0)
    g_string_append(filter->complaints, jv_string_value(text));
  jv_free(text);
}

static char *first_complaint(const Filter *filter)
{
  g_auto(GStrv) lines = g_strsplit(filter->complaints->str, "\n", 2);
  const char *text = lines[0] ? lines[0] : "the program is not valid";
  return g_strdup(g_str_has_prefix(text, "jq: ") ? text + strlen("jq: ") : text);
}

/* As jq itself shows it. */
static void show_debug(void *unused, jv value)
{
  (void)unused;
  jv text = jv_dump_string(value, 0);
  fprintf(stderr, "[\"DEBUG:\",%s]\n", jv_string_value(text));
  jv_free(text);
}

static gboolean compile(Filter *filter, const char *program)
{
  *filter = (Filter){.program = nx_jq_new(show_debug, NULL), .complaints = g_string_new(NULL)};
  filter->numbers = g_hash_table_new_full(g_double_hash, g_double_equal, g_free, NULL);
  jq_set_error_cb(filter->program, note_complaint, filter);
  return jq_compile(filter->program, program);
}

gboolean nx_listing_accepts(const char *program)
{
  g_auto(Filter) filter = {0};
  if (!program || compile(&filter, program))
    return TRUE;
  g_autofree char *reason = first_complaint(&filter);
  nx_cli_usage_error("Invalid value for '--jq': %s", reason);
  return FALSE;
}

/* ------------------------------------------------------------------------------------------------------------------ in */

static jv to_jq(Filter *filter, json_object *value);

static jv object_to_jq(Filter *filter, json_object *object)
{
  jv result = jv_object();
  json_object_object_foreach(object, key, member) result = jv_object_set(result, jv_string(key), to_jq(filter, member));
  return result;
}

static jv array_to_jq(Filter *filter, json_object *array)
{
  jv result = jv_array();
  for (size_t i = 0; i < json_object_array_length(array); i++)
    result = jv_array_append(result, to_jq(filter, json_object_array_get_idx(array, i)));
  return result;
}

static jv number_to_jq(Filter *filter, json_object *value)
{
  double number = json_object_get_double(value);
  if (!g_hash_table_contains(filter->numbers, &number))
    g_hash_table_insert(filter->numbers, g_memdup2(&number, sizeof number), value);
  return jv_number(number);
}

static jv to_jq(Filter *filter, json_object *value)
{
  switch (json_object_get_type(value)) {
  case json_type_null:
    return jv_null();
  case json_type_boolean:
    return jv_bool(json_object_get_boolean(value));
  case json_type_int:
  case json_type_double:
    return number_to_jq(filter, value);
  case json_type_string:
    return jv_string_sized(json_object_get_string(value), json_object_get_string_len(value));
  case json_type_array:
    return array_to_jq(filter, value);
  case json_type_object:
    return object_to_jq(filter, value);
  }
  return jv_null();
}

/* ----------------------------------------------------------------------------------------------------------------- out */

static json_object *from_jq(const Filter *filter, jv value);

static json_object *number_from_jq(const Filter *filter, double number)
{
  json_object *original = g_hash_table_lookup(filter->numbers, &number);
  if (original)
    return json_object_get(original);
  if (number == floor(number) && fabs(number) < INTEGER_MAX)
    return json_object_new_int64((gint64)number);
  return nx_json_double(number);
}

static json_object *array_from_jq(const Filter *filter, jv array)
{
  json_object *result = json_object_new_array();
  jv_array_foreach(array, i, item) json_object_array_add(result, from_jq(filter, item));
  return result;
}

static json_object *object_from_jq(const Filter *filter, jv object)
{
  json_object *result = json_object_new_object();
  jv_object_foreach(object, key, member)
  {
    json_object_object_add(result, jv_string_value(key), from_jq(filter, member));
    jv_free(key);
  }
  return result;
}

/* `value` is consumed. */
static json_object *from_jq(const Filter *filter, jv value)
{
  json_object *result = NULL;
  switch (jv_get_kind(value)) {
  case JV_KIND_INVALID:
  case JV_KIND_NULL:
    break;
  case JV_KIND_FALSE:
  case JV_KIND_TRUE:
    result = json_object_new_boolean(jv_get_kind(value) == JV_KIND_TRUE);
    break;
  case JV_KIND_NUMBER:
    result = number_from_jq(filter, jv_number_value(value));
    break;
  case JV_KIND_STRING:
    result = json_object_new_string_len(jv_string_value(value), jv_string_length_bytes(jv_copy(value)));
    break;
  case JV_KIND_ARRAY:
    result = array_from_jq(filter, value);
    break;
  case JV_KIND_OBJECT:
    result = object_from_jq(filter, value);
    break;
  }
  jv_free(value);
  return result;
}

/* `result` is consumed. */
static void print_result(const Filter *filter, jv result, FILE *out)
{
  if (jv_get_kind(result) == JV_KIND_STRING) {
    fwrite(jv_string_value(result), 1, (size_t)jv_string_length_bytes(jv_copy(result)), out);
    jv_free(result);
  } else {
    g_autoptr(json_object) value = from_jq(filter, result);
    g_autofree char *text = nx_json_text(value, NX_JSON_LINE);
    fputs(text, out);
  }
  fputc('\n', out);
}

/* `halt_error` is no error to jq itself, which leaves what was said and the exit status of its own program; `halt` leaves no status. */
static gboolean was_halted_with_error(const Filter *filter)
{
  jv status = jq_get_exit_code(filter->program);
  gboolean is_error = jq_halted(filter->program) && jv_get_kind(status) == JV_KIND_NUMBER && jv_number_value(status) != 0;
  jv_free(status);
  return is_error;
}

/* What ended the results: consumed. */
static gboolean ended_well(const Filter *filter, jv end, GError **err)
{
  gboolean was_halted = was_halted_with_error(filter);
  if (!was_halted && !jv_invalid_has_msg(jv_copy(end))) {
    jv_free(end);
    return TRUE;
  }
  jv message = was_halted ? jq_get_error_message(filter->program) : jv_invalid_get_msg(jv_copy(end));
  jv_free(end);
  jv text = jv_get_kind(message) == JV_KIND_STRING ? message : jv_dump_string(message, 0);
  g_set_error(err, NX_ERROR, NX_ERROR_DATA, "jq: %s", jv_string_value(text));
  jv_free(text);
  return FALSE;
}

static gboolean print_results(json_object *value, const char *program, FILE *out, GError **err)
{
  g_auto(Filter) filter = {0};
  if (!compile(&filter, program)) {
    g_autofree char *reason = first_complaint(&filter);
    g_set_error(err, NX_ERROR, NX_ERROR_DATA, "jq: %s", reason);
    return FALSE;
  }
  jq_start(filter.program, to_jq(&filter, value), 0);
  jv result = jq_next(filter.program);
  for (; jv_is_valid(result); result = jq_next(filter.program))
    print_result(&filter, result, out);
  return ended_well(&filter, result, err);
}

gboolean nx_listing_print(json_object *value, const char *program, FILE *out, GError **err)
{
  if (program) {
    if (!print_results(value, program, out, err)) {
      fflush(out);
      return FALSE;
    }
  } else {
    g_autofree char *text = nx_json_text(value, NX_JSON_INDENT | NX_JSON_ASCII);
    fprintf(out, "%s\n", text);
  }
  if (fflush(out) == 0)
    return TRUE;
  g_set_error(err, NX_ERROR, NX_ERROR_LINE, "cannot write: %s", g_strerror(errno));
  return FALSE;
}
