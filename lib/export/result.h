/* result.h — what is said about one attempt (export §3), and the text of its errors. Private to lib/export. */
#ifndef NX_EXPORT_RESULT_H
#define NX_EXPORT_RESULT_H

#include "nx-export.h"

/* The result of an attempt that ended now: `failure` NULL is a success, unless its id or address is longer than any. */
json_object *nx_result_new(const char *destination, const NxExportJob *job, const GError *failure);
/* Error text of export §3.1: valid UTF-8, one line, at most 2000 bytes, secrets masked. */
char *nx_result_error_text(const char *message);
/* Newest result of `destination` among `results` (array of results), borrowed; NULL when there is none. */
json_object *nx_result_of(json_object *results, const char *destination);

#endif
