/* test-files-walk.c — which names a filter accepts (fnmatch(3) is the judge) and which files a walk finds (record-building §4). */
#include "nx-files.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <locale.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* ----------------------------------------------------------------------------------------- a file system in trouble */

/* What the next listings of a folder do instead of what the kernel says: the walk calls this getdents64 and not the C library's. */
enum { WELL, BROKEN, SILENT };
static gint file_system, silent_calls;

ssize_t getdents64(int fd, void *buffer, size_t length)
{
  if (g_atomic_int_get(&file_system) == BROKEN) {
    errno = EIO;
    return -1;
  }
  if (g_atomic_int_get(&file_system) == SILENT) {
    g_atomic_int_inc(&silent_calls);
    while (g_atomic_int_get(&file_system) == SILENT)
      g_usleep(1000);
    g_atomic_int_add(&silent_calls, -1);
  }
  return syscall(SYS_getdents64, fd, buffer, length);
}

/* --------------------------------------------------------------------------------------------------------- filter */

static const char *const GLOBS[] = {"*.dm3",   "*.TIF", "*",           "*.",    "*.tar.gz",  "*.[ab]", "?.dm3", "a*.dm3",
                                    "*\\.dm3", "x",     "*.\xC2\xB5m", "*.db*", "*[!x].dm3", "",       "*.k"};
static const char *const NAMES[] = {"a.dm3",       "A.DM3",        ".dm3",        "dm3",         "x.dm",        "a.dm3.dm3",      "a.dm4",
                                    ".hidden.tif", "a.",           "a",           "x",           "X",           "b.tar.GZ",       "q.A",
                                    "q.c",         "\xC2\xB5.dm3", "q.\xC2\xB5m", "q.\xC3\x9Fm", "bad\xFF.dm3", "a.\xE2\x84\xAA", "q.k",
                                    "a\nb.dm3",    "notes.db-wal", "tif",         "a.tif "};

/* fnmatch(3) where characters are those of UTF-8, whatever the locale is. */
static gboolean expected_match(const char *glob, const char *name)
{
  locale_t utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0), before = uselocale(utf8);
  gboolean matches = fnmatch(glob, name, FNM_CASEFOLD) == 0;
  uselocale(before);
  freelocale(utf8);
  return matches;
}

static void check_against_fnmatch(void)
{
  for (gsize g = 0; g < G_N_ELEMENTS(GLOBS); g++) {
    const char *const globs[] = {GLOBS[g], NULL};
    g_autoptr(NxFileFilter) wanted = nx_file_filter_new(globs, NULL), ignored = nx_file_filter_new(NULL, globs);
    for (gsize n = 0; n < G_N_ELEMENTS(NAMES); n++) {
      gboolean expected = expected_match(GLOBS[g], NAMES[n]);
      if (nx_file_filter_accepts(wanted, NAMES[n]) != expected || nx_file_filter_accepts(ignored, NAMES[n]) == expected)
        g_error("'%s' and '%s'", GLOBS[g], NAMES[n]);
    }
  }
}

static void test_filter_counts_characters(void)
{
  static const char *const IGNORED[] = {"\xC3\xA4*" /* ä */, "?.tif", NULL};
  g_autoptr(NxFileFilter) filter = nx_file_filter_new(NULL, IGNORED);
  g_assert_false(nx_file_filter_accepts(filter, "\xC3\x84-1.dm3")); /* Ä */
  g_assert_false(nx_file_filter_accepts(filter, "\xC3\xA9.tif"));   /* é */
  g_assert_true(nx_file_filter_accepts(filter, "\xC3\xA9\xC3\xA9.tif"));
  g_assert_false(nx_file_filter_accepts(filter, "\xFF.tif")); /* not UTF-8: a byte is a character */
  g_assert_true(nx_file_filter_accepts(filter, "a\xFF.tif"));
}

static void test_filter(void)
{
  check_against_fnmatch();
  if (setlocale(LC_ALL, "C.UTF-8"))
    check_against_fnmatch();
  setlocale(LC_ALL, "C");
}

/* ------------------------------------------------------------------------------------------------------------ tree */

static char *scratch;
static GArray *ours; /* what the walks leave out, or NULL */

static void fresh_scratch(void)
{
  g_free(scratch);
  scratch = g_dir_make_tmp("nx-walk-XXXXXX", NULL);
}

static void remove_scratch(void)
{
  const char *argv[] = {"rm", "-rf", scratch, NULL};
  g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, NULL, NULL);
}

