/* input.h — opens what a file line names, in the parent: a child can open nothing. Private to lib/extract. */
#ifndef NX_INPUT_H
#define NX_INPUT_H

#include "nx-extract.h"

/* A file that is open, and all that NxInput borrows. */
typedef struct NxOpened NxOpened;

/* The file of a line. `links`: whether it, and what stands beside it, may be links. `instrument_root` (or NULL) is NX_INSTRUMENT_DATA_PATH.
 * Errors: NX_ERROR_MISSING when it is gone; NX_ERROR_PLACE when the share, the instrument's folder or this machine stands in the way and not the
 * file; all else means that it is there and cannot be read. nx_opened_input() may be asked in any case: name and time are then known,
 * descriptor and bytes are not. */
NxOpened *nx_opened_new(json_object *line, const char *path, NxLinks links, const char *instrument_root, GError **err);
void nx_opened_free(NxOpened *opened);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NxOpened, nx_opened_free)
NxInput *nx_opened_input(NxOpened *opened);
/* The same file in a process that was handed the descriptors, in the order of nx_opened_descriptors(), and what nx_opened_companions() told. */
NxOpened *nx_opened_received(json_object *line, const char *path, const char *instrument_root, const int *fds, gsize n_fds, const guint8 *companions,
                             GError **err);
/* TRUE when there is a descriptor to read from. */
gboolean nx_opened_is_readable(const NxOpened *opened);
/* The descriptors a child needs. */
const int *nx_opened_descriptors(const NxOpened *opened, gsize *n);
/* Of each descriptor but the first: the number of the format in nx_formats that asked for it, with a bit when its suffix is in capitals. */
const guint8 *nx_opened_companions(const NxOpened *opened);
/* TRUE when size or time of the file differ from what they were the last time this was asked, or at opening. */
gboolean nx_opened_has_changed(NxOpened *opened);

#endif
