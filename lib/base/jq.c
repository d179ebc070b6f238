/* jq.c — see nx-jq.h. libjq 1.6 calls the functions for `debug` and `input` without asking whether they were ever set, and counts on a list of
 * folders when a program imports a module. */
#include "nx-jq.h"

static jv no_more_inputs(jq_state *jq, void *unused)
{
  (void)jq, (void)unused;
  return jv_invalid();
}

jq_state *nx_jq_new(jq_msg_cb debug, void *user_data)
{
  jq_state *jq = jq_init();
  if (!jq)
    g_error("no memory for a jq program");
  jq_set_debug_cb(jq, debug, user_data);
  jq_set_input_cb(jq, no_more_inputs, NULL);
  jq_set_attr(jq, jv_string("JQ_LIBRARY_PATH"), jv_array());
  return jq;
}
