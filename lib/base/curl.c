/* curl.c — loads libcurl.so.4. */
#include "nx-curl.h"

NxCurl nx_curl;

static const NxLibraryRow FUNCTIONS[] = {
#define NX_CURL_ROW(name) {"curl_" #name, G_STRUCT_OFFSET(NxCurl, name)},
    NX_CURL_FUNCTIONS(NX_CURL_ROW)
#undef NX_CURL_ROW
};
static const NxLibrary LIBRARY = {"libcurl.so.4", "the network library libcurl", "libcurl4", FUNCTIONS, G_N_ELEMENTS(FUNCTIONS)};

gboolean nx_curl_load(GError **err)
{
  static GMutex mutex;
  static gboolean is_loaded = FALSE;
  g_mutex_lock(&mutex);
  if (!is_loaded && nx_library_load(&LIBRARY, &nx_curl, err)) {
    is_loaded = nx_curl.global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
    if (!is_loaded)
      g_set_error(err, NX_ERROR, NX_ERROR_PLACE, "libcurl cannot start: is there memory left?");
  }
  const gboolean result = is_loaded;
  g_mutex_unlock(&mutex);
  return result;
}
