/* fuzz-outcome.c — libFuzzer target for what a reader's process says, which the parent does not trust: frames, answers of plug-ins, and
 * what a plug-in says it reads. */
#include "formats.h"
#include "plugins.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(NxOutcome *outcome)
{
  if (!outcome->extractor && outcome->is_complete && !outcome->is_for_plugin)
    abort();
  nx_outcome_warn(outcome, "a sentence");
  for (guint i = 0; i < outcome->products->len; i++) {
    const NxProduct *product = outcome->products->pdata[i];
    g_autofree char *text = nx_json_text(product->nx_meta, NX_JSON_LINE);
    if (!g_utf8_validate(text, -1, NULL))
      abort();
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  const NxExtractPlugin asked = {.name = "nx-extract-fuzz", .path = "/nowhere"};
  g_autoptr(GError) problem = NULL;
  g_autoptr(GByteArray) received = g_byte_array_append(g_byte_array_new(), data, (guint)size);
  g_autoptr(NxOutcome) outcome = nx_outcome_read(received, "fuzz");
  nx_outcome_is_whole(received);
  check(outcome);
  g_autoptr(NxOutcome) answer = nx_extract_plugin_outcome(&asked, received, "fuzz", TRUE, &problem);
  if (answer)
    check(answer);
  else if (!problem)
    abort();
  nx_extract_plugin_free(nx_extract_plugin_described("fuzz", "/nowhere", received, NULL));
  return 0;
}
