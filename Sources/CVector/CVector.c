#include "CVector.h"

// Called by Swift, whose convention for a closure as an argument is two words.
__attribute__((swiftcall)) void cv_lend(
    void *function, void *context, void (*borrower)(cv_closure, void *), void *argument) {
  borrower((cv_closure){function, context}, argument);
}

typedef __attribute__((swiftcall)) void closure_body(long, long, __attribute__((swift_context)) void *);

void cv_call(cv_closure closure, long task, long worker) {
  ((closure_body *)closure.function)(task, worker, closure.context);
}
