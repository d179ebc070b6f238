/* check.h — what `config check` finds (config 6.2). */
#ifndef NX_CHECK_H
#define NX_CHECK_H

#include "problems.h"

/* Every error of settings, harvesters and mail, then the warnings. *path: the .env file that was read, or NULL. */
GPtrArray *nx_config_check(char **path);

/* The name among our settings that is most like `name`, borrowed; NULL when none is near. Of a numbered one with the N as in the manual. */
const char *nx_setting_nearest(const char *name);

#endif
