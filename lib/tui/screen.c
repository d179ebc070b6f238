/* screen.c — the terminal: its beginning and its end, keys and mouse, text in cells, the notice line. */
#include "screen.h"

#include "cells.h"
#include "nx-tui.h"
#include "restore.h"
#include "theme.h"

#include <dialog.h>
#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <signal.h>
#include <term.h>
#include <unistd.h>

#define SMALLEST_ROWS 12
#define SMALLEST_COLUMNS 40
#define DOUBLE_CLICK_US 400000

static struct {
  gboolean started, quitting, gone, cursor_wanted;
  int cursor_row, cursor_column;
  int next_tab, previous_tab; /* curses codes, 0: unknown */
  NxMouse mouse;
  gint64 last_click_us;
  char *notice;
  NxRole notice_kind;
  gint64 notice_end_us;
} screen;

/* ------------------------------------------------------------------------------------------------- beginning and end */

static gboolean refuse(GError **err, const char *why)
{
  g_set_error_literal(err, NX_ERROR, NX_ERROR_MISSING, why);
  return FALSE;
}

static gboolean check_terminal(GError **err)
{
  if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
    return refuse(err, "this is a full-screen program: it needs a terminal for its input and its output");
  int answer = 0;
  const char *name = g_getenv("TERM");
  if (setupterm(name && *name ? name : "dumb", STDOUT_FILENO, &answer) != OK || !cursor_address || !clear_screen) {
    g_set_error(err, NX_ERROR, NX_ERROR_MISSING,
                "this full-screen program cannot work on a terminal of the type '%s': it needs one that can place the cursor (set TERM, for example to xterm-256color)",
                name ? name : "");
    return FALSE;
  }
  return TRUE;
}

gboolean nx_tui_check_terminal(GError **err)
{
  gboolean good = check_terminal(err);
  if (good)
    del_curterm(cur_term);
  return good;
}

static gboolean speaks_utf8(void)
{
  return g_str_equal(nl_langinfo(CODESET), "UTF-8");
}

/* Text is UTF-8 here; a locale that says otherwise would make question marks of it. libdialog asks the environment once more when it starts, so it
 * has to say so too. LC_ALL, where it is set, hides LC_CTYPE. */
void nx_tui_choose_locale(void)
{
  const char *all = g_getenv("LC_ALL");
  if (setlocale(LC_ALL, "") && speaks_utf8())
    return;
  g_setenv(all && *all ? "LC_ALL" : "LC_CTYPE", "C.UTF-8", TRUE);
  setlocale(LC_CTYPE, "C.UTF-8");
}

static int code_of_capability(const char *name)
{
  char *sequence = tigetstr(name);
  int code = sequence && sequence != (char *)-1 ? key_defined(sequence) : 0;
  return MAX(code, 0);
}

/* What terminals send for these keys whatever their name says, and in whichever mode they are; of tmux and screen the names say nothing of Ctrl with
 * PgUp and PgDn. */
static void learn_keys(void)
{
  static const struct {
    const char *sequence;
    int code;
  } KEYS[] = {
    {"\033[1~", KEY_HOME}, {"\033[4~", KEY_END},  {"\033[H", KEY_HOME},  {"\033[F", KEY_END},  {"\033OH", KEY_HOME}, {"\033OF", KEY_END},
    {"\033[A", KEY_UP},    {"\033[B", KEY_DOWN},  {"\033[C", KEY_RIGHT}, {"\033[D", KEY_LEFT}, {"\033OA", KEY_UP},   {"\033OB", KEY_DOWN},
    {"\033OC", KEY_RIGHT}, {"\033OD", KEY_LEFT}, {"\033[6;5~", KEY_NEXT}, {"\033[5;5~", KEY_PREVIOUS},
  };
  for (gsize i = 0; i < G_N_ELEMENTS(KEYS); i++)
    if (key_defined(KEYS[i].sequence) == 0)
      define_key(KEYS[i].sequence, KEYS[i].code);
}

void nx_screen_lend(NxKeyboardReader reader)
{
  nx_keyboard_lend(reader);
  mousemask(BUTTON1_CLICKED, NULL);
  mouseinterval(166);
  timeout(-1);
}

void nx_screen_take_back(void)
{
  nx_keyboard_lend(NX_KEYBOARD_OURS);
  /* Nothing is waited for; but what has come together, as over a slow line, is one click or a double one. */
  mousemask(BUTTON1_PRESSED | BUTTON1_CLICKED | BUTTON1_DOUBLE_CLICKED | BUTTON4_PRESSED | BUTTON5_PRESSED, NULL);
  mouseinterval(0);
  raw();
  touchwin(stdscr);
}

