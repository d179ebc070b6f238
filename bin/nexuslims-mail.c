/* nexuslims-mail — reads the log of a run and, when it reports a problem, mails it (export §10). build-records calls it at its end. */
#include "nx-cli.h"
#include "nx-config.h"
#include "nx-mail.h"

typedef struct {
  gboolean check, dry_run;
  guint verbosity;
  const char *log;
} Options;

static const NxOption OPTIONS[] = {
  {.name = "--check", .field = offsetof(Options, check), .help = "Greet the mail server instead, and write a check line about it."},
  {.name = "--dry-run", .letter = 'n', .field = offsetof(Options, dry_run), .help = "Write the message to standard output; send nothing."},
  {.name = "--verbose", .letter = 'v', .type = NX_VALUE_COUNT, .field = offsetof(Options, verbosity), .help = NX_HELP_VERBOSE},
  {0},
};
static const NxArgument ARGUMENTS[] = {
  {.name = "LOGFILE", .type = NX_VALUE_PATH, .optional = TRUE, .field = offsetof(Options, log)},
  {0},
};

static const NxCommand COMMAND = {
  .name = "nexuslims-mail",
  .version = NX_VERSION_DATED,
  .options = OPTIONS,
  .arguments = ARGUMENTS,
  .help = "Mail the log of a run that reports a problem.\n\n"
          "Sends LOGFILE to NX_EMAIL_RECIPIENTS when it holds one of the words critical, error and fatal, in whatever case. Records about users "
          "without consent or reservation and about names that could not be resolved do not count.",
  .epilog = "\b\nExamples:\n    $ nexuslims-mail -n process_records_02-00-00.log",
};

#define LOG_MAX (1024u * 1024 * 1024)

static const char *const NEEDED[] = {"NX_EMAIL_SMTP_HOST", "NX_CERT_BUNDLE_FILE", "NX_DISABLE_SSL_VERIFY", NULL};

/* ----------------------------------------------------------------------------------------------------------- the check */

static int check(const NxSettings *settings)
{
  g_autoptr(GError) problem = NULL;
  g_autoptr(json_object) line = json_object_new_object();
  gboolean answers = settings->email ? nx_mail_greet(settings, &problem) : !settings->email_is_wrong;
  g_autofree char *text = problem              ? nx_log_masked(problem->message)
                          : settings->email ? g_strdup_printf("mail server %s, port %d answers", settings->email->smtp_host, settings->email->smtp_port)
                                            : g_strdup("mail is off");
  g_autofree char *valid = nx_text_utf8(text, -1);
  nx_json_set_string(line, "kind", "check");
  nx_json_set_string(line, "name", "mail_server");
  nx_json_set(line, "passed", json_object_new_boolean(answers));
  nx_json_set_string(line, "severity", "warning");
  nx_json_set_string(line, "message", valid);
  g_autoptr(GError) unwritable = NULL;
  nx_line_write(stdout, line, &unwritable);
  return nx_fail(unwritable);
}

/* ------------------------------------------------------------------------------------------------------------ the mail */

static int send_message(const NxSettings *settings, const GString *message)
{
  g_autoptr(GError) problem = NULL;
  if (nx_mail_send(settings, message, &problem)) {
    nx_log_info("The log was mailed to %u recipient(s)", g_strv_length(settings->email->recipients));
    return 0;
  }
  nx_log_error("The log could not be mailed: %s", problem->message);
  return 1;
}

static int mail_log(const NxSettings *settings, const Options *options)
{
  g_autoptr(GError) problem = NULL;
  g_autofree char *path = g_canonicalize_filename(options->log, NULL), *log = NULL;
  gsize length;
  if (!nx_file_read(path, LOG_MAX, &log, &length, &problem)) { /* and not mapped: what is cut meanwhile would end this program */
    nx_log_error("The log could not be mailed: %s", problem->message);
    return 1;
  }
  g_autoptr(NxLogFindings) findings = nx_mail_scan(log, length);
  if (findings->patterns->len == 0) {
    nx_log_info("The log reports no problem; no mail is sent");
    return 0;
  }
  g_autoptr(GString) message = nx_mail_compose(settings->email, path, log, length, findings);
  if (!options->dry_run)
    return send_message(settings, message);
  return fwrite(message->str, 1, message->len, stdout) == message->len && fflush(stdout) == 0 ? 0 : 2;
}

int main(int argc, char **argv)
{
  Options options = {0};
  if (!nx_cli_parse(&COMMAND, argc, argv, &options))
    return nx_cli_exit_code();
  if (!options.log && !options.check)
    return nx_cli_usage_error("Missing argument 'LOGFILE'.");
  nx_log_start(COMMAND.name, options.verbosity);

  g_autoptr(GError) problem = NULL;
  g_autoptr(NxSettings) settings = nx_settings_load(NEEDED, &problem);
  if (!settings)
    return nx_fail(problem);
  if (options.check)
    return check(settings);
  if (settings->email)
    return mail_log(settings, &options);
  if (settings->email_is_wrong)
    return 1; /* what is wrong was said when it was read */
  nx_log_info("Mail is off: NX_EMAIL_SMTP_HOST, NX_EMAIL_SENDER and NX_EMAIL_RECIPIENTS turn it on");
  return 0;
}
