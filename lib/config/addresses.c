/* addresses.c — web, mail and database addresses (rules: config 3 and 7, harvest-nemo 2.1). */
#include "addresses.h"

#include <string.h>

/* ---------------------------------------------------------------------------------------------------------------- URL */

static const char URL_EXPECTED[] = "must be a web address such as https://host.example.com/";
static const char HOST_EXPECTED[] = "must name a host, as in https://host.example.com/";

/* Appends host and port as they go into the normal form; FALSE when the host is none. */
static gboolean append_host(GString *out, const char *host, int port, int default_port)
{
  g_autofree char *ascii = g_hostname_is_non_ascii(host) ? g_hostname_to_ascii(host) : g_ascii_strdown(host, -1);
  if (!ascii || *ascii == '\0' || strspn(ascii, "abcdefghijklmnopqrstuvwxyz0123456789.-_:") != strlen(ascii))
    return FALSE;
  g_string_append_printf(out, strchr(ascii, ':') ? "[%s]" : "%s", ascii);
  if (port != -1 && port != default_port)
    g_string_append_printf(out, ":%d", port);
  return TRUE;
}

static gboolean has_blank_or_control(const char *text)
{
  for (; *text != '\0'; text++)
    if ((guchar)*text <= ' ' || *text == 0x7f)
      return TRUE;
  return FALSE;
}

char *nx_address_url(const char *text, const char **problem)
{
  *problem = URL_EXPECTED;
  g_autofree char *scheme = NULL, *host = NULL;
  int port = -1;
  if (!g_utf8_validate(text, -1, NULL) || has_blank_or_control(text) ||
      !g_uri_split_network(text, G_URI_FLAGS_NONE, &scheme, &host, &port, NULL))
    return NULL;
  gboolean is_https = g_ascii_strcasecmp(scheme, "https") == 0;
  if (!is_https && g_ascii_strcasecmp(scheme, "http") != 0) {
    *problem = "must begin with http:// or https://";
    return NULL;
  }
  g_autoptr(GString) out = g_string_new(is_https ? "https://" : "http://");
  const char *authority = strstr(text, "://") + 3;
  gsize length = strcspn(authority, "/?#");
  const char *at = g_strrstr_len(authority, (gssize)length, "@");
  if (at)
    g_string_append_len(out, authority, at + 1 - authority);
  if (!host || !append_host(out, host, port, is_https ? 443 : 80)) {
    *problem = HOST_EXPECTED;
    return NULL;
  }
  g_string_append_printf(out, "%s%s", authority[length] == '/' ? "" : "/", authority + length);
  *problem = NULL;
  return g_strdup(out->str);
}

char *nx_address_root(const char *text, const char **problem)
{
  g_autofree char *url = nx_address_url(text, problem);
  if (!url)
    return NULL;
  const char *authority = strstr(url, "://") + 3;
  if (memchr(authority, '@', strcspn(authority, "/?#")))
    *problem = "must be without user and password, which every record would show: write https://host.example.com/api/, the token says who asks";
  else if (strpbrk(url, "?#"))
    *problem = "must end with the path, without ? and #, as in https://host.example.com/api/";
  else if (!g_str_has_suffix(url, "/"))
    *problem = "must end with a trailing slash";
  return *problem ? NULL : g_steal_pointer(&url);
}

/* --------------------------------------------------------------------------------------------------------------- mail */

static gboolean is_local_part(const char *local)
{
  static const char MARKS[] = "!#$%&'*+-/=?^_`{|}~.";
  gsize length = strlen(local);
  if (length < 1 || length > 64 || local[0] == '.' || local[length - 1] == '.' || strstr(local, ".."))
    return FALSE;
  for (; *local != '\0'; local++)
    if (!g_ascii_isalnum(*local) && !strchr(MARKS, *local))
      return FALSE;
  return TRUE;
}

static gboolean is_label(const char *label)
{
  gsize length = strlen(label);
  if (length < 1 || length > 63 || label[0] == '-' || label[length - 1] == '-')
    return FALSE;
  for (; *label != '\0'; label++)
    if (!g_ascii_isalnum(*label) && *label != '-')
      return FALSE;
  return TRUE;
}

