/* test-extract-sandbox.c — from inside the walls: what a reader that has been taken over can do, which is nothing. */
#include "worker.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define ADDRESS_SPACE (512ull * 1024 * 1024)

/* For those that end by themselves on any machine, and for those that never do. */
static const NxLimits PATIENT = { .wall_seconds = 120, .cpu_seconds = 60, .address_space = ADDRESS_SPACE };
static const NxLimits IMPATIENT = { .wall_seconds = 2, .cpu_seconds = 1, .address_space = ADDRESS_SPACE };

/* A folder that may be read, and one that may not. */
static char *allowed, *forbidden;

/* ------------------------------------------------------------------------------------------------------ running something inside */

typedef struct {
  int number; /* what the work reported: 0, or an errno; -1: it reported nothing */
  char *end;  /* how the process ended; NULL: well */
} Result;

static void result_clear(Result *result)
{
  g_free(result->end);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Result, result_clear)

static void report(int results, int number)
{
  if (write(results, &number, sizeof number) != sizeof number)
    _exit(1);
}

static Result run_with(const NxSandbox *sandbox, NxWork work, gpointer user_data, const int *keep, gsize n_keep)
{
  g_autoptr(GError) problem = NULL;
  Result result = { -1, NULL };
  NxTask task = { .work = work, .user_data = user_data, .keep = keep, .n_keep = n_keep };
  g_autoptr(NxWorker) worker = nx_worker_start(sandbox, &task, &problem);
  g_assert_no_error(problem);
  for (;;) {
    struct pollfd readable[] = { { .fd = nx_worker_log_fd(worker), .events = POLLIN }, { .fd = nx_worker_fd(worker), .events = POLLIN } };
    gint64 left = nx_worker_deadline(worker) - g_get_monotonic_time();
    if (left <= 0)
      nx_worker_kill(worker, "time is over");
    if (left <= 0)
      break;
    poll(readable, G_N_ELEMENTS(readable), (int)(left / 1000) + 1);
    if (readable[0].revents)
      nx_worker_forward_log(worker);
    if (readable[1].revents && !nx_worker_receive(worker))
      break;
  }
  result.end = nx_worker_end(worker);
  const GByteArray *received = nx_worker_received(worker);
  if (received->len >= sizeof result.number)
    memcpy(&result.number, received->data, sizeof result.number);
  return result;
}

static NxSandbox *make_sandbox(const NxLimits *limits, gboolean use_landlock)
{
  g_autoptr(GError) problem = NULL;
  const char *readable[] = { allowed, NULL };
  NxSandbox *sandbox = nx_sandbox_new(limits, readable, use_landlock, &problem);
  g_assert_no_error(problem);
  return sandbox;
}

static Result run(NxWork work, gpointer user_data)
{
  g_autoptr(NxSandbox) sandbox = make_sandbox(&PATIENT, TRUE);
  return run_with(sandbox, work, user_data, NULL, 0);
}

/* The work must end well and report that it was refused. */
static void assert_refused(NxWork work, gpointer user_data)
{
  g_auto(Result) result = run(work, user_data);
  g_assert_cmpstr(result.end, ==, NULL);
  g_assert_true(result.number == EPERM || result.number == EACCES);
}

/* ------------------------------------------------------------------------------------------------------------------ the works */

/* A descriptor that should not have been had: reports why there is none, or 0. */
static void report_descriptor(int results, int descriptor)
{
  report(results, descriptor < 0 ? errno : 0);
  if (descriptor >= 0)
    close(descriptor);
}

static void open_for_reading(int results, gpointer path)
{
  report_descriptor(results, open(path, O_RDONLY));
}

static void open_for_writing(int results, gpointer path)
{
  report_descriptor(results, open(path, O_WRONLY | O_CREAT, 0600));
}

static void truncate_file(int results, gpointer path)
{
  report(results, truncate(path, 0) < 0 ? errno : 0);
}

static void unlink_file(int results, gpointer path)
{
  report(results, unlink(path) < 0 ? errno : 0);
}

