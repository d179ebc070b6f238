/* copy.c — see copy.h. Not in lib/base: every program would load GIO for it. */
#include "copy.h"

#include "nx-base.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

gboolean nx_file_copy(const char *from, const char *to, GFileCopyFlags flags, GError **err)
{
  g_autofree char *folder = g_path_get_dirname(to), *name = g_path_get_basename(to);
  g_autofree char *temporary = g_strdup_printf("%s/.%s.new", folder, name), *from_shown = nx_text_utf8(from, -1), *to_shown = nx_text_utf8(to, -1);
  g_autoptr(GFile) source = g_file_new_for_path(from), target = g_file_new_for_path(temporary);
  gboolean copied = g_file_copy(source, target, flags | G_FILE_COPY_OVERWRITE, NULL, NULL, NULL, err);
  if (copied && rename(temporary, to) == 0)
    return TRUE;
  if (copied)
    nx_error_from_errno(err, errno, "rename", temporary);
  unlink(temporary);
  g_prefix_error(err, "cannot copy %s to %s: ", from_shown, to_shown);
  return FALSE;
}
