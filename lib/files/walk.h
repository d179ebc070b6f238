/* walk.h — one pass over a folder tree with many requests in flight. */
#ifndef NX_WALK_H
#define NX_WALK_H

#include "folder.h"
#include "nx-files.h"

#include <sys/types.h>

typedef struct {
  gint64 mtime_ns;
  guint64 size;
  dev_t device;
  ino_t inode;
  NxFolder *folder; /* a reference */
  gsize name;       /* offset in the bag's names */
} NxWalkedFile;

/* What one thread found. */
typedef struct {
  GArray *files;  /* of NxWalkedFile */
  GString *names; /* NUL-ended names */
} NxWalkBag;

/* A link to a folder. */
typedef struct {
  char *path;
  dev_t device; /* of what it points to */
  ino_t inode;
} NxWalkLink;

/* A folder that NexusLIMS writes to. */
typedef struct {
  char *name; /* the last part of its path, links resolved */
  dev_t device;
  ino_t inode;
  gint was_met;
} NxOurFolder;

void nx_walk_bag_clear(gpointer bag);

/* Walks each of `starts` (of NxFolder *) and adds what was found to `bags` (of NxWalkBag). Links to folders met on the way are added to
 * `links` (of NxWalkLink; NULL: not looked for). FALSE: *err as nx_file_index_new, and nothing was added. */
gboolean nx_walk_run(const NxWalk *walk, GPtrArray *starts, GArray *bags, GArray *links, GError **err);

#endif
