/* test-export-entries.c — what electronic notebooks are given: signatures, pages, entries that fit (export §7.2, §8.1, §8.6).
 * Truth: corpus/export/labarchives (signature vectors), the example in export §8.1, and the sentences of §7.2 and §8.6. */
#include "labarchives.h"
#include "session-page.h"

#include <glib/gstdio.h>
#include <libxml/parser.h>
#include <string.h>

#define FORM_MAX 900000

static void test_signature_example(void)
{
  g_autofree char *signature = nx_labarchives_sign("test_akid", "test_password", "get_tree_level", "1735689600000");
  g_assert_cmpstr(signature, ==, "r47hHfhDQzJKpiaHf94cPulYqijlOZYpaoI3UXla1x0Gz2q88v0409z+yng1LvJeYCuAPiHOS4mby7MaF0RQng==");
}

static void check_vectors(json_object *vectors)
{
  for (gsize i = 0; i < json_object_array_length(vectors); i++) {
    json_object *vector = json_object_array_get_idx(vectors, i);
    g_autofree char *signature = nx_labarchives_sign(nx_json_get_string(vector, "akid"), nx_json_get_string(vector, "password"),
                                                     nx_json_get_string(vector, "method"), nx_json_get_string(vector, "expires"));
    g_autoptr(GString) query = g_string_new(NULL);
    nx_http_query_add(query, "sig", signature);
    g_assert_cmpstr(signature, ==, nx_json_get_string(vector, "sig_base64"));
    g_assert_cmpstr(query->str + strlen("?sig="), ==, nx_json_get_string(vector, "sig_in_url"));
  }
}

static void test_signature_vectors(void)
{
  g_autofree char *beside = g_build_filename(g_getenv("NX_SOURCE") ? g_getenv("NX_SOURCE") : ".", "..", "shared", "corpus", NULL);
  const char *corpus = g_getenv("NX_CORPUS") ? g_getenv("NX_CORPUS") : beside;
  g_autofree char *folder = g_build_filename(corpus, "export", "labarchives", NULL);
  g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
  guint files = 0;
  for (const char *name = dir ? g_dir_read_name(dir) : NULL; name; name = g_dir_read_name(dir)) {
    g_autofree char *path = g_build_filename(folder, name, NULL);
    g_autoptr(json_object) file = nx_json_read_file(path, 1 << 20, NULL);
    if (!nx_json_get(file, "vectors"))
      continue;
    check_vectors(nx_json_get(file, "vectors"));
    files++;
  }
  if (files == 0)
    g_test_skip("corpus/export/labarchives not found (set NX_CORPUS)");
}

/* ----------------------------------------------------------------------------------------------------------------- pages */

static void test_times(void)
{
  static const struct {
    const char *text, *shown;
  } CASES[] = {
      {"2025-01-27T10:30:15-05:00", "2025-01-27T10:30:15-05:00"},
      {"2025-01-27T10:30:15.25-05:00", "2025-01-27T10:30:15.250000-05:00"},
      {"2025-01-27T10:30:15.000-05:00", "2025-01-27T10:30:15-05:00"},
      {"2025-01-27T10:30:15Z", "2025-01-27T10:30:15+00:00"},
      {"2025-01-27T10:30:15", "2025-01-27T10:30:15"},
      {"2025-01-27T10:30:15.5", "2025-01-27T10:30:15.500000"},
      {"yesterday", "yesterday"},
      {NULL, ""},
  };
  for (gsize i = 0; i < G_N_ELEMENTS(CASES); i++) {
    g_autofree char *shown = nx_page_time(CASES[i].text);
    g_assert_cmpstr(shown, ==, CASES[i].shown);
  }
}

static char *session_page(const char *json)
{
  g_autoptr(json_object) context = nx_json_parse(json, strlen(json), NULL);
  g_assert_nonnull(context);
  xmlNode *page = nx_page_new();
  nx_page_add_session(page, context);
  char *text = nx_page_text(page);
  nx_page_free(page);
  return text;
}