static void rename_file(int results, gpointer path)
{
  g_autofree char *to = g_strconcat(path, ".new", NULL);
  report(results, rename(path, to) < 0 ? errno : 0);
}

static void make_folder(int results, gpointer path)
{
  g_autofree char *below = g_strconcat(path, "/new", NULL);
  report(results, mkdir(below, 0700) < 0 ? errno : 0);
}

static void make_link(int results, gpointer path)
{
  g_autofree char *to = g_strconcat(path, ".link", NULL);
  report(results, symlink("/etc/passwd", to) < 0 ? errno : 0);
}

static void connect_tcp(int results, gpointer unused)
{
  (void)unused;
  report_descriptor(results, socket(AF_INET, SOCK_STREAM, 0));
}

static void connect_unix(int results, gpointer unused)
{
  (void)unused;
  report_descriptor(results, socket(AF_UNIX, SOCK_STREAM, 0));
}

static void execute(int results, gpointer unused)
{
  (void)unused;
  char *argv[] = { "/bin/true", NULL };
  execv(argv[0], argv);
  report(results, errno);
}

static void fork_process(int results, gpointer unused)
{
  (void)unused;
  pid_t child = (pid_t)syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);
  if (child == 0)
    _exit(0);
  report(results, child < 0 ? errno : 0);
}

static void *sleep_in_thread(void *unused)
{
  for (;;)
    sleep(60);
  return unused;
}

/* Reports how many of `most` threads it got. */
static void start_threads(int results, gpointer most)
{
  pthread_attr_t small;
  pthread_t thread;
  int n = 0;
  pthread_attr_init(&small);
  pthread_attr_setstacksize(&small, 16 * 1024);
  while (n < *(int *)most && pthread_create(&thread, &small, sleep_in_thread, NULL) == 0)
    n++;
  report(results, n);
}

static void trace_parent(int results, gpointer unused)
{
  (void)unused;
  report(results, ptrace(PTRACE_ATTACH, getppid(), NULL, NULL) < 0 ? errno : 0);
}

static void kill_parent(int results, gpointer unused)
{
  (void)unused;
  report(results, kill(getppid(), 0) < 0 ? errno : 0);
}

/* A descriptor that sends a signal of one's choice to whomever one names, when it can be read or written. */
static void signal_through_descriptor(int results, gpointer process)
{
  const gboolean is_refused = fcntl(results, F_SETOWN, *(pid_t *)process) < 0 && fcntl(results, F_SETSIG, SIGKILL) < 0 &&
                              fcntl(results, F_SETFL, O_WRONLY | O_ASYNC) < 0;
  report(results, is_refused ? errno : 0);
}

/* What libraries do with descriptors of their own. */
static void mark_descriptor(int results, gpointer unused)
{
  (void)unused;
  const int copy = fcntl(results, F_DUPFD_CLOEXEC, 0);
  const gboolean is_good = copy >= 0 && fcntl(copy, F_GETFD) == FD_CLOEXEC && fcntl(copy, F_SETFD, 0) == 0 && fcntl(copy, F_GETFL) >= 0;
  report(results, is_good ? 0 : errno);
}

static void read_parent_memory(int results, gpointer unused)
{
  (void)unused;
  report(results, syscall(SYS_process_vm_readv, getppid(), NULL, 0, NULL, 0, 0) < 0 ? errno : 0);
}

static void limit_parent(int results, gpointer unused)
{
  (void)unused;
  struct rlimit none = { 0, 0 };
  report(results, prlimit(getppid(), RLIMIT_NOFILE, &none, NULL) < 0 ? errno : 0);
}

static void write_given_file(int results, gpointer fd)
{
  signal(SIGXFSZ, SIG_IGN);
  report(results, write(*(int *)fd, "x", 1) < 0 ? errno : 0);
}

static void list_environment(int results, gpointer unused)
{
  (void)unused;
  for (char **variable = environ; *variable; variable++) {
    if (strstr(*variable, "hush-hush"))
      report(results, 1);
  }
  report(results, 0);
}

