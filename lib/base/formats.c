/* formats.c — which files are data of a real format: the one fact about formats that more than the extractors must know (the file finder asks
 * for it, record-building §4.3). */
#include "nx-base.h"

const char *const *nx_format_extensions(void)
{
  static const char *const EXTENSIONS[] = {"bcf", "ccp4", "dm3", "dm4", "emd", "h5",  "hspy", "mrc", "mrcs",
                                           "msa", "rec",  "ser", "spc", "st",  "tif", "tiff", NULL};
  return EXTENSIONS;
}
