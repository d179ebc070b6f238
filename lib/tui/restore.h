/* restore.h — the terminal is given back even when the program dies. */
#ifndef NX_TUI_RESTORE_H
#define NX_TUI_RESTORE_H

/* Keeps the terminal's modes and the sequences that undo what a full-screen program does, and watches the deadly signals. Call after
 * setupterm and before curses begins. */
void nx_restore_arm(void);
void nx_restore_disarm(void);

#endif
