/* streams.c — the three standard streams: there when a program starts, and written whole when it ends well. */
#include "streams.h"

#include "nx-base.h"
#include "nx-cli.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

/* open(2) gives the lowest number that is free: what is opened first would otherwise get what is meant for standard output. */
static void open_missing(void)
{
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
    if (fcntl(fd, F_GETFD) < 0 && errno == EBADF && open("/dev/null", O_RDWR) != fd)
      exit(1); /* there is nobody to tell */
}

/* Like `head`, which ends when it has its lines. */
static gboolean reader_is_gone(void)
{
  struct pollfd out = {.fd = STDOUT_FILENO, .events = POLLOUT};
  return poll(&out, 1, 0) == 1 && (out.revents & POLLERR);
}

static int unwritten_code = 1;

void nx_cli_set_unwritten_code(int code)
{
  unwritten_code = code;
}

/* Only at the end is it known that all was written. A program that fails anyway has said why. */
static void check_output(int status, void *data)
{
  (void)data;
  errno = 0;
  gboolean is_whole = fflush(stdout) == 0 && !ferror(stdout);
  if (status != 0 || is_whole || reader_is_gone())
    return;
  fprintf(stderr, "Error: standard output could not be written%s%s; what arrived there is not whole\n", errno ? ": " : "",
          errno ? g_strerror(errno) : "");
  _exit(unwritten_code);
}

void nx_cli_guard_streams(void)
{
  open_missing();
  signal(SIGXFSZ, SIG_IGN); /* a file that reaches the limit of its user is then an error of writing, as a full disk is */
  on_exit(check_output, NULL);
}
