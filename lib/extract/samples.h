/* samples.h — small files of our own, read once before others are: what is slow or fetched from elsewhere the first time (symbols of
 * libraries, tables of characters, glyphs, checks of the schema) is then done. Private to lib/extract. */
#ifndef NX_SAMPLES_H
#define NX_SAMPLES_H

#include <glib.h>

/* Opens converters of the character sets that formats use, for good: no process need load their modules then. */
void nx_samples_load_converters(void);
/* Reads them all; nothing of it is kept or said. */
void nx_samples_read(gboolean with_document, gboolean with_preview);

#endif
