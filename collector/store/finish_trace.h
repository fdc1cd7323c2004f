// The last steps of a trace, one by one: Writer::finish puts them together. After a failed one all
// that was committed is still there, and it can be tried again.
// Private to this folder.
#pragma once

#include <string>

#include "collector/store/database.h"
#include "collector/support/result.h"

namespace sockwatch::store {

// The indexes and the mark that the recording is over, all or nothing: a trace is either finished
// or can be gone on with. A transaction may be left open after an error.
Status seal(const Database& database);

// One file, nothing beside it. Fails for as long as anybody else has the trace open.
Status leave_log(const Database& database);

// Somebody removed or renamed the file while it was open.
bool has_moved(const Database& database);

// For us all of it is still there then: it is copied to where it belongs, or, where another file is
// now (`taken`), to a name beside that.
struct PutBack {
  std::string place;
  bool taken;
};
Result<PutBack> copy_to_its_place(const Database& database);

// Once it is closed. Another program may have written into the file while it was open; our own
// handle would not notice.
Status look_again(const std::string& path, const std::string& shown);
Status sync_file(const std::string& path, const std::string& shown);

}  // namespace sockwatch::store
