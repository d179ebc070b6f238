/* folder-lock.h — one writer at a time in the folder of a snapshot. */
#ifndef NX_FOLDER_LOCK_H
#define NX_FOLDER_LOCK_H

#include "nx-base.h"

/* The folder, which is there, belongs to one download or export until that ends or is killed: two would take each other's files away. Where nothing
 * can be locked, so be it. NX_ERROR_PLACE when another has it. */
typedef struct {
  char *path;
  int fd;
} NxFolderLock;
NxFolderLock *nx_folder_lock_take(const char *folder, GError **err);
void nx_folder_lock_free(NxFolderLock *lock);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NxFolderLock, nx_folder_lock_free)

#endif
