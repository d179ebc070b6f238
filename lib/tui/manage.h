/* manage.h — the parts of `instruments manage`: its state, and the dialogs that change the database. */
#ifndef NX_TUI_MANAGE_H
#define NX_TUI_MANAGE_H

#include "grid.h"
#include "input.h"
#include "keys.h"
#include "store.h"

typedef struct {
  const char *address;
  char *title;
  char *read_only;        /* why the database cannot be written to; NULL: it can */
  GPtrArray *instruments; /* all of them */
  GPtrArray *shown;       /* those that the filter keeps, sorted; borrowed */
  NxGrid grid;
  NxInput filter;
  gboolean in_filter;
  /* The last change: `before` NULL was an addition, `after` NULL a deletion. */
  NxInstrument *undo_before, *undo_after;
} NxManage;

/* Reads the database again; keeps filter, sort and, when `pid` is not NULL, puts the cursor on that instrument. */
gboolean nx_manage_load(NxManage *manage, const char *pid, GError **err);
NxInstrument *nx_manage_selected(const NxManage *manage);
void nx_manage_draw(NxManage *manage);

/* Adds (`before` NULL) or edits an instrument in a form. */
void nx_manage_edit(NxManage *manage, const NxInstrument *before);
void nx_manage_delete(NxManage *manage);
void nx_manage_undo(NxManage *manage);

#endif
