/* nx-download.h — a snapshot from a web server. Apart from nx-snapshot.h, so that only the program that downloads loads libcurl. */
#ifndef NX_SNAPSHOT_DOWNLOAD_H
#define NX_SNAPSHOT_DOWNLOAD_H

#include "nx-snapshot.h"

typedef struct {
  const char *url; /* http: or https:, of the folder that holds manifest.json */
  const char *output; /* "~/" at its beginning is the home folder */
  gboolean include_nlp, overwrite, allow_unverified;
  guint workers; /* 1..64 */
  const char *ca_file, *ca_pem; /* whom to trust, as in NxHttpOptions */
  gboolean insecure;
  FILE *out;      /* the table of igem-db §5.8 */
  FILE *progress; /* a terminal, or NULL */
} NxDownloadOptions;

/* Every file has its name only once its SHA-256 is that of the manifest, and the manifest comes last. What failed is named in the error, what
 * was verified stays, and what was begun (`.part`) is gone on with by the next run. The manifest of another snapshot in the
 * folder goes with the first file that comes. */
gboolean nx_snapshot_download(const NxDownloadOptions *options, GError **err);

#endif
