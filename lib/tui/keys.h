/* keys.h — what the keys do, as data: the same rows choose the action, label the last line and fill the help screen. */
#ifndef NX_TUI_KEYS_H
#define NX_TUI_KEYS_H

#include "screen.h"

typedef struct {
  int key;
  const char *shown; /* "PgDn"; NULL: another key of the row above, not listed */
  const char *label; /* one word for the last line; NULL: only in the help */
  const char *help;
  int action; /* of the program, from 1 on */
} NxKeyRow;

/* A table ends with a row without a key. 0: the key does nothing here. */
int nx_keys_action(const NxKeyRow *keys, int key);
/* The keys with a label, on the last line. */
void nx_keys_draw(const NxKeyRow *keys);
/* The help screen; returns when it is closed. */
void nx_keys_help(const char *title, const NxKeyRow *keys);

#endif
