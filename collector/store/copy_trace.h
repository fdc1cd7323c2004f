// A trace whose recording was cut off, under another name.
#pragma once

#include <string>

#include "collector/store/writer.h"
#include "collector/support/result.h"

namespace sockwatch::store {

// `to` holds afterwards what `from` and the log beside it hold; `from` stays as it is. Nobody may
// be recording into `from`. `mode`: create or replace. Nothing is left of `to` after an error,
// unless it was in the way.
Status copy_trace(const std::string& from, const std::string& to, OpenMode mode);

// A trace that is made under one name and gets its own when it is whole.
// `mode` create or replace: whether `path` may be taken, looked at before the work is begun.
Status may_become_trace(const std::string& path, OpenMode mode);
// Gives it that name; both are in one directory. Nothing is done after an error.
Status name_trace(const std::string& from, const std::string& to, OpenMode mode);

// Removes one that came to nothing.
void discard_trace(const std::string& path);

}  // namespace sockwatch::store
