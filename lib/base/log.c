/* log.c — lines for the person who watches or reads later: one write(2) a line, so that stages sharing a terminal or file never mix. */
#include "nx-base.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static const char *program_name = "nexuslims";
static NxLogLevel log_level = NX_LOG_WARNING;
static gboolean in_brackets;
static int log_file = -1;
static GPtrArray *secrets; /* of char*, longest first */
static GMutex secrets_lock;

static const char *const LEVEL_NAMES[] = {
    [NX_LOG_ERROR] = "ERROR",
    [NX_LOG_WARNING] = "WARNING",
    [NX_LOG_INFO] = "INFO",
    [NX_LOG_DEBUG] = "DEBUG",
};

void nx_log_start(const char *program, guint verbosity)
{
  program_name = program;
  log_level = verbosity == 0 ? NX_LOG_WARNING : verbosity == 1 ? NX_LOG_INFO : NX_LOG_DEBUG;
}

void nx_log_in_brackets(void)
{
  in_brackets = TRUE;
}

NxLogLevel nx_log_level(void)
{
  return log_level;
}

gboolean nx_log_to_file(const char *path, GError **err)
{
  int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  if (fd < 0)
    return nx_error_from_errno(err, errno, "open log file", path);
  if (log_file >= 0)
    close(log_file);
  log_file = fd;
  return TRUE;
}

static gint longest_first(gconstpointer a, gconstpointer b)
{
  gsize length_a = strlen(*(char *const *)a), length_b = strlen(*(char *const *)b);
  return (length_a < length_b) - (length_a > length_b);
}

/* What knows a secret leaves no core file, nor do its children. Not 0: dumps into a pipe know no limit but 1, which Linux takes as "none";
 * and not by PR_SET_DUMPABLE, without which nobody but root could read the /proc/self of the readers of data files. */
static void forbid_core_files(void)
{
  struct rlimit limit;
  if (getrlimit(RLIMIT_CORE, &limit) != 0 || limit.rlim_cur <= 1)
    return;
  limit.rlim_cur = 1;
  setrlimit(RLIMIT_CORE, &limit);
}

void nx_log_hide(const char *secret)
{
  if (!secret)
    return;
  forbid_core_files();
  if (strlen(secret) < 4)
    return;
  g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&secrets_lock);
  if (!secrets)
    secrets = g_ptr_array_new_with_free_func(g_free);
  if (g_ptr_array_find_with_equal_func(secrets, secret, g_str_equal, NULL))
    return;
  g_ptr_array_add(secrets, g_strdup(secret));
  g_ptr_array_sort(secrets, longest_first);
}

/* Passwords in addresses, which nobody had to tell us before. */
static char *without_passwords(const char *text)
{
  GString *out = g_string_sized_new(strlen(text) + 1);
  for (const char *scheme; (scheme = strstr(text, "://"));) {
    const char *authority = scheme + strlen("://"), *end = authority + strcspn(authority, "/?#@ \t\n\"'");
    const char *colon = *end == '@' ? memchr(authority, ':', (gsize)(end - authority)) : NULL;
    g_string_append_len(out, text, (colon ? colon + 1 : authority) - text);
    g_string_append(out, colon ? "***" : "");
    text = colon ? end : authority;
  }
  g_string_append(out, text);
  return g_string_free(out, FALSE);
}

/* Once along the text, however often the secret is in it. */
char *nx_log_without(const char *text, const char *secret)
{
  g_auto(GStrv) parts = g_strsplit(text, secret, -1);
  return g_strjoinv("***", parts);
}

char *nx_log_masked(const char *text)
{
  g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&secrets_lock);
  g_autofree char *masked = g_strdup(text);
  for (guint i = 0; secrets && i < secrets->len; i++) {
    char *without = strstr(masked, g_ptr_array_index(secrets, i)) ? nx_log_without(masked, g_ptr_array_index(secrets, i)) : NULL;
    if (without) {
      g_free(masked);
      masked = without;
    }
  }
  return without_passwords(masked);
}

static void write_whole(int fd, const char *text, gsize length)
{
  while (length > 0) {
    gssize n = write(fd, text, length);
    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0)
      return; /* nobody left to tell */
    text += n;
    length -= (gsize)n;
  }
}

/* TRUE for a line that may be taken for the head of a record (`2025-…`, `[ERROR] …`): names of files hold whatever they like. */
static gboolean looks_like_head(const char *line)
{
  return g_ascii_isdigit(*line) || *line == '[';
}

char *nx_log_shown(const char *message)
{
  g_autofree char *masked = nx_log_masked(message);
  g_autofree char *valid = nx_text_utf8(masked, -1);
  g_auto(GStrv) lines = g_strsplit(valid, "\n", -1);
  for (char **line = lines; *line; line++) {
    g_autofree char *visible = nx_text_visible(*line);
    g_free(*line);
    *line = g_strconcat(line > lines && looks_like_head(visible) ? "  " : "", visible, NULL);
  }
  return g_strjoinv("\n", lines);
}

/* What stands before the message. */
static char *line_head(NxLogLevel level)
{
  if (in_brackets)
    return g_strdup_printf("[%s] ", LEVEL_NAMES[level]);
  g_autoptr(GDateTime) now = g_date_time_new_now(nx_zone_system());
  g_autofree char *stamp = g_date_time_format(now, "%Y-%m-%d %H:%M:%S");
  return g_strdup_printf("%s,%03d %s %s: ", stamp, g_date_time_get_microsecond(now) / 1000, program_name, LEVEL_NAMES[level]);
}

void nx_log(NxLogLevel level, const char *format, ...)
{
  if (level > log_level)
    return;
  va_list arguments;
  va_start(arguments, format);
  g_autofree char *raw = g_strdup_vprintf(format, arguments);
  va_end(arguments);
  g_autofree char *message = nx_log_shown(raw);
  g_autofree char *head = line_head(level), *line = g_strconcat(head, message, "\n", NULL);
  write_whole(STDERR_FILENO, line, strlen(line));
  if (log_file >= 0)
    write_whole(log_file, line, strlen(line));
}
