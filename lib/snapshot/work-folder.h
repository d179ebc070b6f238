/* work-folder.h — where an export makes its files before anybody may take them for a snapshot, and an import before for a database. */
#ifndef NX_WORK_FOLDER_H
#define NX_WORK_FOLDER_H

#include "nx-base.h"

/* A folder that is there is filled from one inside it, since it may be a mount point; one that is not, and a file, is made beside and renamed. The
 * maker holds a lock on it for as long as it lives, so that what a killed one left can be told from what one at work is writing. */
typedef struct {
  char *path;
  int lock;
  gboolean is_inside;
} NxWorkFolder;

/* Clears away what killed makers of `target` left; what it cannot lock or remove stays. `maker` is "export" or "import". */
void nx_work_folder_sweep(const char *target, const char *maker);
/* The folders that lead to it are made too. `target` has no slash at its end. */
NxWorkFolder *nx_work_folder_make(const char *target, const char *maker, GError **err);
/* Lets the lock go; the folder stays. */
void nx_work_folder_free(NxWorkFolder *work);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NxWorkFolder, nx_work_folder_free)
/* Removes a folder with the files in it, if it has no folders. */
void nx_work_folder_remove(const char *path);

#endif