static void test_text_is_inert(void)
{
  g_autofree char *page = session_page("{\"session_identifier\":\"</li><script>alert(1)</script>\",\"instrument_pid\":\"a & b \\u0007\",\"user\":\"O'Brien <ob@x.org>\","
                                       "\"dt_from\":\"<b>\",\"previous_results\":{\"cdcs\":{\"success\":true,\"record_url\":\"https://c/?a=\\\"x'&b=1\"}}}");
  g_assert_null(strstr(page, "<script>"));
  g_assert_nonnull(strstr(page, "<li><strong>Session ID</strong>: &lt;/li&gt;&lt;script&gt;alert(1)&lt;/script&gt;</li>\n"));
  g_assert_nonnull(strstr(page, "<li><strong>Instrument</strong>: a &amp; b </li>\n"));
  g_assert_nonnull(strstr(page, "<li><strong>User</strong>: O&#39;Brien &lt;ob@x.org&gt;</li>\n"));
  g_assert_nonnull(strstr(page, "<li><strong>Start</strong>: &lt;b&gt;</li>\n"));
  g_assert_nonnull(strstr(page, "<li><a href=\"https://c/?a=&quot;x&#39;&amp;b=1\">View in CDCS</a></li>"));
}

/* --------------------------------------------------------------------------------------------------------------- entries */

static gsize form_length(const char *text)
{
  g_autofree char *encoded = g_uri_escape_string(text, "", FALSE); /* a blank as %20: never shorter than in a form */
  return strlen(encoded);
}

/* A job with `count` files of one activity, each with the preview at `preview`. */
static NxExportJob job_with(guint count, const char *preview)
{
  json_object *context = json_object_new_object(), *activities = json_object_new_array(), *activity = json_object_new_object();
  json_object *files = json_object_new_array(), *previews = json_object_new_array();
  for (guint i = 0; i < count; i++) {
    g_autofree char *path = g_strdup_printf("/mnt/data/%u.dm3", i);
    json_object_array_add(files, json_object_new_string(path));
    json_object_array_add(previews, nx_json_string(preview));
  }
  nx_json_set(activity, "files", files);
  nx_json_set(activity, "previews", previews);
  json_object_array_add(activities, activity);
  nx_json_set(context, "activities", activities);
  nx_json_set_string(context, "session_identifier", "s");
  return (NxExportJob){.context = context, .metadata = json_object_new_object(), .warnings = json_object_new_array()};
}

static void job_clear(NxExportJob *job)
{
  json_object_put(job->context);
  json_object_put(job->metadata);
  json_object_put(job->warnings);
}

static guint count_of(const char *text, const char *part)
{
  guint count = 0;
  for (const char *at = strstr(text, part); at; at = strstr(at + 1, part))
    count++;
  return count;
}

static void test_entries_fit(void)
{
  g_autofree char *folder = g_dir_make_tmp("nx-test-XXXXXX", NULL), *preview = g_build_filename(folder, "p.png", NULL);
  g_autofree char *bytes = g_malloc(100000);
  for (gsize i = 0; i < 100000; i++)
    bytes[i] = (char)(i * 2654435761u >> 13);
  g_assert_true(g_file_set_contents(preview, bytes, 100000, NULL));
  NxExportJob job = job_with(30, preview);
  g_autoptr(NxLabEntries) entries = nx_labarchives_entries_new(&job, "/mnt");
  guint images = 0, files = 0, count = 0;
  for (char *html = nx_labarchives_entries_next(entries); html; html = nx_labarchives_entries_next(entries)) {
    g_assert_cmpuint(form_length(html), <, FORM_MAX);
    images += count_of(html, "<img ");
    files += count_of(html, "<li>/data/");
    g_assert_cmpint(g_str_has_prefix(html, count++ == 0 ? "<h1>" : "<h2>Preview Images</h2>"), ==, TRUE);
    g_assert_true(nx_labarchives_is_entry(html));
    g_free(html);
  }
  g_assert_cmpuint(images, ==, 30);
  g_assert_cmpuint(files, ==, 30);
  g_assert_cmpuint(count, >, 3);
  g_assert_false(nx_labarchives_entries_drop_previews(entries));
  g_autofree char *plain = nx_labarchives_entries_next(entries), *more = nx_labarchives_entries_next(entries);
  g_assert_cmpuint(count_of(plain, "<img "), ==, 0);
  g_assert_null(more);
  job_clear(&job);
  g_remove(preview);
  g_remove(folder);
}

/* The service may write the tags of an entry in its own way; people may write the same words. */
static void test_own_entries(void)
{
  static const char *const OURS[] = {
    "<h1>NexusLIMS Microscopy Session</h1>\n<h2>Session Details</h2>",
    "<div class=\"x\">\n  <h2>Preview\n Images</h2><table>",
    "<h2>Files</h2><p>The following data files are referenced in this record:</p>",
    "<h2>Files</h2>\n<p>More data files that are referenced in this record:</p>\n<ul>",
  };
  static const char *const NOT_OURS[] = {
    "", "<p>", "<p", "my note", "<p>Preview Images are blurred</p>", "<h2>Files</h2><p>are on the share</p>", "NexusLIMS",
    "<p>About the NexusLIMS Microscopy Session</p>",
  };
  for (gsize i = 0; i < G_N_ELEMENTS(OURS); i++)
    g_assert_true(nx_labarchives_is_entry(OURS[i]));
  for (gsize i = 0; i < G_N_ELEMENTS(NOT_OURS); i++)
    g_assert_false(nx_labarchives_is_entry(NOT_OURS[i]));
}

