/* nexuslims-pipeline.h — several of our programs, one's standard output the next one's standard input, watched until all have ended. */
#ifndef NEXUSLIMS_PIPELINE_H
#define NEXUSLIMS_PIPELINE_H

#include "nx-base.h"

/* One complete line of the last stage's standard output, without its newline. */
typedef void (*PipelineLine)(const char *line, gsize length, gpointer user_data);

typedef struct {
  const char *name;     /* for the log: "harvest" */
  char **const *stages; /* words of each stage, ended by NULL; the first word is the name of one of our programs */
  gboolean waits_for_lines; /* the others are started once the first writes something; when it writes nothing they have nothing to do */
  gboolean drains;      /* the last stage gets no signal: it stores what is finished and ends when its input does */
  int log_fd;           /* what the stages write on standard error is copied here and to our own standard error, line by line, unchanged */
  PipelineLine line;    /* NULL: the last stage's output is thrown away */
  gpointer user_data;
  gboolean *warned;      /* set when a stage says something at WARNING or above; may be NULL */
  gboolean tells_itself; /* a stage logs why it ends badly, and its exit status is not said on top of that */
} Pipeline;

/* Runs all stages and waits for them. FALSE when one could not be started, or ended with anything but 0 (logged, each by its name), or a
 * signal came: the signal is passed on to the stages, which stop between two lines. A second signal has its default effect: we die, and the
 * stages with us. */
gboolean pipeline_run(const Pipeline *pipeline);

/* TRUE when the program of every stage is there; else the missing ones are logged as errors. */
gboolean pipeline_is_complete(const Pipeline *pipeline);

#endif
