/* test-extract-outcome.c — the answer of a reader that its file has taken over: what it may cost the process that reads it. */
#include "outcome.h"

#include <string.h>

/* Kinds of frames, as outcome.c numbers them. */
enum { FORMAT = 1, META = 3, DOCUMENT, METADATA_DONE, PREVIEW, END };

#define HEAD "{\"DatasetType\":\"Misc\",\"Data Type\":\"Mine\",\"Creation Time\":\"2024-01-01T00:00:00Z\",\"extensions\":{\"a\":"

static void add(GByteArray *answer, guint32 kind, guint32 number, const char *text, gsize length)
{
  NxFrame frame = { kind, number, (guint32)length };
  g_byte_array_append(answer, (const guint8 *)&frame, sizeof frame);
  g_byte_array_append(answer, (const guint8 *)text, (guint)length);
}

/* `text` as the one value of the only signal. */
static GByteArray *answer_of(const char *text)
{
  GByteArray *answer = g_byte_array_new();
  g_autofree char *meta = g_strconcat(HEAD, text, "}}", NULL);
  add(answer, FORMAT, 0, "dm3", 3);
  add(answer, META, 0, meta, strlen(meta));
  return answer;
}

static NxOutcome *read_ended(GByteArray *answer, guint32 n_signals)
{
  add(answer, METADATA_DONE, n_signals, "", 0);
  add(answer, END, 0, "", 0);
  NxOutcome *outcome = nx_outcome_read(answer, "file");
  g_byte_array_unref(answer);
  return outcome;
}

/* "[0,ITEM,ITEM…]" of `length` bytes or a few more. */
static char *list_of(const char *item, gsize length)
{
  GString *list = g_string_new("[0");
  while (list->len < length) {
    g_string_append_c(list, ',');
    g_string_append(list, item);
  }
  g_string_append_c(list, ']');
  return g_string_free(list, FALSE);
}

static void test_usual(void)
{
  g_autoptr(NxOutcome) outcome = read_ended(answer_of("[1,2.5,\"[{,:\",{\"b\":{}}]"), 1);
  g_assert_true(outcome->is_complete);
  g_assert_cmpstr(outcome->extractor, ==, "dm3_extractor");
}

/* Parsed, each takes many times its length: 3 bytes of text nearly 800 bytes of memory. */
static void test_swelling(gconstpointer item)
{
  g_autofree char *list = list_of(item, 4u * 1024 * 1024);
  g_autoptr(NxOutcome) outcome = read_ended(answer_of(list), 1);
  g_assert_false(outcome->is_complete);
  g_assert_cmpuint(outcome->products->len, ==, 0);
}

/* It would be longer than a line of any program may be. */
static void test_long(void)
{
  g_autofree char *text = g_strnfill(20u * 1024 * 1024, 'x'), *quoted = g_strdup_printf("\"%s\"", text);
  g_autoptr(NxOutcome) outcome = read_ended(answer_of(quoted), 1);
  g_assert_false(outcome->is_complete);
}

/* Each signal is harmless. */
static void test_many_swelling(void)
{
  GByteArray *answer = g_byte_array_new();
  g_autofree char *list = list_of("{}", 20000), *meta = g_strconcat(HEAD, list, "}}", NULL);
  for (guint32 i = 0; i < 1000; i++)
    add(answer, META, i, meta, strlen(meta));
  g_autoptr(NxOutcome) outcome = read_ended(answer, 1000);
  g_assert_false(outcome->is_complete);
  g_assert_cmpuint(outcome->products->len, <, 100);
}

/* More than any format makes: 1000 signals of 300 fields. */
static void test_rich(void)
{
  GByteArray *answer = g_byte_array_new();
  GString *meta = g_string_new(HEAD "0");
  for (int i = 0; i < 300; i++)
    g_string_append_printf(meta, ",\"field %d\":%d.5", i, i);
  g_string_append(meta, "}}");
  for (guint32 i = 0; i < 1000; i++)
    add(answer, META, i, meta->str, meta->len);
  g_string_free(meta, TRUE);
  g_autoptr(NxOutcome) outcome = read_ended(answer, 1000);
  g_assert_true(outcome->is_complete);
  g_assert_cmpuint(outcome->products->len, ==, 1000);
}

/* Neither what is left of the one room nor of the other suffices. */
static void test_long_together(void)
{
  GByteArray *answer = g_byte_array_new();
  const gsize lengths[] = { 15u * 1024 * 1024, 1000 * 1000, 100 * 1000 };
  for (guint32 i = 0; i < G_N_ELEMENTS(lengths); i++) {
    g_autofree char *text = g_strnfill(lengths[i], 'x'), *meta = g_strconcat(HEAD "\"", text, "\"}}", NULL);
    add(answer, META, i, meta, strlen(meta));
  }
  g_autoptr(NxOutcome) outcome = read_ended(answer, G_N_ELEMENTS(lengths));
  g_assert_false(outcome->is_complete);
  g_assert_cmpuint(outcome->products->len, ==, 2);
}

static void test_preview(void)
{
  GByteArray *answer = answer_of("0");
  g_autofree char *picture = g_malloc0(17u * 1024 * 1024);
  add(answer, PREVIEW, 0, picture, 17u * 1024 * 1024);
  g_autoptr(NxOutcome) outcome = read_ended(answer, 1);
  g_assert_null(((NxProduct *)outcome->products->pdata[0])->preview);
  g_assert_false(outcome->is_complete);
}

/* A warning is added to documents that can be parsed cheaply; the others stay as they are. */
static void test_document(void)
{
  g_autofree char *list = list_of("{}", 4u * 1024 * 1024), *document = g_strdup_printf("{\"nx_meta\":{},\"tags\":%s}", list);
  GByteArray *answer = answer_of("0");
  add(answer, DOCUMENT, 0, document, strlen(document));
  g_autoptr(NxOutcome) outcome = read_ended(answer, 1);
  g_assert_true(outcome->is_complete);
  nx_outcome_warn(outcome, "a sentence");
  const NxProduct *product = outcome->products->pdata[0];
  gsize length;
  const char *text = g_bytes_get_data(product->document, &length);
  g_assert_cmpuint(length, ==, strlen(document));
  g_assert_true(memcmp(text, document, length) == 0);
}

int main(int argc, char **argv)
{
  static const char *const SWELLING[] = { "{}", "[]", "0", "\"\"", "{\"a\":0}" };
  g_test_init(&argc, &argv, NULL);
  nx_log_start("test", 0);
  g_test_add_func("/extract/outcome/a usual answer is taken", test_usual);
  for (gsize i = 0; i < G_N_ELEMENTS(SWELLING); i++) {
    g_autofree char *path = g_strdup_printf("/extract/outcome/an answer full of %s is not parsed", SWELLING[i]);
    g_test_add_data_func(path, SWELLING[i], test_swelling);
  }
  g_test_add_func("/extract/outcome/metadata longer than any line is not taken", test_long);
  g_test_add_func("/extract/outcome/metadata of many signals that is longer together than any line is not taken", test_long_together);
  g_test_add_func("/extract/outcome/many signals swell no further than one", test_many_swelling);
  g_test_add_func("/extract/outcome/a thousand signals with all their fields are taken", test_rich);
  g_test_add_func("/extract/outcome/a preview larger than any picture is not taken", test_preview);
  g_test_add_func("/extract/outcome/a document that would swell gets no warning", test_document);
  return g_test_run();
}
