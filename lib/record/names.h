/* names.h — how fields of nx_meta are called in a record. */
#ifndef NX_NAMES_H
#define NX_NAMES_H

/* The display name of a key that contains `_` and no capital letter; any other key as it is (record-building §7.1 step 3). */
char *nx_field_display_name(const char *key);

#endif
