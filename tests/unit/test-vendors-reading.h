/* test-vendors-reading.h — files of vendors' formats in a folder of the test's own, opened and read as the product does it. */
#ifndef TEST_VENDORS_READING_H
#define TEST_VENDORS_READING_H

#include "input.h"
#include "test-vendors-samples.h"

void vendor_folder_make(void);
void vendor_folder_remove(void);
/* The path of a file of the folder, which is the caller's. */
char *vendor_write_file(const char *name, const void *data, gsize length);

/* The file, with zeros behind `bytes` up to `length`, as the product opens it; its time is 1700000000. */
NxOpened *vendor_open_extended(const char *name, const GByteArray *bytes, gsize length);
NxOpened *vendor_open_bytes(const char *name, const GByteArray *bytes);
/* With its companion. */
NxOpened *vendor_open_sample(const VendorSample *sample);
/* Its only signal, read by the format that the registry chooses. */
NxSignal *vendor_read(NxOpened *opened);

json_object *vendor_extension(const NxSignal *signal, const char *name);
/* Of a quantity of nx_meta; NAN when it has none. */
double vendor_quantity(const NxSignal *signal, const char *name);
double vendor_element(const NxSignal *signal, const guint64 *index);

#endif
