#include <curl/curl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "CTransfers.h"

typedef struct {
  CURL *curl;
  const ct_request *request;
  int has_begun, was_stopped, has_stalled;
  curl_off_t received;  // when it last changed
  time_t moved;         // when that was, in seconds of the monotonic clock
} transfer;

static pthread_once_t once = PTHREAD_ONCE_INIT;
static void initialise(void) { curl_global_init(CURL_GLOBAL_DEFAULT); }

static int begin(transfer *t) {
  if (t->has_begun) return 0;
  t->has_begun = 1;
  ct_answer answer = {.start = 0, .length = -1};
  curl_easy_getinfo(t->curl, CURLINFO_RESPONSE_CODE, &answer.status);
  struct curl_header *range;
  if (curl_easy_header(t->curl, "Content-Range", 0, CURLH_HEADER, -1, &range) == CURLHE_OK) {
    long long start, end, length;
    int found = sscanf(range->value, "bytes %18lld-%18lld/%18lld", &start, &end, &length);
    int is_sound = found >= 2 && start >= 0 && end >= start;
    answer.start = is_sound ? start : -1;
    if (is_sound && found == 3) answer.length = length;
  } else if (answer.status == 206) {
    answer.start = -1;
  } else {
    curl_off_t length = -1;
    curl_easy_getinfo(t->curl, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
    answer.length = length;
  }
  t->was_stopped = t->request->begin(t->request->context, answer) != 0;
  return t->was_stopped;
}

static size_t on_body(char *bytes, size_t size, size_t count, void *context) {
  transfer *t = context;
  if (begin(t)) return CURL_WRITEFUNC_ERROR;
  t->was_stopped = t->request->take(t->request->context, (const uint8_t *)bytes, size * count) != 0;
  return t->was_stopped ? CURL_WRITEFUNC_ERROR : size * count;
}

static time_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec;
}

// libcurl calls this about once a second even when nothing comes. Its own limit of speed looks at a mean over many seconds.
static int on_progress(void *context, curl_off_t total, curl_off_t received, curl_off_t a, curl_off_t b) {
  (void)total, (void)a, (void)b;
  transfer *t = context;
  if (t->request->ask(t->request->context)) t->was_stopped = 1;
  if (received != t->received) {
    t->received = received;
    t->moved = now();
  }
  t->has_stalled = now() - t->moved > t->request->stall_seconds;
  return t->was_stopped || t->has_stalled;
}

static int is_transient(CURLcode code) {
  switch (code) {
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
    case CURLE_PARTIAL_FILE:
    case CURLE_OPERATION_TIMEDOUT:
    case CURLE_GOT_NOTHING:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
      return 1;
    default:
      return 0;
  }
}

static void choose(CURL *curl, const ct_request *r, transfer *t) {
  const char *http = "http,https", *https = "https";
  curl_easy_setopt(curl, CURLOPT_URL, r->address);
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, http);
  // Who asked for encryption gets it to the end.
  curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS_STR, strncmp(r->address, "https:", 6) == 0 ? https : http);
  curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 1L);
  curl_easy_setopt(curl, CURLOPT_MAXREDIRS, r->redirects);
  curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 1L);
  curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 2L);
  curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, r->connect_seconds);
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_USERAGENT, "avocet");
  // No proxy stands between a machine and itself.
  if (strncmp(r->address, "http://127.0.0.1", 16) == 0) curl_easy_setopt(curl, CURLOPT_PROXY, "");
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, t);
  curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress);
  curl_easy_setopt(curl, CURLOPT_XFERINFODATA, t);
  if (r->from > 0) {
    char range[32];
    snprintf(range, sizeof range, "%lld-", (long long)r->from);
    curl_easy_setopt(curl, CURLOPT_RANGE, range);
  }
}

int ct_get(const ct_request *request, ct_report *report) {
  memset(report, 0, sizeof *report);
  pthread_once(&once, initialise);
  transfer t = {.curl = curl_easy_init(), .request = request, .moved = now()};
  if (!t.curl) {
    snprintf(report->message, sizeof report->message, "no memory for a transfer");
    return report->outcome = CT_REFUSED;
  }
  char detail[CURL_ERROR_SIZE] = "";
  curl_easy_setopt(t.curl, CURLOPT_ERRORBUFFER, detail);
  choose(t.curl, request, &t);
  CURLcode code = curl_easy_perform(t.curl);
  if (code == CURLE_OK && begin(&t)) code = CURLE_WRITE_ERROR;  // an answer without a body
  if (t.was_stopped) {
    report->outcome = CT_STOPPED;
  } else if (t.has_stalled) {
    report->outcome = CT_TRANSIENT;
    snprintf(report->message, sizeof report->message, "nothing came for %ld seconds", request->stall_seconds);
  } else if (code != CURLE_OK) {
    report->outcome = is_transient(code) ? CT_TRANSIENT : CT_REFUSED;
  }
  if (report->outcome != CT_OK && !t.has_stalled) {
    const char *text = detail[0] ? detail : curl_easy_strerror(code);
    snprintf(report->message, sizeof report->message, "%s", text);
  }
  curl_easy_cleanup(t.curl);
  return report->outcome;
}

const char *ct_version(void) {
  return curl_version_info(CURLVERSION_NOW)->version;
}
