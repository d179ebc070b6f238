/* test-preview-text.c — rows of text pages and titles. Expected rows: extractors-b §12.4 and corpus/text. */
#include "preview-png.h"

#include "preview/wrap.h"

#include <string.h>

static void assert_rows(GPtrArray *rows, const char *const *expected)
{
  for (guint i = 0; i < rows->len; i++)
    g_assert_cmpstr(rows->pdata[i], ==, expected[i]);
  g_assert_null(expected[rows->len]);
  g_ptr_array_unref(rows);
}

#define assert_wrapped(text, columns, ...) assert_rows(nx_wrap(text, columns, 100), (const char *const[]){ __VA_ARGS__, NULL })
#define assert_page(text, ...) assert_rows(nx_text_page_rows(text), (const char *const[]){ __VA_ARGS__, NULL })

static void test_breaks_at_blanks(void)
{
  assert_wrapped("one two three", 7, "one two", "three");
  assert_wrapped("one two   three", 7, "one two", "three");
  assert_wrapped("exactly seven", 7, "exactly", "seven");
}

static void test_keeps_leading_blanks_of_the_first_row_only(void)
{
  assert_wrapped("  ab cd ef", 6, "  ab", "cd ef");
}

static void test_breaks_behind_hyphens_between_letters(void)
{
  assert_wrapped("cross-section", 8, "cross-", "section");
  assert_wrapped("x 2024-01-05", 10, "x", "2024-01-05");
}

static void test_cuts_words_that_are_too_long(void)
{
  assert_wrapped("abcdefghij kl", 4, "abcd", "efgh", "ij", "kl");
  assert_wrapped("ab cdefghijk", 6, "ab cde", "fghijk");
}

static void test_counts_characters_and_not_bytes(void)
{
  assert_wrapped("äöü äöü äöü", 7, "äöü äöü", "äöü");
}

static void test_stops_at_the_last_wanted_row(void)
{
  g_autofree char *text = g_strnfill(1000000, 'x');
  GPtrArray *rows = nx_wrap(text, 60, 4);
  g_assert_cmpuint(rows->len, ==, 4);
  g_assert_cmpuint(strlen(rows->pdata[3]), ==, 60);
  g_ptr_array_unref(rows);
}

static void test_makes_no_row_of_blanks(void)
{
  GPtrArray *rows = nx_wrap(" \t \n", 60, 4);
  g_assert_cmpuint(rows->len, ==, 0);
  g_ptr_array_unref(rows);
}

static void test_keeps_empty_rows_of_a_note(void)
{
  assert_page("a\n\nb", "a", "", "b");
  assert_page("a\n", "a", "");
  assert_page("", "");
}

static void test_takes_every_kind_of_line_end(void)
{
  assert_page("a\r\nb\rc\nd", "a", "b", "c", "d");
}

static void test_expands_tabs_to_stops_of_four(void)
{
  assert_page("a\tb\tabcd\te", "a   b   abcd    e");
}

static void test_shows_18_rows_of_a_note(void)
{
  /* 18 line feeds: a note of 19 lines. */
  GPtrArray *rows = nx_text_page_rows("1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12\n13\n14\n15\n16\n17\n18\n19");
  g_assert_cmpuint(rows->len, ==, 18);
  g_assert_cmpstr(rows->pdata[17], ==, "18");
  g_ptr_array_unref(rows);
}

static void test_cuts_17_lines_of_data(void)
{
  g_autoptr(GString) text = g_string_new(NULL);
  for (int i = 0; i < 20; i++)
    g_string_append_printf(text, "%02d 345678901234567890123456789012345678901234567890\n", i);
  GPtrArray *rows = nx_text_page_rows(text->str);
  g_assert_cmpuint(rows->len, ==, 17);
  g_assert_cmpstr(rows->pdata[16], ==, "16 34567890123456789012345678901234567890123");
  g_assert_cmpuint(strlen(rows->pdata[0]), ==, 44);
  g_ptr_array_unref(rows);
}

static void assert_decoded(const char *bytes, gsize length, gboolean complete, const char *expected)
{
  g_autofree char *text = nx_text_decode(bytes, length, complete);
  g_assert_cmpstr(text, ==, expected);
}

static void test_decodes_strictly_in_order(void)
{
  assert_decoded("\xc3\xa4", 2, TRUE, "ä");
  assert_decoded("a\xf8", 2, TRUE, "ař");   /* Windows-1250 */
  assert_decoded("\x83\xf8", 2, TRUE, "ƒø"); /* 83 has no meaning in Windows-1250 */
  assert_decoded("\x81", 1, TRUE, NULL);      /* nor 81 in either */
}

static void test_drops_a_byte_order_mark_and_nul(void)
{
  assert_decoded("\xef\xbb\xbfx", 4, TRUE, "x");
  assert_decoded("a\0b", 3, TRUE, "a b");
}

static void test_decodes_utf16_with_a_byte_order_mark(void)
{
  assert_decoded("\xff\xfeG\0\xf6\0\r\0\n\0", 10, TRUE, "Gö\r\n");
  assert_decoded("\xfe\xff\0G\0\xf6\0", 7, FALSE, "Gö");
  assert_decoded("\xff\xfex\0\x0a\xdf", 6, TRUE, "x\xef\xbf\xbd");
}