/* A file below the scratch folder, its folders made, modified at `seconds` and `nanoseconds`. */
static void make_file(const char *relative, gint64 seconds, long nanoseconds)
{
  g_autofree char *path = g_build_filename(scratch, relative, NULL), *folder = g_path_get_dirname(path);
  g_assert_cmpint(g_mkdir_with_parents(folder, 0777), ==, 0);
  int fd = open(path, O_CREAT | O_WRONLY, 0666);
  g_assert_cmpint(fd, >=, 0);
  const struct timespec times[2] = {{0}, {.tv_sec = seconds, .tv_nsec = nanoseconds}};
  g_assert_cmpint(futimens(fd, times), ==, 0);
  close(fd);
}

static void make_link(const char *target, const char *relative)
{
  g_autofree char *path = g_build_filename(scratch, relative, NULL), *folder = g_path_get_dirname(path);
  g_assert_cmpint(g_mkdir_with_parents(folder, 0777), ==, 0);
  g_assert_cmpint(symlink(target, path), ==, 0);
}

/* The paths found below `root` (relative to the scratch folder), relative to it, in order, joined by blanks. */
static char *found_between(const char *root, gint64 start, gint64 end, guint threads)
{
  const char *const globs[] = {"*.dm3", "*.tif", NULL};
  g_autoptr(NxFileFilter) filter = nx_file_filter_new(globs, NULL);
  g_autofree char *path = g_build_filename(scratch, root, NULL);
  g_autoptr(GError) err = NULL;
  g_autoptr(NxFileIndex) index = nx_file_index_new(path, &(NxWalk){filter, G_MININT64, threads, ours}, &err);
  g_assert_no_error(err);
  g_autoptr(GArray) files = nx_file_index_select(index, start, end);
  GString *text = g_string_new(NULL);
  for (guint i = 0; i < files->len; i++)
    g_string_append_printf(text, "%s%s", i ? " " : "", nx_path_below(g_array_index(files, NxFoundFile, i).path, path));
  return g_string_free(text, FALSE);
}

static void check_found(const char *root, const char *expected)
{
  for (guint threads = 1; threads <= 4; threads += 3) {
    g_autofree char *found = found_between(root, G_MININT64, G_MAXINT64, threads);
    g_assert_cmpstr(found, ==, expected);
  }
}

#define HOUR G_GINT64_CONSTANT(3600000000000)

static void test_window(void)
{
  fresh_scratch();
  gint64 ten = 1704103200; /* 2024-01-01T10:00:00Z: the example of record-building §4.6 */
  make_file("x.dm3", ten, 0);
  make_file("Y.DM3", ten, 500);
  make_file(".dot.dm3", ten + 1800, 0);
  make_file("k.emi", ten + 1800, 0);
  make_file("b.txt", ten + 1800, 0);
  make_file("sub dir/z.tif", ten + 3600, 0);
  make_file("linked/e.dm3", ten + 3600, 1);
  make_link("x.dm3", "filelink.dm3");
  g_autofree char *found = found_between(".", ten * 1000000000, ten * 1000000000 + HOUR, 3);
  g_assert_cmpstr(found, ==, "Y.DM3 .dot.dm3 sub dir/z.tif");
  remove_scratch();
}

static void test_order(void)
{
  fresh_scratch();
  make_file("b/1.dm3", 100, 0);
  make_file("a/2.dm3", 100, 0);
  make_file("c.dm3", 99, 999999999);
  make_file("B.dm3", 100, 0);
  make_file("early.dm3", -5, 250000000);
  check_found(".", "early.dm3 c.dm3 B.dm3 a/2.dm3 b/1.dm3");
  remove_scratch();
}

static void test_links(void)
{
  fresh_scratch();
  make_file("elsewhere/e.dm3", 1, 0);
  make_file("elsewhere/deep/f.dm3", 2, 0);
  make_file("third/g.dm3", 3, 0);
  make_link("../third", "elsewhere/more"); /* met inside a link: not followed */
  make_file("root/own.dm3", 4, 0);
  make_link("../../elsewhere", "root/sub/link");
  make_link("nowhere", "root/broken");
  make_link("own.dm3", "root/again.dm3");
  check_found("root", "sub/link/e.dm3 sub/link/deep/f.dm3 own.dm3");
  make_link("root", "entrance");
  check_found("entrance", "sub/link/e.dm3 sub/link/deep/f.dm3 own.dm3");
  remove_scratch();
}

static void test_same_file_twice(void)
{
  fresh_scratch();
  make_file("elsewhere/e.dm3", 1, 0);
  make_link("../elsewhere", "root/second");
  make_link("../elsewhere", "root/first");
  make_file("root/data/own.dm3", 2, 0);
  make_link("data", "root/zlatest");
  make_link("data", "root/alias");
  g_autofree char *from = g_build_filename(scratch, "root/data/own.dm3", NULL), *to = g_build_filename(scratch, "root/own copy.dm3", NULL);
  g_assert_cmpint(link(from, to), ==, 0);
  check_found("root", "first/e.dm3 alias/own.dm3");
  remove_scratch();
}

