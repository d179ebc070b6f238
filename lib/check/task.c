/* task.c — programs and functions that run beside one another and answer in lines. */
#include "task.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

static void close_if_open(int *fd)
{
  if (*fd >= 0)
    close(*fd);
  *fd = -1;
}

static NxTask *task_new(const char *what)
{
  NxTask *task = g_new0(NxTask, 1);
  task->what = g_strdup(what);
  task->out = -1;
  return task;
}

void nx_task_free(NxTask *task)
{
  if (!task)
    return;
  close_if_open(&task->out);
  if (task->pid > 0) {
    kill(task->pid, SIGTERM);
    nx_process_wait(task->pid);
  }
  g_free(task->what);
  g_free(task->trouble);
  g_free(task);
}

/* ------------------------------------------------------------------------------------------------------------ programs */

static void start(NxTask *task, const char *const *words, int in, int out, int err)
{
  g_autoptr(GError) problem = NULL;
  g_auto(GStrv) argv = g_strdupv((char **)words);
  g_free(argv[0]);
  argv[0] = nx_program_path(words[0]);
  NxSpawn spawn = {.argv = argv, .in = in, .out = out, .err = err};
  if (!argv[0])
    task->trouble = g_strdup_printf("%s is not installed", words[0]);
  else if (!nx_process_start(&spawn, &task->pid, &problem))
    task->trouble = g_strdup(problem->message);
}

static NxTask *task_of(const char *const *words, int in, gboolean silent)
{
  NxTask *task = task_new(words[0]);
  int ends[2], err = silent ? open("/dev/null", O_WRONLY | O_CLOEXEC) : -1;
  if (pipe2(ends, O_CLOEXEC) != 0) {
    task->trouble = g_strdup_printf("cannot make a pipe: %s", g_strerror(errno));
  } else {
    start(task, words, in, ends[1], err);
    close(ends[1]);
    task->out = ends[0];
  }
  close_if_open(&err);
  return task;
}

NxTask *nx_task_of_program(const char *const *words, gboolean silent)
{
  return task_of(words, -1, silent);
}

NxTask *nx_task_of_filter(const char *const *words, json_object *lines, gboolean silent)
{
  g_autoptr(GError) problem = NULL;
  g_autoptr(GString) text = g_string_new(NULL);
  for (gsize i = 0; i < json_object_array_length(lines); i++) {
    nx_json_append(text, json_object_array_get_idx(lines, i), NX_JSON_LINE);
    g_string_append_c(text, '\n');
  }
  int in = nx_memory_file(text->str, text->len, &problem);
  NxTask *task = in >= 0 ? task_of(words, in, silent) : task_new(words[0]);
  if (problem)
    task->trouble = g_strdup(problem->message);
  close_if_open(&in);
  return task;
}

/* ----------------------------------------------------------------------------------------------------------- functions */

static void work_and_end(NxTaskWork work, gconstpointer subject, int fd, pid_t parent)
{
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  FILE *out = fdopen(fd, "w");
  if (!out || getppid() != parent)
    _exit(1);
  work(subject, out);
  _exit(fclose(out) == 0 ? 0 : 1);
}

NxTask *nx_task_of_work(const char *what, NxTaskWork work, gconstpointer subject)
{
  NxTask *task = task_new(what);
  int ends[2];
  pid_t parent = getpid(), child = pipe2(ends, O_CLOEXEC) == 0 ? fork() : -1;
  if (child == 0)
    work_and_end(work, subject, ends[1], parent);
  if (child < 0) {
    task->trouble = g_strdup_printf("cannot start: %s", g_strerror(errno));
    return task;
  }
  close(ends[1]);
  task->out = ends[0];
  task->pid = child;
  return task;
}

/* ------------------------------------------------------------------------------------------------------------- answers */

/* Why it ended badly; NULL when it did not. */
static char *bad_end(const char *what, int status)
{
  if (status > 128)
    return g_strdup_printf("%s was ended by signal %d (%s)", what, status - 128, g_strsignal(status - 128));
  return status == 0 ? NULL : g_strdup_printf("%s ended with exit status %d", what, status);
}

static gboolean read_lines(int fd, json_object *lines, GError **err)
{
  g_autoptr(NxLines) reader = nx_lines_new(fd);
  for (;;) {
    json_object *line = NULL;
    if (!nx_lines_next(reader, NULL, &line, err))
      return FALSE;
    if (!line)
      return TRUE;
    json_object_array_add(lines, line);
  }
}

json_object *nx_task_lines(NxTask *task, char **trouble)
{
  g_autoptr(GError) problem = NULL;
  json_object *lines = json_object_new_array();
  if (task->out >= 0)
    read_lines(task->out, lines, &problem);
  close_if_open(&task->out);
  int status = task->pid > 0 ? nx_process_wait(task->pid) : 0;
  task->pid = 0;
  *trouble = g_strdup(task->trouble);
  if (!*trouble)
    *trouble = bad_end(task->what, status);
  if (!*trouble && problem)
    *trouble = g_strdup_printf("%s answered with something unreadable: %s", task->what, problem->message);
  return lines;
}
