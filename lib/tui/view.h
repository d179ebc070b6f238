/* view.h — the two tabs of `db view`. */
#ifndef NX_TUI_VIEW_H
#define NX_TUI_VIEW_H

#include "keys.h"

typedef struct NxStructure NxStructure;
/* Tables with their columns, foreign keys, indexes and statements; views and triggers. */
NxStructure *nx_structure_read(const char *address, GError **err);
void nx_structure_free(NxStructure *structure);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NxStructure, nx_structure_free)
void nx_structure_draw(NxStructure *structure, int row, int lines);
/* FALSE: the key means nothing here. */
gboolean nx_structure_key(NxStructure *structure, int key);

#endif
