/* process.c — children with chosen descriptors, their environment, our own programs by name, and signals as a flag. */
#include "nx-base.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <linux/close_range.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static char *own_folder(void)
{
  g_autofree char *program = g_file_read_link("/proc/self/exe", NULL);
  return program ? g_path_get_dirname(program) : NULL;
}

static gboolean is_program(const char *path)
{
  return g_file_test(path, G_FILE_TEST_IS_EXECUTABLE) && !g_file_test(path, G_FILE_TEST_IS_DIR);
}

char *nx_program_path(const char *name)
{
  g_autofree char *folder = own_folder();
  g_autofree char *beside = folder ? g_build_filename(folder, name, NULL) : NULL;
  return beside && is_program(beside) ? g_steal_pointer(&beside) : g_find_program_in_path(name);
}

/* What editors, version control, packages, file managers and people call what they keep of a file: an earlier version of a program is none of
 * its own. */
gboolean nx_program_is_copy(const char *name)
{
  static const char *const COPIES[] = {
    "*[~#]*",     "*.bak",  "*.bak[0-9.]*", "*.backup",   "*.backup[0-9.]*", "*.old", "*.old[0-9.]*", "*.orig", "*.rej",
    "*.save",     "*.tmp",  "*.copy",       "*.disabled", "*.off",           "* (*)", "* - copy*",    "*.dpkg-*", "*.ucf-*",
    "*.rpm*",
  };
  for (gsize i = 0; i < G_N_ELEMENTS(COPIES); i++)
    if (fnmatch(COPIES[i], name, FNM_CASEFOLD) == 0)
      return TRUE;
  return FALSE;
}

static void list_folder(const char *folder, const char *prefix, GHashTable *names)
{
  g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
  for (const char *name = dir ? g_dir_read_name(dir) : NULL; name; name = g_dir_read_name(dir)) {
    g_autofree char *path = g_build_filename(folder, name, NULL);
    if (!g_str_has_prefix(name, prefix) || !name[strlen(prefix)] || !g_utf8_validate(name, -1, NULL) || !is_program(path))
      continue;
    if (nx_program_is_copy(name))
      nx_log_debug("%s is passed over: its name is that of a copy", path);
    else
      g_hash_table_add(names, g_strdup(name + strlen(prefix)));
  }
}

static gint by_name(gconstpointer a, gconstpointer b)
{
  return strcmp(*(char *const *)a, *(char *const *)b);
}

char **nx_program_list(const char *prefix)
{
  g_autoptr(GHashTable) names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  g_autofree char *folder = own_folder();
  if (folder)
    list_folder(folder, prefix, names);
  g_auto(GStrv) folders = g_strsplit(g_getenv("PATH") ? g_getenv("PATH") : "", ":", -1);
  for (char **each = folders; *each; each++)
    if (**each)
      list_folder(*each, prefix, names);
  guint count;
  char **sorted = (char **)g_hash_table_get_keys_as_array(names, &count);
  g_hash_table_steal_all(names);
  g_qsort_with_data(sorted, (gint)count, sizeof *sorted, (GCompareDataFunc)(void (*)(void))by_name, NULL);
  return sorted;
}

/* `fd` on `target`, kept over exec. -1: /dev/null. */
static gboolean place(int fd, int target)
{
  if (fd < 0)
    fd = open("/dev/null", target == STDIN_FILENO ? O_RDONLY : O_WRONLY);
  if (fd == target)
    return fcntl(fd, F_SETFD, 0) == 0;
  return fd >= 0 && dup2(fd, target) >= 0;
}