gboolean nx_screen_start(GError **err)
{
  if (!check_terminal(err))
    return FALSE;
  const char *no_color = g_getenv("NO_COLOR");
  nx_restore_arm();
  del_curterm(cur_term); /* curses reads its own */
  g_setenv("ESCDELAY", "25", FALSE);
  g_setenv("NCURSES_NO_UTF8_ACS", "1", FALSE); /* lines of boxes as UTF-8, like everything else */
  dialog_vars.keep_tite = TRUE; /* the alternate screen */
  init_dialog(stdin, stdout);
  /* What it has set for itself. */
  dialog_state.use_shadow = FALSE;
  dialog_state.use_colors = !(no_color && *no_color) && has_colors();
  keypad(stdscr, TRUE);
  nonl();
  noecho();
  nx_theme_start(dialog_state.use_colors);
  learn_keys();
  nx_keyboard_start();
  screen.next_tab = code_of_capability("kNXT5");
  screen.previous_tab = code_of_capability("kPRV5");
  screen.started = TRUE;
  nx_screen_take_back();
  if (speaks_utf8())
    return TRUE;
  nx_screen_end();
  return refuse(err, "this full-screen program needs a locale with UTF-8, and this system lacks C.UTF-8: set LC_ALL to one that `locale -a` lists");
}

void nx_screen_end(void)
{
  if (!screen.started)
    return;
  screen.started = FALSE;
  g_clear_pointer(&screen.notice, g_free);
  curs_set(1);
  nx_keyboard_end();
  end_dialog();
  nx_restore_disarm();
}

/* ------------------------------------------------------------------------------------------------------------- keys */

static int take_mouse(void)
{
  MEVENT event;
  if (getmouse(&event) != OK)
    return NX_KEY_REDRAW;
  gint64 now = g_get_monotonic_time();
  NxMouse *mouse = &screen.mouse;
  mouse->wheel = event.bstate & BUTTON4_PRESSED ? -1 : event.bstate & BUTTON5_PRESSED ? 1 : 0;
  mouse->is_double = !mouse->wheel && (event.bstate & BUTTON1_DOUBLE_CLICKED || (mouse->row == event.y && now - screen.last_click_us < DOUBLE_CLICK_US));
  mouse->row = event.y;
  mouse->column = event.x;
  screen.last_click_us = mouse->wheel || mouse->is_double ? 0 : now;
  return NX_KEY_MOUSE;
}

static int quit(void)
{
  screen.quitting = TRUE;
  return NX_KEY_QUIT;
}

static int switch_theme(void)
{
  const char *name = nx_theme_toggle();
  nx_notice(NX_ROLE_SUCCESS, "Switched to %s mode", name);
  screen.notice_end_us = g_get_monotonic_time() + 2 * G_USEC_PER_SEC;
  return NX_KEY_REDRAW;
}

static int stop_for_a_while(void)
{
  nx_keyboard_end();
  raise(SIGTSTP);
  nx_keyboard_start();
  return NX_KEY_REDRAW;
}

static int say_ignored(void)
{
  nx_notice(NX_ROLE_WARNING, "Pasted text is ignored here: no text field has the focus");
  return NX_KEY_REDRAW;
}

static int function_key(int code)
{
  if (code == NX_KEYBOARD_IGNORED)
    return say_ignored();
  if (code == KEY_RESIZE)
    return NX_KEY_REDRAW;
  if (code == KEY_MOUSE)
    return take_mouse();
  if (code == KEY_ENTER)
    return NX_KEY_ENTER;
  if (code == KEY_BTAB)
    return NX_KEY_BACKTAB;
  if (code == KEY_NEXT || (screen.next_tab && code == screen.next_tab))
    return NX_KEY_NEXT_TAB;
  if (code == KEY_PREVIOUS || (screen.previous_tab && code == screen.previous_tab))
    return NX_KEY_PREVIOUS_TAB;
  return NX_KEY(code);
}

static int character_key(wint_t character)
{
  switch (character) {
  case '\r':
    return NX_KEY_ENTER;
  case NX_CTRL('Q'):
  case NX_CTRL('C'):
    return quit();
  case NX_CTRL('T'):
    return switch_theme();
  case NX_CTRL('Z'):
    return stop_for_a_while();
  case NX_CTRL('L'):
    clearok(curscr, TRUE);
    return NX_KEY_REDRAW;
  default:
    return (int)character;
  }
}

/* How long to wait at most, so that a notice goes when its time is over. */
static int patience(int milliseconds)
{
  if (!screen.notice)
    return milliseconds;
  gint64 left = (screen.notice_end_us - g_get_monotonic_time()) / 1000 + 1;
  left = CLAMP(left, 0, 60000);
  return milliseconds < 0 ? (int)left : MIN(milliseconds, (int)left);
}

/* After a key could not be read: the terminal hung up, or the shell that lent it has taken it back for good (EIO, termios(3)). */
static gboolean is_gone(void)
{
  screen.gone = errno == EIO || !isatty(STDIN_FILENO);
  return screen.gone;
}

