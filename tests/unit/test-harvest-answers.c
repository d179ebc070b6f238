/* Question data: the vectors of harvest-nemo §9 and §13, and what real forms do to them. */
#include "nemo.h"
#include "reservation.h"

#include <string.h>

/* Any value: as the one member of an array, since a line's own value is never a plain word. */
static json_object *parsed(const char *text)
{
  g_autoptr(GError) err = NULL;
  g_autofree char *wrapped = g_strdup_printf("[%s]", text);
  g_autoptr(json_object) array = nx_json_parse(wrapped, strlen(wrapped), &err);
  json_object *value = json_object_get(json_object_array_get_idx(array, 0));
  g_assert_no_error(err);
  return value;
}

static void assert_samples(const char *questions, const char *expected)
{
  g_autoptr(json_object) data = parsed(questions);
  g_autoptr(json_object) samples = nx_answer_samples(data);
  g_autofree char *text = nx_json_text(samples, NX_JSON_LINE);
  g_assert_cmpstr(text, ==, expected);
}

#define GROUP(entries) "{\"sample_group\":{\"user_input\":{" entries "}}}"
#define SAMPLE(name, pid, details, elements) "{\"name\":" name ",\"pid\":" pid ",\"details\":" details ",\"elements\":" elements "}"

static void test_sample_vector(void)
{
  assert_samples(GROUP("\"0\":{\"sample_name\":\"sample_pid_1\",\"sample_or_pid\":\"PID\",\"sample_details\":\"A\"},"
                       "\"1\":{\"sample_name\":\"n1\",\"sample_or_pid\":\"Sample Name\",\"sample_details\":\"B\"},"
                       "\"2\":{\"sample_name\":\"sample_pid_2\",\"sample_or_pid\":\"PID\",\"sample_details\":\"\"},"
                       "\"3\":{\"sample_name\":\"n2\",\"sample_or_pid\":\"Sample Name\",\"sample_details\":null}"),
                 "[" SAMPLE("null", "\"sample_pid_1\"", "\"A\"", "null") "," SAMPLE("\"n1\"", "null", "\"B\"", "null") "," SAMPLE(
                     "null", "\"sample_pid_2\"", "null", "null") "," SAMPLE("\"n2\"", "null", "null", "null") "]");
  assert_samples(GROUP("\"0\":{\"sample_name\":\"n\",\"sample_or_pid\":\"bogus\",\"sample_details\":\"A\"}"),
                 "[" SAMPLE("null", "null", "\"A\"", "null") "]");
}

static void test_sample_order(void)
{
  assert_samples(GROUP("\"0\":{\"sample_or_pid\":\"pid\",\"sample_name\":\"a\"},\"10\":{\"sample_or_pid\":\"PID\",\"sample_name\":\"b\"},"
                       "\"2\":{\"sample_or_pid\":\"sample NAME\",\"sample_name\":\"c\",\"periodic_table\":[\"Fe\",\"O\"]}"),
                 "[" SAMPLE("null", "\"a\"", "null", "null") "," SAMPLE("null", "\"b\"", "null", "null") "," SAMPLE("\"c\"", "null", "null",
                                                                                                                    "[\"Fe\",\"O\"]") "]");
}

static void test_malformed_samples(void)
{
  assert_samples(GROUP(""), "[]");
  assert_samples("{}", "[]");
  assert_samples("null", "[]");
  assert_samples("{\"sample_group\":{\"user_input\":\"text\"}}", "[]");
  assert_samples("{\"sample_group\":{\"user_input\":[1]}}", "[]");
  assert_samples("{\"sample_group\":7}", "[]");
  assert_samples(GROUP("\"0\":{},\"1\":null,\"2\":\"x\""), "[" SAMPLE("null", "null", "null", "null") "]");
  assert_samples(GROUP("\"0\":{\"sample_or_pid\":null,\"sample_name\":\"n\",\"sample_details\":\"  spaced  \",\"periodic_table\":null}"),
                 "[" SAMPLE("null", "null", "\"  spaced  \"", "null") "]");
  assert_samples(GROUP("\"0\":{\"sample_or_pid\":\"PID\",\"sample_name\":12,\"periodic_table\":[]}"),
                 "[" SAMPLE("null", "\"12\"", "null", "[]") "]");
  assert_samples(GROUP("\"0\":{\"sample_or_pid\":\"PID\",\"sample_name\":\"a\\u0000b\",\"sample_details\":\"\\u0000\"}"),
                 "[" SAMPLE("null", "\"ab\"", "null", "null") "]");
}

static void test_answers(void)
{
  g_autoptr(json_object) data =
      parsed("{\"a\":{\"user_input\":\"x\",\"type\":\"textbox\"},\"b\":{\"user_input\":null},\"c\":{},\"d\":7,\"e\":{\"user_input\":\"\"},"
             "\"f\":{\"user_input\":1.50},\"g\":{\"user_input\":{}},\"h\":{\"user_input\":\"before\\u0000, \\u0000after\"}}");
  static const struct {
    const char *name, *text;
  } EXPECTED[] = {{"a", "x"}, {"b", NULL}, {"c", NULL}, {"d", NULL}, {"e", ""}, {"f", "1.50"}, {"g", NULL}, {"h", "before, after"}, {"absent", NULL}};
  for (gsize i = 0; i < G_N_ELEMENTS(EXPECTED); i++) {
    g_autofree char *text = nx_answer_text(data, EXPECTED[i].name);
    g_assert_cmpstr(text, ==, EXPECTED[i].text);
  }
}

