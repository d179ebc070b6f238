/* rewind.h — a process that is taken back to where it began, however far somebody has led it astray. Private to lib/extract.
 *
 * A hostile file may take its reader over. A process that ends after each file forgets that at the price of a new address space a file;
 * this one forgets it because the kernel makes it: a signal that it can neither block nor catch otherwise starts code that it cannot
 * change, which closes every descriptor of the last file and puts every byte that can be written back to what it was. It has no way to map,
 * unmap or protect memory, to copy a descriptor, to start a thread or a process. Whoever sends the signal before the next file is handed
 * over knows that nothing is left. */
#ifndef NX_REWIND_H
#define NX_REWIND_H

#include "sandbox.h"

/* The signal that takes it back. */
#define NX_REWIND_SIGNAL SIGUSR1

/* What it does from the beginning each time, on a stack of its own; it must not return. */
typedef void (*NxRewindWork)(gpointer user_data);

/* Remembers the whole process as it is, goes behind the walls of `sandbox`, and begins. Descriptors from NX_STANDING_KEPT on belong to
 * the files; the one before is taken for the way back. Calls `ready` once before the first beginning. Returns, with errno, only when this machine or
 * this process does not allow it; the caller then ends. */
void nx_rewind_begin(const NxSandbox *sandbox, void (*ready)(gpointer user_data), NxRewindWork work, gpointer user_data);

#endif
