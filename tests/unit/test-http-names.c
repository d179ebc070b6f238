/* test-http-names.c — what is said of a server's name that cannot be resolved: the resolver's answers are played here. */
#include "nx-http.h"

#include <netdb.h>
#include <string.h>

static int answer;      /* of the resolver */
static gulong takes_us; /* until it comes */

/* In the place of the C library's, for libcurl as well. */
int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints, struct addrinfo **result)
{
  (void)name, (void)service, (void)hints;
  *result = NULL;
  g_usleep(takes_us);
  return answer;
}

static void assert_said(const char *proxy, const char *expected)
{
  const NxHttpOptions options = {0};
  const NxHttpRequest request = {.method = "GET", .url = "http://cdcs.example.com/rest/", .reason_only = TRUE};
  g_autoptr(GError) problem = NULL;
  g_autoptr(NxHttp) http = nx_http_new(&options, &problem);
  if (proxy)
    g_setenv("http_proxy", proxy, TRUE);
  g_assert_null(nx_http_send(http, &request, &problem));
  g_unsetenv("http_proxy");
  g_assert_error(problem, NX_ERROR, NX_ERROR_PLACE);
  g_assert_cmpint(nx_http_last_failure(http), ==, NX_HTTP_NOT_SENT);
  g_assert_cmpstr(problem->message, ==, expected);
}

static void test_hiccup(void)
{
  answer = EAI_AGAIN;
  assert_said(NULL, "Could not resolve host: cdcs.example.com: Temporary failure in name resolution");
  assert_said("http://proxy.example.com:3128", "Could not resolve proxy: proxy.example.com: Temporary failure in name resolution");
}

static void test_silence(void)
{
  answer = EAI_AGAIN;
  takes_us = 400000;
  const NxHttpOptions options = {.connect_timeout_ms = 100};
  const NxHttpRequest request = {.method = "GET", .url = "http://cdcs.example.com/", .reason_only = TRUE};
  g_autoptr(GError) problem = NULL;
  g_autoptr(NxHttp) http = nx_http_new(&options, NULL);
  g_assert_null(nx_http_send(http, &request, &problem));
  takes_us = 0;
  g_assert_true(g_str_has_prefix(problem->message, "Resolving timed out after "));
  g_assert_true(g_str_has_suffix(problem->message, ": Temporary failure in name resolution"));
}

static void test_unknown(void)
{
  answer = EAI_NONAME;
  assert_said(NULL, "Could not resolve host: cdcs.example.com: the name does not exist");
  assert_said("http://proxy.example.com:3128", "Could not resolve proxy: proxy.example.com: the name does not exist");
  answer = EAI_NODATA;
  assert_said(NULL, "Could not resolve host: cdcs.example.com: the name has no address");
}

static void test_unreadable_proxy(void)
{
  static const char *const PROXIES[] = {
    "http://u:PROXY/SECRET@127.0.0.1:3128", "http://u:PROXY#SECRET@127.0.0.1:3128", "http://u:PROXY?SECRET@127.0.0.1:3128",
    "u:PROXYSECRET@127.0.0.1:port",         "ftp://u:PROXYSECRET@127.0.0.1:3128",
  };
  const NxHttpOptions options = {0};
  const NxHttpRequest request = {.method = "GET", .url = "http://cdcs.example.com/rest/", .reason_only = TRUE};
  for (gsize i = 0; i < G_N_ELEMENTS(PROXIES); i++) {
    g_autoptr(GError) problem = NULL;
    g_autoptr(NxHttp) http = nx_http_new(&options, NULL);
    g_setenv("http_proxy", PROXIES[i], TRUE);
    g_assert_null(nx_http_send(http, &request, &problem));
    g_unsetenv("http_proxy");
    g_assert_cmpstr(problem->message, ==, "the address of the proxy (http_proxy, https_proxy, all_proxy) cannot be read");
    g_assert_error(problem, NX_ERROR, NX_ERROR_CONFIG);
    g_assert_cmpint(nx_http_last_failure(http), ==, NX_HTTP_REFUSED);
  }
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  for (const char *const *name = (const char *const[]){"http_proxy", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY", NULL}; *name; name++)
    g_unsetenv(*name);
  g_test_add_func("/http/a name service that does not answer is a temporary failure", test_hiccup);
  g_test_add_func("/http/so is one that keeps silent", test_silence);
  g_test_add_func("/http/a name that does not exist is told from it", test_unknown);
  g_test_add_func("/http/a proxy's address that cannot be read is a wrong setting, whose password is not shown", test_unreadable_proxy);
  return g_test_run();
}
