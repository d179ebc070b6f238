/* nx-snapshot-download — a Parquet snapshot from a web server; `nx-db snapshot-download` becomes this program (igem-db §5.8). */
#include "nx-cli-tree.h"
#include "nx-config.h"
#include "nx-download.h"

#include <unistd.h>

#define WORKERS_MAX 64

static const char *const NEEDED[] = {"NX_CERT_BUNDLE_FILE", "NX_CERT_BUNDLE", "NX_DISABLE_SSL_VERIFY", NULL};

int main(int argc, char **argv)
{
  NxDbDownloadOptions typed = {0};
  g_autoptr(GError) error = NULL;
  if (!nx_cli_parse(&nx_command_db_snapshot_download, argc, argv, &typed))
    return nx_cli_exit_code();
  nx_log_start("nx-snapshot-download", typed.debug ? 2 : 0);
  nx_interrupt_install();
  g_autoptr(NxSettings) settings = nx_settings_load(NEEDED, &error);
  if (!settings)
    return nx_fail(error);
  NxDownloadOptions options = {.url = typed.url,
                               .output = typed.output,
                               .include_nlp = typed.include_nlp,
                               .overwrite = typed.overwrite,
                               .allow_unverified = typed.allow_unverified,
                               .workers = (guint)MIN(typed.workers, WORKERS_MAX),
                               .ca_file = settings->cert_bundle_file,
                               .ca_pem = settings->cert_bundle,
                               .insecure = settings->disable_ssl_verify,
                               .out = stdout,
                               .progress = isatty(STDERR_FILENO) ? stderr : NULL};
  if (nx_snapshot_download(&options, &error))
    return 0;
  if (!g_error_matches(error, NX_ERROR, NX_ERROR_INTERRUPTED))
    return nx_fail(error);
  fprintf(stderr, "%s\n", error->message);
  return 130;
}