/* Descriptors 0–2 may be given crosswise, so they are moved out of the way first. Returns only when the program could not be started. */
static void become(const NxSpawn *spawn, pid_t parent)
{
  int in = spawn->in < 0 ? -1 : fcntl(spawn->in, F_DUPFD, 3);
  int out = spawn->out < 0 ? -1 : fcntl(spawn->out, F_DUPFD, 3);
  int err = spawn->err < 0 ? STDERR_FILENO : fcntl(spawn->err, F_DUPFD, 3);
  if (!place(in, STDIN_FILENO) || !place(out, STDOUT_FILENO) || !place(err, STDERR_FILENO) ||
      close_range(3, ~0U, CLOSE_RANGE_CLOEXEC) != 0)
    return;
  for (int number = 1; number < NSIG; number++)
    signal(number, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (spawn->own_group)
    setpgid(0, 0);
  if (getppid() == parent)
    execve(spawn->argv[0], spawn->argv, spawn->environment ? spawn->environment : environ);
}

/* errno of a child that could not become its program; 0 once it did and the pipe closed by itself. */
static int read_report(int fd)
{
  int problem = 0;
  gssize n;
  do
    n = read(fd, &problem, sizeof problem);
  while (n < 0 && errno == EINTR);
  close(fd);
  return n == (gssize)sizeof problem ? problem : 0;
}

gboolean nx_process_start(const NxSpawn *spawn, GPid *pid, GError **err)
{
  int report[2];
  if (pipe2(report, O_CLOEXEC) != 0)
    return nx_error_from_errno(err, errno, "start", spawn->argv[0]);
  pid_t parent = getpid();
  pid_t child = fork();
  if (child == 0) {
    become(spawn, parent);
    int problem = errno;
    if (write(report[1], &problem, sizeof problem) < 0)
      _exit(126);
    _exit(127);
  }
  int problem = child < 0 ? errno : 0;
  close(report[1]);
  if (child < 0)
    close(report[0]);
  else
    problem = read_report(report[0]);
  if (problem) {
    if (child > 0)
      nx_process_wait(child);
    return nx_error_from_errno(err, problem, "start", spawn->argv[0]);
  }
  *pid = child;
  return TRUE;
}

int nx_process_wait(GPid pid)
{
  int status;
  while (waitpid(pid, &status, 0) < 0)
    if (errno != EINTR)
      return 127;
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

gboolean nx_process_has_ended(GPid pid)
{
  siginfo_t about = {0};
  return waitid(P_PID, (id_t)pid, &about, WEXITED | WNOHANG | WNOWAIT) == 0 && about.si_pid == pid;
}

gboolean nx_environment_is_harmless(const char *variable)
{
  static const char *const NAMES[] = {"PATH=", "HOME=", "LANG=", "LANGUAGE=", "LC_", "TZ=", "TMPDIR=", "XDG_", "FONTCONFIG_", "G_DEBUG=", "G_SLICE=",
                                      "ASAN_OPTIONS=", "UBSAN_OPTIONS=", "LSAN_OPTIONS=", "NX_TEST_TIME_SCALE="};
  for (gsize i = 0; i < G_N_ELEMENTS(NAMES); i++)
    if (g_str_has_prefix(variable, NAMES[i]))
      return TRUE;
  return FALSE;
}

char **nx_environment_harmless(void)
{
  g_autoptr(GStrvBuilder) kept = g_strv_builder_new();
  for (char **variable = environ; *variable; variable++)
    if (nx_environment_is_harmless(*variable))
      g_strv_builder_add(kept, *variable);
  return g_strv_builder_end(kept);
}

static volatile sig_atomic_t signal_number;

static void remember(int number)
{
  signal_number = number;
}

void nx_interrupt_install(void)
{
  struct sigaction action = {.sa_handler = remember};
  sigemptyset(&action.sa_mask);
  for (const int *number = (const int[]){SIGINT, SIGTERM, SIGHUP, 0}; *number; number++)
    sigaction(*number, &action, NULL);
  signal(SIGPIPE, SIG_IGN);
}

double nx_time_scale(void)
{
  const char *scale = g_getenv("NX_TEST_TIME_SCALE");
  return scale ? MAX(g_ascii_strtod(scale, NULL), 0.0) : 1.0;
}

gint64 nx_patience_us(double seconds)
{
  const double scale = nx_time_scale();
  return (gint64)(seconds * G_USEC_PER_SEC * (scale > 0 ? scale : 1.0));
}

int nx_interrupted(void)
{
  return signal_number;
}

gboolean nx_check_interrupted(GError **err)
{
  if (!signal_number)
    return TRUE;
  g_set_error_literal(err, NX_ERROR, NX_ERROR_INTERRUPTED, "interrupted");
  return FALSE;
}
