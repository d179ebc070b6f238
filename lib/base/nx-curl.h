/* nx-curl.h — libcurl, loaded when the first request goes out: it brings forty libraries along, which take longer to start than a whole run
 * that meets no network. Apart from nx-http.h, which hides it, for transfers of a caller's own (mail, many files at once, forms). */
#ifndef NX_CURL_H
#define NX_CURL_H

#include "nx-base.h"

#include <curl/curl.h>

/* The functions of curl/curl.h that are used here, without their curl_. */
#define NX_CURL_FUNCTIONS(F)                                                                                                               \
  F(easy_cleanup)                                                                                                                          \
  F(easy_getinfo)                                                                                                                          \
  F(easy_init)                                                                                                                             \
  F(easy_perform)                                                                                                                          \
  F(easy_reset)                                                                                                                            \
  F(easy_setopt)                                                                                                                           \
  F(easy_strerror)                                                                                                                         \
  F(getdate)                                                                                                                               \
  F(global_init)                                                                                                                           \
  F(mime_addpart)                                                                                                                          \
  F(mime_data)                                                                                                                             \
  F(mime_filedata)                                                                                                                         \
  F(mime_free)                                                                                                                             \
  F(mime_init)                                                                                                                             \
  F(mime_name)                                                                                                                             \
  F(mime_type)                                                                                                                             \
  F(multi_add_handle)                                                                                                                      \
  F(multi_cleanup)                                                                                                                         \
  F(multi_info_read)                                                                                                                       \
  F(multi_init)                                                                                                                            \
  F(multi_perform)                                                                                                                         \
  F(multi_poll)                                                                                                                            \
  F(multi_remove_handle)                                                                                                                   \
  F(multi_setopt)                                                                                                                          \
  F(slist_append)                                                                                                                          \
  F(slist_free_all)                                                                                                                        \
  F(url)                                                                                                                                   \
  F(url_cleanup)                                                                                                                           \
  F(url_set)                                                                                                                               \
  F(version_info)

typedef struct {
#define NX_CURL_MEMBER(name) __typeof__(&curl_##name) name;
  NX_CURL_FUNCTIONS(NX_CURL_MEMBER)
#undef NX_CURL_MEMBER
} NxCurl;

extern NxCurl nx_curl;
/* Fills nx_curl and sets libcurl up; to be called before its first use, from any thread. NX_ERROR_CONFIG when the library is not there. */
gboolean nx_curl_load(GError **err);

#endif
