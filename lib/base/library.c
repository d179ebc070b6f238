/* library.c — shared libraries that a program loads when it needs them. */
#include "nx-base.h"

#include <dlfcn.h>

static gboolean refuse(const NxLibrary *library, GError **err)
{
  g_set_error(err, NX_ERROR, NX_ERROR_CONFIG, "%s cannot be loaded (%s): on Debian, apt-get install %s", library->what, dlerror(), library->package);
  return FALSE;
}

gboolean nx_library_load(const NxLibrary *library, gpointer functions, GError **err)
{
  void *found = dlopen(library->file, RTLD_LAZY | RTLD_LOCAL);
  if (!found)
    return refuse(library, err);
  for (gsize i = 0; i < library->n_rows; i++) {
    void *function = dlsym(found, library->rows[i].name);
    if (!function) {
      refuse(library, err);
      dlclose(found);
      return FALSE;
    }
    *(void **)G_STRUCT_MEMBER_P(functions, library->rows[i].offset) = function;
  }
  return TRUE;
}
