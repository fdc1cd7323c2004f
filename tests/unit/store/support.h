// What the tests of the store share: a directory of their own, rows with recognisable values, and
// children that die.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "collector/store/layout.h"
#include "collector/store/reader.h"
#include "collector/store/schema.h"
#include "collector/store/writer.h"

namespace sockwatch::store {

class StoreTest : public testing::Test {
 protected:
  StoreTest();
  ~StoreTest() override;

  std::string path(const std::string& name = "trace.swt") const { return directory_ + "/" + name; }

  // A writer that must open.
  Writer writer(OpenMode mode = OpenMode::create, const std::string& name = "trace.swt") const;

  // One whose destructor never runs, for a child that is to die with the trace open.
  Writer& undying_writer() const { return *new Writer(writer()); }

  // A finished trace with `rows` connections, ids from 1.
  void record(std::int64_t rows, const std::string& name = "trace.swt") const;

  // The error of opening it for reading; fails the test if it opens.
  Error read_error(const std::string& name = "trace.swt") const;

  const std::string& directory() const { return directory_; }

 private:
  std::string directory_;
};

template <typename T>
testing::AssertionResult ok(const Result<T>& result) {
  if (result) return testing::AssertionSuccess();
  return testing::AssertionFailure() << result.error().message << "\n  " << result.error().hint;
}

ConnectionRow connection_row(std::int64_t id);

// Runs SQL on a file as any program could, outside our own code. Fails the test on an error.
void run_sql(const std::string& path, const std::string& sql);
// First cell of the first row.
std::string ask_sql(const std::string& path, const std::string& sql);

std::vector<std::int64_t> ids(const Reader& reader, const Filter& filter = {});

void write_file(const std::string& path, const std::string& content);
std::string read_file(const std::string& path);
bool exists(const std::string& path);

// Runs `body` in a child that then ends without any clean-up, as a killed process does. What
// `body` returns comes back: "" for "as expected", else what went wrong.
std::string in_killed_child(const std::function<std::string()>& body);

// "" or the message of the error.
template <typename T>
std::string message_of(const Result<T>& result) {
  return result ? "" : result.error().message;
}

}  // namespace sockwatch::store
