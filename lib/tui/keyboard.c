/* keyboard.c — what is typed and pasted, on its way from curses. libdialog reads its keys itself: the linker leads its calls of wget_wch(), and
 * those of this program, to the function here (--wrap), behind which is the one of curses. */
#include "keyboard.h"

#include "screen.h"

#include <curses.h>
#include <stdio.h>
#include <term.h>

#define PASTE_BEGINS 0x4000
#define PASTE_ENDS 0x4001
#define ESCAPE 27
#define LONGEST_SILENCE_US (5 * G_USEC_PER_SEC) /* in a paste; behind it, what comes is typed again: the end was lost */

static struct {
  NxKeyboardReader reader;
  gboolean resized, blank_follows, pasting, ignored;
  gboolean begun, gap; /* in one line: there is a text, and behind it a blank, which is typed when more follows */
  wint_t last, held;   /* the character before this one; one that comes after the blank before it, 0: none */
  gint64 last_us;
} keyboard;

int __real_wget_wch(WINDOW *window, wint_t *key);
int __wrap_wget_wch(WINDOW *window, wint_t *key);

/* ---------------------------------------------------------------------------------------------------------- the marks */

static gboolean can_mark(void)
{
  return cursor_address && g_str_has_prefix(cursor_address, "\033["); /* others would show the request */
}

const char *nx_keyboard_farewell(void)
{
  return can_mark() ? "\033[?2004l" : NULL;
}

void nx_keyboard_start(void)
{
  define_key("\033[200~", PASTE_BEGINS);
  define_key("\033[201~", PASTE_ENDS);
  fputs(can_mark() ? "\033[?2004h" : "", stdout);
  fflush(stdout);
}

void nx_keyboard_end(void)
{
  const char *farewell = nx_keyboard_farewell();
  fputs(farewell ? farewell : "", stdout);
  fflush(stdout);
}

/* -------------------------------------------------------------------------------------------------------------- keys */

/* Behind the character Escape: the rest of a key that curses does not know, which is dropped. What a person types comes later, or is an Escape
 * once more, the mouse, or a paste. */
static gboolean drop_rest_of_key(WINDOW *window)
{
  int delay = wgetdelay(window);
  wint_t next = 0;
  wtimeout(window, 0);
  int kind = __real_wget_wch(window, &next);
  gboolean is_another = kind == KEY_CODE_YES ? next == KEY_MOUSE || next == KEY_RESIZE || next >= PASTE_BEGINS : next == ESCAPE;
  if (kind != ERR && is_another)
    ungetch((int)next);
  else if (kind == OK && (next == '[' || next == 'O'))
    do /* parameters, up to the last character */
      kind = __real_wget_wch(window, &next);
    while (kind == OK && next >= ' ' && next < '@');
  wtimeout(window, delay);
  return kind != ERR && !is_another;
}

/* ----------------------------------------------------------------------------------------------------------- pasting */

static gboolean takes_text(const WINDOW *window)
{
  /* A text of libdialog is a window in the window of its box, which reads what is typed at the buttons. */
  return keyboard.reader == NX_KEYBOARD_OURS ? nx_screen_takes_text() : is_subwin(window);
}

/* In one line, white space at either end of a paste is none of its text. */
static wint_t in_one_line(wint_t character, gboolean is_blank)
{
  keyboard.gap = keyboard.begun && (keyboard.gap || is_blank);
  if (g_unichar_iscntrl(character))
    return 0;
  keyboard.begun = TRUE;
  if (!keyboard.gap)
    return character;
  keyboard.gap = FALSE;
  keyboard.held = character;
  return ' ';
}

/* What is typed for a character of a paste; 0: nothing. */
static wint_t as_typed(wint_t character, wint_t before)
{
  gboolean is_end = character == '\r' || (character == '\n' && before != '\r');
  if (keyboard.reader != NX_KEYBOARD_OF_LINES)
    return in_one_line(character, is_end || character == '\t');
  if (is_end || character == '\t')
    return is_end ? '\r' : ' ';
  return g_unichar_iscntrl(character) ? 0 : character;
}