static gboolean is_domain(const char *domain)
{
  static const char *const RESERVED[] = {"local", "localhost", "invalid", "test", "onion", "arpa", NULL};
  g_auto(GStrv) labels = g_strsplit(domain, ".", -1);
  guint n = g_strv_length(labels);
  if (n < 2 || strlen(domain) > 253 || g_strv_contains(RESERVED, labels[n - 1]))
    return FALSE;
  for (guint i = 0; i < n; i++)
    if (!is_label(labels[i]))
      return FALSE;
  return TRUE;
}

/* What stands between < and > of `Name <a@b.c>`, else the whole text; trimmed. */
static char *bare_address(const char *text)
{
  g_autofree char *trimmed = g_strstrip(g_strdup(text));
  const char *open = strrchr(trimmed, '<');
  if (!open || !g_str_has_suffix(trimmed, ">"))
    return g_steal_pointer(&trimmed);
  return g_strstrip(g_strndup(open + 1, strlen(open) - 2));
}

char *nx_address_email(const char *text, const char **problem)
{
  *problem = "must be a mail address such as name@example.com";
  g_autofree char *address = bare_address(text);
  char *at = strchr(address, '@');
  if (!at || strchr(at + 1, '@'))
    return NULL;
  *at = '\0';
  g_autofree char *domain = g_ascii_strdown(at + 1, -1);
  if (!is_local_part(address) || !is_domain(domain))
    return NULL;
  *problem = NULL;
  return g_strconcat(address, "@", domain, NULL);
}

/* ----------------------------------------------------------------------------------------------------------- database */

static gboolean is_web_address(const char *address)
{
  return g_ascii_strncasecmp(address, "http", strlen("http")) == 0 || g_ascii_strncasecmp(address, "webcal", strlen("webcal")) == 0;
}

/* What lets one in, behind \\K: the values of parameters, wherever they stand (of a key not a number, which is an id). */
#define PARAMETERS \
  "[?&;](?:[a-z0-9_.-]*(?:password|passwd|passphrase|token|secret|credentials?|(?:api|auth|access|cache|passphrase)[_-]?key)\\d*" \
  "|auth|pass|pwd|sig|signature|key(?!=\\d{1,9}(?:[&;#]|$)))=\\K[^&#]*"

/* The part of a path on the web that keeps a calendar private: the addresses that these services give to their users. A folder on a disk may be
 * called like one. */
#define PATHS \
  "|/private-\\K[0-9a-f]{8,}"                   /* Google */ \
  "|/owa/calendar/[^/?#]++/\\K[^/?#]+"          /* Outlook */ \
  "|/published/\\d++/\\K[^/?#]+"                /* iCloud */ \
  "|/public-calendars/\\K[^/?#]+"               /* Nextcloud */ \
  "|/(?:v\\d+-)?\\K[0-9a-f]{32,}+(?=[/.?#]|$)"  /* Fastmail and others */

static gpointer compile(gpointer pattern)
{
  return g_regex_new(pattern, G_REGEX_CASELESS | G_REGEX_RAW | G_REGEX_OPTIMIZE, 0, NULL);
}

static GRegex *secrets_of(const char *address)
{
  static GOnce of_web = G_ONCE_INIT, of_others = G_ONCE_INIT;
  return is_web_address(address) ? g_once(&of_web, compile, PARAMETERS PATHS) : g_once(&of_others, compile, PARAMETERS);
}

/* Nothing is left of an address that cannot be searched. */
static char *mask_secrets(const char *address)
{
  g_autofree char *masked = g_regex_replace_literal(secrets_of(address), address, -1, 0, "***", 0, NULL);
  return masked ? g_steal_pointer(&masked) : g_strdup("***");
}

#define HIDDEN_MIN 8 /* in characters: `key=2025` would hide a year */

void nx_config_hide_address(const char *address)
{
  g_autoptr(GMatchInfo) match = NULL;
  for (g_regex_match(secrets_of(address), address, 0, &match); g_match_info_matches(match); g_match_info_next(match, NULL)) {
    g_autofree char *secret = g_match_info_fetch(match, 0);
    if (strlen(secret) >= HIDDEN_MIN)
      nx_log_hide(secret);
  }
}

/* https://host:8080/…, where an @ behind the / is of the path. */
static gboolean has_port(const char *authority)
{
  const char *colon = authority + strcspn(authority, ":/");
  gsize digits = *colon == ':' ? strspn(colon + 1, "0123456789") : 0;
  return digits > 0 && colon[1 + digits] == '/';
}

/* Where the password ends: it may hold ? and #, so at the last @ of the part that names the host, or, when it holds a / that should have been
 * encoded, at the last @ before the parameters, or the last there is. The path of a web address may hold an @ of its own. */
