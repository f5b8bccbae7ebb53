#pragma once
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "CCodecs.h"

// A library's text as one printable line.
static inline void cc_copy(char to[200], const char *from) {
  size_t n = 0;
  for (; from[n] && n < 199; n++) to[n] = from[n] >= ' ' && from[n] < 127 ? from[n] : '?';
  to[n] = 0;
}

static inline void cc_warn(cc_report *report, const char *text) {
  if (report->warning_count++ == 0) cc_copy(report->warning, text);
}

static inline int cc_fail(cc_report *report, int status, const char *text) {
  report->status = status;
  cc_copy(report->message, text);
  return status;
}
