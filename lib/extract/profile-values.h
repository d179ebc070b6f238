/* profile-values.h — JSON values on their way through jq, whose only number is a double. Private to lib/extract. */
#ifndef NX_PROFILE_VALUES_H
#define NX_PROFILE_VALUES_H

#include "nx-base.h"

#include <jv.h>

/* What `real(x)` of the profiles makes: a number that keeps its `.0`. */
#define NX_PROFILE_REAL "\x01real"

jv nx_profile_to_jq(json_object *value);
/* `value` (consumed) as JSON. A number that stands where `original` has the same number keeps that one's form (13000.0, 9007199254740993), and so
 * does one that was moved: a number of `original` that is no longer in its place, or one of `source` (or NULL). New ones are integers when they have no fraction; values of
 * quantities are always reals. */
json_object *nx_profile_from_jq(jv value, json_object *original, json_object *source);

#endif
