/* libpq.c — loads libpq.so.5. */
#include "libpq.h"

NxLibpq nx_pq;

static const NxLibraryRow FUNCTIONS[] = {
#define NX_LIBPQ_ROW(name) {"PQ" #name, G_STRUCT_OFFSET(NxLibpq, name)},
    NX_LIBPQ_FUNCTIONS(NX_LIBPQ_ROW)
#undef NX_LIBPQ_ROW
};
static const NxLibrary LIBRARY = {"libpq.so.5", "PostgreSQL's client library", "libpq5", FUNCTIONS, G_N_ELEMENTS(FUNCTIONS)};

gboolean nx_libpq_load(GError **err)
{
  static gboolean is_loaded = FALSE;
  if (!is_loaded)
    is_loaded = nx_library_load(&LIBRARY, &nx_pq, err);
  return is_loaded;
}
