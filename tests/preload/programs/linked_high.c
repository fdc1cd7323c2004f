// Beside a library that was linked to an address beyond all that there are: its base, which is the
// distance to where it lies, is below zero. (So it is where a prelinked one had to give way.)
#include <errno.h>

#include "support/check.h"
#include "support/loopback.h"

int module_connects(void);

int main(void) {
  CHECK_EQUAL(module_connects(), ECONNREFUSED);
  return check_status();
}
