/* streams.h — what is promised of the three standard streams of every program. Private to lib/cli. */
#ifndef NX_CLI_STREAMS_H
#define NX_CLI_STREAMS_H

/* Call once, before anything is opened. A stream that the program was started without becomes /dev/null, so that no file takes its number. A program
 * that ends with 0 although its standard output could not be written says so and ends with 1 (nx_cli_set_unwritten_code); a reader who went away is
 * no error. A file that reaches a limit of its user (RLIMIT_FSIZE) is an error of writing like a full disk. */
void nx_cli_guard_streams(void);

#endif
