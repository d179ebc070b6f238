/* test-vendors-samples.h — one file of each vendor's format that the tests read and damage. */
#ifndef TEST_VENDORS_SAMPLES_H
#define TEST_VENDORS_SAMPLES_H

#include "../generate/vendor-write.h"

typedef struct {
  const char *name;            /* of the file */
  const char *format;          /* that must read it */
  GByteArray *(*make)(void);
  const char *companion;       /* name of the text beside it, or NULL */
  const char *companion_text;
} VendorSample;

extern const VendorSample vendor_samples[]; /* ended by a NULL name */
const VendorSample *vendor_sample(const char *name);

/* The SmartSEM text of a picture of 40 columns; `pixel` is its AP_PIXEL_SIZE line. */
char *vendor_smartsem_text(const char *pixel);
extern const char vendor_jeol_text[], vendor_jeol_tem_text[], vendor_mdoc_text[], vendor_ome_text[], vendor_bcf_text[];

#endif
