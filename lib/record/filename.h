/* filename.h — what a record's file is called. */
#ifndef NX_FILENAME_H
#define NX_FILENAME_H

#include <glib.h>

/* YYYY-MM-DD_PID_SUFFIX.xml (record-building §11.1); the date is that of `start` in its own zone. */
char *nx_record_file_name(GDateTime *start, const char *instrument_pid, const char *session_identifier);

#endif
