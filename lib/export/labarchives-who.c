/* labarchives-who.c — who a LabArchives login is: the user id never changes, so it is fetched once and kept in the settings (export §8.2).
 */
#include "labarchives.h"

#include <string.h>

static char *ask(NxLabArchives *service, const char *login, const char *password, GError **err)
{
  const char *const query[] = {"login_or_email", login, "password", password, NULL};
  NxLabCall call = {.class_name = "users", .method = "user_access_info", .query = query};
  NxLabOutcome outcome;
  g_autoptr(xmlDoc) answer = nx_labarchives_call(service, &call, &outcome, err);
  if (!answer)
    return NULL;
  char *id = nx_labarchives_text(xmlDocGetRootElement(answer), "id");
  if (!id)
    g_set_error_literal(err, NX_ERROR, NX_ERROR_REMOTE, "LabArchives answered without a user id (users/user_access_info)");
  return id;
}

char *nx_labarchives_user_id(const NxSettings *settings, const char *login, const char *password, GError **err)
{
  NxHttpOptions how = {.ca_file = settings->cert_bundle_file, .ca_pem = settings->cert_bundle, .insecure = settings->disable_ssl_verify};
  g_autoptr(NxHttp) http = nx_http_new(&how, err);
  if (!http)
    return NULL;
  g_autofree char *base = g_strdup(settings->labarchives_url);
  while (g_str_has_suffix(base, "/"))
    base[strlen(base) - 1] = '\0';
  NxLabArchives service = {.http = http,
                           .base = base,
                           .access_key_id = settings->labarchives_access_key_id,
                           .access_password = settings->labarchives_access_password};
  nx_log_hide(password);
  char *id = ask(&service, login, password, err);
  g_free(service.signature);
  return id;
}
