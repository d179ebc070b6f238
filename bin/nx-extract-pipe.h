/* nx-extract-pipe.h — data that come through a pipe, as a file: formats are read at offsets. Private to nx-extract. */
#ifndef NX_EXTRACT_PIPE_H
#define NX_EXTRACT_PIPE_H

#include "nx-base.h"

/* TRUE of `-` (standard input), of a FIFO, and of what only names an open descriptor (/dev/stdin, /dev/fd/63): none has a place for what is made of it. */
gboolean nx_pipe_is(const char *file);

/* The copies that have been made, in a folder that is removed with them. */
typedef struct NxPipes NxPipes;
NxPipes *nx_pipes_new(void);
void nx_pipes_free(NxPipes *pipes);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NxPipes, nx_pipes_free)
/* Waits for all that comes. The path of the copy, which has the name of the FIFO; else it is `stdin`, with an extension when the first bytes tell one.
 * Owned by the caller. */
char *nx_pipes_copy(NxPipes *pipes, const char *file, GError **err);

#endif