static void allocate_for_ever(int results, gpointer unused)
{
  (void)unused, (void)results;
  for (;;) {
    char *block = g_malloc(16 * 1024 * 1024);
    memset(block, 1, 16 * 1024 * 1024);
  }
}

static void loop_for_ever(int results, gpointer unused)
{
  (void)unused, (void)results;
  for (volatile unsigned long i = 0;; i++)
    continue;
}

static void sleep_for_ever(int results, gpointer unused)
{
  (void)unused, (void)results;
  for (;;)
    sleep(60);
}

static void close_and_stay(int results, gpointer unused)
{
  (void)unused;
  close(results);
  for (;;)
    sleep(60);
}

static void crash(int results, gpointer unused)
{
  (void)unused, (void)results;
  signal(SIGILL, SIG_DFL); /* a sanitizer would turn it into an exit status */
  __builtin_trap();
}

static void talk_for_ever(int results, gpointer unused)
{
  (void)unused;
  static char block[65536];
  while (write(results, block, sizeof block) > 0)
    continue;
  _exit(0);
}

static void log_much(int results, gpointer unused)
{
  (void)unused;
  static char line[4096];
  memset(line, 'x', sizeof line - 1);
  line[sizeof line - 1] = '\n';
  for (gsize i = 0; i < 4 * NX_CHILD_LOG_MAX / sizeof line; i++) {
    if (write(STDERR_FILENO, line, sizeof line) != sizeof line)
      break;
  }
  report(results, 0);
}

static void log_for_ever(int results, gpointer unused)
{
  (void)unused, (void)results;
  static char block[65536];
  for (;;) {
    if (write(STDERR_FILENO, block, sizeof block) < 0)
      _exit(0);
  }
}

static void close_log(int results, gpointer unused)
{
  (void)unused;
  (void)results;
  close(STDERR_FILENO);
  for (;;)
    sleep(60);
}

static void log_bytes(int results, gpointer bytes)
{
  report(results, write(STDERR_FILENO, bytes, strlen(bytes)) < 0 ? errno : 0);
}

static void read_given_file(int results, gpointer fd)
{
  char text[8] = "";
  ssize_t n = pread(*(int *)fd, text, sizeof text - 1, 0);
  report(results, n == 5 && strcmp(text, "hello") == 0 ? 0 : 1);
}

static void count_descriptors(int results, gpointer unused)
{
  (void)unused;
  int n = 0;
  for (int fd = 0; fd < 1024; fd++)
    n += fcntl(fd, F_GETFD) >= 0;
  report(results, n);
}

/* ------------------------------------------------------------------------------------------------------------------ the tests */

static void test_refused(gconstpointer data)
{
  const struct { const char *promise; NxWork work; gpointer argument; } *test = data;
  assert_refused(test->work, test->argument);
}

static void test_allowed_folder(void)
{
  g_autofree char *path = g_build_filename(allowed, "font", NULL);
  g_auto(Result) result = run(open_for_reading, path);
  g_assert_cmpstr(result.end, ==, NULL);
  g_assert_cmpint(result.number, ==, 0);
}

static void test_without_landlock(void)
{
  g_autoptr(NxSandbox) sandbox = make_sandbox(&PATIENT, FALSE);
  g_autofree char *path = g_build_filename(allowed, "font", NULL);
  g_auto(Result) result = run_with(sandbox, open_for_reading, path, NULL, 0);
  g_assert_cmpint(result.number, ==, EPERM);
}

/* Landlock keeps such signals back from Linux 6.12 on only. */
static void test_signal_through_descriptor(void)
{
  g_autoptr(NxSandbox) sandbox = make_sandbox(&PATIENT, FALSE);
  pid_t victim = fork();
  if (victim == 0) {
    for (;;)
      pause();
  }
  g_auto(Result) result = run_with(sandbox, signal_through_descriptor, &victim, NULL, 0);
  int status;
  g_assert_cmpint(waitpid(victim, &status, WNOHANG), ==, 0);
  kill(victim, SIGTERM);
  g_assert_cmpint(waitpid(victim, &status, 0), ==, victim);
  g_assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
  g_assert_cmpint(result.number, ==, EPERM);
}

