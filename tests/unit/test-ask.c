/* test-ask.c — the promises of nx_process_ask: what a program that is asked something may do, and what becomes of it. */
#include "nx-base.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>

/* A shell that runs `script`, asked. */
static GString *ask(const char *script, const NxQuestion *as, int *status, GError **err)
{
  char *argv[] = {"/bin/sh", "-c", (char *)script, NULL};
  NxQuestion question = *as;
  question.argv = argv;
  question.err = -1;
  question.answer_max = as->answer_max ? as->answer_max : 1 << 20;
  return nx_process_ask(&question, status, err);
}

static void test_answer(void)
{
  g_autoptr(GError) err = NULL;
  g_autoptr(GString) answer = ask("cat; printf ' and %s' \"$WORD\"", &(NxQuestion){.input = "a question", .length = 10,
                                  .environment = (char *[]){"PATH=/usr/bin:/bin", "WORD=more", NULL}}, NULL, &err);
  g_assert_no_error(err);
  g_assert_cmpstr(answer->str, ==, "a question and more");
}

static void test_no_input(void)
{
  g_autoptr(GString) answer = ask("cat; echo end", &(NxQuestion){.seconds = 60}, NULL, NULL);
  g_assert_cmpstr(answer->str, ==, "end\n");
}

/* More than any pipe holds, both ways at once. */
static void test_much(void)
{
  g_autofree char *much = g_strnfill(4 << 20, 'x');
  g_autoptr(GError) err = NULL;
  g_autoptr(GString) answer = ask("cat", &(NxQuestion){.input = much, .length = 4 << 20, .answer_max = 4 << 20}, NULL, &err);
  g_assert_no_error(err);
  g_assert_true(strcmp(answer->str, much) == 0);
}

static void test_bad_ends(void)
{
  static const struct {
    const char *script, *message;
    int status;
  } CASES[] = {
      {"echo answer; exit 3", "sh ended with exit status 3; its own messages are in the log", 3},
      {"echo answer; kill -SEGV $$", "sh was ended by signal 11 (Segmentation fault)", 128 + SIGSEGV},
  };
  for (guint i = 0; i < G_N_ELEMENTS(CASES); i++) {
    g_autoptr(GError) err = NULL;
    g_assert_null(ask(CASES[i].script, &(NxQuestion){0}, NULL, &err));
    g_assert_error(err, NX_ERROR, NX_ERROR_REMOTE);
    g_assert_cmpstr(err->message, ==, CASES[i].message);
    int status = -1;
    g_autoptr(GString) answer = ask(CASES[i].script, &(NxQuestion){0}, &status, NULL);
    g_assert_cmpint(status, ==, CASES[i].status);
    g_assert_cmpstr(answer->str, ==, "answer\n");
  }
}

static void test_not_there(void)
{
  g_autoptr(GError) err = NULL;
  char *argv[] = {"/nonexistent/program", NULL};
  g_assert_null(nx_process_ask(&(NxQuestion){.argv = argv, .err = -1}, NULL, &err));
  g_assert_error(err, NX_ERROR, NX_ERROR_MISSING);
}

/* Each says the number of a process that would outlive it. */
static void test_hanging(void)
{
  static const char *const SCRIPTS[] = {
      "echo $$ >\"$SAID\"; exec sleep 60",                             /* says nothing */
      "echo $$ >\"$SAID\"; echo answer; exec >&-; exec sleep 60",      /* has said all, but does not end */
      "sleep 60 & echo $! >\"$SAID\"; echo answer; wait",              /* with a child */
      "trap '' TERM; sleep 60 >&- & echo $! >\"$SAID\"; exec >&-; wait", /* deaf */
  };
  g_autofree char *folder = g_dir_make_tmp("ask-XXXXXX", NULL), *said = g_build_filename(folder, "said", NULL);
  g_autofree char *variable = g_strconcat("SAID=", said, NULL);
  char *environment[] = {"PATH=/usr/bin:/bin", variable, NULL};
  g_assert_cmpint(prctl(PR_SET_CHILD_SUBREAPER, 1), ==, 0);
  g_setenv("NX_TEST_TIME_SCALE", "0.01", TRUE);
  for (guint i = 0; i < G_N_ELEMENTS(SCRIPTS); i++) {
    g_autoptr(GError) err = NULL;
    g_autofree char *number = NULL;
    g_assert_null(ask(SCRIPTS[i], &(NxQuestion){.environment = environment, .seconds = 100}, NULL, &err));
    g_assert_error(err, NX_ERROR, NX_ERROR_PLACE);
    g_assert_cmpstr(err->message, ==, "sh did not finish within 100 s and was ended");
    g_assert_true(g_file_get_contents(said, &number, NULL, NULL));
    int status = SIGKILL;
    pid_t pid = (pid_t)g_ascii_strtoll(number, NULL, 10), reaped = waitpid(pid, &status, 0);
    g_assert_true(reaped == pid || (reaped < 0 && errno == ECHILD)); /* its child, which is ours now; or itself, which is gone */
    g_assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
  }
  g_unsetenv("NX_TEST_TIME_SCALE");
  g_assert_cmpint(remove(said), ==, 0);
  g_assert_cmpint(remove(folder), ==, 0);
}

/* Whoever holds its output open still: when it has ended, it has said all. */
static void test_left_behind(void)
{
  g_autoptr(GError) err = NULL;
  g_autoptr(GString) answer = ask("sleep 60 & echo answer", &(NxQuestion){.seconds = 60}, NULL, &err);
  g_assert_no_error(err);
  g_assert_cmpstr(answer->str, ==, "answer\n");
}

static void test_too_much(void)
{
  static const struct {
    gsize most;
    const char *message;
  } CASES[] = {{64 << 10, "sh wrote more than 64 KiB and was ended"}, {2 << 20, "sh wrote more than 2 MiB and was ended"}};
  for (guint i = 0; i < G_N_ELEMENTS(CASES); i++) {
    g_autoptr(GError) err = NULL;
    g_assert_null(ask("yes", &(NxQuestion){.answer_max = CASES[i].most}, NULL, &err));
    g_assert_error(err, NX_ERROR, NX_ERROR_FORMAT);
    g_assert_cmpstr(err->message, ==, CASES[i].message);
  }
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/ask/a program gets its question and its environment, and its answer comes back", test_answer);
  g_test_add_func("/ask/a program without a question reads an empty input", test_no_input);
  g_test_add_func("/ask/question and answer may be larger than a pipe", test_much);
  g_test_add_func("/ask/a bad end is an error that says which, or a status", test_bad_ends);
  g_test_add_func("/ask/a program that is not there is an error", test_not_there);
  g_test_add_func("/ask/a program that hangs is ended with its children, its output closed or not", test_hanging);
  g_test_add_func("/ask/a program has said all when it ends", test_left_behind);
  g_test_add_func("/ask/a program that does not stop talking is ended", test_too_much);
  return g_test_run();
}
