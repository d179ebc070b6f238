/* input.h — one line of text that is typed. */
#ifndef NX_TUI_INPUT_H
#define NX_TUI_INPUT_H

#include "screen.h"

typedef struct {
  GString *text;
  gsize cursor;            /* byte */
  const char *placeholder; /* borrowed; shown while there is no text; or NULL */
  char *suggestion;        /* a whole text that begins with this one, or NULL */
  gboolean hidden;         /* shown as stars */
} NxInput;

void nx_input_init(NxInput *input, const char *text);
void nx_input_clear(NxInput *input);
void nx_input_set(NxInput *input, const char *text);

typedef enum { NX_INPUT_IGNORED, NX_INPUT_MOVED, NX_INPUT_CHANGED } NxInputResult;
NxInputResult nx_input_key(NxInput *input, int key);
void nx_input_draw(const NxInput *input, int row, int column, int width, gboolean focused, gboolean enabled);

#endif