static void test_circles(void)
{
  fresh_scratch();
  make_file("root/z.dm3", 1, 0);
  make_file("root/a/b/c.dm3", 2, 0);
  make_link("..", "root/a/up");
  make_link(".", "root/self");
  make_link("/", "root/everything");
  check_found("root", "z.dm3 a/b/c.dm3");
  remove_scratch();
}

static void leave_out(const char *relative)
{
  g_autofree char *path = relative ? g_build_filename(scratch, relative, NULL) : NULL;
  g_clear_pointer(&ours, g_array_unref);
  ours = nx_our_folders((const char *const[]){path, NULL}, 2);
}

static void test_own_folders(void)
{
  fresh_scratch();
  make_file("root/a.dm3", 1, 0);
  make_file("root/deep/ours/b.dm3", 2, 0);
  make_file("root/ours/c.dm3", 3, 0);
  make_link("../elsewhere", "root/link");
  make_file("elsewhere/ours/d.dm3", 4, 0);
  make_link("root/deep", "way");
  leave_out("way/ours");
  check_found("root", "a.dm3 ours/c.dm3 link/ours/d.dm3");
  leave_out("root/link/ours"); /* met behind a link */
  check_found("root", "a.dm3 deep/ours/b.dm3 ours/c.dm3");
  leave_out("elsewhere"); /* met as a link */
  check_found("root", "a.dm3 deep/ours/b.dm3 ours/c.dm3");
  leave_out("root"); /* where a walk starts is looked at */
  check_found("root", "a.dm3 deep/ours/b.dm3 ours/c.dm3 link/ours/d.dm3");
  leave_out("not/there");
  check_found("root", "a.dm3 deep/ours/b.dm3 ours/c.dm3 link/ours/d.dm3");
  g_clear_pointer(&ours, g_array_unref);
  remove_scratch();
}

static void test_deep(void)
{
  fresh_scratch();
  g_autofree char *start = g_get_current_dir();
  g_assert_cmpint(chdir(scratch), ==, 0);
  g_autoptr(GString) expected = g_string_new(NULL);
  for (int level = 0; level < 150; level++) { /* the path is far longer than PATH_MAX */
    static const char NAME[] = "a-folder-with-a-name-of-forty-characters";
    g_assert_cmpint(mkdir(NAME, 0777), ==, 0);
    g_assert_cmpint(chdir(NAME), ==, 0);
    g_string_append_printf(expected, "%s/", NAME);
  }
  int fd = open("f.dm3", O_CREAT | O_WRONLY, 0666);
  close(fd);
  g_string_append(expected, "f.dm3");
  g_assert_cmpint(chdir(start), ==, 0);
  check_found(".", expected->str);
  remove_scratch();
}

static void test_few_descriptors(void)
{
  fresh_scratch();
  g_autoptr(GString) expected = g_string_new(NULL);
  for (int i = 0; i < 60; i++) {
    g_autofree char *name = g_strdup_printf("%02d/%02d/%02d/f.dm3", i, i, i);
    make_file(name, i, 0);
    g_string_append_printf(expected, "%s%s", i ? " " : "", name);
  }
  struct rlimit before, few;
  getrlimit(RLIMIT_NOFILE, &before);
  few = before;
  few.rlim_cur = 24;
  setrlimit(RLIMIT_NOFILE, &few);
  g_autofree char *found = found_between(".", G_MININT64, G_MAXINT64, 4);
  setrlimit(RLIMIT_NOFILE, &before);
  g_assert_cmpstr(found, ==, expected->str);
  remove_scratch();
}

static void test_many_in_one_folder(void)
{
  fresh_scratch();
  for (int i = 0; i < 3000; i++) {
    g_autofree char *name = g_strdup_printf("%d.dm3", i);
    make_file(name, 1000 + i, 0);
  }
  for (guint threads = 1; threads <= 8; threads *= 2) {
    g_autofree char *found = found_between(".", 999 * G_GINT64_CONSTANT(1000000000), G_MAXINT64, threads);
    g_auto(GStrv) names = g_strsplit(found, " ", -1);
    g_assert_cmpuint(g_strv_length(names), ==, 3000);
    g_assert_cmpstr(names[0], ==, "0.dm3");
    g_assert_cmpstr(names[2999], ==, "2999.dm3");
  }
  remove_scratch();
}

