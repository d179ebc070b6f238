/* folder.h — the folders of a walk: opened relative to their parents, kept as long as a file found in them is. */
#ifndef NX_FOLDER_H
#define NX_FOLDER_H

#include <glib.h>

typedef struct NxFolder NxFolder;
struct NxFolder {
  NxFolder *parent; /* NULL: where a walk starts */
  gint references;
  gint users;      /* of `fd`: who lists it, and each task that opens or looks at something in it */
  int fd;          /* -1: not open, or opened for its lister alone */
  gboolean linked; /* reached through a symbolic link: links in it are not followed */
  char name[];     /* in the parent; of a start: its path */
};

NxFolder *nx_folder_start(const char *path, gboolean linked);
NxFolder *nx_folder_child(NxFolder *parent, const char *name);
NxFolder *nx_folder_ref(NxFolder *folder);
void nx_folder_unref(NxFolder *folder);
/* The path of `name` in the folder; `name` NULL: of the folder itself. */
char *nx_folder_path(const NxFolder *folder, const char *name);
/* Opens the folder, relative to its parent when `by_parent` (the caller is a user of it), and keeps the descriptor in it for as long as
 * there are users (the caller is the first), unless too many are open: then the caller alone has it. A start may be a symbolic link, others
 * may not. -1 and errno. */
int nx_folder_enter(NxFolder *folder, gboolean by_parent);
/* One more user of the descriptor; FALSE when it is not to be used by others. */
gboolean nx_folder_share(NxFolder *folder);
/* One less. */
void nx_folder_leave(NxFolder *folder);
/* Ends what nx_folder_enter began. */
void nx_folder_close(NxFolder *folder, int fd);

#endif