static void test_consent(void)
{
  static const struct {
    const char *answer;
    NxConsent consent;
  } EXPECTED[] = {
      {"\"Agree\"", NX_CONSENT_GIVEN},   {"\"YES\"", NX_CONSENT_GIVEN},        {"\"I agree\"", NX_CONSENT_GIVEN},
      {"\"nope\"", NX_CONSENT_GIVEN},    {"\"Disagree\"", NX_CONSENT_REFUSED}, {"\"NO\"", NX_CONSENT_REFUSED},
      {"\"False\"", NX_CONSENT_REFUSED}, {"\"negative\"", NX_CONSENT_REFUSED}, {"\" no \"", NX_CONSENT_GIVEN},
      {"\"\"", NX_CONSENT_UNDEFINED},    {"\" \\t\"", NX_CONSENT_UNDEFINED},   {"null", NX_CONSENT_UNDEFINED},
      {"[]", NX_CONSENT_REFUSED},        {"[\"Agree\"]", NX_CONSENT_GIVEN},    {"[\"No\"]", NX_CONSENT_REFUSED},
      {"{}", NX_CONSENT_UNDEFINED},      {"false", NX_CONSENT_REFUSED},        {"[[\"Agree\"]]", NX_CONSENT_UNDEFINED},
      {"\"No\\u0000\"", NX_CONSENT_REFUSED}, {"\"\\u0000Disagree\"", NX_CONSENT_REFUSED}, {"\"\\u0000\"", NX_CONSENT_UNDEFINED},
  };
  for (gsize i = 0; i < G_N_ELEMENTS(EXPECTED); i++) {
    g_autoptr(json_object) answer = parsed(EXPECTED[i].answer);
    g_assert_cmpint(nx_consent_judge(answer), ==, EXPECTED[i].consent);
  }
}

static void test_url_ids(void)
{
  static const struct {
    const char *url;
    gboolean good, found;
    gint64 id;
  } EXPECTED[] = {
      {"https://h/api/usage_events/?id=9", TRUE, TRUE, 9},
      {"https://h/api/usage_events/?id=9&id=10", TRUE, TRUE, 9},
      {"https://h/api/usage_events/?notid=4", TRUE, FALSE, 0},
      {"https://h/api/usage_events/?id=", TRUE, FALSE, 0},
      {"https://h/api/usage_events/?id=x", FALSE, FALSE, 0},
      {"6e2f7a52-0c1e-4f2b-9d9c-1b7a7d0a4a6e", TRUE, FALSE, 0},
      {"https://h/api/usage_events/?id=99999999999999999999", FALSE, FALSE, 0},
  };
  for (gsize i = 0; i < G_N_ELEMENTS(EXPECTED); i++) {
    g_autoptr(GError) err = NULL;
    gboolean found;
    gint64 id;
    g_assert_cmpint(nx_nemo_id_of_url(EXPECTED[i].url, &found, &id, &err), ==, EXPECTED[i].good);
    if (!EXPECTED[i].good) {
      g_assert_error(err, NX_ERROR, NX_ERROR_DATA);
      continue;
    }
    g_assert_cmpint(found, ==, EXPECTED[i].found);
    if (found)
      g_assert_cmpint(id, ==, EXPECTED[i].id);
  }
}

static void test_ids(void)
{
  static const struct {
    const char *value;
    gint64 id;
  } EXPECTED[] = {
      {"7", 7},      {"0", 0},        {"7.0", 7},   {"\"100\"", 100}, {"9223372036854775806", G_MAXINT64 - 1}, {"-5", -1},   {"7.5", -1},
      {"1e300", -1}, {"\"-5\"", -1}, {"\"\"", -1}, {"\"7 \"", -1},  {"36893488147419103232", -1},            {"\"x\"", -1}, {"null", -1},
      {"true", -1},  {"[7]", -1},     {"{}", -1},   {"\"0x7\"", -1},  {"\"7\\u0000\"", -1},
  };
  for (gsize i = 0; i < G_N_ELEMENTS(EXPECTED); i++) {
    g_autofree char *text = g_strdup_printf("{\"id\":%s}", EXPECTED[i].value);
    g_autoptr(json_object) object = parsed(text);
    g_assert_cmpint(nx_nemo_id(object, "id"), ==, EXPECTED[i].id);
    g_assert_cmpint(nx_nemo_id(object, "user"), ==, -1);
  }
  g_assert_cmpint(nx_nemo_id(NULL, "id"), ==, -1);
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  nx_log_start("test-harvest-answers", 0);
  g_test_add_func("/harvest/answers/samples are names or PIDs with details and elements", test_sample_vector);
  g_test_add_func("/harvest/answers/samples keep the order of the JSON text", test_sample_order);
  g_test_add_func("/harvest/answers/malformed samples cost themselves", test_malformed_samples);
  g_test_add_func("/harvest/answers/an answer is the user_input, as it was written", test_answers);
  g_test_add_func("/harvest/answers/consent is given, refused or not defined", test_consent);
  g_test_add_func("/harvest/answers/an id is the first one in the address, and a number", test_url_ids);
  g_test_add_func("/harvest/answers/an id is a whole number or its digits", test_ids);
  return g_test_run();
}