int nx_screen_key(int milliseconds)
{
  wint_t character = 0;
  timeout(patience(milliseconds));
  errno = 0;
  int kind = get_wch(&character);
  if (kind == ERR && is_gone())
    return quit();
  if (kind == ERR && screen.notice && g_get_monotonic_time() >= screen.notice_end_us) {
    nx_notice_clear();
    return NX_KEY_REDRAW;
  }
  if (kind == ERR)
    return NX_KEY_NONE;
  int key = kind == KEY_CODE_YES ? (int)character : 0;
  if (key != KEY_RESIZE)
    nx_notice_clear();
  return key ? function_key(key) : character_key(character);
}

int nx_screen_obey(int character)
{
  return character > 0 ? character_key((wint_t)character) : NX_KEY_NONE;
}

const NxMouse *nx_screen_mouse(void)
{
  return &screen.mouse;
}

gboolean nx_screen_is_quitting(void)
{
  return screen.quitting;
}

gboolean nx_screen_is_gone(void)
{
  return screen.gone;
}

void nx_screen_stay(void)
{
  screen.quitting = screen.gone;
}

/* ---------------------------------------------------------------------------------------------------------- drawing */

int nx_screen_rows(void)
{
  return LINES;
}

int nx_screen_columns(void)
{
  return COLS;
}

int nx_screen_body_rows(void)
{
  return LINES - 3;
}

gboolean nx_screen_is_too_small(void)
{
  return LINES < SMALLEST_ROWS || COLS < SMALLEST_COLUMNS;
}

void nx_draw_from(int row, int column, int width, NxRole role, const char *text, gsize skip)
{
  if (row < 0 || row >= LINES || column < 0 || column >= COLS || width <= 0)
    return;
  g_autofree char *clean = nx_cells_clean(text);
  g_autofree char *fitting = nx_cells_fit(clean, skip, (gsize)MIN(width, COLS - column));
  attrset((attr_t)nx_theme_attributes(role));
  mvaddstr(row, column, fitting);
  attrset((attr_t)nx_theme_attributes(NX_ROLE_TEXT));
}

void nx_draw(int row, int column, int width, NxRole role, const char *text)
{
  nx_draw_from(row, column, width, role, text, 0);
}

void nx_screen_begin(const char *title, const char *mark)
{
  erase();
  screen.cursor_wanted = FALSE;
  int mark_width = mark ? (int)nx_cells_width(mark) + 3 : 0;
  g_autofree char *line = g_strconcat(" ", title, NULL);
  nx_draw(0, 0, COLS - mark_width, NX_ROLE_TITLE, line);
  if (mark) {
    g_autofree char *shown = g_strconcat(" ", mark, "  ", NULL);
    nx_draw(0, COLS - mark_width, mark_width, NX_ROLE_TITLE, shown);
  }
}

void nx_screen_set_cursor(int row, int column)
{
  screen.cursor_wanted = TRUE;
  screen.cursor_row = row;
  screen.cursor_column = MIN(column, COLS - 1);
}

/* At the right end; a long one takes lines of the body too. */
static void draw_notice(void)
{
  g_auto(GStrv) pieces = nx_cells_wrap(screen.notice, (gsize)COLS - 2);
  int count = MIN((int)g_strv_length(pieces), LINES / 3), width = 0;
  for (int i = 0; i < count; i++)
    width = MAX(width, (int)nx_cells_width(pieces[i]) + 2);
  nx_draw(LINES - 2, 0, COLS, NX_ROLE_TEXT, "");
  for (int i = 0; i < count; i++) {
    g_autofree char *line = g_strconcat(" ", pieces[i], NULL);
    nx_draw(LINES - 1 - count + i, COLS - width, width, screen.notice_kind, line);
  }
}

void nx_screen_show(void)
{
  if (nx_screen_is_too_small()) {
    erase();
    nx_draw(LINES / 2, 0, COLS, NX_ROLE_WARNING, "terminal too small");
    screen.cursor_wanted = FALSE;
  } else if (screen.notice)
    draw_notice();
  curs_set(screen.cursor_wanted ? 1 : 0);
  if (screen.cursor_wanted)
    move(screen.cursor_row, screen.cursor_column);
  refresh();
}

gboolean nx_screen_takes_text(void)
{
  return screen.cursor_wanted;
}

/* ------------------------------------------------------------------------------------------------ notices, clipboard */

void nx_notice_clear(void)
{
  g_clear_pointer(&screen.notice, g_free);
}

void nx_notice(NxRole kind, const char *format, ...)
{
  va_list values;
  va_start(values, format);
  g_autofree char *text = g_strdup_vprintf(format, values);
  va_end(values);
  g_free(screen.notice);
  screen.notice = nx_log_masked(text);
  screen.notice_kind = kind;
  int seconds = kind == NX_ROLE_ERROR ? 6 : kind == NX_ROLE_WARNING ? 5 : 3;
  screen.notice_end_us = g_get_monotonic_time() + seconds * G_USEC_PER_SEC;
}

void nx_screen_copy(const char *text)
{
  g_autofree char *encoded = g_base64_encode((const guchar *)text, strlen(text));
  printf("\033]52;c;%s\a", encoded);
  fflush(stdout);
}
