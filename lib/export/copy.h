/* copy.h — a file that is copied for a destination or to uploaded/. */
#ifndef NX_EXPORT_COPY_H
#define NX_EXPORT_COPY_H

#include <gio/gio.h>

/* Copies a file, over one that is there; the copy appears whole or not at all. Errors are GLib's, but name both: "cannot copy FROM to TO: …". */
gboolean nx_file_copy(const char *from, const char *to, GFileCopyFlags flags, GError **err);

#endif