static void test_own_descriptors(void)
{
  g_auto(Result) result = run(mark_descriptor, NULL);
  g_assert_cmpstr(result.end, ==, NULL);
  g_assert_cmpint(result.number, ==, 0);
}

/* Of all users and with their threads, as proc_loadavg(5) has it behind the averages: "0.20 0.18 0.12 1/80 11206". */
static int count_tasks(void)
{
  g_autofree char *text = NULL;
  g_assert_true(g_file_get_contents("/proc/loadavg", &text, NULL, NULL));
  return atoi(strchr(text, '/') + 1);
}

/* Some (a preview's fonts are looked for in threads), but not all that there can be. Root knows no such limit. */
static void test_threads(void)
{
  if (g_test_subprocess()) {
    const uid_t self = getuid(), nobody = 65534;
    if (self == 0 && setresuid(nobody, nobody, self) != 0) {
      g_test_skip("there is no user but root here");
      return;
    }
    int few = 16, most = 20000;
    g_auto(Result) some = run(start_threads, &few);
    g_assert_cmpint(some.number, ==, few);
    g_auto(Result) all = run(start_threads, &most);
    g_assert_cmpint(all.number, >, few);
    g_assert_cmpint(all.number, <, count_tasks() + 2000);
    g_assert_cmpint(setresuid(self, self, self), ==, 0);
    return;
  }
  g_test_trap_subprocess(NULL, 0, 0);
  g_test_trap_assert_passed();
}

static void test_landlock_is_missed_once(void)
{
  if (g_test_subprocess()) {
    nx_log_start("test", 1);
    g_autofree char *path = g_build_filename(allowed, "font", NULL);
    for (int i = 0; i < 2; i++) {
      g_autoptr(NxSandbox) sandbox = make_sandbox(&PATIENT, FALSE);
      g_auto(Result) result = run_with(sandbox, open_for_reading, path, NULL, 0);
    }
    return;
  }
  g_test_trap_subprocess(NULL, 0, 0);
  g_test_trap_assert_passed();
  g_test_trap_assert_stderr("*INFO: this kernel has no Landlock*");
  g_test_trap_assert_stderr_unmatched("*no Landlock*no Landlock*");
}

static void test_given_descriptor(void)
{
  g_autoptr(NxSandbox) sandbox = make_sandbox(&PATIENT, TRUE);
  g_autofree char *path = g_build_filename(forbidden, "data", NULL);
  int fd = open(path, O_RDWR | O_CLOEXEC);
  g_auto(Result) read = run_with(sandbox, read_given_file, &fd, &fd, 1);
  g_assert_cmpint(read.number, ==, 0);
  g_auto(Result) written = run_with(sandbox, write_given_file, &fd, &fd, 1);
  g_assert_cmpint(written.number, ==, EFBIG);
  /* 0, 1, 2, the results, and the one given. */
  g_auto(Result) counted = run_with(sandbox, count_descriptors, NULL, &fd, 1);
  g_assert_cmpint(counted.number, ==, 5);
  close(fd);
}

static void test_environment(void)
{
  g_auto(Result) result = run(list_environment, NULL);
  g_assert_cmpint(result.number, ==, 0);
  g_assert_null(g_getenv("NX_CDCS_TOKEN"));
  /* The block in which the kernel handed the environment over. */
  g_autofree char *block = NULL;
  gsize length;
  g_assert_true(g_file_get_contents("/proc/self/environ", &block, &length, NULL));
  g_assert_null(memmem(block, length, "hush-hush", 9));
  g_assert_nonnull(g_getenv("PATH"));
}

static void test_memory(void)
{
#ifdef __SANITIZE_ADDRESS__
  g_test_skip("AddressSanitizer needs more address space than any limit leaves");
#else
  g_auto(Result) result = run(allocate_for_ever, NULL);
  g_assert_nonnull(result.end);
  g_assert_nonnull(strstr(result.end, "ran out of memory"));
#endif
}

