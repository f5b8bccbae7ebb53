#pragma once
// libcurl behind one plain function: an address in, the body to a callback, a status and one line of text out.
#include <stddef.h>
#include <stdint.h>

enum {
  CT_OK = 0,         // the server's whole answer came
  CT_TRANSIENT = 1,  // may go better another time: no connection, cut off, stalled
  CT_REFUSED = 2,    // would be the same again: an address, a certificate, too many redirects
  CT_STOPPED = 3,    // a callback said so
};

typedef struct {
  long status;     // HTTP's status, of the last answer where redirects were followed
  int64_t start;   // where in the file the body begins: 0, or what Content-Range says; -1 if it cannot be understood
  int64_t length;  // of the whole file, as announced; -1 if it was not
} ct_answer;

typedef struct {
  const char *address;
  int64_t from;                // the first byte wanted; 0 asks for the whole file without a range
  long connect_seconds;        // to wait for a connection
  long stall_seconds;          // that the transfer may stand still
  long redirects;              // to follow at most
  void *context;               // handed to the callbacks
  int (*begin)(void *context, ct_answer answer);                      // before the body; 0 goes on
  int (*take)(void *context, const uint8_t *bytes, size_t count);     // a piece of the body; 0 goes on
  int (*ask)(void *context);                                          // about once a second; 0 goes on
} ct_request;

typedef struct {
  int outcome;        // CT_...
  char message[200];  // why, unless CT_OK
} ct_report;

/// Makes one request over http or https and follows redirects, from https to https only. Certificates are always verified.
int ct_get(const ct_request *request, ct_report *report);

/// The library that runs, such as 8.5.0.
const char *ct_version(void);