static void begin(void)
{
  keyboard.pasting = TRUE;
  keyboard.last_us = g_get_monotonic_time();
  keyboard.ignored = keyboard.begun = keyboard.gap = FALSE;
  keyboard.last = 0;
}

/* Of a text that was ignored the screen is told by a key of its own; a box of libdialog shows no notices. TRUE: *key is to be read. */
static gboolean finish(wint_t *key)
{
  keyboard.pasting = FALSE;
  if (keyboard.ignored && keyboard.reader != NX_KEYBOARD_OURS)
    beep();
  *key = NX_KEYBOARD_IGNORED;
  return keyboard.ignored && keyboard.reader == NX_KEYBOARD_OURS;
}

/* TRUE: *key is to be read. */
static gboolean take_pasted(const WINDOW *window, int kind, wint_t *key)
{
  if (kind == ERR || (kind == KEY_CODE_YES && *key == KEY_RESIZE))
    return TRUE;
  keyboard.last_us = g_get_monotonic_time();
  if (kind == KEY_CODE_YES)
    return *key == PASTE_ENDS && finish(key);
  wint_t before = keyboard.last;
  keyboard.last = *key;
  if (!takes_text(window)) {
    keyboard.ignored = TRUE;
    return FALSE;
  }
  *key = as_typed(*key, before);
  return *key != 0;
}

/* TRUE: *key is to be read. */
static gboolean take_typed(WINDOW *window, int kind, wint_t *key)
{
  if (kind == KEY_CODE_YES && *key == PASTE_BEGINS) {
    begin();
    return FALSE;
  }
  return !(kind == KEY_CODE_YES && *key == PASTE_ENDS) && !(kind == OK && *key == ESCAPE && drop_rest_of_key(window));
}

static int next_key(WINDOW *window, wint_t *key)
{
  for (;;) {
    if (keyboard.held) {
      *key = keyboard.held;
      keyboard.held = 0;
      return OK;
    }
    int kind = __real_wget_wch(window, key);
    keyboard.pasting = keyboard.pasting && g_get_monotonic_time() - keyboard.last_us < LONGEST_SILENCE_US;
    if (keyboard.pasting ? take_pasted(window, kind, key) : take_typed(window, kind, key))
      return kind;
  }
}

static int before_blank(wint_t *key)
{
  keyboard.blank_follows = TRUE;
  *key = NX_KEYBOARD_LITERAL;
  return KEY_CODE_YES;
}

int __wrap_wget_wch(WINDOW *window, wint_t *key)
{
  if (keyboard.blank_follows) {
    keyboard.blank_follows = FALSE;
    *key = ' ';
    return OK;
  }
  int kind = next_key(window, key);
  if (keyboard.reader == NX_KEYBOARD_OF_PATH && kind == OK && *key == ' ' && takes_text(window))
    return before_blank(key);
  gboolean has_text = keyboard.reader == NX_KEYBOARD_OF_PATH || keyboard.reader == NX_KEYBOARD_OF_LINES;
  keyboard.resized = has_text && kind == KEY_CODE_YES && *key == KEY_RESIZE;
  if (keyboard.resized)
    *key = ESCAPE;
  return keyboard.resized ? OK : kind;
}

/* ----------------------------------------------------------------------------------------------------------- readers */

void nx_keyboard_lend(NxKeyboardReader reader)
{
  keyboard.reader = reader;
}

void nx_keyboard_forget(void)
{
  flushinp();
  keyboard.pasting = FALSE;
  keyboard.held = 0;
}

gboolean nx_keyboard_was_resized(void)
{
  return keyboard.resized;
}

gboolean nx_keyboard_is_pasted(void)
{
  return keyboard.pasting;
}