static void test_many_windows(void)
{
  fresh_scratch();
  for (int i = 0; i < 200; i++) {
    g_autofree char *name = g_strdup_printf("%02d/%03d.dm3", i % 7, (i * 37) % 200);
    make_file(name, (i * 37) % 200, 5);
  }
  const char *const globs[] = {"*.dm3", NULL};
  g_autoptr(NxFileFilter) filter = nx_file_filter_new(globs, NULL);
  g_autoptr(NxFileIndex) index = nx_file_index_new(scratch, &(NxWalk){filter, G_MININT64, 3, NULL}, NULL);
  for (int window = 0; window < 10; window++) {
    gint64 start = window * 20 * G_GINT64_CONSTANT(1000000000) + 5, end = start + 20 * G_GINT64_CONSTANT(1000000000);
    g_autoptr(GArray) files = nx_file_index_select(index, start, end);
    g_assert_cmpuint(files->len, ==, window < 9 ? 20 : 19); /* (20w, 20w + 20] of 0 … 199 */
    for (guint i = 0; i < files->len; i++)
      g_assert_cmpint((int)g_array_index(files, NxFoundFile, i).mtime, ==, window * 20 + 1 + (int)i);
  }
  remove_scratch();
}

static void test_root_missing(void)
{
  fresh_scratch();
  g_autofree char *path = g_build_filename(scratch, "not there", NULL);
  g_autoptr(NxFileFilter) filter = nx_file_filter_new(NULL, NULL);
  g_autoptr(GError) err = NULL;
  g_assert_null(nx_file_index_new(path, &(NxWalk){filter, G_MININT64, 2, NULL}, &err));
  g_assert_error(err, NX_ERROR, NX_ERROR_MISSING);
  g_assert_nonnull(strstr(err->message, path));
  remove_scratch();
}

static void check_trouble(const char *reason)
{
  g_autoptr(NxFileFilter) filter = nx_file_filter_new(NULL, NULL);
  g_autoptr(GError) err = NULL;
  g_assert_null(nx_file_index_new(scratch, &(NxWalk){filter, G_MININT64, 3, NULL}, &err));
  g_assert_error(err, NX_ERROR, NX_ERROR_PLACE);
  g_assert_nonnull(strstr(err->message, scratch));
  g_assert_nonnull(strstr(err->message, reason));
}

static void test_input_output_error(void)
{
  fresh_scratch();
  make_file("a.dm3", 1, 0);
  g_atomic_int_set(&file_system, BROKEN);
  check_trouble("Input/output error");
  g_atomic_int_set(&file_system, WELL);
  remove_scratch();
}

static void test_silence(void)
{
  fresh_scratch();
  make_file("a.dm3", 1, 0);
  g_atomic_int_set(&file_system, SILENT);
  g_setenv("NX_TEST_TIME_SCALE", "0.001", TRUE);
  check_trouble("does not answer");
  g_unsetenv("NX_TEST_TIME_SCALE");
  g_assert_cmpint(g_atomic_int_get(&silent_calls), ==, 1);
  g_atomic_int_set(&file_system, WELL);
  while (g_atomic_int_get(&silent_calls) > 0)
    g_usleep(1000);
  check_found(".", "a.dm3");
  remove_scratch();
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/filter/accepts exactly what fnmatch does", test_filter);
  g_test_add_func("/filter/counts characters, not bytes, and folds the case of all", test_filter_counts_characters);
  g_test_add_func("/walk/the start of a window is outside and its end inside, to the nanosecond", test_window);
  g_test_add_func("/walk/files come by time, then by path bytes", test_order);
  g_test_add_func("/walk/links to folders are searched, links inside them and links to files are not", test_links);
  g_test_add_func("/walk/a file with several names comes once, by its first path", test_same_file_twice);
  g_test_add_func("/walk/links that lead in a circle are not followed", test_circles);
  g_test_add_func("/walk/our own folders are left out below the root, by what they are and not by name", test_own_folders);
  g_test_add_func("/walk/a path longer than the system takes in one piece is walked", test_deep);
  g_test_add_func("/walk/a handful of descriptors is enough", test_few_descriptors);
  g_test_add_func("/walk/a folder of thousands of files is shared among threads without loss", test_many_in_one_folder);
  g_test_add_func("/walk/one walk answers many windows, each like the first", test_many_windows);
  g_test_add_func("/walk/a root that is not there is an error that names it", test_root_missing);
  g_test_add_func("/walk/a list with holes does not pass for a whole one", test_input_output_error);
  g_test_add_func("/walk/a share that does not answer is given up", test_silence);
  int result = g_test_run();
  g_free(scratch);
  return result;
}