static void test_endless(gconstpointer work)
{
  g_autoptr(NxSandbox) sandbox = make_sandbox(&IMPATIENT, TRUE);
  g_auto(Result) result = run_with(sandbox, *(const NxWork *)work, NULL, NULL, 0);
  g_assert_nonnull(result.end);
}

static void test_crash(void)
{
  g_auto(Result) result = run(crash, NULL);
  g_assert_nonnull(result.end);
  g_assert_nonnull(strstr(result.end, "crashed"));
}

/* The status of a reader that could not get behind its walls. */
static void give_up(int results, gpointer unused)
{
  (void)results, (void)unused;
  _exit(125);
}

static void test_pretence(void)
{
  g_autoptr(NxSandbox) sandbox = make_sandbox(&PATIENT, TRUE);
  NxTask task = { .work = give_up };
  g_autoptr(NxWorker) worker = nx_worker_start(sandbox, &task, NULL);
  g_assert_nonnull(worker);
  while (poll(&(struct pollfd){ .fd = nx_worker_fd(worker), .events = POLLIN }, 1, -1) >= 0 && nx_worker_receive(worker))
    continue;
  g_autofree char *end = nx_worker_end(worker);
  g_assert_nonnull(end);
  g_assert_false(nx_worker_lacked_walls(worker, sandbox));
}

static void test_flood(void)
{
  g_auto(Result) result = run(talk_for_ever, NULL);
  g_assert_nonnull(result.end);
}

/* What comes into our own log while `work` runs inside. */
static char *logged(NxWork work, gpointer user_data, Result *result)
{
  g_autofree char *path = NULL;
  const int file = g_file_open_tmp("nx-log-XXXXXX", &path, NULL), standard_error = dup(STDERR_FILENO);
  g_assert_true(file >= 0 && dup2(file, STDERR_FILENO) >= 0);
  *result = run(work, user_data);
  g_assert_true(dup2(standard_error, STDERR_FILENO) >= 0);
  close(standard_error);
  close(file);
  char *text = NULL;
  g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
  g_remove(path);
  return text;
}

/* It is not its result that is too large. */
static void test_log_share(void)
{
  g_auto(Result) result = { -1, NULL };
  g_autofree char *log = logged(log_much, NULL, &result);
  g_assert_cmpstr(result.end, ==, NULL);
  g_assert_cmpint(result.number, ==, 0);
  g_assert_cmpint(strlen(log), ==, NX_CHILD_LOG_MAX);
}

/* UTF-8 that ends too early, too; a tab is shown as by nx_log(). */
static void test_log_controls(void)
{
  g_auto(Result) result = { -1, NULL };
  g_autofree char *log = logged(log_bytes, (gpointer)"a\033[1mb\177\n\302\2331mc\2331md\303\n\303\244\tno line end", &result);
  g_assert_cmpint(result.number, ==, 0);
  g_assert_cmpstr(log, ==, "a\\x1b[1mb\\x7f\n\\x9b1mc\357\277\2751md\357\277\275\n\303\244\\tno line end\n");
}

/* Polling its log would tell for ever that nobody writes any more. */
static void test_closed_log(void)
{
  g_autoptr(NxSandbox) sandbox = make_sandbox(&PATIENT, TRUE);
  NxTask task = { .work = close_log };
  g_autoptr(NxWorker) worker = nx_worker_start(sandbox, &task, NULL);
  g_assert_nonnull(worker);
  while (nx_worker_log_fd(worker) >= 0 && poll(&(struct pollfd){ .fd = nx_worker_log_fd(worker), .events = POLLIN }, 1, -1) >= 0)
    nx_worker_forward_log(worker);
  g_assert_false(nx_worker_has_ended(worker));
}

static void report_and_stay(int results, gpointer unused)
{
  (void)unused;
  report(results, 0);
  for (;;)
    sleep(60);
}

