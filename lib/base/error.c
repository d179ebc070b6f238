/* error.c — the error domain, and the one place where a program says what stopped it. */
#include "nx-base.h"

#include <errno.h>
#include <unistd.h>

G_DEFINE_QUARK(nx-error-quark, nx_error)

int nx_fail(const GError *error)
{
  if (!error)
    return 0;
  gboolean ours = error->domain == NX_ERROR;
  if (!(ours && error->code == NX_ERROR_INTERRUPTED)) {
    g_autofree char *shown = nx_log_shown(error->message);
    gboolean complete = g_str_has_prefix(shown, "Error: "); /* reports of several lines bring their own head */
    fprintf(stderr, "%s%s\n", complete ? "" : "Error: ", shown);
  }
  return ours && (error->code == NX_ERROR_USAGE || error->code == NX_ERROR_LINE) ? 2 : 1;
}

int nx_fail_command(const GError *error)
{
  if (!g_error_matches(error, NX_ERROR, NX_ERROR_INTERRUPTED))
    return nx_fail(error);
  fputs("Aborted!\n", stderr);
  return 130;
}

/* Errors that say something about the machine, the disk or the network rather than about the file at hand. */
static const int PLACE_ERRORS[] = {ENOSPC,       EDQUOT,     EFBIG,        EROFS,        EIO,         ESTALE, ENOTCONN, ETIMEDOUT, EHOSTDOWN,
                                   EHOSTUNREACH, ENETDOWN,   ENETUNREACH,  ENOMEM,      EMFILE, ENFILE,   ENODEV,    ENXIO,
                                   EREMOTEIO,    ECONNRESET, ECONNABORTED, ENOLINK,     EAGAIN, EACCES,   EPERM};

static int code_of_errno(int error_number)
{
  if (error_number == ENOENT || error_number == ENOTDIR)
    return NX_ERROR_MISSING;
  for (gsize i = 0; i < G_N_ELEMENTS(PLACE_ERRORS); i++)
    if (PLACE_ERRORS[i] == error_number)
      return NX_ERROR_PLACE;
  return NX_ERROR_IO;
}

gboolean nx_error_from_errno(GError **err, int error_number, const char *action, const char *object)
{
  g_autofree char *shown = nx_text_utf8(object, -1);
  g_set_error(err, NX_ERROR, code_of_errno(error_number), "cannot %s %s: %s", action, shown, g_strerror(error_number));
  return FALSE;
}
