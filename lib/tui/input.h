/* input.h — one line of text that is typed. */
#ifndef NX_TUI_INPUT_H
#define NX_TUI_INPUT_H

#include "screen.h"

typedef struct {
  GString *text;           /* UTF-8 */
  char *bytes;             /* what `text` shows, when that was no UTF-8, until the text is changed; else NULL */
  gsize cursor;            /* byte */
  const char *placeholder; /* borrowed; shown while there is no text; or NULL */
  char *suggestion;        /* a whole text that begins with this one, or NULL */
  gboolean hidden;         /* shown as stars */
} NxInput;

void nx_input_init(NxInput *input, const char *text);
void nx_input_clear(NxInput *input);
void nx_input_set(NxInput *input, const char *text);
/* The text, or the bytes that it shows; borrowed, until the next change. */
const char *nx_input_value(const NxInput *input);

typedef enum { NX_INPUT_IGNORED, NX_INPUT_MOVED, NX_INPUT_CHANGED } NxInputResult;
NxInputResult nx_input_key(NxInput *input, int key);
void nx_input_draw(const NxInput *input, int row, int column, int width, gboolean focused, gboolean enabled);

#endif