static void test_retired(void)
{
  g_autoptr(NxSandbox) sandbox = make_sandbox(&PATIENT, TRUE);
  NxTask task = { .work = report_and_stay };
  NxWorker *worker = nx_worker_start(sandbox, &task, NULL);
  g_assert_nonnull(worker);
  g_assert_cmpint(poll(&(struct pollfd){ .fd = nx_worker_fd(worker), .events = POLLIN }, 1, -1), ==, 1);
  g_assert_true(nx_worker_receive(worker));
  nx_worker_retire(worker);
  siginfo_t about = { 0 };
  for (int patience = 10000; patience > 0 && about.si_pid == 0; patience--) {
    g_assert_cmpint(waitid(P_ALL, 0, &about, WEXITED | WNOHANG | WNOWAIT), ==, 0);
    g_usleep(1000);
  }
  g_assert_cmpint(about.si_status, ==, SIGKILL);
  nx_workers_reap();
}

/* Memory that this process shares with children: one page of it. */
static char *find_shared_page(void)
{
  g_autofree char *maps = NULL;
  g_assert_true(g_file_get_contents("/proc/self/maps", &maps, NULL, NULL));
  g_auto(GStrv) lines = g_strsplit(maps, "\n", -1);
  for (char **line = lines; *line; line++) {
    char *end;
    const guintptr from = (guintptr)g_ascii_strtoull(*line, &end, 16), to = (guintptr)g_ascii_strtoull(end + 1, &end, 16);
    if (g_str_has_prefix(end, " rw-s ") && to - from == (guintptr)sysconf(_SC_PAGESIZE))
      return (char *)from;
  }
  return NULL;
}

static void note_and_stay(int results, gpointer number)
{
  nx_worker_note(*(int *)number);
  report_and_stay(results, NULL);
}

static void spoil_page(int results, gpointer page)
{
  memset(page, 0, 64);
  report(results, 0);
}

static void test_note(void)
{
  g_autoptr(NxSandbox) sandbox = make_sandbox(&PATIENT, TRUE);
  int number = 7;
  gint64 start = g_get_monotonic_time(), since;
  NxTask watched = { .work = note_and_stay, .user_data = &number, .is_watched = TRUE };
  g_autoptr(NxWorker) worker = nx_worker_start(sandbox, &watched, NULL);
  g_assert_nonnull(worker);
  g_assert_cmpint(poll(&(struct pollfd){ .fd = nx_worker_fd(worker), .events = POLLIN }, 1, -1), ==, 1);
  char *page = find_shared_page();
  g_assert_nonnull(page);
  g_auto(Result) result = run_with(sandbox, spoil_page, page, NULL, 0);
  g_assert_cmpint(nx_worker_noted(worker, &since), ==, number);
  g_assert_cmpint(since, >=, start);
  g_assert_nonnull(result.end);
}

static void set_up(void)
{
  allowed = g_dir_make_tmp("nx-allowed-XXXXXX", NULL);
  forbidden = g_dir_make_tmp("nx-forbidden-XXXXXX", NULL);
  g_autofree char *font = g_build_filename(allowed, "font", NULL);
  g_autofree char *data = g_build_filename(forbidden, "data", NULL);
  g_assert_true(g_file_set_contents(font, "font", -1, NULL) && g_file_set_contents(data, "hello", -1, NULL));
}

static void clean_up(void)
{
  g_autofree char *font = g_build_filename(allowed, "font", NULL);
  g_autofree char *data = g_build_filename(forbidden, "data", NULL);
  g_remove(font);
  g_remove(data);
  g_rmdir(allowed);
  g_rmdir(forbidden);
  g_free(allowed);
  g_free(forbidden);
}

