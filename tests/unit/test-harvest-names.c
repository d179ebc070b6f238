/* Names of harvesters: those in the tree, those of programs, and those that are none. */
#include "harvester.h"

#include <glib/gstdio.h>

/* lib/base says whose names these are, without knowing the harvesters. */
static void test_own(void)
{
  gsize n = 0;
  for (; nx_harvesters[n]; n++) {
    g_assert_cmpstr(nx_harvesters[n]->name, ==, nx_harvester_names()[n]);
    g_assert_null(nx_harvester_problem(nx_harvesters[n]->name));
  }
  g_assert_null(nx_harvester_names()[n]);
  g_assert_null(nx_harvester_problem(""));
}

static void test_programs(void)
{
  static const char *const PROGRAMS[] = {"nemo", "my lab", "zeta-2.x_Y", "a\n", "l\xc3\xa4" "b", "a"};
  static const char *const NONE[] = {"my lab", "a\n", "l\xc3\xa4" "b", "../a", "absent"};
  g_autofree char *folder = g_dir_make_tmp("nx-test-harvest-XXXXXX", NULL);
  for (gsize i = 0; i < G_N_ELEMENTS(PROGRAMS); i++) {
    g_autofree char *name = g_strconcat("nx-harvest-", PROGRAMS[i], NULL), *path = g_build_filename(folder, name, NULL);
    g_assert_true(g_file_set_contents_full(path, "#!/bin/sh\n", -1, G_FILE_SET_CONTENTS_NONE, 0755, NULL));
  }
  g_setenv("PATH", folder, TRUE);
  g_auto(GStrv) all = nx_harvester_list();
  g_autofree char *listed = g_strjoinv(" ", all);
  g_assert_cmpstr(listed, ==, "nemo ical a zeta-2.x_Y");
  for (char **name = all; *name; name++)
    g_assert_null(nx_harvester_problem(*name));
  for (gsize i = 0; i < G_N_ELEMENTS(NONE); i++) {
    g_autofree char *advice = nx_harvester_problem(NONE[i]);
    g_assert_true(g_str_has_prefix(advice, "use nemo or ical, or "));
    g_assert_null(nx_harvester_program(NONE[i]));
  }
  for (gsize i = 0; i < G_N_ELEMENTS(PROGRAMS); i++) {
    g_autofree char *name = g_strconcat("nx-harvest-", PROGRAMS[i], NULL), *path = g_build_filename(folder, name, NULL);
    g_unlink(path);
  }
  g_rmdir(folder);
}

static void test_calendars(void)
{
  static const struct {
    const char *url, *scheme;
  } CASES[] = {
    {"https://h/lab.ics", "https"}, {"HTTP://u:p%40w@h:8080/lab.ics?a=1#x", "http"}, {"Webcal://h", "webcal"}, {"webcals://[::1]:8443/s", "webcals"},
    {"https://k\xc3\xb6ln.example/a@b/lab.ics", "https"}, {"file:///srv/my%20lab.ics", "file"}, {"FILE://LocalHost/lab.ics", "file"},
    {"https:", NULL}, {"https://", NULL}, {"http:///lab.ics", NULL}, {"webcal:lab", NULL}, {"webcal:/h/lab.ics", NULL}, {"webcals://:8443/s", NULL},
    {"https://?lab", NULL}, {"https://h:x/lab.ics", NULL}, {"https://h/my lab.ics", NULL}, {"file:lab.ics", NULL}, {"file://lab.ics", NULL},
    {"file://server/share/lab.ics", NULL}, {"file:///lab%zz.ics", NULL}, {"ftp://h/lab.ics", NULL}, {"h/lab.ics", NULL}, {"/srv/lab.ics", NULL},
    {"", NULL},
  };
  for (gsize i = 0; i < G_N_ELEMENTS(CASES); i++) {
    g_test_message("%s", CASES[i].url);
    g_assert_cmpstr(nx_calendar_scheme(CASES[i].url), ==, CASES[i].scheme);
  }
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/harvest/names/the harvesters of the table are those that everybody is told of", test_own);
  g_test_add_func("/harvest/names/a program is a harvester only by a plain name", test_programs);
  g_test_add_func("/harvest/names/a calendar is known by a scheme with all that its harvest needs", test_calendars);
  return g_test_run();
}
