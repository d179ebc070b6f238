/* nexuslims-build.h — `nexuslims build-records`. */
#ifndef NEXUSLIMS_BUILD_H
#define NEXUSLIMS_BUILD_H

#include "nx-cli-tree.h"

/* The whole run: configuration, log file, lock, the pipelines, summary. Returns the exit code of the process (DECISIONS 2; 128 + signal
 * when one ended the run). */
int build_records(const NxBuildRecordsOptions *options);

#endif
