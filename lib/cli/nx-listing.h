/* nx-listing.h — what `--format json` and `--jq` print (cli §2.7). Apart from nx-cli.h, so that programs without listings never
 * load libjq. */
#ifndef NX_LISTING_H
#define NX_LISTING_H

#include "nx-base.h"

/* TRUE when `program` (NULL: none) compiles. Else the usage error has been printed and the program ends with nx_cli_exit_code(). To be
 * asked before any work is done. */
gboolean nx_listing_accepts(const char *program);

/* Prints `value` as indented JSON with non-ASCII as \uXXXX, or each result of `program` on a line: strings bare, all else compact; a number
 * that the program left alone keeps its form (2.0 stays 2.0). The same on a terminal and in a pipe. FALSE and NX_ERROR_DATA "jq: …" when
 * the program fails (what it wrote before stays), NX_ERROR_LINE when `out` cannot be written. */
gboolean nx_listing_print(json_object *value, const char *program, FILE *out, GError **err);

#endif
