/* nexuslims-support-bundle — one ZIP with what a maintainer asks for first, without secrets. Source: cli §10. */
#include "nexuslims-bundle.h"
#include "nx-base.h"

#include <locale.h>
#include <string.h>

static void artifact_free(gpointer data)
{
  Artifact *artifact = data;
  g_free(artifact->path);
  g_free(artifact->error);
  if (artifact->text)
    g_string_free(artifact->text, TRUE);
  g_free(artifact);
}

static void bundle_clear(Bundle *bundle)
{
  g_clear_pointer(&bundle->settings, nx_settings_free);
  g_clear_pointer(&bundle->now, g_date_time_unref);
  g_clear_pointer(&bundle->artifacts, g_ptr_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Bundle, bundle_clear)

/* The absolute path of the archive; "~/" is the home folder. */
static char *archive_path(const Bundle *bundle)
{
  g_autofree char *folder = g_get_current_dir();
  g_autofree char *usual = g_date_time_format(bundle->now, "nexuslims-support-bundle-%Y%m%d-%H%M%S.zip");
  const char *wanted = bundle->options->output ? bundle->options->output : usual;
  if (g_str_has_prefix(wanted, "~/"))
    return g_build_filename(g_get_home_dir(), wanted + 2, NULL);
  return g_canonicalize_filename(wanted, folder);
}

/* What can be read of the configuration is enough; that it is not complete is one of the findings. */
static NxSettings *read_settings(Bundle *bundle)
{
  static const char *const NOTHING[] = {NULL};
  g_autoptr(GError) problem = NULL;
  NxSettings *settings = nx_settings_load(NOTHING, &problem);
  if (!settings)
    bundle_add_failure(bundle, "config.redacted.json", problem);
  return settings;
}

static int print_result(const Bundle *bundle, const char *path)
{
  guint failures = bundle_count_failures(bundle);
  g_autofree char *valid = nx_text_utf8(path, -1);
  printf("\nNexusLIMS support bundle created\n  Archive: %s\n", valid);
  if (failures > 0)
    printf("  Issues:  %u diagnostic section%s could not be collected; errors.json says why\n", failures, failures == 1 ? "" : "s");
  printf("  Note:    secrets are masked; look through the archive all the same before you send it\n"
         "\nNext: attach the archive to your report, with the command that failed and what it printed.\n");
  return 0;
}

int main(int argc, char **argv)
{
  NxSupportBundleOptions options = {0};
  if (!nx_cli_parse(&nx_command_support_bundle, argc, argv, &options))
    return nx_cli_exit_code();
  setlocale(LC_ALL, "");
  nx_log_start("nexuslims", 0);

  g_auto(Bundle) bundle = {.options = &options, .now = nx_time_now(), .artifacts = g_ptr_array_new_with_free_func(artifact_free)};
  bundle.settings = read_settings(&bundle);
  bundle_collect_site(&bundle);
  bundle_collect_preflight(&bundle);
  bundle_collect_database(&bundle);
  bundle_collect_logs(&bundle);
  bundle_describe(&bundle);

  g_autoptr(GError) problem = NULL;
  g_autofree char *path = archive_path(&bundle);
  if (bundle_write(&bundle, path, &problem))
    return print_result(&bundle, path);
  g_prefix_error(&problem, "Could not write support bundle: ");
  nx_fail(problem);
  return 1;
}
