/* nx-igem-tree.h — the rows of the `igem-server` command tree, and for each command the struct that its options fill.
 *
 * Source: igem-db §3 (the blocks) and §5 (the options); `etl` and `report` are other programs' affair and no commands here. */
#ifndef NX_IGEM_TREE_H
#define NX_IGEM_TREE_H

#include "nx-cli-tree.h"

#define NX_IGEM_VERSION "0.3.1"

/* What the top command and each sub-command can be told; `db_uri` NULL: not given there. */
typedef struct {
  const char *db_uri;
  gboolean debug;
} NxIgemPlace;

extern const NxCommand nx_command_igem_server; /* NxIgemPlace */
extern const NxCommand nx_command_igem_db;

typedef struct {
  NxIgemPlace place;
  gboolean overwrite;
} NxIgemCreateOptions;
extern const NxCommand nx_command_igem_create;

typedef struct {
  NxIgemPlace place;
  NxDbExportOptions export; /* `anonymize` is not asked for */
} NxIgemExportOptions;
extern const NxCommand nx_command_igem_export;

typedef struct {
  NxIgemPlace place;
  int format;
  const char *jq;
  gboolean verify;
} NxIgemInfoOptions;
extern const NxCommand nx_command_igem_info;

typedef struct {
  NxIgemPlace place;
  const char *target;
  int from; /* 0: the start of the graph, 1: where the database stands */
} NxIgemDryRunOptions;
extern const NxCommand nx_command_igem_dry_run;

extern const NxCommand nx_command_igem_download; /* NxDbDownloadOptions */

typedef struct {
  const char *folder;
  gboolean overwrite, debug;
} NxIgemNlpOptions;
extern const NxCommand nx_command_igem_nlp;

typedef struct {
  NxIgemPlace place;
  gboolean force;
} NxIgemStampOptions;
extern const NxCommand nx_command_igem_stamp;

typedef struct {
  NxIgemPlace place;
  int format;
  const char *jq;
} NxIgemStatusOptions;
extern const NxCommand nx_command_igem_status;

typedef struct {
  NxIgemPlace place;
  gboolean allow_data_loss;
} NxIgemUpgradeOptions;
extern const NxCommand nx_command_igem_upgrade;

#endif
