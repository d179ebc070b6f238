/* restore.c — the terminal is given back even when the program dies: a handler may call only what signal-safety(7) lists, so the bytes to send
 * are made beforehand. */
#include "restore.h"

#include "keyboard.h"

#include <curses.h>
#include <glib.h>
#include <signal.h>
#include <string.h>
#include <term.h>
#include <termios.h>
#include <unistd.h>

static const int DEADLY[] = {SIGHUP,  SIGINT,  SIGQUIT, SIGTERM, SIGSEGV, SIGBUS,  SIGFPE,    SIGILL,  SIGABRT, SIGPIPE,
                             SIGALRM, SIGUSR1, SIGUSR2, SIGXCPU, SIGXFSZ, SIGSYS, SIGTRAP, SIGVTALRM, SIGPROF};

static struct {
  struct termios modes;
  char bytes[256];
  gsize length;
  struct sigaction before[G_N_ELEMENTS(DEADLY)];
  gboolean armed;
} saved;

/* Appends a capability without its padding ($<5>). */
static void append(const char *sequence)
{
  for (const char *p = sequence; p && *p && saved.length + 1 < sizeof saved.bytes; p++) {
    const char *end = p[0] == '$' && p[1] == '<' ? strchr(p, '>') : NULL;
    if (end)
      p = end;
    else
      saved.bytes[saved.length++] = *p;
  }
}

static void give_back(int number)
{
  tcsetattr(STDIN_FILENO, TCSANOW, &saved.modes);
  ssize_t written = write(STDOUT_FILENO, saved.bytes, saved.length);
  (void)written;
  /* The signal does what it did before; a sanitizer still reports a crash. */
  for (gsize i = 0; i < G_N_ELEMENTS(DEADLY); i++)
    sigaction(DEADLY[i], &saved.before[i], NULL);
  raise(number);
}

void nx_restore_arm(void)
{
  struct sigaction action = {.sa_handler = give_back};
  sigemptyset(&action.sa_mask);
  tcgetattr(STDIN_FILENO, &saved.modes);
  saved.length = 0;
  append(key_mouse ? "\033[?1000l\033[?1006l" : NULL);
  append(nx_keyboard_farewell());
  append(exit_attribute_mode);
  append(orig_pair);
  append(keypad_local);
  append(cursor_normal);
  append(exit_ca_mode);
  for (gsize i = 0; i < G_N_ELEMENTS(DEADLY); i++) {
    sigaction(DEADLY[i], NULL, &saved.before[i]);
    /* What is ignored is not deadly. */
    if (saved.before[i].sa_handler != SIG_IGN)
      sigaction(DEADLY[i], &action, NULL);
  }
  saved.armed = TRUE;
}

void nx_restore_disarm(void)
{
  if (!saved.armed)
    return;
  saved.armed = FALSE;
  for (gsize i = 0; i < G_N_ELEMENTS(DEADLY); i++)
    sigaction(DEADLY[i], &saved.before[i], NULL);
}
