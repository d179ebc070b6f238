/* libpq.c — loads libpq.so.5. */
#include "libpq.h"

#include <dlfcn.h>

NxLibpq nx_pq;

static const struct {
  const char *name;
  gsize offset;
} FUNCTIONS[] = {
#define NX_LIBPQ_ROW(name) {"PQ" #name, G_STRUCT_OFFSET(NxLibpq, name)},
    NX_LIBPQ_FUNCTIONS(NX_LIBPQ_ROW)
#undef NX_LIBPQ_ROW
};

static gboolean refuse(GError **err)
{
  g_set_error(err, NX_ERROR, NX_ERROR_CONFIG, "PostgreSQL's client library cannot be loaded (%s): on Debian, apt-get install libpq5",
              dlerror());
  return FALSE;
}

gboolean nx_libpq_load(GError **err)
{
  static void *library = NULL;
  if (library)
    return TRUE;
  void *found = dlopen("libpq.so.5", RTLD_LAZY | RTLD_LOCAL);
  if (!found)
    return refuse(err);
  for (gsize i = 0; i < G_N_ELEMENTS(FUNCTIONS); i++) {
    void *function = dlsym(found, FUNCTIONS[i].name);
    if (!function) {
      refuse(err);
      dlclose(found);
      return FALSE;
    }
    *(void **)G_STRUCT_MEMBER_P(&nx_pq, FUNCTIONS[i].offset) = function;
  }
  library = found;
  return TRUE;
}