static void test_rows_of_four(void)
{
  g_autofree char *folder = g_dir_make_tmp("nx-test-XXXXXX", NULL), *preview = g_build_filename(folder, "p.jpg", NULL);
  g_assert_true(g_file_set_contents(preview, "\xFF\xD8\xFF", 3, NULL));
  NxExportJob job = job_with(9, preview);
  g_autoptr(NxLabEntries) entries = nx_labarchives_entries_new(&job, NULL);
  g_autofree char *html = nx_labarchives_entries_next(entries), *more = nx_labarchives_entries_next(entries);
  g_assert_cmpuint(count_of(html, "<tr>\n"), ==, 3);
  g_assert_cmpuint(count_of(html, "src=\"data:image/jpeg;base64,/9j/\""), ==, 9);
  g_assert_nonnull(strstr(html, "</td>\n</tr></table>\n<h2>Files</h2>"));
  g_assert_nonnull(strstr(html, "<li>/mnt/data/8.dm3</li>"));
  g_assert_null(more);
  job_clear(&job);
  g_remove(preview);
  g_remove(folder);
}

static void test_document_order(void)
{
  static const char TEXT[] = "<a><b><id> 1 </id></b><c><b><id>2</id></b></c><id>3</id></a>";
  g_autoptr(xmlDoc) document = xmlReadMemory(TEXT, (int)strlen(TEXT), NULL, NULL, 0);
  xmlNode *root = xmlDocGetRootElement(document), *second = nx_labarchives_next(root, nx_labarchives_next(root, NULL, "b"), "b");
  g_autofree char *first_id = nx_labarchives_text(root, "id"), *exact = nx_labarchives_exact_text(root, "id"), *second_id = nx_labarchives_text(second, "id");
  g_assert_cmpstr(first_id, ==, "1");
  g_assert_cmpstr(exact, ==, " 1 ");
  g_assert_cmpstr(second_id, ==, "2");
  g_assert_null(nx_labarchives_next(second, nx_labarchives_next(second, NULL, "id"), "id"));
  g_assert_nonnull(nx_labarchives_next(root, NULL, "a"));
  g_assert_null(nx_labarchives_next(root, NULL, "d"));
}

/* The reason may hold what looks like the end of an address. */
static void test_reason_is_whole(void)
{
  g_autoptr(GError) err = NULL;
  const NxHttpOptions how = {0};
  g_autoptr(NxHttp) http = nx_http_new(&how, &err);
  NxLabArchives service = {.http = http, .base = (char *)"http://127.0.0.1:9/api", .access_key_id = "akid", .access_password = "password"};
  const NxLabCall call = {.class_name = "entries", .method = "add_attachment", .file = "/nonexistent: file", .creates = TRUE};
  NxLabOutcome outcome;
  g_assert_null(nx_labarchives_call(&service, &call, &outcome, &err));
  g_assert_error(err, NX_ERROR, NX_ERROR_MISSING);
  g_assert_cmpstr(err->message, ==, "LabArchives: POST entries/add_attachment: cannot read /nonexistent: file: No such file or directory");
  g_free(service.signature);
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/export/labarchives/the documented example of a signature", test_signature_example);
  g_test_add_func("/export/labarchives/every signature of the corpus, alone and in an address", test_signature_vectors);
  g_test_add_func("/export/page/an instant keeps its own offset, or its lack of one", test_times);
  g_test_add_func("/export/page/text of users does nothing", test_text_is_inert);
  g_test_add_func("/export/labarchives/entries fit and hold every preview and file once", test_entries_fit);
  g_test_add_func("/export/labarchives/entries of records are told from notes of people", test_own_entries);
  g_test_add_func("/export/labarchives/previews stand in rows of four", test_rows_of_four);
  g_test_add_func("/export/labarchives/elements are found in document order, within their parent", test_document_order);
  g_test_add_func("/export/labarchives/the reason of a call that was not sent is told whole", test_reason_is_whole);
  return g_test_run();
}