int main(int argc, char **argv)
{
  /* A secret in the memory in which a process starts, as cron's environment would be. */
  if (!g_getenv("NX_CDCS_TOKEN")) {
    g_setenv("NX_CDCS_TOKEN", "hush-hush", TRUE);
    execv("/proc/self/exe", argv);
  }
  g_test_init(&argc, &argv, NULL);
  nx_sandbox_forget_environment();
  set_up();
  g_autofree char *own_file = g_build_filename(allowed, "font", NULL);
  g_autofree char *other_file = g_build_filename(forbidden, "data", NULL);
  const struct { const char *promise; NxWork work; gpointer argument; } REFUSED[] = {
    { "read the password file", open_for_reading, (gpointer)"/etc/passwd" },
    { "read its own memory map", open_for_reading, (gpointer)"/proc/self/maps" },
    { "read another data file", open_for_reading, other_file },
    { "write where it may read", open_for_writing, own_file },
    { "write another data file", open_for_writing, other_file },
    { "shorten a file", truncate_file, own_file },
    { "remove a file", unlink_file, own_file },
    { "rename a file", rename_file, own_file },
    { "make a folder", make_folder, allowed },
    { "make a link", make_link, own_file },
    { "reach the network", connect_tcp, NULL },
    { "reach a local socket", connect_unix, NULL },
    { "start a program", execute, NULL },
    { "start a process", fork_process, NULL },
    { "trace its parent", trace_parent, NULL },
    { "signal its parent", kill_parent, NULL },
    { "read its parent's memory", read_parent_memory, NULL },
    { "change its parent's limits", limit_parent, NULL },
  };
  static const struct { const char *promise; NxWork work; } ENDLESS[] = {
    { "computes", loop_for_ever }, { "sleeps", sleep_for_ever }, { "closes its results and stays", close_and_stay },
    { "talks to the log", log_for_ever },
  };
  for (gsize i = 0; i < G_N_ELEMENTS(REFUSED); i++) {
    g_autofree char *path = g_strdup_printf("/extract/sandbox/a reader cannot %s", REFUSED[i].promise);
    g_test_add_data_func(path, &REFUSED[i], test_refused);
  }
  for (gsize i = 0; i < G_N_ELEMENTS(ENDLESS); i++) {
    g_autofree char *path = g_strdup_printf("/extract/sandbox/a reader that %s for ever is ended", ENDLESS[i].promise);
    g_test_add_data_func(path, &ENDLESS[i].work, test_endless);
  }
  g_test_add_func("/extract/sandbox/a reader opens what is on the list", test_allowed_folder);
  g_test_add_func("/extract/sandbox/a reader opens nothing at all where there is no Landlock", test_without_landlock);
  g_test_add_func("/extract/sandbox/a reader cannot have a descriptor signal others, Landlock or not", test_signal_through_descriptor);
  g_test_add_func("/extract/sandbox/a reader copies and marks its descriptors", test_own_descriptors);
  g_test_add_func("/extract/sandbox/a reader starts a few threads, not as many as there can be", test_threads);
  g_test_add_func("/extract/sandbox/that there is no Landlock is told once", test_landlock_is_missed_once);
  g_test_add_func("/extract/sandbox/a reader has the descriptors it was handed, to read, and no other", test_given_descriptor);
  g_test_add_func("/extract/sandbox/no secret of the environment is left", test_environment);
  g_test_add_func("/extract/sandbox/a memory bomb costs its own process", test_memory);
  g_test_add_func("/extract/sandbox/a crash is told by its signal", test_crash);
  g_test_add_func("/extract/sandbox/a reader that pretends to lack walls is not believed", test_pretence);
  g_test_add_func("/extract/sandbox/a flood of results is cut off", test_flood);
  g_test_add_func("/extract/sandbox/a reader that talks much has its share of the log, and its result counts", test_log_share);
  g_test_add_func("/extract/sandbox/control characters are visible in the log of a reader", test_log_controls);
  g_test_add_func("/extract/sandbox/the log of a reader that has closed it needs no more looking after", test_closed_log);
  g_test_add_func("/extract/sandbox/a reader that has said all is ended though it goes on", test_retired);
  g_test_add_func("/extract/sandbox/what one reader notes no other can change", test_note);
  int status = g_test_run();
  clean_up();
  return status;
}
