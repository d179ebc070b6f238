/* nx-jq.h — a state of libjq with everything set that its own jq_init() leaves to chance. Apart from nx-base.h, and in a library of its own, so that
 * only programs that run jq programs load libjq. */
#ifndef NX_JQ_H
#define NX_JQ_H

#include "nx-base.h"

#include <jq.h>

/* A state to compile one program in; `debug` is handed (and consumes) each value that `debug` in the program is given. The program has no input but
 * the one it is started with, and no modules. Never NULL; jq_teardown() by the caller. */
jq_state *nx_jq_new(jq_msg_cb debug, void *user_data);

#endif
