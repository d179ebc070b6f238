/* listing.c — see nx-listing.h. */
#include "nx-listing.h"

#include <jq.h>
#include <string.h>

#include "nx-cli.h"
#include "program.h"

/* Messages of jq, a line each, gathered into a GString. */
static void gather(void *text, jv message)
{
  jv shown = jq_format_error(message);
  g_string_append_printf(text, "%s%s", ((GString *)text)->len > 0 ? "; " : "", jv_string_value(shown));
  jv_free(shown);
}

/* The compiled program, or NULL with the reason in `messages`. */
static jq_state *compile(const char *program, GString *messages)
{
  jq_state *jq = jq_init();
  jq_set_error_cb(jq, gather, messages);
  if (!jq_compile(jq, program))
    jq_teardown(&jq);
  return jq;
}

gboolean nx_listing_accepts(const char *program)
{
  if (!program)
    return TRUE;
  g_autoptr(GString) messages = g_string_new(NULL);
  jq_state *jq = compile(program, messages);
  if (!jq) {
    nx_cli_set_exit_code(nx_cli_usage_error("Invalid value for '--jq': %s", messages->str));
    return FALSE;
  }
  jq_teardown(&jq);
  return TRUE;
}

/* Prints and frees one result. */
static void print_result(jv result, FILE *out)
{
  jv text = jv_get_kind(result) == JV_KIND_STRING ? result : jv_dump_string(result, 0);
  fwrite(jv_string_value(text), 1, (gsize)jv_string_length_bytes(jv_copy(text)), out);
  fputc('\n', out);
  jv_free(text);
}

/* What a program ended with when it was an error; consumes it. */
static gboolean end_of_results(jv end, GError **err)
{
  if (!jv_invalid_has_msg(jv_copy(end))) {
    jv_free(end);
    return TRUE;
  }
  g_autoptr(GString) message = g_string_new(NULL);
  gather(message, jv_invalid_get_msg(end));
  const char *words = g_str_has_prefix(message->str, "jq: error: ") ? message->str + strlen("jq: error: ") : message->str;
  g_set_error(err, NX_ERROR, NX_ERROR_DATA, "jq: %s", words);
  return FALSE;
}

gboolean nx_listing_print(json_object *value, const char *program, FILE *out, GError **err)
{
  if (!program) {
    g_autofree char *text = nx_json_text(value, NX_JSON_INDENT | NX_JSON_ASCII);
    fprintf(out, "%s\n", text);
    return TRUE;
  }
  g_autoptr(GString) messages = g_string_new(NULL);
  jq_state *jq = compile(program, messages);
  if (!jq) {
    g_set_error(err, NX_ERROR, NX_ERROR_DATA, "jq: %s", messages->str);
    return FALSE;
  }
  g_autofree char *text = nx_json_text(value, NX_JSON_LINE);
  jq_start(jq, jv_parse(text), 0);
  jv result = jq_next(jq);
  for (; jv_is_valid(result); result = jq_next(jq))
    print_result(result, out);
  gboolean good = end_of_results(result, err);
  jq_teardown(&jq);
  return good;
}