static const char *end_of_password(const char *address, const char *authority)
{
  const char *at = g_strrstr_len(authority, (gssize)strcspn(authority, "/"), "@");
  const char *late = is_web_address(address) ? NULL : g_strrstr_len(authority, (gssize)strcspn(authority, "?"), "@");
  if (late && (!at || late > at))
    return late;
  return at || (is_web_address(address) && has_port(authority)) ? at : strrchr(authority, '@');
}

/* host[:port],… where what stands for a port is none: then the host was forgotten, and it is a password. NULL: all ports are ports. */
static const char *password_for_port(const char *authority, const char *end)
{
  for (const char *at = authority; at < end; at++) {
    const char *bracket = *at == '[' ? memchr(at, ']', (gsize)(end - at)) : NULL;
    at = bracket ? bracket : at;
    if (*at == ':' && !strchr(",/?#", at[1 + strspn(at + 1, "0123456789")]))
      return at + 1;
  }
  return NULL;
}

/* Of a web address without a password the user is what lets one in, as a token does. */
static char *masked_behind(const char *address, const char *authority, gboolean is_web)
{
  const char *at = end_of_password(address, authority), *colon = at ? memchr(authority, ':', (gsize)(at - authority)) : NULL;
  const char *end = at ? at : authority + strcspn(authority, "/?#"), *password = at ? NULL : password_for_port(authority, end);
  if (colon && !memchr(authority, '/', (gsize)(colon - authority)) && !memchr(authority, '?', (gsize)(colon - authority)))
    password = colon + 1;
  if (!password && is_web && at && at < authority + strcspn(authority, "/?#"))
    password = authority;
  if (!password)
    return mask_secrets(address);
  g_autofree char *masked = g_strdup_printf("%.*s***%s", (int)(password - address), address, end);
  return mask_secrets(masked);
}

char *nx_config_masked_address(const char *address)
{
  const char *authority = strstr(address, "://");
  return authority ? masked_behind(address, authority + 3, is_web_address(address)) : g_strdup(address);
}

#define SLASHES "/\\" /* browsers take both */

/* What a web address has behind its scheme, of which all or a part may have been forgotten or mistyped: webcal:host, https:/host, https//host,
 * https;//host, //host, host. */
static const char *web_authority(const char *address)
{
  const gboolean is_web = is_web_address(address);
  const char *mark = address + (is_web ? strspn(address, "htpswebcalHTPSWEBCAL") : strcspn(address, ":" SLASHES "?#@"));
  const char *behind = mark + strspn(mark, ":;.,");
  const gboolean has_colon = *mark == ':' && (is_web || g_str_has_prefix(mark, "://")), has_slashes = is_web && strspn(behind, SLASHES) >= 2;
  const char *rest = has_slashes ? behind : has_colon ? mark + 1 : address;
  return rest + strspn(rest, SLASHES);
}

char *nx_config_masked_web_address(const char *address)
{
  return masked_behind(address, web_authority(address), TRUE);
}

static gboolean is_of_a_file(const char *address)
{
  return g_ascii_strncasecmp(address, "file:", strlen("file:")) == 0 || (*address == '/' && address[1] != '/');
}

/* The server alone, and the part behind # where it is a name of our own. */
static char *masked_to_server(const char *address, gboolean has_name)
{
  if (is_of_a_file(address))
    return nx_config_masked_address(address);
  gsize scheme = (gsize)(web_authority(address) - address);
  g_autofree char *masked = nx_config_masked_web_address(address);
  gboolean has_server = scheme < 3 || strspn(address + scheme - 3, SLASHES) < 3; /* behind three slashes stands the path */
  const char *server = masked + scheme, *path = server + (has_server ? strcspn(server, SLASHES "?#") : 0), *at = g_strrstr_len(server, path - server, "@");
  const char *name = path + strcspn(path, has_name ? "#" : "");
  gboolean has_path = name - path > 1;
  server = at ? at : server;
  return g_strdup_printf("%.*s%s%.*s%s%s", (int)scheme, masked, at ? "***" : "", (int)((has_path ? path : name) - server), server,
                         has_path ? "/***" : "", name);
}

char *nx_config_masked_calendar(const char *address)
{
  return masked_to_server(address, FALSE);
}

char *nx_config_masked_api_url(const char *api_url)
{
  return masked_to_server(api_url, TRUE);
}