static void test_forgives_a_character_cut_by_the_window_only(void)
{
  assert_decoded("ab\xe2\x82", 4, FALSE, "ab");
  assert_decoded("ab\xe2\x82", 4, TRUE, "abâ‚"); /* Windows-1250: e2 = â, 82 = ‚ */
}

/* ---------------------------------------------------------------------------------------------------------------- corpus */

static void assert_corpus_rows(const char *path, json_object *preview)
{
  g_autofree char *data = NULL;
  gsize length;
  json_object *lines = nx_json_get(preview, "lines");
  if (!lines)
    return;
  g_assert_true(g_file_get_contents(path, &data, &length, NULL));
  g_autofree char *text = nx_text_decode(data, length, TRUE);
  g_autoptr(GPtrArray) rows = nx_text_page_rows(text);
  g_assert_cmpuint(rows->len, ==, json_object_array_length(lines));
  for (guint i = 0; i < rows->len; i++)
    g_assert_cmpstr(rows->pdata[i], ==, json_object_get_string(json_object_array_get_idx(lines, i)));
}

static void test_corpus_rows(void)
{
  test_each_corpus_preview("text", assert_corpus_rows);
}

/* Row k of the page (top 15 px, pitch 27.9 px) holds ink exactly when its text does; left of x = 10 there is none. */
static void assert_corpus_page(const char *path, json_object *preview)
{
  json_object *lines = nx_json_get(preview, "lines");
  if (!lines)
    return;
  g_autoptr(GBytes) png = test_preview_of_file(path, NX_VIEW_TEXT);
  g_autoptr(GdkPixbuf) picture = test_decode(png);
  for (guint k = 0; k < 17; k++) {
    const char *text = k < json_object_array_length(lines) ? json_object_get_string(json_object_array_get_idx(lines, k)) : "";
    g_autofree char *stripped = g_strstrip(g_strdup(text));
    const guint ink = test_count_dark(picture, 10, (int)(15 + 27.9 * k), 480, 22, 128);
    if (stripped[0])
      g_assert_cmpuint(ink, >, 5);
    else
      g_assert_cmpuint(ink, ==, 0);
  }
  g_assert_cmpuint(test_count_dark(picture, 0, 0, 9, 500, 200), ==, 0);
  test_assert_pixel(picture, 499, 499, 255, 255, 255, 255, 0);
}

static void test_corpus_pages(void)
{
  test_each_corpus_preview("text", assert_corpus_page);
}

static void test_text_in_no_encoding_gives_the_placeholder(void)
{
  g_autoptr(GBytes) png = test_preview_of_bytes("\x81", 1, NX_VIEW_TEXT);
  g_autoptr(GdkPixbuf) picture = test_decode(png);
  test_assert_pixel(picture, 0, 0, 0, 0, 0, 255, 0);
  test_assert_pixel(picture, 250, 490, 255, 255, 255, 255, 0);
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/preview/text/a row is broken at blanks, which are dropped", test_breaks_at_blanks);
  g_test_add_func("/preview/text/leading blanks of the first row stay, those of later rows go", test_keeps_leading_blanks_of_the_first_row_only);
  g_test_add_func("/preview/text/a row may end behind a hyphen between letters", test_breaks_behind_hyphens_between_letters);
  g_test_add_func("/preview/text/a word longer than the row is cut", test_cuts_words_that_are_too_long);
  g_test_add_func("/preview/text/columns are characters and not bytes", test_counts_characters_and_not_bytes);
  g_test_add_func("/preview/text/a huge title costs only the rows that are wanted", test_stops_at_the_last_wanted_row);
  g_test_add_func("/preview/text/blanks alone make no row", test_makes_no_row_of_blanks);
  g_test_add_func("/preview/text/a note keeps its empty rows", test_keeps_empty_rows_of_a_note);
  g_test_add_func("/preview/text/LF, CR and CRLF end a line", test_takes_every_kind_of_line_end);
  g_test_add_func("/preview/text/tabs go to stops of four", test_expands_tabs_to_stops_of_four);
  g_test_add_func("/preview/text/18 line feeds are a note of 18 rows", test_shows_18_rows_of_a_note);
  g_test_add_func("/preview/text/more are data: 17 lines cut at 44 characters", test_cuts_17_lines_of_data);
  g_test_add_func("/preview/text/UTF-8, then Windows-1250, then Windows-1252, each strictly", test_decodes_strictly_in_order);
  g_test_add_func("/preview/text/a byte-order mark goes and NUL is a blank", test_drops_a_byte_order_mark_and_nul);
  g_test_add_func("/preview/text/a byte-order mark of UTF-16 tells both its orders", test_decodes_utf16_with_a_byte_order_mark);
  g_test_add_func("/preview/text/a character may be cut by the window but not by the file", test_forgives_a_character_cut_by_the_window_only);
  g_test_add_func("/preview/text/corpus: rows are as expected", test_corpus_rows);
  g_test_add_func("/preview/text/corpus: pages show ink where the rows are", test_corpus_pages);
  g_test_add_func("/preview/text/text in no known encoding gives the placeholder", test_text_in_no_encoding_gives_the_placeholder);
  return g_test_run();
}
